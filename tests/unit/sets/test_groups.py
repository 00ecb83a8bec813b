# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks belong together."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.groups import (
    Group,
    group_of_each,
    groups_by_ids,
    groups_of,
)

from tests.support.set_rows import (
    AB,
)


def test_disks_of_one_instance_are_a_group_and_a_disk_alone_is_in_none():
    disks = [
        {"disk_id": "a", "attached_to": "i-1"},
        {"disk_id": "b", "attached_to": "i-1"},
        {"disk_id": "c", "attached_to": "i-2"},
        {"disk_id": "d", "attached_to": None},
        {"disk_id": "e", "attached_to": None},
    ]
    assert groups_of(disks) == [AB]
    assert group_of_each(groups_of(disks)) == {"a": AB, "b": AB}


def test_disks_with_the_same_group_tag_are_a_group_across_instances():
    disks = [
        {"disk_id": "a", "attached_to": "i-1", "tags": {"app": "shop"}},
        {"disk_id": "b", "attached_to": "i-2", "tags": {"app": "shop"}},
        {"disk_id": "c", "attached_to": "i-2", "tags": {}},
        {"disk_id": "d", "attached_to": "i-2", "tags": {"app": ""}},
    ]
    assert groups_of(disks, "app") == [Group("shop", frozenset("ab"))]


def test_marks_show_the_groups_if_the_source_region_does_not_answer():
    assert groups_by_ids({"a": "i-1", "b": "i-1", "c": "", "d": "i-2"}) == [AB]
