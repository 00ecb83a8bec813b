# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill tries, proves, deletes and reports."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving import (
    candidates,
    proof_marks,
    reaping,
    trials,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input import last_drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import (
    drill_report,
    files,
)

from tests.support.restores import NOW, VALUES, chosen, copy, deletion, disk, made, proofs, proven

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(("most", "untried"), [(0, 0), (8, 0), (7, 1)])
def test_a_disk_of_just_the_size_that_is_allowed_is_tried(most, untried):
    assert len(candidates.untried(proofs([copy(1, size_gib=8)]), replace(VALUES, max_gib=most))) == untried


def test_copies_proven_longest_ago_or_never_come_first_within_count_and_size():
    copies = [
        copy(1, "vol-1", tags=proven(10)),
        copy(2, "vol-2", tags=proven(5)),
        copy(3, "vol-3"),
        copy(4, "vol-4", tags=proven(1), size_gib=100),
    ]
    rows = proofs(copies)
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, count=3))] == ["vol-3", "vol-4", "vol-2"]
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=16))] == ["vol-3", "vol-2"]
    assert [r.disk_id for r in candidates.overdue(rows, replace(VALUES, max_age_days=12))] == [
        "vol-2",
        "vol-3",
        "vol-4",
    ]
    assert not candidates.overdue(rows, VALUES)
    assert [r.disk_id for r in candidates.overdue(rows, replace(VALUES, max_age_days=10**9))] == ["vol-3"], (
        "before year 1"
    )


def test_a_set_without_room_waits_for_the_next_drill():
    marks = {"dr-copy:group": "i-1", "dr-copy:set": "2 crash s1"}
    of_set = [copy(2, "vol-2", tags=marks), copy(3, "vol-3", tags=marks)]
    for most, tried in ((24, ["vol-1", "vol-2", "vol-3"]), (16, ["vol-1"]), (15, ["vol-1"]), (8, ["vol-1"])):
        rows = proofs([copy(1, "vol-1"), *of_set])
        assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=most))] == tried, most
    rows = proofs([copy(1, "vol-1", tags=proven(5)), *of_set])
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=16))] == ["vol-2", "vol-3"]
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=15))] == ["vol-2"], "the set never fits"


def test_the_last_report_keeps_proofs_except_future_or_lower_ones():
    last = {"disks": [{"disk_id": "vol-1", "proven_at": "2026-11-15T00:00:00Z", "proven_level": "creatable"}]}
    assert proofs([copy(1)], last)[0].proven_at == "2026-11-15T00:00:00Z"
    assert proofs([copy(1, tags=proven(18))], last)[0].proven_at == "2026-11-18T00:00:00Z"
    assert proofs([copy(1, tags=proven(28))])[0].proven_at is None
    assert proofs([copy(1, tags=proven(18))], level="readable")[0].proven_at is None
    assert proofs([copy(1, tags=proven(18, "certain"))])[0].proven_at is None


LEVELS_THAT_PROVE = {
    "creatable": {"creatable", "readable", "usable"},
    "readable": {"readable"},  # usable compares no blocks with those of the source
    "usable": {"usable"},
}


@pytest.mark.parametrize("asked", LEVELS_THAT_PROVE)
def test_each_level_is_proven_by_those_that_check_as_much(asked):
    for level in LEVELS_THAT_PROVE:
        (row,) = proofs([copy(1, tags=proven(18, level))], level=asked)
        assert bool(row.proven_at) is (level in LEVELS_THAT_PROVE[asked]), (asked, level)
        assert list(row.proofs) == [level]


@pytest.mark.parametrize("stronger", ["readable", "usable"])
@pytest.mark.parametrize("later", ["creatable", "readable", "usable"])
def test_a_later_proof_hides_no_other_one_on_the_copy_or_in_the_report(stronger, later):
    """The mark on the copy is the last proof; stronger earlier ones are in another tag, and in the report too."""
    marked = copy(1, tags=proven(18, stronger))
    rows = proofs([marked], level=later)
    values = replace(VALUES, level=later)
    tried = [{**trial(1), "level": later}]
    (mark,) = proof_marks.marks_of(tried, {"snapshots": [marked]}, values)
    assert mark.tags["dr-copy:proven-at"] == NOW and mark.tags["dr-copy:proven-level"] == later
    assert ("dr-copy:proven-before" in mark.tags) is (later != stronger)
    again = copy(1, tags={**proven(18, stronger), **mark.tags})
    expected = NOW if later == stronger else "2026-11-18T00:00:00Z"
    assert proofs([again], level=stronger)[0].proven_at == expected
    assert proofs([again], level=later)[0].proven_at == NOW
    report = drill_report.drill_report(rows, drill_report.DrillSteps([], tried), values, False, NOW)
    assert proofs([copy(1)], report, level=stronger)[0].proven_at == expected, "the copy may have gone"
    assert proofs([copy(1)], report, level=later)[0].proven_at == NOW
    (third,) = proof_marks.marks_of(tried, {"snapshots": [again]}, replace(values, level="creatable"))
    last = copy(1, tags={**again["tags"], **third.tags})
    assert {stronger, later, "creatable"} == set(proofs([last], level="creatable")[0].proofs)


