# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What whole nights report about disks and copies that need attention: lost, vanished, of other plans, unusable."""

from __future__ import annotations

import json

import pytest

from tests.support.night_runs import TAGS, lost_copy, night


def warned(ended, words):
    return [line for line in ended.report["warnings"] if words in line]


def samples(path):
    lines = [line.rpartition(" ") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in lines}


def test_a_disk_that_lost_its_tag_is_named_every_night_until_it_is_excluded(estate, tmp_path):
    kept, lost = estate.disk(**TAGS), estate.disk(**{**TAGS, "Name": "orphaned"})
    for disk in (kept, lost):
        estate.snapshot(disk)
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m"), "rpo_hours": 24}
    night(estate, **given)
    estate.untag(lost, "dr-copy")
    for _night in range(3):
        ended = night(estate, **given)
        (row,) = ended.result["coverage"]["lost"]
        assert (row["disk_id"], row["copies"], row["regions"]) == (lost, 1, [estate.destination])
        (words,) = warned(ended, "no longer have the plan's tags")
        assert lost in words and any(lost in line for line in ended.brief["lines"])
        page = (tmp_path / "r" / "orders.html").read_text()
        assert lost in page and "is-amber" in page and not ended.message
        shown = samples(tmp_path / "m" / "dr_copy_orders.prom")
        assert {state: shown[f'dr_copy_disks{{plan="orders",state="{state}"}}'] for state in STATES} == {
            **dict.fromkeys(STATES, 0.0),
            "selected": 1.0,
            "lost": 1.0,
        }
    status = night(estate, reads_only=True, **given)
    assert [row["disk_id"] for row in status.result["coverage"]["lost"]] == [lost]
    ended = night(estate, exclude_tags={"Name": "orphaned"}, **given)
    assert ended.result["coverage"]["lost"] == [] and not warned(ended, "no longer have the plan's tags")


STATES = ("selected", "excluded", "near_miss", "lost", "gone")


def test_no_disk_is_an_error_that_names_the_near_misses(estate, tmp_path):
    near = estate.disk(**{"Dr-Copy": "True"})
    given = {"metrics_dir": str(tmp_path)}
    ended = night(estate, **given)
    assert "No disk in" in ended.message and near in ended.message and "Dr-Copy=True" in ended.message
    assert "dr_copy_allow_empty" in ended.message and not estate.copies()
    half = night(estate, shard="2/2", **given)
    assert "dr_copy_allow_empty" in half.message, "judged over all parts"
    allowed = night(estate, allow_empty=True, **given)
    assert not allowed.message and "No disk was found." in allowed.brief["lines"]
    shown = samples(tmp_path / "dr_copy_orders.prom")
    assert shown['dr_copy_last_success_timestamp_seconds{plan="orders"}'] == 0, "no disk is no success"


@pytest.mark.parametrize("reads_only", [False, True])
def test_fewer_disks_than_required_stop_all_writes_but_hide_nothing(estate, tmp_path, reads_only):
    for _n in range(3):
        estate.snapshot(estate.disk(**TAGS))
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m"), "rpo_hours": 24, "keep": 1}
    night(estate, **given)
    copied = estate.calls[estate.copy_action]
    estate.clock.sleep(40 * 3600)
    ended = night(estate, reads_only=reads_only, min_disks=5, **given)
    assert "Only 3 disks" in ended.message and ("Nothing was copied" in ended.message) is not reads_only
    points = ended.result["recovery_points"]
    assert len(points) == 3 and all(p["snapshot_id"] and p["within_rpo"] is False for p in points)
    assert ended.result["coverage"]["selected"] == 3 and len(ended.report["breaches"]) == 3
    assert "No disk was found." not in ended.brief["lines"]
    assert estate.calls[estate.copy_action] == copied and not ended.result["pruned"] and len(estate.copies()) == 3
    shown = samples(tmp_path / "m" / "dr_copy_orders.prom")
    assert shown['dr_copy_disks{plan="orders",state="selected"}'] == 3
    assert sum(name.startswith("dr_copy_recovery_points{") for name in shown) == 3


