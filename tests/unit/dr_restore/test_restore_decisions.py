# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role dr_restore decides: recovery points, the manifest, what a drill proves and what it deletes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide import (
    candidates,
    missing_disks,
    proof_marks,
    reaping,
    reasons,
    trials,
    usable,
    waves,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.role_words import in_role_words
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input import last_drill, variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import (
    drill_report,
    files,
    manifest,
)

from tests.support.restores import NOW, VALUES, chosen, copy, disk, made, proofs, proven

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def points(copies, there=(), **values):
    return [point.as_row() for point in chosen(copies, there, **values)]


# Variables


def test_all_wrong_variables_are_named_and_a_drill_has_an_id_of_its_own():
    given = {
        "cloud": "ens",
        "region": "cn-chengdu-26",
        "zone": "a",
        "disk_names": "x",
        "at": "2999-01-01",
        "max_gib": "5",
    }
    names = ["dr_restore_hosts", "dr_restore_zones"]
    problems = " ".join(variables.checked_variables(given, "h", names, True).problems)
    for name in ("zone:", "disk_names", "at (", "max_gib", "dr_restore_zones is not a variable"):
        assert name in problems
    assert "dr_restore_hosts" not in problems
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "connection": {"secret_key": "s3cret"}}
    taken = variables.checked_variables(right, "my plan/1", (), True)
    assert not taken.problems and taken.values.id.startswith("drill-my-plan-1-") and "s3cret" not in str(taken.values)
    assert taken.values.expires_after_hours == 7, "above twice wait_timeout, so that no disk expires while it is tested"
    assert variables.checked_variables(right, "h").values.id.startswith("restore-2")


def test_a_drill_never_uses_the_id_of_a_restore_whose_disks_it_would_delete():
    given = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "id": "flood"}
    assert variables.checked_variables(given, "h").values.id == "flood"
    drill_id = variables.checked_variables(given, "h", (), True).values.id
    assert drill_id.startswith("drill-h-")
    assert variables.checked_variables({**given, "id": "drill-1"}, "h", (), True).values.id == "drill-1"
    (problem,) = variables.checked_variables({**given, "id": "drill-1"}, "h").problems
    assert "must not begin with drill-" in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cloud", "ecs"),
        ("blocks", 0),
        ("blocks", 1001),
        ("count", 0),
        ("wait", False),
        ("expires_after_hours", 5),  # twice the default wait_timeout is six hours
        ("wait_timeout", 0),
    ],
)
def test_a_drill_refuses_values_that_its_cloud_cannot_prove(name, value):
    given = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "level": "readable"}
    assert not variables.checked_variables(given, "h", (), True).problems
    named = {"cloud": "readable is supported only on ebs"}.get(name, name)
    given[name] = value
    assert any(named in problem for problem in variables.checked_variables(given, "h", (), True).problems)


# Recovery points


def test_the_newest_complete_point_not_after_a_time_is_chosen():
    copies = [copy(1, day=18), copy(2, day=19), copy(3, day=20), copy(4, day=21, state="pending")]
    (row,) = points(copies)
    assert (row["copy_id"], row["disk_name"], row["instance"], row["device"]) == (
        "snap-3",
        "database",
        "i-1",
        "/dev/sdf",
    )
    assert row["taken_at"] == "2026-11-20T02:00:00Z" and row["age_hours"] == 34 and row["tags"] == {"env": "prod"}
    assert points(copies, at="2026-11-19T02:00:00Z")[0]["copy_id"] == "snap-2"
    early = points(copies, at="2026-11-01")[0]
    assert early["copy_id"] is None and "the oldest is from 2026-11-18T02:00:00Z" in early["missing"]


def test_a_second_run_stays_with_the_points_of_the_first():
    copies = [copy(1, day=18), copy(2, day=19)]
    there = [disk(1, "flood", "snap-1")]
    assert points(copies, there)[0]["copy_id"] == "snap-1"
    assert points([copy(2, day=19)], there)[0]["copy_id"] == "snap-2", "its copy is gone"