def test_earlier_proofs_are_not_written_to_a_copy_without_room_for_a_tag():
    most = CLOUDS["ebs"].tag_rules.max_tags
    full = copy(1, tags={**proven(18, "usable"), **{f"k{n}": "v" for n in range(most - 2)}})
    (mark,) = proof_marks.marks_of([trial(1)], {"snapshots": [full]}, VALUES)
    assert set(mark.tags) == {"dr-copy:proven-at", "dr-copy:proven-level"}


def test_the_page_of_a_drill_shows_the_stronger_proof_and_a_later_one():
    (row,) = proofs([copy(1, tags={**proven(18), "dr-copy:proven-before": "usable 2026-11-12T00:00:00Z"})])
    page = files.drill_page(drilled([row], {"disks": [], "failures": []}))
    assert "creatable<br>usable on 2026-11-12" in page
    assert (
        "proven usable"
        in drill_report.drill_lines(
            drill_report.drill_report([row], drill_report.DrillSteps([]), replace(VALUES, level="usable"), False, NOW)
        )[0]
    )


UNREADABLE = ["usable", "usable never", "certain 2026-11-12T00:00:00Z", "usable 2027-01-01T00:00:00Z", ""]


@pytest.mark.parametrize("text", UNREADABLE)
def test_an_unreadable_mark_of_earlier_proofs_is_ignored(text):
    (row,) = proofs([copy(1, tags={**proven(18), "dr-copy:proven-before": text})])
    assert set(row.proofs) == {"creatable"}


def test_a_drill_reaps_only_own_expired_disks_that_are_not_attached():
    later = "2026-11-21T13:00:00Z"
    disks = [
        disk(1),
        disk(2, snapshot="snap-2", expires=later),
        disk(3, snapshot="snap-3", expires=None),
        disk(4, snapshot=None),
        disk(5, snapshot="snap-5", attached_to="i-1"),
        disk(6, restore="flood", snapshot="snap-6", expires=later),
        disk(7, restore=None),
        # Two disks of one restore and snapshot, one of which must remain.
        disk(8, snapshot="snap-8"),
        disk(9, snapshot="snap-8", expires=later),
        disk(10, restore="flood-2", snapshot="snap-10", expires=later),  # of another drill, whatever the order of names
    ]
    found = reaping.reapable({"disks": disks}, VALUES, [])
    first = reaping.DiskDeletion("drill-1", ("snap-1", "snap-8"), ("vol-n1", "vol-n8"))
    assert found.deletions == [first], "a disk of the same pair is kept"
    assert [left["disk_id"] for left in found.left] == ["vol-n5"]
    own = reaping.reapable({"disks": disks}, VALUES, [], own=True).deletions
    assert own[1:] == [reaping.DiskDeletion("flood", ("snap-6",), ("vol-n6",))]
    assert [left["disk_id"] for left in reaping.undeleted_disks({"disks": disks}, [], VALUES)] == ["vol-n6"]


def test_a_drill_deletes_by_id_what_it_made_and_no_disk_to_keep():
    expires = {"dr-restore:id": "drill-1", "dr-restore:expires-at": "2026-11-21T13:00:00Z"}
    rows = [
        {**made(1), "tags": {**expires, "dr-restore:snapshot-id": "snap-1"}},
        {**made(2), "tags": {"dr-restore:id": "drill-1", "dr-restore:snapshot-id": "snap-2"}},
        {**made(3, disk_id=None), "tags": {}},
    ]
    assert reaping.made_by_drill({"disks": rows}, []) == [
        reaping.DiskDeletion("drill-1", ("snap-1",), (rows[0]["disk_id"],))
    ]
    assert reaping.made_by_drill({"skipped": True}, []) == []


def trial(number):
    (point,) = chosen([copy(number)])
    (found,) = trials.judge([point], {"disks": [made(number)], "failures": []}, {}, VALUES)
    assert found["proven"]
    return found