def test_a_run_with_bad_variables_says_that_no_disk_was_checked(ecs, tmp_path):
    ecs.snapshot(ecs.disk(**TAGS))
    night(ecs, report_dir=str(tmp_path))
    ended = night(ecs, encrypted="perhaps", report_dir=str(tmp_path))
    assert "nothing was checked" in ended.brief["lines"][0] and not ended.report["source_listed"]
    assert ended.result["coverage"]["missing"] == [] and not warned(ended, "no longer selected")


@pytest.mark.parametrize("plan", ["x" * 300, "ü" * 130])
def test_a_name_of_a_plan_that_cannot_be_used_is_refused_before_any_call(estate, tmp_path, plan):
    estate.snapshot(estate.disk(**TAGS))
    ended = night(estate, plan=plan, report_dir=str(tmp_path), metrics_dir=str(tmp_path))
    assert "dr_copy_plan" in ended.message and not estate.copies() and not estate.calls


@pytest.mark.parametrize("plan", ["orders #1", "50%"])
def test_a_name_of_a_plan_that_cannot_be_a_tag_is_refused(cbs, plan):
    """Copies without the plan's mark would be deleted by other plans (promises: retention)."""
    cbs.snapshot(cbs.disk(**TAGS))
    assert "dr_copy_plan" in night(cbs, plan=plan).message and not cbs.copies()


def test_a_run_that_judged_nothing_does_not_replace_the_days_history(ecs, tmp_path):
    ecs.snapshot(ecs.disk(**TAGS))
    given = {"report_dir": str(tmp_path), "rpo_hours": 24}
    night(ecs, **given)
    files = {path.name: path.read_text() for path in (tmp_path / "history" / "orders").iterdir()}
    assert len(files) == 2
    ended = night(ecs, keep="x", **given)
    assert files == {path.name: path.read_text() for path in (tmp_path / "history" / "orders").iterdir()}
    assert [month["judged"] for month in ended.report["months"]] == [1]


def test_a_vanished_recovery_point_is_reported_once(estate, tmp_path):
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    copy = lost_copy(estate, given)
    ended = night(estate, **given)
    (point,) = ended.result["vanished"]
    assert (point["snapshot_id"], point["region"]) == (copy.id, estate.destination)
    (words,) = warned(ended, "of the last report vanished")
    assert copy.id in words and copy.id in (tmp_path / "r" / "orders.html").read_text()
    assert samples(tmp_path / "m" / "dr_copy_orders.prom")['dr_copy_vanished_recovery_points{plan="orders"}'] == 1
    assert night(estate, **given).result["vanished"] == []


def test_a_night_on_which_a_destination_does_not_answer_forgets_nothing(estate, tmp_path):
    given = {"report_dir": str(tmp_path)}
    copy = lost_copy(estate, given)
    for _night in range(2):
        estate.set_faults({"action": "*", "region": estate.destination, "fault": "drop"})
        assert night(estate, **given).message
    estate.set_faults()
    assert [point["snapshot_id"] for point in night(estate, **given).result["vanished"]] == [copy.id]
    assert night(estate, **given).result["vanished"] == []


def test_a_status_does_not_keep_what_vanished_from_the_next_night_and_its_metric(estate, tmp_path):
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    copy = lost_copy(estate, given)
    estate.clock.sleep(60)
    runs = [night(estate, reads_only=reads, **given) for reads in (True, True, False)]
    assert [[point["snapshot_id"] for point in run.result["vanished"]] for run in runs] == [[copy.id]] * 3
    assert samples(tmp_path / "m" / "dr_copy_orders.prom")['dr_copy_vanished_recovery_points{plan="orders"}'] == 1


def test_a_copy_that_retention_deleted_has_not_vanished(estate, tmp_path):
    disk = estate.disk(**TAGS)
    estate.snapshot(disk, 30)
    night(estate, report_dir=str(tmp_path))
    estate.snapshot(disk, 1)
    ended = night(estate, report_dir=str(tmp_path), keep=1)
    assert len(ended.result["pruned"]) == 1 and ended.result["vanished"] == []
    assert night(estate, report_dir=str(tmp_path), keep=1).result["vanished"] == []


