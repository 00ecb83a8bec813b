# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expired_copies
short_description: Return the copies that retention lets go
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes copies as the info modules of this collection return them, and returns those that may go, the oldest first.
  - A copy may go only if no limit that is set keeps it. With all limits V(0) none goes.
  - Age and order go by when the source was taken, not by when it was copied. Copies of one source are one recovery
    point.
  - Only complete copies that this collection has made count or go. One that bears the tag C(dr-copy:hold), and one
    whose source time or disk is unknown, neither counts nor goes. The newest of a disk and region never goes.
options:
  _input:
    description: Copies, of any number of disks and regions.
    type: list
    elements: dict
    required: true
  keep:
    description: Keep the newest so many recovery points of each disk in each region; V(0) is no limit.
    type: int
    default: 0
  keep_days:
    description: Keep what was taken in the last so many days; V(0) is no limit.
    type: float
    default: 0
  keep_daily:
    description: >-
      Keep the newest recovery point of each of the last so many days that have one, in O(timezone). Days without one do
      not count, so the newest stay however long nothing was copied.
    type: int
    default: 0
  keep_weekly:
    description: The same by ISO weeks, which begin on Monday.
    type: int
    default: 0
  keep_monthly:
    description: The same by months.
    type: int
    default: 0
  keep_yearly:
    description: The same by years.
    type: int
    default: 0
  timezone:
    description: Time zone whose days, weeks, months and years are meant, by its name in the IANA database.
    type: str
    default: UTC
  now:
    description: The time to reckon ages from, ISO 8601; by default the present.
    type: str
"""

EXAMPLES = r"""
- name: Show what would go if a week were kept, and three recovery points at the least
  ansible.builtin.debug:
    msg: "{{ copies | multicloud.snapshots.expired_copies(keep=3, keep_days=7) | map(attribute='snapshot_id') }}"
  vars:
    copies:
      - snapshot_id: snap-0ff99ee88dd77cc66
        region: eu-west-1
        state: completed
        tags: {}
        source:
          snapshot_id: snap-0aa11bb22cc33dd44
          region: us-east-1
          disk_id: vol-0aa11bb22cc33dd44
          created_at: "2026-11-21T01:00:00Z"
          managed: true
"""

RETURN = r"""
_value:
  description: The copies that may go, unchanged, those of the oldest sources first.
  type: list
  elements: dict
  sample:
    - snapshot_id: snap-0ff99ee88dd77cc66
      region: eu-west-1
      state: completed
      tags: {}
      source:
        snapshot_id: snap-0aa11bb22cc33dd44
        region: us-east-1
        disk_id: vol-0aa11bb22cc33dd44
        created_at: "2026-11-21T01:00:00Z"
        managed: true
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.retention import expired_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import as_filter


class FilterModule:
    def filters(self):
        return {"expired_copies": as_filter(expired_copies)}
