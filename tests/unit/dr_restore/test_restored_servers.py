# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore reports for each disk of a server: its set, what it passed over for that, or that it is torn."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import MAX_NAMED
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing.servers import (
    warnings_of_contradictions,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.copies import Contradiction

from tests.support.restores import choose, copy

OTHER = {"vol-1": 1, "vol-2": 2}


def member(disk, day, mark=None, group="i-1"):
    """Return a disk's copy of a day with these marks; ``vol-1 20`` has the ID snap-120."""
    tags = {"dr-copy:group": group, "dr-copy:set": mark and f"2 crash {mark}", "dr-copy:attached-to": group}
    marks = {key: value for key, value in tags.items() if value}
    return copy(100 * OTHER[disk] + day, disk, day=day, name=disk, tags=marks)


WHOLE = [member("vol-1", 18, "a"), member("vol-2", 18, "a")]
#: Copies; then for each disk, with the consistency set and with disk: copy, set, whether it is torn, and copies passed
#: over.
CASES = {
    "a whole set": (
        WHOLE,
        [("snap-118", "a", False, None), ("snap-218", "a", False, None)],
        [("snap-118", "a", False, None), ("snap-218", "a", False, None)],
    ),
    "one has something newer": (
        [*WHOLE, member("vol-1", 20)],
        [("snap-118", "a", False, "snap-120"), ("snap-218", "a", False, None)],
        [("snap-120", None, True, None), ("snap-218", None, True, None)],
    ),
    "sets that lack members": (
        [member("vol-1", 19, "b"), member("vol-2", 18, "a")],
        [("snap-119", None, True, None), ("snap-218", None, True, None)],
        [("snap-119", None, True, None), ("snap-218", None, True, None)],
    ),
    "no marks of sets": (
        [member("vol-1", 19), member("vol-2", 19)],
        [("snap-119", None, True, None), ("snap-219", None, True, None)],
        [("snap-119", None, True, None), ("snap-219", None, True, None)],
    ),
    "no server": (
        [member("vol-1", 19, group=None), member("vol-2", 18, group=None)],
        [("snap-119", None, False, None), ("snap-218", None, False, None)],
        [("snap-119", None, False, None), ("snap-218", None, False, None)],
    ),
}


@pytest.mark.parametrize("consistency", ["set", "disk"])
@pytest.mark.parametrize("name", CASES)
def test_each_disk_of_a_server_is_of_its_set_or_torn(name, consistency):
    copies, by_set, by_disk = CASES[name]
    points = choose(*copies, consistency=consistency).points
    shown = [
        (point.copy_id, point.server.set, point.server.torn, point.server.newer and point.server.newer["copy_id"])
        for point in points
    ]
    assert shown == (by_set if consistency == "set" else by_disk)
    assert {point.server.group for point in points} == ({None} if name == "no server" else {"i-1"})
    assert [point.server.consistency for point in points] == ["crash" if point.server.set else None for point in points]


@pytest.mark.parametrize(("mark", "consistency"), [("a", "crash"), (None, None)])
def test_a_single_selected_disk_shows_its_server_and_set_and_is_not_torn(mark, consistency):
    (point,) = choose(member("vol-1", 18, mark), member("vol-2", 18, mark), disk_ids=["vol-1"]).points
    assert (point.server.group, point.server.set, point.server.consistency, point.server.torn) == (
        "i-1",
        mark,
        consistency,
        False,
    )


@pytest.mark.parametrize("number", [0, 1, MAX_NAMED, MAX_NAMED + 2])
def test_sets_that_contradict_themselves_are_named_and_the_rest_counted(number):
    found = warnings_of_contradictions(
        [Contradiction("there", "i-1", f"set-{n}", "its tags differ", ()) for n in range(number)]
    )
    assert all(f"the set set-{n} of i-1" in text for n, text in enumerate(found[:MAX_NAMED]))
    rest = [f"The tags of {number - MAX_NAMED} more sets contradict each other"] if number > MAX_NAMED else []
    assert len(found[:MAX_NAMED]) == min(number, MAX_NAMED) and found[MAX_NAMED:] == rest