def test_a_copy_that_a_run_without_a_report_deleted_has_not_vanished(estate, tmp_path):
    """It may have been killed before it wrote one, or was started by hand."""
    disk = estate.disk(**TAGS)
    estate.snapshot(disk, 30)
    night(estate, report_dir=str(tmp_path), keep=1)
    estate.snapshot(disk, 20)
    assert len(night(estate, keep=1).result["pruned"]) == 1
    estate.snapshot(disk, 1)
    assert night(estate, report_dir=str(tmp_path), keep=1).result["vanished"] == []


def test_the_newest_point_that_somebody_deleted_has_vanished_though_a_newer_one_is_made(estate, tmp_path):
    disk = estate.disk(**TAGS)
    estate.snapshot(disk, 30)
    given = {"report_dir": str(tmp_path), "keep": 1}
    night(estate, **given)
    (copy,) = estate.copies()
    estate.forget(copy.id, estate.destination)
    estate.snapshot(disk, 1)
    assert [point["snapshot_id"] for point in night(estate, **given).result["vanished"]] == [copy.id]


def test_a_point_that_somebody_deleted_has_vanished_even_if_it_is_copied_again(estate, tmp_path):
    estate.snapshot(estate.disk(**TAGS))
    given = {"report_dir": str(tmp_path), "rpo_hours": 24}
    night(estate, **given)
    (copy,) = estate.copies()
    estate.forget(copy.id, estate.destination)
    ended = night(estate, **given)
    assert [point["snapshot_id"] for point in ended.result["vanished"]] == [copy.id]
    assert ended.result["counts"]["created"] == 1 and not ended.message, "it is a warning"
    assert night(estate, **given).result["vanished"] == []


def test_a_copy_that_was_replaced_has_not_vanished(ebs, tmp_path):
    ebs.snapshot(ebs.disk(**TAGS))
    night(ebs, report_dir=str(tmp_path))
    given = {"encrypted": True, "copy_options": {"replace_mismatched": True}, "report_dir": str(tmp_path)}
    ended = night(ebs, **given)
    assert ended.result["counts"]["created"] + ended.result["counts"]["replaced"] == 1 and len(ebs.copies()) == 1
    assert ended.result["vanished"] == [] and night(ebs, **given).result["vanished"] == []


def test_a_listing_that_lags_makes_no_recovery_point_vanish(ebs, tmp_path):
    """A look by the ID shows what the listing does not."""
    ebs.snapshot(ebs.disk(**TAGS))
    night(ebs, report_dir=str(tmp_path))
    (copy,) = ebs.copies()
    tags = ebs.tags_of(copy)
    copy.ec2_backend.delete_tags([copy.id], dict.fromkeys(tags))
    ended = night(ebs, reads_only=True, report_dir=str(tmp_path))
    assert ended.result["vanished"] == [] and not warned(ended, "of the last report vanished")


def test_plans_that_share_a_disk_delete_nothing_of_each_other(estate):
    disk = estate.disk(**TAGS)
    estate.snapshot(disk, 50)
    night(estate, plan="long")
    estate.snapshot(disk, 26)
    night(estate, plan="short")
    estate.snapshot(disk, 1)
    ended = night(estate, plan="short", keep=1)
    (kept,) = ended.result["kept_for_others"]
    assert kept["plan"] == "long" and len(ended.result["pruned"]) == 1 and len(estate.copies()) == 2
    assert any(line.startswith("Kept ") and "long" in line for line in ended.brief["lines"])
    took = night(estate, plan="short", former_plans=["long"], keep=1)
    assert [copy["snapshot_id"] for copy in took.result["pruned"]] == [kept["snapshot_id"]]