def test_disks_are_selected_by_id_name_tag_and_region_and_those_without_a_copy_are_missing():
    copies = [copy(1), copy(2, "vol-2", name="mail", tags={"env": "test"}), copy(3, "vol-3", source=None)]
    assert {row["disk_id"] for row in points(copies)} == {"vol-1", "vol-2"}
    assert [row["disk_id"] for row in points(copies, disk_tags={"env": "test"})] == ["vol-2"]
    assert [row["disk_id"] for row in points(copies, disk_tags={"env": "*", "Name": "mail"})] == ["vol-2"]
    by_name = points(copies, disk_names=["mail", "files"])
    assert [(row["disk_name"], row["copy_id"]) for row in by_name] == [("files", None), ("mail", "snap-2")]
    assert [row["missing"] for row in points(copies, disk_ids=["vol-9"])] == ["there is no copy of it in eu-west-1"]
    assert not points(copies, source_region="us-west-2")


def test_a_copy_that_cannot_become_a_disk_is_missing_with_the_reason():
    system = points([copy(1, traits=["system_disk"])])[0]
    assert system["copy_id"] is None and "system disk" in system["missing"]
    assert "snap-1 is pending" in points([copy(1, state="pending", provider_state="pending")])[0]["missing"]
    future = copy(1)
    future["source"]["created_at"] = "2026-12-24T02:00:00Z"
    assert "in the future" in points([future])[0]["missing"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_restore_uses_the_duplicate_that_is_not_withdrawn(order):
    """A run that finds that its copy is a second one takes back the one that was started last."""
    duplicate = {**copy(1), "snapshot_id": "copy-0", "created_at": "2026-11-23T04:00:00Z"}
    older = {**copy(1), "created_at": "2026-11-23T03:00:00Z"}
    (point,) = chosen([older, duplicate][::order])
    assert point.copy_id == older["snapshot_id"]


def test_a_restore_that_matches_no_copy_fails_before_it_makes_a_disk():
    nothing = missing_disks.refusal([], {"snapshots": []}, VALUES)
    assert (
        nothing.startswith("There is nothing to restore. ")
        and "The account of this connection has no copies in eu-west-1" in nothing
    )
    far = copy(2, "vol-2", name="mail", source={**copy(2)["source"], "region": None, "disk_id": ""})
    listed = {"snapshots": [copy(1), far, copy(3, source=None)]}
    there = missing_disks.refusal([], listed, replace(VALUES, disk_ids=["vol-9"]))
    assert "No copy in eu-west-1 matches dr_restore_disk_ids ['vol-9']" in there
    assert "eu-west-1 has 2 copies, 1 of disks in an unknown region and 1 of disks in us-east-1" in there
    assert there.endswith(": database (vol-1).")
    rows = chosen([copy(1)], at="2026-11-01")
    assert "newer than dr_restore_at" in missing_disks.refusal(rows, {"snapshots": [copy(1)]}, VALUES)
    assert not missing_disks.refusal(chosen([copy(1)]), {"snapshots": [copy(1)]}, VALUES)


def test_a_refusal_denies_no_copies_that_could_not_be_listed():
    lost = {"failed": True, "msg": "the connection was lost"}
    said = missing_disks.refusal([], lost, replace(VALUES, source_region="us-west-2"))
    assert "No copy from us-west-2 can be restored" in said and "the connection was lost" in said
    assert "There is no copy" not in said and "No copy in eu" not in said
    rows = chosen([copy(1)], at="2026-11-01")
    assert "newer than dr_restore_at" in missing_disks.refusal(rows, lost, replace(VALUES, source_region="us-east-1"))


# Order and time


def test_disks_are_in_the_first_wave_whose_tags_they_have_and_all_others_last():
    marks = [{"tier": "app"}, {"tier": "database"}, {}, {"tier": "database", "env": "test"}, {"tier": "web"}]
    tiers = [copy(n, f"vol-{n}", name=f"disk {n}", tags=tags) for n, tags in enumerate(marks, 1)]
    order = [{"tier": "database"}, {"tier": "app"}, {"Name": "disk 5"}]
    points = waves.in_waves(chosen(tiers), replace(VALUES, waves=order))
    assert waves.copies_by_wave(points) == {1: ["snap-2", "snap-4"], 2: ["snap-1"], 3: ["snap-5"], 4: ["snap-3"]}
    assert {point.wave for point in waves.in_waves(chosen(tiers), replace(VALUES, waves=[]))} == {1}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (
            [{"tier": "database"}, {"tier": "app", "env": "prod"}],
            [{"tier": "database"}, {"tier": "app", "env": "prod"}],
        ),
        ("tier=database\ntier=app,env=prod\n", [{"tier": "database"}, {"tier": "app", "env": "prod"}]),
        ('[{"tier": "database"}]', [{"tier": "database"}]),
    ],
)
def test_waves_are_taken_as_lists_and_as_texts(given, taken):
    assert variables.as_waves(given) == taken