@pytest.mark.parametrize(
    ("copy_id", "kind", "why"),
    [
        ("snap-1", None, None),
        (None, "not_found", "the copy snap-1 disappeared while the drill was running"),
        (
            "snap-9",
            None,
            "the copy snap-1 disappeared while the drill was running; snap-9, which exists now, was not tested",
        ),
        (None, "credentials", None),
    ],
)
def test_a_copy_that_has_gone_meanwhile_is_not_proven(copy_id, kind, why):
    shown = {"source_snapshot_id": "snap-s1", "snapshot_id": copy_id, "error": kind and {"kind": kind}}
    (row,) = proof_marks.with_written_marks([trial(1)], [{"copies": [shown]}])
    assert (row["proven"], row["level"], row["why"]) == (not why, None if why else "creatable", why)
    assert proof_marks.with_written_marks([trial(2)], [{"copies": [shown]}, {"failed": True}]) == [trial(2)]


def test_a_deleted_disk_is_not_left_even_if_a_stale_listing_shows_it():
    later = "2026-11-21T13:00:00Z"
    # One snapshot had two disks; the first was attached when a replica last looked.
    shown = {"disks": [disk(1, "flood", expires=later, attached_to="i-1"), disk(2, "flood", expires=later),
                       disk(3, expires="2026-11-21T11:00:00Z", snapshot="snap-3")]}  # fmt: skip
    calls = [{"disks": [made(1)]}, deletion(1, 2), {"results": []}, deletion(3)]
    assert reaping.reapable(shown, VALUES, calls, own=True) == ([], [])
    assert reaping.to_confirm(shown, [made(1), made(2)], calls, VALUES) == []


@pytest.mark.parametrize(
    "results",
    [
        [],
        [deletion(2)],
        [deletion(1, failed=[1])],
        [{"failed": True, "msg": "boom"}],
        [{"disks": [], "deleted_ids": [], "failures": []}],
    ],
    ids=["none", "another", "still_shown", "broken", "nothing_found"],
)
def test_a_disk_whose_deletion_is_unconfirmed_is_looked_for_by_its_id(results):
    own = disk(1, "flood", expires="2026-11-21T13:00:00Z")
    assert reaping.to_confirm({"disks": [own]}, [], results, VALUES) == ["vol-n1"], "it shows late"
    rows = [made(1), made(2, disk_id=None)]
    assert reaping.to_confirm({"disks": []}, rows, results, VALUES) == ["vol-n1"], "it does not show yet"
    assert [left["disk_id"] for left in reaping.undeleted_disks({"disks": [own]}, results, VALUES)] == ["vol-n1"]
    assert reaping.undeleted_disks({"disks": []}, results, VALUES) == [], "a look by its ID has shown it as gone"
    deletion = reaping.DiskDeletion("flood", ("snap-1",), ("vol-n1",))
    assert reaping.reapable({"disks": [own]}, VALUES, results, own=True).deletions == [deletion]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, None),
        ({"kms_key_id": KEY.rpartition("/")[2]}, None),
        ({"kms_key_id": KEY.replace("1", "2")}, f"the copy has the key {KEY}, the disk has the key"),
        ({"kms_key_id": None}, "the disk shows no key"),
        ({"state": "creating"}, "creating"),
        ({"size_gib": 4}, "4 GiB"),
        ({"encrypted": None}, "encrypted"),
        ({"encrypted": False}, "encrypted"),
    ],
)
def test_green_means_available_with_size_encryption_and_key(facts, why):
    facts = {"encrypted": True, "kms_key_id": KEY, **facts}
    rows = chosen([copy(1, encrypted=True, kms_key_id=KEY)])
    (row,) = trials.judge(rows, {"disks": [made(1, **facts)], "failures": []}, {}, VALUES)
    assert row["proven"] is (why is None) and (why is None or why in row["why"])
    assert bool(proof_marks.marks_of([row], {"snapshots": [copy(1)]}, VALUES)) is (why is None)


def test_nothing_is_written_on_copies_of_somebody_else():
    foreign = copy(1)
    foreign["source"]["managed"] = False
    (row,) = trials.judge(chosen([foreign]), {"disks": [made(1)], "failures": []}, {}, VALUES)
    assert row["proven"] and not proof_marks.marks_of([row], {"snapshots": [foreign]}, VALUES)
    (mark,) = proof_marks.marks_of([row], {"snapshots": [copy(1)]}, VALUES)
    tags = {"dr-copy:proven-at": NOW, "dr-copy:proven-level": "creatable"}
    assert mark == proof_marks.MarkCall("us-east-1", ("snap-s1",), tags)