def test_a_former_plan_that_still_makes_copies_is_reported(estate):
    """A plan that was renamed makes none any more."""
    disk = estate.disk(**TAGS)
    for hours, plan in ((50, "old"), (26, "new"), (2, "new")):
        estate.snapshot(disk, hours)
        renamed = night(estate, plan=plan, former_plans=["old"])
        assert not warned(renamed, "dr_copy_former_plans")
        estate.clock.sleep(5)
    estate.snapshot(disk, 1)
    night(estate, plan="old")
    estate.clock.sleep(5)
    assert warned(night(estate, plan="new", former_plans=["old"]), "dr_copy_former_plans names old, which has made")


def test_a_page_shows_number_and_age_of_the_recovery_points_of_each_disk(ecs, tmp_path):
    disk = ecs.disk(**TAGS)
    for hours in (50, 26, 2):
        ecs.snapshot(disk, hours)
        night(ecs, report_dir=str(tmp_path), metrics_dir=str(tmp_path), rpo_hours=24)
    report = json.loads((tmp_path / "orders.json").read_text())
    (point,) = report["recovery_points"]
    assert point["points"] == 3 and point["oldest"] < point["source_created_at"]
    page = (tmp_path / "orders.html").read_text()
    assert 'data-v="3">3</td>' in page and point["oldest"][:10] in page
    name = f'dr_copy_recovery_points{{disk="{disk}",plan="orders",region="{ecs.destination}"}}'
    assert samples(tmp_path / "dr_copy_orders.prom")[name] == 3


def test_a_copy_that_the_run_deleted_is_no_longer_counted(estate, tmp_path):
    disk = estate.disk(**TAGS)
    for hours in (50, 26, 2):
        estate.snapshot(disk, hours)
        night(estate)
    (point,) = night(estate, keep=2, report_dir=str(tmp_path), metrics_dir=str(tmp_path)).report["recovery_points"]
    assert point["points"] == 2 and point["age_hours"] < 3
    name = f'dr_copy_recovery_points{{disk="{disk}",plan="orders",region="{estate.destination}"}}'
    assert samples(tmp_path / "dr_copy_orders.prom")[name] == 2


def test_a_disk_without_a_copy_looks_worst(ecs, tmp_path):
    ecs.disk(**TAGS)
    ended = night(ecs, report_dir=str(tmp_path), metrics_dir=str(tmp_path))
    page = (tmp_path / "orders.html").read_text()
    assert not ended.message and "✗ no copy" in page and "width:100%" in page
    assert "is-good" not in page.partition("</style>")[2] and "1 of 1 recovery points is missing" in page
    assert [
        value for name, value in samples(tmp_path / "dr_copy_orders.prom").items() if "timestamp_seconds{cloud" in name
    ] == [0.0]


def test_a_table_fits_a_screen_by_leaving_out_columns(ebs):
    for _disk in range(2):
        ebs.snapshot(ebs.disk(**{**TAGS, "Name": "a name of a disk that is rather long"}))
    ended = night(ebs, rpo_hours=24)
    (head,) = [line for line in ended.brief["lines"] if line.startswith("DISK")]
    table = ended.brief["lines"][ended.brief["lines"].index(head) :]
    assert len(table) == 3 and max(map(len, table)) <= 69 and "AGE" in head and "COPY" not in head
    full = night(ebs, rpo_hours=24, log="full")
    assert any(line.startswith("DISK") and "COPY" in line for line in full.brief["lines"])