@pytest.mark.parametrize("given", [{"tier": "app"}, [{}], "[", ["app"], 5])
def test_invalid_waves_are_refused(given):
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "waves": given}
    (problem,) = variables.checked_variables(right, "h").problems
    assert problem.startswith("dr_restore_waves ")


@pytest.mark.parametrize(("given", "taken"), [("0.5", 0.5), (90, 90.0), (0, 0.0), ("", 0)])
def test_minutes_may_be_half_of_one(given, taken):
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a"}
    assert variables.checked_variables({**right, "rto_minutes": given}, "h").values.rto_minutes == taken
    for wrong in ("soon", -1, True, "inf"):
        (problem,) = variables.checked_variables({**right, "rto_minutes": wrong}, "h").problems
        assert problem.startswith("dr_restore_rto_minutes must be a number of minutes")


# The manifest


def test_the_manifest_lists_old_and_new_disks_and_missing_ones_first():
    rows = chosen(
        [copy(1), copy(2, "vol-2", name="mail"), copy(3, "vol-3", name="files")], disk_names=["database", "mail", "x"]
    )
    error = {
        "kind": "refused",
        "message": "No room",
        "code": "Full",
        "request_id": None,
        "hint": None,
        "region": "eu-west-1",
    }
    call = {"disks": [made(1), made(2, disk_id=None, state="absent", error=error)], "failures": [error], "counts": {}}
    run = {
        "check_mode": False,
        "finished_at": NOW,
        "unidentified": ["snap-9"],
        "existing": [],
        "last": {},
        "warnings": [],
    }
    outcome = manifest.manifest_of(rows, [waves.Wave(1, call, NOW, NOW)], {"snapshots": []}, VALUES, run)
    assert outcome["totals"] == {"disks": 3, "restored": 1, "creating": 0, "missing": 2, "claimed": 0, "torn": 0}
    assert [bool(row["missing"]) for row in outcome["disks"]] == [True, True, False]
    assert outcome["disks"][-1]["new_disk_id"] == "vol-n1" and outcome["unidentified_copies"] == ["snap-9"]
    message = manifest.problems_of(outcome)
    assert message.startswith("2 of 3 disks are missing.") and "No room" in message and "x: there is no copy" in message
    assert any(
        "vol-n1 (available)" in line and "the old disk was /dev/sdf of i-1" in line
        for line in manifest.lines_of(outcome)
    )
    no_device = {**outcome, "disks": [{**outcome["disks"][-1], "device": None, "age_hours": 1.0}]}
    lines = manifest.lines_of(no_device)
    assert any(line.endswith("was attached to i-1") for line in lines), "Tencent Cloud shows no devices"
    assert any("1 hour before this run" in line for line in lines)


def test_a_call_that_broke_down_restored_nothing():
    outcome = manifest.with_made(chosen([copy(1)]), [waves.Wave(1, {"failed": True, "msg": "boom"}, NOW, NOW)], {})
    assert "boom" in outcome[0]["missing"] and outcome[0]["state"] == "absent"


