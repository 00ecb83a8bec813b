# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole nights of the role with the real modules: what they do and report if something happens in the middle."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy import plan_run
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy import reporting as reporting_module
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import report_files
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role import metrics as shared_metrics

from tests.clouds import CLOUDS
from tests.simulator.aws.ec2 import ACCOUNT, OTHER_ACCOUNT, ec2_backends
from tests.support.harness import run_module
from tests.support.night_runs import night, variables_of


def protected(estate, hours=1):
    """Create a disk of the plan with a snapshot; return the snapshot."""
    return estate.snapshot(estate.disk(**{"dr-copy": "true", "Name": "database"}), hours)


def test_a_night_copies_once_and_the_next_one_nothing(estate, tmp_path):
    source = protected(estate)
    given = {"rpo_hours": 24, "keep": 1, "report_dir": str(tmp_path)}
    predicted = night(estate, check=True, **given)
    assert predicted.result["counts"]["created"] == 1 and not estate.copies() and not list(tmp_path.iterdir())
    ended = night(estate, **given)
    assert not ended.message and ended.result["counts"]["created"] == 1 and len(estate.copies()) == 1
    (point,) = ended.result["recovery_points"]
    assert point["source_snapshot_id"] == source and point["within_rpo"]
    again = night(estate, **given)
    assert again.result["counts"]["unchanged"] == 1 and again.result["counts"]["created"] == 0 and not again.message
    assert json.loads((tmp_path / "orders.json").read_text())["counts"] == again.report["counts"]
    assert "The only recovery point is within the RPO" in (tmp_path / "orders.html").read_text()


def test_a_night_without_the_package_for_metrics_fails_for_that_reason(ebs, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_metrics, "MISSING", "the Python package prometheus_client")
    ended = night(ebs, metrics_dir=str(tmp_path))
    assert ended.message == (
        "1 failure. dr_copy_metrics_dir needs the Python package prometheus_client. Correct this, then run again."
    )
    assert not list(tmp_path.iterdir())


def kinds_of(calls):
    return [kind for kind, _arguments in calls]


def test_a_night_with_nothing_to_copy_runs_no_copy_module_and_has_its_rows(estate):
    protected(estate)
    calls = []
    night(estate, calls=calls)
    (copied,) = [arguments for kind, arguments in calls if kind == "copy"]
    login = {"endpoint_url": estate.url}
    for check in (False, True):
        calls.clear()
        ended = night(estate, calls=calls, check=check, defaults={"info": login, "copy": login})
        assert "copy" not in kinds_of(calls) and not ended.message
        real = run_module(f"{estate.cloud.name}_snapshot_copy", copied, estate.clock, check)
        assert ended.result["copies"] == real["copies"], "as the module returns them"
        assert ended.result["counts"] == real["counts"]