def drilled(rows, call, **done):
    tried = trials.judge(rows, call, {}, VALUES)
    given = drill_report.DrillSteps([call], tried, **done)
    return drill_report.drill_report(rows, given, replace(VALUES, max_age_days=7), False, NOW)


def test_the_report_never_claims_more_than_its_level():
    rows = proofs([copy(1), copy(2, "vol-2", name="<mail>", tags=proven(1))])
    report = drilled(rows[:1] + rows[1:], {"disks": [made(1), made(2, state="error")], "failures": []})
    message = drill_report.drill_problems(report)
    assert "1 of 2 copies was not proven creatable" in message and "not proven within 7 days" in message
    page = files.drill_page(report)
    assert report["not_proven"] in page and "&lt;mail&gt;" in page and "<mail>" not in page
    good = drilled(rows[:1], {"disks": [made(int(rows[0].copy_id[-1]))], "failures": []})
    assert not drill_report.drill_problems(good) and "✓" in files.drill_page(good)


def test_a_drill_that_tried_nothing_or_left_something_is_never_green():
    assert "Nothing was proven" in drill_report.drill_problems(drilled([], {"skipped": True}))
    rows = proofs([copy(1)])
    left = [reaping.RemainingDisk(disk_id="vol-n1", attached_to=None, expires_at=NOW, own=True)]
    assert "still exists: vol-n1" in drill_report.drill_problems(
        drilled(rows, {"disks": [made(1)], "failures": []}, left=left)
    )
    left = [reaping.RemainingDisk(disk_id=f"vol-n{n}", attached_to=None, expires_at=NOW, own=True) for n in range(12)]
    message = drill_report.drill_problems(drilled(rows, {"disks": [made(1)], "failures": []}, left=left))
    assert "12 disks of this drill still exist: vol-n0" in message and "vol-n9" in message
    assert "and 2 more." in message
    unread = {"failures": [{"kind": "connection", "message": "No answer", "region": "eu-west-1", "code": None,
                            "hint": None,
                            "request_id": None}]}  # fmt: skip
    assert "No answer" in drill_report.drill_problems(drilled([], unread))


def test_a_disk_that_no_drill_tries_is_reported_and_not_green():
    rows = proofs([copy(1), copy(2, "vol-2", name="big", size_gib=600), copy(3, "vol-3", name="new", state="pending")])
    capped = replace(VALUES, max_gib=500)
    picked = candidates.pick(rows, capped)
    call = {"disks": [made(1)], "failures": []}
    done = drill_report.DrillSteps([call], trials.judge(picked, call, {}, VALUES))
    report = drill_report.drill_report(rows, done, capped, False, NOW)
    why = "its size, 600 GiB, exceeds dr_restore_max_gib (500)"
    assert [row["disk_name"] for row in report["untried"]] == ["big", "new"] and report["totals"]["untried"] == 2
    of_no_server = {"group": None, "set": None, "consistency": None, "torn": False}
    untried = {"disk_id": "vol-2", "disk_name": "big", "size_gib": 600, "proven_at": None, "why": why, "named": False}
    assert report["untried"][0] == {**untried, **of_no_server}
    assert not drill_report.drill_problems(report), "no age of a proof is asked"
    lines = drill_report.drill_lines(report)
    assert f"big (vol-2): CANNOT BE TESTED: {why}" in lines and any(
        "none of its copies is complete" in one for one in lines
    )
    page = files.drill_page(report)
    assert "overall is-amber" in page and "overall is-good" not in page and why in page
    aged = drill_report.drill_report(rows, done, replace(capped, max_age_days=7), False, NOW)
    assert f"big (vol-2): never, because {why}" in drill_report.drill_problems(aged)
    big = [row for row in rows if row.disk_name == "big"]
    alone = drill_report.drill_report(big, drill_report.DrillSteps([call]), capped, False, NOW)
    assert f"No copy could be tested: big (vol-2): {why}." in drill_report.drill_problems(alone)


def test_the_last_report_of_another_region_is_ignored(tmp_path):
    values = replace(VALUES, report_dir=str(tmp_path))
    assert last_drill.last_drill(values) == {}
    report = drilled(proofs([copy(1)]), {"disks": [made(1)], "failures": []})
    (tmp_path / "orders.drill.json").write_text(json.dumps(report))
    assert last_drill.last_drill(values)["disks"][0]["proven_at"] == NOW
    assert last_drill.last_drill(replace(values, region="eu-central-1")) == {}
    report["disks"][0]["proofs"] = 5
    for text in (json.dumps(report), "{"):
        (tmp_path / "orders.drill.json").write_text(text)
        assert last_drill.last_drill(values) == {}
