# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever happens in random nights: no two nights in one restore, no set copied twice."""

from __future__ import annotations

from datetime import timedelta

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.groups import (
    Group,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.marked import sets_of_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_choice import choices_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_plan import marks_of_sources
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.sources import Source, sets_of_sources
from hypothesis import given
from hypothesis import strategies as st

from tests.support.set_rows import (
    ABC,
    SECONDS,
    copies,
    night,
    row,
    source,
    text,
    wanted,
)

#: The number of disks of a server: at most that of a group of snapshots.
LETTERS = "abcdefghijklmnop"


@st.composite
def histories(draw):
    """Nights of one server whose disks join and leave, and whose copies fail: the disks, and what was copied."""
    nights = []
    for number in range(draw(st.integers(1, 6))):
        disks = draw(st.sets(st.sampled_from(LETTERS), min_size=1))
        copied = draw(st.sets(st.sampled_from(sorted(disks))))
        nights.append((number, frozenset(disks), frozenset(copied)))
    return nights


def rows_of(history):
    """Make the copies as the role would: each night's marks depend on the existing copies."""
    rows = []
    for number, disks, copied in history:
        sources = [source(disk, number) for disk in sorted(disks)]
        groups = [Group("i-1", disks)] if len(disks) > 1 else []
        marks = marks_of_sources(groups, sources, copies(*rows), SECONDS)
        for disk in sorted(copied):
            tags = marks.get(f"{disk}{number}", {})
            rows.append({**row(disk, number), "tags": tags})
    return rows


@given(histories())
def test_a_set_is_complete_only_if_the_night_copied_all_its_disks(history):
    sets, wrong = sets_of_copies(copies(*rows_of(history)))
    assert not wrong
    whole = {one.taken_at for one in sets if one.is_whole}
    assert whole == {night(n) for n, disks, copied in history if copied == disks and len(disks) > 1}


@given(histories())
def test_a_restore_is_of_one_night_or_says_torn_and_retention_keeps_that_night(history):
    rows = rows_of(history)
    found = choices_of(copies(*rows), night(99), set(LETTERS)).of_disks
    nights = {int(choice.source_id[1:]) for choice in found.values() if not choice.is_torn}
    assert len(nights) <= 1
    whole = [n for n, disks, copied in history if copied == disks and len(disks) > 1]
    kept = {copy.copy_id for copy in kept_by_sets(copies(*rows))}
    assert kept == ({f"copy-{d}{whole[-1]}" for d in {n: s for n, s, _c in history}[whole[-1]]} if whole else set())


@given(histories(), st.data())
def test_wrong_marks_never_mix_two_nights_in_one_restore(history, data):
    """Somebody gives copies marks of other nights, sizes and servers."""
    rows = rows_of(history)
    marks = [row["tags"]["dr-copy:set"] for row in rows if row["tags"].get("dr-copy:set")]
    wrong = st.sampled_from([*marks, "2 crash x", "3 near y", "no mark", "1 crash z"])
    for marked in data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else ():
        marked["tags"] = {**marked["tags"], "dr-copy:group": data.draw(st.sampled_from(["i-1", "i-2"]))}
        marked["tags"]["dr-copy:set"] = data.draw(wrong)
    known = copies(*rows)
    found = choices_of(known, night(99), set(LETTERS))
    sets, _wrong = sets_of_copies(known)
    by_source = {copy.source_id: copy for copy in known}
    for one in (choice for choice in found.of_disks.values() if not choice.is_torn):
        together = [copy for copy in known if copy.group_id == one.group_id and copy.mark == one.mark]
        assert by_source[one.source_id] in together
        assert len(together) == len({copy.disk_id for copy in together}) == one.mark.size
    bad = {copy.snapshot_id for one in found.contradictions for copy in one.members}
    assert bad.isdisjoint(copy.snapshot_id for one in sets for copy in one.members)
    assert bad.isdisjoint(copy.copy_id for copy in kept_by_sets(known))


@given(histories())
def test_a_set_is_not_wanted_again_once_it_is_copied(history):
    rows = rows_of(history)
    disks = history[-1][1]
    group = Group("i-1", disks)
    sources = [source(d, n) for n, there, _copied in history for d in sorted(there)]
    for one in wanted(sources, rows, groups=[group] if len(disks) > 1 else []):
        marks = marks_of_sources([group], sources, copies(*rows), SECONDS)
        for source_id in sorted(one.lacking):
            rows.append({**row(source_id[0], int(source_id[1:])), "tags": marks[source_id]})
    assert not wanted(sources, rows, groups=[group] if len(disks) > 1 else [])
    assert not sets_of_copies(copies(*rows))[1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3000)), max_size=25), st.integers(0, 600))
def test_near_sets_have_one_snapshot_of_each_disk_within_the_seconds_and_share_none(taken, seconds):
    sources = [Source(disk, f"{disk}-{n}", night(0, moment)) for n, (disk, moment) in enumerate(taken)]
    found = sets_of_sources(ABC, sources, seconds)
    members = [member for one in found for member in one.members]
    assert len({member.snapshot_id for member in members}) == len(members)
    for one in found:
        times = [member.time for member in one.members]
        assert {member.disk_id for member in one.members} == ABC.disk_ids
        assert max(times) - min(times) <= timedelta(seconds=seconds)
        assert one.mark.set_id == text(min(times))
    assert sets_of_sources(ABC, reversed(sources), seconds) == found