def test_a_region_that_all_points_share_leaves_a_table_before_the_names_do(ebs):
    ebs.disk(**{**TAGS, "Name": "orders-database"})
    (head,) = [line for line in night(ebs, rpo_hours=24).brief["lines"] if line.startswith("DISK")]
    assert head.split() == ["DISK", "NAME", "AGE", "STATE"]
    both = night(ebs, rpo_hours=24, destination_regions=[ebs.destination, "eu-central-1"]).brief["lines"]
    assert [line.split() for line in both if line.startswith("DISK")] == [["DISK", "REGION", "AGE", "STATE"]]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("Disabled", "Disabled"),
        ("PendingDeletion", "KMS will delete it on 20"),
        ("undescribable", None),
        (None, None),
    ],
)
def test_a_copy_whose_key_cannot_be_used_is_no_recovery_point(ebs, tmp_path, what, words):
    ebs.snapshot(ebs.disk(**TAGS))
    given = {"rpo_hours": 24, "report_dir": str(tmp_path), "encrypted": True}
    assert not night(ebs, **given).message
    (copy,) = ebs.copies()
    ebs.settings(keys_of_kms={copy.kms_key_id: what} if what else {})
    for reads_only, page in ((False, "orders.html"), (True, "orders.status.html")):
        ended = night(ebs, reads_only=reads_only, **given)
        (point,) = ended.result["recovery_points"]
        assert ended.report["api_calls"]["DescribeKey"] == 1
        if words:
            assert point["within_rpo"] is False and copy.kms_key_id in ended.message and words in ended.message
            assert "cannot be restored" in ended.message and "miss the RPO" not in ended.message
            first = ended.brief["lines"][0]
            assert "1 cannot be restored, because its key cannot be used" in first and "0 miss the RPO" in first
            shown = (tmp_path / page).read_text()
            assert "cannot be restored" in shown and shown.index("cannot be restored") < shown.index("By reason")
            assert "cannot be restored" in (tmp_path / page.replace("html", "junit.xml")).read_text()
        else:
            assert point["within_rpo"] is True and not ended.message
            assert len(warned(ended, "is unknown whether")) == bool(what)
            assert not ended.warnings, "reported once"
    assert "DescribeKey" not in night(ebs, check_keys=False, **given).report["api_calls"]


def test_a_copy_whose_key_was_not_read_is_reported(ebs):
    """A replica that lags shows a new copy late, also to the look at its key."""
    ebs.snapshot(ebs.disk(**TAGS))
    given = {"rpo_hours": 24, "encrypted": True}
    night(ebs, **given)
    (copy,) = ebs.copies()
    ended = night(ebs, {"checking the keys": lambda: ebs.forget(copy.id, ebs.destination)}, **given)
    (line,) = warned(ended, "is unknown whether the keys of")
    assert copy.id in line


def test_archived_copies_are_no_recovery_points_of_today(ebs, tmp_path):
    disk = ebs.disk(**TAGS)
    ebs.snapshot(disk, 50)
    night(ebs)
    ebs.snapshot(disk, 1)
    night(ebs)
    older, newer = ebs.copies()
    newer.storage_tier = "archive"
    ended = night(ebs, rpo_hours=24, report_dir=str(tmp_path))
    (point,) = ended.result["recovery_points"]
    assert (point["snapshot_id"], point["state"], point["within_rpo"]) == (older.id, "completed", False)
    assert len(ebs.copies()) == 2, "an archived copy counts as a copy"
    assert night(ebs, keep=1).result["pruned"] == [], "the only copy that can be restored now is kept"
    older.storage_tier = "archive"
    ended = night(ebs, rpo_hours=100, report_dir=str(tmp_path))
    (point,) = ended.result["recovery_points"]
    assert (point["state"], point["within_rpo"]) == ("archived", False) and "archived" in ended.message
    page, line = (tmp_path / "orders.html").read_text(), ended.brief["lines"][0]
    assert "archived" in page and "overall is-bad" in page
    for text in (page, line):
        assert "cannot be restored now" in text and "misses" not in text, "no younger copy would help"
    for reads_only in (False, True):
        ended = night(ebs, report_dir=str(tmp_path), metrics_dir=str(tmp_path), reads_only=reads_only)
        assert "1 of 1 recovery points cannot be restored" in ended.message and "RPO" not in ended.message
        page = (tmp_path / f"orders{'.status' if reads_only else ''}.html").read_text()
        assert "cannot be restored now" in page and "is-bad" in page and "0 h" not in page
        assert '<h2 id="late">Cannot be restored now</h2>' in page, "without an RPO nothing is late"
        assert "cannot be restored now" in ended.brief["lines"][0], "without an RPO too"


OLD_KEY, NEW_KEY = (f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in ("old", "new"))


