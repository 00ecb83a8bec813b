# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovery_points
short_description: Show each disk's newest complete copy in each destination
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Takes lists from the info modules of this collection. Returns a row for each disk and destination, including disks
    without a copy.
  - The age counts from when the source was taken, not from when it was copied.
positional: copies, destination_regions
options:
  _input:
    description: Disks of the source region.
    type: list
    elements: dict
    required: true
  copies:
    description: Copies in the destination regions.
    type: list
    elements: dict
    required: true
  destination_regions:
    description: Regions to check.
    type: list
    elements: str
    required: true
  rpo_hours:
    description: The recovery point objective in hours; 0 checks nothing.
    type: float
    default: 0
  now:
    description: The time to measure ages from, ISO 8601; by default the present.
    type: str
"""

EXAMPLES = r"""
- name: Show which disks have no copy that is younger than a day
  ansible.builtin.debug:
    msg: >-
      {{ disks | multicloud.snapshots.recovery_points([], ['eu-west-1'], rpo_hours=24) | rejectattr('within_rpo') }}
  vars:
    disks: [{disk_id: vol-0aa11bb22cc33dd44, name: database}]
"""

RETURN = r"""
_value:
  description: The recovery points.
  type: list
  elements: dict
  contains:
    disk_id:
      description: ID of the disk.
      type: str
      sample: vol-0aa11bb22cc33dd44
    disk_name:
      description: Name of the disk.
      type: str
      sample: database
    region:
      description: The destination.
      type: str
      sample: eu-west-1
    snapshot_id:
      description: ID of the newest complete copy, or null.
      type: str
      sample: snap-0ff99ee88dd77cc66
    source_snapshot_id:
      description: ID of its source.
      type: str
      sample: snap-0aa11bb22cc33dd44
    source_created_at:
      description: When the source was taken.
      type: str
      sample: "2026-11-21T01:00:00Z"
    locked_until:
      description: When the lock of that copy ends; null if it has none.
      type: str
      sample: null
    age_hours:
      description: How old the recovery point is.
      type: float
      sample: 1.5
    state:
      description: >-
        V(completed), V(archived) if all complete copies are archived, V(pending) if there are only unfinished copies,
        or V(absent).
      type: str
      sample: completed
    within_rpo:
      description: >-
        Whether the recovery point is within the RPO; false also if all copies are archived. Otherwise null if
        O(rpo_hours) is 0, or if the recovery point could not be judged.
      type: bool
      sample: true
    unknown:
      description: Why it could not be judged, or null.
      type: str
      sample: null
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.recovery import (
    recovery_points,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import Filter, as_filter


class FilterModule:
    def filters(self) -> dict[str, Filter]:
        return {"recovery_points": as_filter(recovery_points)}