def refused(copy_id, words):
    none = dict.fromkeys(("code", "request_id", "hint"))
    return {**none, "kind": "refused", "region": "eu-west-1", "snapshot_id": copy_id, "message": words}


@pytest.mark.parametrize(
    ("copy_id", "row", "why"),
    [
        ("snap-1", None, "its key is disabled"),
        ("snap-2", None, "its size is wrong"),
        ("snap-3", None, "the zone does not exist"),
        ("snap-3", {"error": refused("snap-3", "it is archived")}, "it is archived"),
        ("snap-1", {"error": None}, "its key is disabled"),
    ],
)
def test_each_copy_without_a_disk_shows_its_own_reason(copy_id, row, why):
    failures = [refused("snap-1", "its key is disabled"), refused("snap-2", "its size is wrong")]
    call = {"failures": [*failures, refused(None, "the zone does not exist")], "disks": []}
    shown = reasons.reason_of(row, json.loads(json.dumps(call)), copy_id)
    assert [words in shown for words in (why, "key", "size", "zone", "archived")] == [
        True, *(word in why for word in ("key", "size", "zone", "archived"))
    ]  # fmt: skip


# Drills


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


def test_a_set_that_has_no_room_is_not_begun_but_waits_for_the_next_drill():
    marks = {"dr-copy:group": "i-1", "dr-copy:set": "2 crash s1"}
    of_set = [copy(2, "vol-2", tags=marks), copy(3, "vol-3", tags=marks)]
    for most, tried in ((24, ["vol-1", "vol-2", "vol-3"]), (16, ["vol-1"]), (15, ["vol-1"]), (8, ["vol-1"])):
        rows = proofs([copy(1, "vol-1"), *of_set])
        assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=most))] == tried, most
    rows = proofs([copy(1, "vol-1", tags=proven(5)), *of_set])
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=16))] == ["vol-2", "vol-3"]
    assert [r.disk_id for r in candidates.pick(rows, replace(VALUES, max_gib=15))] == ["vol-2"], "the set never fits"


def test_a_proof_is_remembered_by_the_last_report_and_never_taken_from_the_future_or_a_lower_level():
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


def deletion(*numbers, failed=(), **facts):
    """Return the result of deleting the disks with these numbers; ``failed`` are reported as deleted, but not gone."""
    failures = [{"kind": "timeout", "message": "still shown", "disk_id": f"vol-n{n}"} for n in failed]
    return {"disks": [], "deleted_ids": [f"vol-n{n}" for n in numbers], "failures": failures, **facts}


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


# Blocks


def compared(number, **facts):
    row = {"snapshot_id": f"snap-{number}", "blocks": 16, "compared": True, "note": None, "error": None}
    return {**row, **facts}


READABLE = replace(VALUES, level="readable", max_age_days=7)


def drilled_readable(*comparisons, **result):
    rows = proofs([copy(1), copy(2, "vol-2", name="mail")], level="readable")
    call = {"disks": [made(1), made(2)], "failures": []}
    given = {"comparisons": list(comparisons), "failures": [], **result}
    done = drill_report.DrillSteps([call, given], trials.judge(rows, call, given, READABLE))
    return drill_report.drill_report(rows, done, READABLE, False, NOW)


def test_readable_is_proven_by_blocks_and_the_disk():
    report = drilled_readable(compared(1), compared(2))
    assert report["totals"]["proven"] == 2 and not report["totals"]["uncompared"]
    assert not drill_report.drill_problems(report)
    assert any("readable in 2.5 s, 16 blocks read, equal to the source's" in line for line in
               drill_report.drill_lines(report))  # fmt: skip
    page = files.drill_page(report)
    assert "overall is-good" in page and "16 blocks equal" in page
    (mark,) = proof_marks.marks_of(report["tried"], {"snapshots": [copy(1), copy(2, "vol-2")]}, READABLE)
    assert mark.tags["dr-copy:proven-level"] == "readable"


