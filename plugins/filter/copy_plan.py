# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: copy_plan
short_description: Decide which snapshots to copy where, and say why others are left out
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Takes lists from the info modules of this collection. Returns a row for each snapshot and destination that was
    considered, and for each disk without a usable snapshot.
  - Chooses only complete snapshots that are not copies. It chooses the newest snapshot of a disk, unless the
    destination already has a copy of that snapshot or a newer recovery point.
  - Disks of one instance (C(attached_to)) belong together. With O(select=latest) the filter also chooses their newest
    set of snapshots that were taken together, unless the destination has that set or a newer complete one. The members
    of a set follow one another.
  - Never chooses a snapshot whose copy retention would delete, so a second run with the same arguments copies nothing.
positional: disks, copies, destination_regions
options:
  _input:
    description: Snapshots of the source region.
    type: list
    elements: dict
    required: true
  disks:
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
    description: Regions to copy to.
    type: list
    elements: str
    required: true
  select:
    description: V(latest) chooses the newest complete snapshot of each disk, V(all) chooses all of them.
    type: str
    choices: [latest, all]
    default: latest
  keep:
    description: >-
      Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this limit. V(0)
      turns this rule off.
    type: int
    default: 0
  keep_days:
    description: Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this
      limit of days since the snapshot was taken. V(0) turns this rule off.
    type: float
    default: 0
  keep_daily:
    description: Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this
      number of days to keep. V(0) turns this rule off.
    type: int
    default: 0
  keep_weekly:
    description: Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this
      number of ISO weeks to keep. V(0) turns this rule off.
    type: int
    default: 0
  keep_monthly:
    description: Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this
      number of months to keep. V(0) turns this rule off.
    type: int
    default: 0
  keep_yearly:
    description: Leave out snapshots whose copies P(multicloud.snapshots.expired_copies#filter) would delete with this
      number of years to keep. V(0) turns this rule off.
    type: int
    default: 0
  timezone:
    description: Time zone of that calendar, by its name in the IANA database.
    type: str
    default: UTC
  retention_days:
    description: >-
      With O(select=all), leave out snapshots that are older than this many days, because the cloud's own expiry has
      deleted their copies or soon will. V(0) turns this rule off.
    type: float
    default: 0
  max_snapshot_age_hours:
    description: Leave out snapshots older than this as stale. V(0) means no limit.
    type: float
    default: 0
  snapshot_tags:
    description: Consider only snapshots that have all of these tags; the value V(*) means any.
    type: dict
    default: {}
  exclude_snapshot_tags:
    description: Leave out snapshots that have any of these tags, and consider older ones; the value V(*) means any.
    type: dict
    default: {}
  now:
    description: The time to measure ages from, ISO 8601; by default the present.
    type: str
  group_tag:
    description: >-
      Key of a disk tag. Disks that share a value of this tag belong together, instead of the disks of one instance.
    type: str
    default: ""
  set_seconds:
    description: >-
      If C(set) names no set, snapshots of disks that belong together are a set if they were taken within this many
      seconds of the earliest.
    type: float
    default: 300
"""

EXAMPLES = r"""
- name: Show what would be copied, and why the rest would be left out
  ansible.builtin.debug:
    msg: "{{ source.snapshots | multicloud.snapshots.copy_plan(source.disks, there.snapshots, ['eu-west-1']) }}"
  vars:
    source:
      disks: [{disk_id: vol-0aa11bb22cc33dd44, name: database}]
      snapshots:
        - snapshot_id: snap-0aa11bb22cc33dd44
          disk_id: vol-0aa11bb22cc33dd44
          state: completed
          created_at: "2026-11-21T01:00:00Z"
          source: null
    there:
      snapshots: []
"""

RETURN = r"""
_value:
  description: >-
    The plan. Disks without any recovery point in a region come first, then those whose newest one is oldest; the role
    copies in this order.
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
      description: The snapshot considered; null for a disk without a usable one.
      type: str
      sample: snap-0aa11bb22cc33dd44
    source_created_at:
      description: When it was taken.
      type: str
      sample: "2026-11-21T01:00:00Z"
    age_hours:
      description: How old it is.
      type: float
      sample: 1.5
    chosen:
      description: Whether to copy it.
      type: bool
      sample: true
    reason:
      description: >-
        One of V(newest), V(of the newest set), V(within keep), V(all are selected), V(already there), V(already there
        for its set), V(a newer recovery point is already there), V(retention would delete it), V(stale),
        V(unfinished), V(failed), V(is a copy), V(cannot be copied), V(has an excluded tag), V(lacks a wanted tag),
        V(no snapshot).
      type: str
      sample: newest
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import Filter, as_filter


class FilterModule:
    def filters(self) -> dict[str, Filter]:
        return {"copy_plan": as_filter(copy_plan)}