@pytest.mark.parametrize(
    "asked",
    [
        {"tags": {"team": "dr"}},
        {"retention_days": 40},
        {"lock_days": 7, "lock_mode": "compliance"},
        {"encrypted": True},
        {"remove_duplicates": True},
        {"copy_options": {"replace_failed": True}},
        {"defaults": {"copy": {"replace_failed": True}}},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_a_copy_that_the_module_may_change_is_left_to_it(estate, asked):
    protected(estate)
    night(estate)
    if not all(VARIABLES[name].is_supported(CAPABILITIES[estate.cloud.name]) for name in asked if name != "defaults"):
        pytest.skip(f"{estate.cloud.name} has none")
    calls = []
    night(estate, calls=calls, check=True, **asked)
    assert "copy" in kinds_of(calls)


@pytest.mark.parametrize("wrong", [{"name": "{disk}"}, {"copy_options": {"purge_tag": False}}], ids=str)
def test_a_value_that_only_the_copy_module_refuses_fails_a_night_with_nothing_to_copy(estate, wrong):
    protected(estate)
    night(estate)
    ended = night(estate, **wrong)
    assert "{disk}" in ended.message or "purge_tag" in ended.message


def test_a_second_copy_or_one_without_all_its_tags_is_left_to_the_module(estate):
    source = protected(estate)
    night(estate)
    (copy,) = estate.copies()
    if CLOUDS[estate.cloud.name].snapshots_have_tags:
        _remove_tag(copy, "dr-copy:source-disk-id")
        night(estate)
        assert estate.tags_of(copy)["dr-copy:source-disk-id"], "as for a run that was killed before it set it"
    estate.create_our_copy(source)
    calls = []
    night(estate, calls=calls)
    assert "copy" in kinds_of(calls)


@pytest.mark.parametrize("cloud", ["ebs", "cbs"])
def test_the_row_of_a_copy_whose_source_region_is_not_tagged_has_the_region(request, cloud):
    estate = request.getfixturevalue(cloud)
    protected(estate)
    night(estate)
    _remove_tag(estate.copies()[0], "dr-copy:source-region")
    (copy,) = night(estate).result["copies"]
    assert (copy["source_region"], copy["action"]) == (estate.source, "none")


def _remove_tag(copy, key):
    if hasattr(copy, "ec2_backend"):
        copy.ec2_backend.delete_tags([copy.id], {key: None})
    else:
        copy.tags.pop(key)


def test_retention_deletes_what_it_no_longer_keeps(estate):
    disk = estate.disk(**{"dr-copy": "true"})
    older = estate.snapshot(disk, 30)
    night(estate)
    estate.snapshot(disk, 1)
    unchanged = dict.fromkeys(("would copy 1 snapshot", "would delete 1 copy"), lambda: None)
    predicted = night(estate, unchanged, check=True, keep=1, rpo_hours=24)
    ended = night(estate, keep=1, rpo_hours=24)
    for each in (predicted, ended):
        assert [copy["source_snapshot_id"] for copy in each.result["pruned"]] == [older] and not each.message
    assert night(estate, keep=1).result["pruned"] == []


@pytest.mark.parametrize("held", [True, False])
def test_check_mode_deletes_nothing_for_a_copy_in_progress_that_does_not_count(estate, held):
    """One that is held or somebody else's, once it is complete (promises: held, retention)."""
    if estate.cloud.name == "ens" and held:
        pytest.skip("ENS has no tags of snapshots")
    disk = estate.disk(**{"dr-copy": "true"})
    old, new = estate.snapshot(disk, 50), estate.snapshot(disk, 2)
    estate.create_our_copy(old)
    if held:
        estate.set_tags(estate.create_our_copy(new, seconds=60), **{"dr-copy:hold": "1"})
    else:
        estate.create_foreign_copy(new, seconds=60)
    predicted, ended = night(estate, check=True, keep=1), night(estate, keep=1)
    assert len(predicted.result["pruned"]) == len(ended.result["pruned"])


def test_a_copy_that_is_deleted_once_the_run_saw_it_complete_is_no_recovery_point(estate):
    protected(estate)

    def delete():
        estate.settings(vanish={copy.id: estate.destination for copy in estate.copies()})

    ended = night(estate, {"listing the copies again": delete}, rpo_hours=24)
    (failure,) = ended.result["failures"]
    assert "can no longer be found by its ID" in failure["message"] and ended.message
    assert [point["within_rpo"] for point in ended.result["recovery_points"]] == [False]
    assert ended.result["counts"]["created"] == 0 and ended.result["counts"]["failed"] == 1
    again = night(estate, rpo_hours=24)
    assert again.result["counts"]["created"] == 1 and not again.message


def test_a_copy_that_a_list_does_not_show_counts_once_a_look_by_its_id_shows_it(ebs):
    """A lagging replica shows late the tags by which copies are listed."""
    protected(ebs)
    hidden = {}

    def hide():
        (copy,) = ebs.copies()
        hidden.update(ebs.tags_of(copy))
        ec2_backends[ACCOUNT][ebs.destination].delete_tags([copy.id], dict.fromkeys(hidden))

    def show():
        ebs.set_tags(ebs.copies()[0], **hidden)

    ended = night(ebs, {"listing the copies again": hide, "checking 1 copy": show}, rpo_hours=24, keep=1)
    (point,) = ended.result["recovery_points"]
    assert hidden and point["within_rpo"] and point["state"] == "completed" and not ended.message


def test_an_older_snapshot_that_is_gone_before_it_is_copied_fails_nothing(estate):
    disk = estate.disk(**{"dr-copy": "true"})
    oldest, older, newest = (estate.snapshot(disk, hours) for hours in (9, 5, 1))
    ended = night(estate, {"copying": lambda: estate.forget(oldest)}, rpo_hours=24, select="all")
    assert {copy["source_snapshot_id"] for copy in ended.result["copies"]} == {older, newest} and not ended.message
    assert {row["snapshot_id"]: row["chosen"] for row in ended.result["plan"]} == {
        oldest: False,
        older: True,
        newest: True,
    }


def test_a_snapshot_that_is_gone_before_it_is_copied_gives_way_to_the_next_newest(estate):
    disk = estate.disk(**{"dr-copy": "true"})
    older, newest = estate.snapshot(disk, 5), estate.snapshot(disk, 1)
    ended = night(estate, {"copying": lambda: estate.forget(newest)}, rpo_hours=24)
    assert [copy["source_snapshot_id"] for copy in ended.result["copies"]] == [older] and not ended.message
    reasons = {row["snapshot_id"]: row["reason"] for row in ended.result["plan"]}
    assert reasons == {newest: "gone before it was copied", older: "next newest"}


def test_a_selected_disk_that_lost_its_tag_or_is_deleted_is_reported_each_night(estate, tmp_path):
    kept, lost, gone = (estate.disk(**{"dr-copy": "true", "Name": name}) for name in ("kept", "lost", "gone"))
    for disk in (kept, lost, gone):
        estate.snapshot(disk)
    given = {"report_dir": str(tmp_path), "metrics_dir": str(tmp_path)}
    night(estate, disk_ids=[kept, lost], **given)
    night(estate, disk_ids=[gone])
    estate.untag(lost, "dr-copy")
    estate.delete_source_disk(gone)
    for _night in range(2):
        ended = night(estate, disk_ids=[kept, lost, gone], **given)
        coverage = ended.result["coverage"]
        assert [disk["disk_id"] for disk in coverage["lost"]] == [lost]
        assert [disk["disk_id"] for disk in coverage["gone"]] == [gone] and coverage["unselected"] == 1
        assert {row["disk_id"]: row["kind"] for row in ended.result["orphans"]} == {lost: "unselected", gone: "gone"}
        assert any("no longer have the plan's tags" in line and lost in line for line in ended.brief["lines"])
        metrics = (tmp_path / "dr_copy_orders.prom").read_text()
        assert 'dr_copy_disks{plan="orders",state="lost"} 1.0' in metrics


def test_a_role_in_another_account_is_given_the_snapshots_and_copies_them(ebs):
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/copies"
    ebs.settings(roles={role: {}})
    source, own = protected(ebs), {**ebs.connection(), **ebs.quick_reads}
    given = {"source_connection": own, "connection": {**own, "assume_role_arn": role}, "rpo_hours": 24}
    predicted = night(ebs, {"would share 1 snapshot": lambda: None}, check=True, **given)
    assert not predicted.message and [row["changed"] for row in predicted.result["shared"]] == [True]
    counts = predicted.result["counts"]
    assert (counts["created"], counts["failed"]) == (1, 0)
    ended = night(ebs, **given)
    assert not ended.message and ended.result["counts"]["created"] == 1 and not ebs.copies()
    assert [(row["snapshot_id"], row["account"]) for row in ended.result["shared"]] == [(source, OTHER_ACCOUNT)]
    assert night(ebs, **given).result["counts"]["unchanged"] == 1


def test_nothing_is_shared_with_an_account_that_is_not_known(ebs):
    source, own = protected(ebs), {**ebs.connection(), **ebs.quick_reads}
    ebs.set_faults({"fault": "drop", "action": "GetCallerIdentity", "region": ebs.destination})
    ended = night(ebs, source_connection=own)
    assert "Nothing was shared: the ID of the account that copies is unknown" in ended.message and not ebs.copies()
    assert not ebs.get(source).create_volume_permission_userids


@pytest.mark.parametrize("how", ["excluded", "lost", "gone"])
def test_a_disk_that_left_its_plan_is_not_judged_where_the_source_region_is_down(estate, tmp_path, how):
    left, kept = (estate.disk(**{"dr-copy": "true", "Name": name}) for name in ("left", "kept"))
    given = {"report_dir": str(tmp_path), "rpo_hours": 24}
    estate.snapshot(left, 40)
    night(estate, **given)
    estate.snapshot(kept)
    if how == "excluded":
        given["exclude_tags"] = {"Name": "left"}
    elif how == "lost":
        estate.untag(left, "dr-copy")
    else:
        estate.delete_source_disk(left)
    assert not night(estate, **given).message
    estate.server.control.script = lambda _action, region: {"fault": "unavailable"} if region == estate.source else None
    for _status in range(2):
        ended = night(estate, reads_only=True, **given)
        assert [point["disk_id"] for point in ended.result["recovery_points"]] == [kept] and not ended.message


def test_no_disk_is_judged_where_the_source_region_is_down_and_all_had_left_the_plan(estate, tmp_path):
    disk = estate.disk(**{"dr-copy": "true"})
    estate.snapshot(disk, 40)
    given = {"report_dir": str(tmp_path), "rpo_hours": 24, "allow_empty": True}
    night(estate, **given)
    estate.delete_source_disk(disk)
    assert not night(estate, **given).message
    estate.server.control.script = lambda _action, region: {"fault": "unavailable"} if region == estate.source else None
    ended = night(estate, reads_only=True, **given)
    assert not ended.result["recovery_points"] and not ended.message


def test_a_shard_does_not_judge_disks_that_left_the_plan_where_the_source_region_is_down(ecs, tmp_path):
    shards, disks = ("1/2", "2/2"), []
    while not all(any(is_in_shard(disk, shard) for disk in disks) for shard in shards):
        disks += [ecs.disk(**{"dr-copy": "true"}) for _disk in range(3)]
    for disk in disks:
        ecs.snapshot(disk)

    def statuses_of(**given):
        for shard in shards:
            yield night(ecs, shard=shard, report_dir=str(tmp_path), rpo_hours=24, allow_empty=True, **given)

    first = {ended.report["settings"]["shard"]: ended.result["recovery_points"] for ended in statuses_of()}
    left = [points[0]["disk_id"] for points in first.values()]
    for disk in left:
        ecs.delete_source_disk(disk)
    assert not any(ended.message for ended in statuses_of())
    ecs.server.control.script = lambda _action, region: {"fault": "unavailable"} if region == ecs.source else None
    judged = [p["disk_id"] for ended in statuses_of(reads_only=True) for p in ended.result["recovery_points"]]
    assert sorted(judged) == sorted(set(disks) - set(left))


def test_a_plan_that_is_no_text_is_refused_in_the_report_of_its_host(ecs, tmp_path):
    night(ecs, plan=["orders"], report_dir=str(tmp_path))
    assert "dr_copy_plan must be text" in (tmp_path / "orders.html").read_text()


def test_an_unusual_plan_name_does_not_prevent_the_metrics_of_others(ecs, tmp_path):
    ecs.snapshot(ecs.disk(**{"dr-copy": "true"}))
    for plan in ("web\u2028shop", "orders"):
        assert not night(ecs, plan=plan, metrics_dir=str(tmp_path)).unwritten


def test_a_plan_of_spaces_is_called_like_its_host(ecs, tmp_path):
    """A survey returns spaces for an answer that somebody has cleared."""
    ecs.snapshot(ecs.disk(**{"dr-copy": "true"}))
    night(ecs, plan="  ", report_dir=str(tmp_path))
    (copy,) = ecs.copies()
    assert (tmp_path / "orders.json").exists() and ecs.tags_of(copy)["dr-copy:plan"] == "orders"


def test_an_error_that_stops_the_run_is_in_a_red_report(ecs, tmp_path):
    ended = night(ecs, report_dir=str(tmp_path), encrypted="perhaps", stopped="")
    assert "dr_copy_encrypted" in ended.message and not ecs.calls
    assert ended.result["failures"][0]["hint"] == "Correct this, then run again."
    assert "dr_copy_encrypted" in (tmp_path / "orders.html").read_text()
    ended = night(ecs, report_dir=str(tmp_path), stopped="no such file")
    assert "no such file" in ended.message and "no such file" in (tmp_path / "orders.html").read_text()


def test_a_run_replaces_the_page_before_anything_else(ecs, tmp_path):
    protected(ecs)
    night(ecs, report_dir=str(tmp_path))
    seen = []

    def look():
        seen.append((tmp_path / "orders.html").read_text())

    night(ecs, {"looking for the disks": look}, report_dir=str(tmp_path))
    assert "A run began at" in seen[0] and "has not ended" in seen[0] and "✓" not in seen[0]
    assert "A run began at" not in (tmp_path / "orders.html").read_text()
    night(ecs, {"looking for the disks": look}, check=True, report_dir=str(tmp_path))
    assert "A run began at" not in seen[1], "a dry run writes nothing"


@pytest.mark.parametrize("broken", ["decide_run", "role_result", "report_page"])
def test_an_error_of_our_own_leaves_a_red_page_and_no_traceback(ecs, tmp_path, monkeypatch, broken):
    protected(ecs)
    night(ecs, report_dir=str(tmp_path))

    def fails(*given, **more):
        if broken != "role_result" or given[0].source != {"skipped": True}:
            raise AttributeError("disk has no <tags>")
        return real(*given, **more)

    module = {"decide_run": plan_run, "role_result": reporting_module, "report_page": report_files}[broken]
    real = getattr(module, broken)
    monkeypatch.setattr(module, broken, fails)
    ended = night(ecs, report_dir=str(tmp_path))
    page = (tmp_path / "orders.html").read_text()
    assert "disk has no <tags>" in ended.message and "Traceback" not in ended.message
    assert "disk has no &lt;tags&gt;" in page and "✓" not in page and "<tags>" not in page
    assert ended.result["failures"] or broken == "report_page"
    assert "the cloud's message" not in ended.message, "no cloud has said anything"


def test_a_status_reads_and_writes_nothing_to_the_cloud(estate, tmp_path):
    protected(estate)
    ended = night(estate, reads_only=True, rpo_hours=24, report_dir=str(tmp_path))
    assert not estate.copies() and "misses" in ended.message.replace("miss ", "misses ")
    assert (tmp_path / "orders.status.html").exists() and not (tmp_path / "orders.html").exists()


def test_a_run_that_is_killed_leaves_the_page_that_says_so(ecs, tmp_path):
    protected(ecs)

    def killed(_module, _arguments):
        raise KeyboardInterrupt

    given = variables_of(ecs, report_dir=str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        PlanRun(given, PlanContext(host="orders"), call=killed, clock=ecs.clock.utc, say=lambda line: None).run()
    assert "has not ended" in (tmp_path / "orders.html").read_text()


def test_the_modules_take_every_argument_that_a_variable_reaches(estate):
    protected(estate)
    given = {
        "disk_ids": [],
        "shard": "1/2",
        "name": "nightly",
        "description": "of the night",
        "tags": {"a": "b"},
        "encrypted": True,
        "retention_days": 40,
        "lock_days": 7,
        "lock_mode": "compliance",
        "max_in_flight": 3,
        "remove_duplicates": True,
        "keep": 1,
        "rpo_hours": 24,
    }
    capabilities = CAPABILITIES[estate.cloud.name]
    supported = {name: value for name, value in given.items() if VARIABLES[name].is_supported(capabilities)}
    ended = night(estate, **supported)
    assert "nsupported parameters" not in ended.message
    assert not [failure for failure in ended.result["failures"] if "source_tags" in failure["message"]], ended.message
