# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expired_copies
short_description: Return the copies that retention no longer keeps
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Takes copies from the info modules of this collection. Returns those that may be deleted, the oldest first.
  - A copy may be deleted only if no rule keeps it. If all rules are off, no copy may be deleted.
  - Age and order count from when the source was taken, not from when it was copied. Copies of one source are one
    recovery point.
  - Only complete copies that this collection made count, and only they may be deleted. A copy does not count, and is
    never deleted, if it has the tag C(dr-copy:hold), or if its source time or disk is unknown. The newest copy of a
    disk in a region is never deleted. If that copy is archived, the newest one that can be restored now is not deleted
    either.
options:
  _input:
    description: Copies, of any number of disks and regions.
    type: list
    elements: dict
    required: true
  keep:
    description: Number of newest recovery points to keep for each disk in each region. V(0) turns this rule off.
    type: int
    default: 0
  keep_days:
    description: Keep recovery points whose sources were taken within this many days. V(0) turns this rule off.
    type: float
    default: 0
  keep_daily:
    description: >-
      How many daily recovery points to keep, the newest of each day in O(timezone). Days without a recovery point do
      not count, so the newest points are kept no matter how old they are.
    type: int
    default: 0
  keep_weekly:
    description: How many weekly recovery points to keep, the newest of each ISO week, which begins on Monday.
    type: int
    default: 0
  keep_monthly:
    description: How many monthly recovery points to keep, the newest of each month.
    type: int
    default: 0
  keep_yearly:
    description: How many yearly recovery points to keep, the newest of each year.
    type: int
    default: 0
  timezone:
    description: Time zone of the days, weeks, months and years, by its name in the IANA database.
    type: str
    default: UTC
  plans:
    description: >-
      Only copies whose tag C(dr-copy:plan) names one of these plans, or copies without that tag, may be deleted. All
      copies count. Empty means any plan.
    type: list
    elements: str
    default: []
  sets:
    description: >-
      Keep the members of the newest complete set of each group, as the tags C(dr-copy:group) and C(dr-copy:set) show
      it. Plans that protect different disks of a group (tag C(dr-copy:plan)) each have such a set.
    type: bool
    default: true
  now:
    description: The time to measure ages from, ISO 8601; by default the present.
    type: str
"""

EXAMPLES = r"""
- name: Show what would be deleted if a week, and at least three recovery points, were kept
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
  description: The rows of the input that may be deleted, unchanged, sorted by the time of their source, oldest first.
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

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import Filter, as_filter


class FilterModule:
    def filters(self) -> dict[str, Filter]:
        return {"expired_copies": as_filter(expired_copies)}