@pytest.mark.parametrize("state", ["PendingDeletion", "Disabled", None])
@pytest.mark.parametrize("limit", [{"keep": 1}, {"keep_days": 1}])
def test_retention_keeps_the_newest_copy_with_a_usable_key(ebs, limit, state):
    disk = ebs.disk(**TAGS)
    given = {"rpo_hours": 400, "encrypted": True}
    copies = []
    for hours, key in ((240, OLD_KEY), (200, OLD_KEY), (50, NEW_KEY)):
        ebs.snapshot(disk, hours)
        assert not night(ebs, kms_key_id=key, **given).message
        copies += [copy for copy in ebs.copies() if copy not in copies]
    if state:
        ebs.settings(keys_of_kms={NEW_KEY: state})
    for check in (True, False):
        ended = night(ebs, kms_key_id=NEW_KEY, check=check, **given, **limit)
        oldest, older, _newest = (copy.id for copy in copies)
        pruned = {row["snapshot_id"] for row in ended.result["pruned"]}
        assert pruned == ({oldest} if state else {oldest, older})
        assert ended.report["api_calls"]["DescribeKey"] == 2, "each key is read once"
        assert bool(ended.message) == bool(state)
    assert len(ebs.copies()) == (2 if state else 1)


def test_without_pruning_only_the_keys_of_the_newest_copies_are_read(ebs):
    disk = ebs.disk(**TAGS)
    for hours, key in ((240, OLD_KEY), (50, NEW_KEY)):
        ebs.snapshot(disk, hours)
        ended = night(ebs, kms_key_id=key, encrypted=True)
    assert ended.report["api_calls"]["DescribeKey"] == 1


@pytest.mark.parametrize("cloud", ["ebs", "ecs"])
@pytest.mark.parametrize("protection", ["hold", "lock"])
def test_a_held_misfit_is_not_copied_again_each_night(request, cloud, protection):
    estate = request.getfixturevalue(cloud)
    disk = estate.disk(**TAGS)
    for hours in (100, 76, 52, 28):
        estate.snapshot(disk, hours)
    locks = {"lock_days": 9, "lock_mode": "compliance"} if protection == "lock" else {}
    assert not night(estate, select="all", **locks).message
    for copy in estate.copies() if protection == "hold" else ():
        estate.set_tags(copy, **{"dr-copy:hold": "x"})
    estate.snapshot(disk, 1)
    given = {"select": "all", "keep": 1, "encrypted": True, "copy_options": {"replace_mismatched": True}}
    night(estate, **given)
    again = night(estate, **given)
    assert not again.result["counts"]["replaced"] and not again.result["counts"]["deleted"]


@pytest.mark.parametrize(("plan", "more"), [("prod (eu)", {}), ("x" * 120, {}), ("prod", {"description": "y" * 170})])
def test_a_plan_that_its_copies_cannot_name_is_reported(ens, plan, more):
    ens.snapshot(ens.disk(**TAGS))
    assert any("do not name the plan" in text for text in night(ens, plan=plan, **more).report["warnings"])
    assert not any("do not name the plan" in text for text in night(ens, plan="prod").report["warnings"])


@pytest.mark.parametrize("cloud", ["ebs", "ecs"])
@pytest.mark.parametrize("history", ["each night", "turned on"])
def test_check_mode_predicts_what_is_pruned_beside_new_locks(request, cloud, history):
    """Locked copies don't count toward the limits, and the run locks before it prunes."""
    estate = request.getfixturevalue(cloud)
    disk = estate.disk(**TAGS)
    given = {"select": "all", "keep": 1, "lock_days": 1, "lock_mode": "compliance"}
    if history == "each night":
        estate.snapshot(disk, 1)
        night(estate, **given)
        estate.clock.sleep(90000)
    else:
        for hours in (100, 76, 52, 28):
            estate.snapshot(disk, hours)
        night(estate, select="all")
    estate.snapshot(disk, 1)
    check, real = night(estate, check=True, **given), night(estate, **given)
    assert [row["snapshot_id"] for row in check.result["pruned"]] == [
        row["snapshot_id"] for row in real.result["pruned"]
    ]
    assert check.result["counts"]["deleted"] == real.result["counts"]["deleted"]