def test_a_drill_reads_only_copies_from_which_it_made_a_disk():
    rows = proofs([copy(1), copy(2, "vol-2"), copy(3, "vol-3")])
    (call,) = trials.copies_to_compare(rows, {"disks": [made(1), made(2, state="error")], "failures": []})
    assert call == {"snapshot_id": "snap-1", "source_snapshot_id": "snap-s1", "source_region": "us-east-1"}


def test_a_copy_whose_blocks_differ_or_were_not_read_is_not_proven():
    error = {"kind": "mismatch", "message": "The copy snap-1 differs in the block 12", "code": None, "hint": None,
             "request_id": None, "region": "eu-west-1"}  # fmt: skip
    report = drilled_readable(compared(1, compared=None, error=error), failures=[error])
    message = drill_report.drill_problems(report)
    assert "2 of 2 copies were not proven readable" in message and "differs in the block 12" in message
    assert not proof_marks.marks_of(report["tried"], {"snapshots": [copy(1)]}, READABLE)
    assert report["tried"][1]["why"], "silence is no proof"
    assert "its blocks were not read" in drilled_readable()["tried"][0]["why"]


def test_a_drill_with_a_deleted_source_is_not_green():
    gone = compared(2, compared=False, note="its source snap-s2 is gone, so its blocks were read and not compared")
    report = drilled_readable(compared(1), gone)
    assert not drill_report.drill_problems(report) and report["totals"]["uncompared"] == 1
    lines = " ".join(drill_report.drill_lines(report))
    assert "1 of 2 copies NOT COMPARED" in lines and "NOT COMPARED; its source snap-s2 is gone" in lines
    page = files.drill_page(report)
    assert "overall is-amber" in page and "overall is-good" not in page and "not compared with their sources" in page


# Size


def test_a_plan_of_three_hundred_disks_is_one_task_and_one_call():
    copies = [copy(n, f"vol-{n}", name=f"disk {n:03}", day=day) for n in range(300) for day in (18, 19, 20)]
    rows = points(copies)
    assert len(rows) == 300 and {row["taken_at"][:10] for row in rows} == {"2026-11-20"}
    assert len(candidates.pick(proofs(copies), replace(VALUES, count=300))) == 300
    # The disks of a drill are one deletion too; others are left from other drills.
    (deletion,) = reaping.reapable({"disks": [disk(n, snapshot=f"snap-{n}") for n in range(300)]}, VALUES, []).deletions
    assert len(deletion.snapshot_ids) == 300


def test_a_message_quotes_the_cloud_unchanged():
    ours = {"code": None, "message": "zone: unknown", "hint": "Give another zone: see the guide."}
    clouds = {**ours, "code": "InvalidParameter", "message": "Invalid value of zone: x (InvalidParameter)"}
    shown = in_role_words({"msg": clouds["message"], "failures": [ours, clouds]})
    assert shown["msg"] == clouds["message"]
    assert [failure["message"] for failure in shown["failures"]] == ["dr_restore_zone: unknown", clouds["message"]]
    assert {failure["hint"] for failure in shown["failures"]} == {"Give another dr_restore_zone: see the guide."}
    ours["hint"] = "Look at disk_type.rst, or raise wait_timeout."
    (failure,) = in_role_words({"failures": [ours]})["failures"]
    assert failure["hint"] == "Look at disk_type.rst, or raise dr_restore_wait_timeout."


def test_a_busy_test_instance_with_many_disks_is_told_with_their_number():
    tags = {"dr-restore:id": "drill-one", "dr-restore:attached-to": "i-1"}
    listed = {"disks": [{"disk_id": f"vol-{number}", "tags": tags} for number in range(12)], "failures": []}
    why = usable.why_in_use(listed, [], replace(VALUES, test_instance="i-1"))
    assert "(vol-0 of drill-one, " in why and "vol-9 of drill-one and 2 more)" in why
