# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills of the level usable: disks are attached to a test instance, checked, detached and deleted (promises:
usable)."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.calls import Calls
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.inventory import Inventory
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.record import Record

from tests.clouds import CLOUDS
from tests.support.restore_runs import PASSED, RestoreRuns
from tests.support.server_estates import marks, two_disks

ATTACHING = sorted(name for name in CLOUDS if CAPABILITIES[name].instance_ids)
TAG = "dr-restore:attached-to"


@pytest.fixture(params=ATTACHING)
def runs(request):
    found = RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))
    estate = found.estate
    estate.settings(instances={i: {"zone": estate.zone} for i in (estate.server_id, estate.other_server_id)})
    return found


@pytest.fixture
def ebs_runs(ebs_disks):
    ebs_disks.settings(instances={ebs_disks.server_id: {"zone": ebs_disks.zone}})
    return RestoreRuns(ebs_disks)


def failing(task="Check the file system", **result):
    return {"passed": False, "task": task, "result": {"msg": "non-zero return code", **result}}


class Checks:
    """Replaces the tasks: records its input, and which disks are attached meanwhile."""

    def __init__(self, runs, answers=()):
        self.estate, self.answers = runs.estate, list(answers)
        self.sets, self.attached = [], []

    def __call__(self, set_of_disks):
        self.sets.append(set_of_disks)
        self.attached.append({disk.id: self.estate.holder_of(disk) for disk in self.estate.disks()})
        return self.answers.pop(0) if self.answers else PASSED


class Killed(BaseException):
    """A drill was killed."""


def killed(_set):
    """Replace the tasks, and kill the drill."""
    raise Killed


def test_the_disks_of_each_set_are_attached_checked_detached_and_deleted(runs, tmp_path):
    disks = two_disks(runs)
    runs.copy_disks(disks, 26, **marks("n2"))
    disks.update(runs.copy_new_disks("mail", hours=2, tier="mail"))
    checks = Checks(runs)
    ended = runs.run_usable_drill(tmp_path, checks=checks, report_dir=str(tmp_path), max_age_days=7)
    assert not ended.message and not runs.estate.disks()
    assert {row["level"] for row in ended.result["tried"]} == {"usable"} and ended.result["totals"]["proven"] == 3
    assert sorted(len(one["disks"]) for one in checks.sets) == [1, 2]
    for seen, attached in zip(checks.sets, checks.attached):
        new = {disk["disk_id"] for disk in seen["disks"]}
        holder = (runs.estate.server_id, "attached")
        assert {disk_id for disk_id, held in attached.items() if held == holder} == new, "one set at a time"
        for disk in seen["disks"]:
            assert disk["source_disk_id"] == disks[disk["name"]]
            assert disk["device"] == runs.estate.path_in_the_guest(disk["disk_id"])
            assert disk["tags"][TAG] == runs.estate.server_id
    by_size = {len(seen["disks"]): seen for seen in checks.sets}
    assert by_size[2]["group"] == "i-1" and by_size[1]["group"] is None
    assert by_size[1]["disks"][0]["tags"]["tier"] == "mail"
    report = json.loads((tmp_path / "orders.drill.json").read_text())
    assert report["tried"] == ended.result["tried"] and report["test_host"] == "testhost"
    page = (tmp_path / "orders.drill.html").read_text()
    assert "✓" in page and "This level proves only what the checks cover" in page and "testhost" in page
    shown = runs.drill(check=True, level="creatable")
    assert {row["proven_level"] for row in shown.result["disks"]} == {"usable"}, "the copies show it"
    runs.estate.clock.sleep(3600)
    assert not runs.drill().message
    later = runs.run_usable_drill(tmp_path, check=True)
    assert {row["proven_at"] for row in later.result["disks"]} == {ended.result["started_at"]}, "no mark hides it"


def test_a_failing_check_is_reported_with_its_message_for_its_set_only(runs, tmp_path):
    runs.copy_disks(two_disks(runs), 26, **marks("n2"))
    runs.copy_new_disks("mail", hours=26)
    answers = [failing(stderr="fsck: bad magic number")]
    checks = Checks(runs, answers)
    ended = runs.run_usable_drill(tmp_path, checks=checks, report_dir=str(tmp_path))
    failed = {disk["name"] for disk in checks.sets[0]["disks"]}
    tried = {row["disk_name"]: row for row in ended.result["tried"]}
    assert {name for name, row in tried.items() if not row["proven"]} == failed and len(tried) == 3
    assert "fsck: bad magic number" in ended.message and "'Check the file system'" in ended.message
    assert "on testhost" in ended.message and not runs.estate.disks()
    page = (tmp_path / "orders.drill.html").read_text()
    assert "bad magic number" in page and "✓ usable" in page and "overall is-bad" in page
    assert any("NOT PROVEN" in line and "bad magic number" in line for line in ended.lines)


@pytest.mark.parametrize("answer", [{"passed": "true"}, {}, {"passed": False}, {"passed": False, "result": "x"}])
def test_checks_that_did_not_finish_prove_nothing(ebs_runs, tmp_path, answer):
    ebs_runs.copy_new_disks("database")
    ended = ebs_runs.run_usable_drill(tmp_path, checks=lambda _set: answer)
    assert ended.message and not ended.result["totals"]["proven"] and not ebs_runs.estate.disks()


def test_a_set_with_a_disk_that_cannot_be_attached_is_not_checked_and_deleted(runs, tmp_path):
    """The instance has gone meanwhile; the cloud's message is reported, and the other sets are tried."""
    runs.copy_new_disks("database", "mail")
    checks = Checks(runs)

    def remove_instance():
        runs.estate.settings(instances={runs.estate.other_server_id: {"zone": runs.estate.zone}})

    ended = runs.run_usable_drill(tmp_path, checks=checks, before={"attaching": remove_instance})
    assert not checks.sets and not runs.estate.disks() and not ended.result["totals"]["proven"]
    why = {row["why"] for row in ended.result["tried"]}
    assert len(why) == 2 and all(runs.estate.server_id in one for one in why), why


def test_a_disk_that_was_not_made_fails_only_its_own_set(runs, tmp_path):
    copies = runs.copy_disks(two_disks(runs), 26, **marks("n2"))
    runs.copy_new_disks("mail", hours=26)
    checks = Checks(runs)

    def forgets():
        runs.estate.forget(copies["log"], runs.estate.destination)

    ended = runs.run_usable_drill(tmp_path, checks=checks, before={"creating": forgets})
    assert [[disk["name"] for disk in seen["disks"]] for seen in checks.sets] == [["mail"]]
    tried = {row["disk_name"]: row for row in ended.result["tried"]}
    assert tried["mail"]["proven"] and "log" in tried["database"]["why"] and not runs.estate.disks()
    assert "of the same set is missing" in tried["database"]["why"] and "the same set" not in tried["log"]["why"]


# Only what this drill has attached is detached


def test_a_drill_deletes_expired_disks_that_a_killed_drill_left_attached(runs, tmp_path):
    runs.copy_new_disks("database")
    estate = runs.estate
    theirs = estate.plant(estate.copy(), {})
    estate.attach(theirs, estate.server_id)

    with pytest.raises(Killed):
        runs.run_usable_drill(tmp_path, checks=killed, id="drill-killed")
    (left,) = [disk for disk in estate.disks() if disk.id != theirs.id]
    assert estate.holder_of(left) == (estate.server_id, "attached")
    early = runs.drill(id="drill-early")
    assert {disk.id for disk in estate.disks()} == {theirs.id, left.id} and not early.message
    estate.clock.sleep(12 * 3600)
    runs.lines.clear()
    runs.drill(check=True, id="drill-later")
    assert [line for line in runs.lines if "delet" in line] == ["would delete 1 disk of drill-killed"]
    ended = runs.drill(id="drill-later")
    assert [disk.id for disk in estate.disks()] == [theirs.id] and left.id in ended.result["reaped"]
    assert estate.holder_of(theirs)[0] == estate.server_id and not ended.message


def test_a_drill_makes_no_disk_while_another_one_has_disks_on_its_test_instance(runs, tmp_path):
    """The other drill runs in another play, on another controller: only the cloud shows it."""
    runs.copy_new_disks("database")
    second, seen = RestoreRuns(runs.estate), []
    ours = second.copy_new_disks("mail")

    def meanwhile(_set):
        seen.append({disk.id: runs.estate.holder_of(disk) for disk in runs.estate.disks()})
        dry = second.run_usable_drill(tmp_path, check=True, id="drill-two", report_dir=str(tmp_path / "two"))
        assert not dry.message
        seen.append(
            second.run_usable_drill(tmp_path, checks=Checks(second), id="drill-two", report_dir=str(tmp_path / "two"))
        )
        assert {disk.id: runs.estate.holder_of(disk) for disk in runs.estate.disks()} == seen[0]
        return PASSED

    first = runs.run_usable_drill(tmp_path, checks=meanwhile, id="drill-one", disk_names=["database"])
    assert not first.message and first.result["totals"]["proven"] == 1 and not runs.estate.disks()
    held, refused = seen
    (disk,) = held
    assert refused.message.startswith("2 of 2 copies were not proven usable: ")
    for text in (runs.estate.server_id, disk, "drill-one", "one drill at a time"):
        assert text in refused.message, refused.message
    assert ours["mail"] in refused.message and "✗" in (tmp_path / "two" / "orders.drill.html").read_text()
    later = second.run_usable_drill(tmp_path, checks=Checks(second), id="drill-two")
    assert not later.message and later.result["totals"]["proven"] == 2


def test_two_drills_that_attach_at_the_same_time_never_check_at_once(runs, tmp_path):
    """Neither saw the other at its start; the second one is killed while its disk is attached."""
    runs.copy_new_disks("database")
    second, checks = RestoreRuns(runs.estate), Checks(runs)

    def other_begins():
        with pytest.raises(Killed):
            second.run_usable_drill(tmp_path, checks=killed, id="drill-two")

    ended = runs.run_usable_drill(tmp_path, checks=checks, id="drill-one", before={"creating": other_begins})
    (theirs,) = runs.estate.disks()
    assert not checks.sets and not ended.result["totals"]["proven"]
    assert runs.estate.holder_of(theirs) == (runs.estate.server_id, "attached"), "it is not ours to detach"
    assert all(text in ended.message for text in ("drill-two", theirs.id, "one drill at a time", "was killed"))
    runs.estate.clock.sleep(12 * 3600)
    again = runs.run_usable_drill(tmp_path, checks=checks, id="drill-one-more")
    assert not again.message and not runs.estate.disks() and len(checks.sets) == 1


def test_a_killed_drill_blocks_no_drill_of_its_own_plan(runs, tmp_path):
    """Its disks remain until they expire; the next drill proves the copies meanwhile."""
    runs.copy_new_disks("database")

    with pytest.raises(Killed):
        runs.run_usable_drill(tmp_path, checks=killed)
    (left,) = runs.estate.disks()
    runs.estate.clock.sleep(60)
    checks = Checks(runs)
    again = runs.run_usable_drill(tmp_path, checks=checks)
    assert not again.message and again.result["totals"]["proven"] == 1 and len(checks.sets) == 1
    assert [disk.id for disk in runs.estate.disks()] == [left.id]


def test_a_drill_checks_nothing_if_it_cannot_read_whether_another_drill_checks(ecs_disks, tmp_path):
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    estate.settings(instances={estate.server_id: {"zone": estate.zone}})
    runs.copy_new_disks("database")
    checks, module = Checks(runs), runs._module

    def blind(name, arguments, check):
        is_last_look = name.endswith("_info") and "disk_tags" in arguments and bool(estate.disks())
        return {"failed": True, "msg": "no answer"} if is_last_look else module(name, arguments, check)

    runs._module = blind
    ended = runs.run_usable_drill(tmp_path, checks=checks)
    assert not checks.sets and not ended.result["totals"]["proven"] and "no answer" in ended.message


@pytest.mark.parametrize("moment", range(1, 11))
def test_after_a_kill_between_any_two_calls_the_next_drill_deletes_what_is_left(ecs_disks, tmp_path, moment):
    """Storms draw kills within a module."""
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    estate.settings(instances={estate.server_id: {"zone": estate.zone}})
    runs.copy_disks(two_disks(runs), 26, **marks("n2"))
    runs.copy_new_disks("mail", hours=26)
    calls, module = [], runs._module

    def kills(name, arguments, check):
        calls.append(name)
        if len(calls) > moment:
            raise Killed
        return module(name, arguments, check)

    runs._module = kills
    with pytest.raises(Killed):
        runs.run_usable_drill(tmp_path)
    runs._module = module
    estate.clock.sleep(12 * 3600)
    ended = runs.run_usable_drill(tmp_path, report_dir=str(tmp_path))
    assert not ended.message and not estate.disks() and ended.result["totals"]["proven"] == 3
    made = estate.calls[estate.attach_action]
    assert made <= 6 and estate.calls[estate.detach_action] <= made


def test_a_drill_makes_so_many_calls_that_the_test_of_kills_meets_each(ecs_disks, tmp_path):
    runs = RestoreRuns(ecs_disks)
    ecs_disks.settings(instances={ecs_disks.server_id: {"zone": ecs_disks.zone}})
    runs.copy_disks(two_disks(runs), 26, **marks("n2"))
    runs.copy_new_disks("mail", hours=26)
    runs.calls.clear()
    runs.run_usable_drill(tmp_path)
    assert len(runs.calls) == 11, runs.calls


def test_a_drill_leaves_an_expired_disk_that_a_restore_attached(runs, tmp_path):
    runs.copy_new_disks("database")
    estate = runs.estate
    estate.restore(estate.copy(), restore_id="flood-1", attach_to=estate.server_id, wait=True, expires_after_hours=1)
    (kept,) = estate.disks()
    estate.clock.sleep(5 * 3600)
    ended = runs.run_usable_drill(tmp_path)
    assert [disk.id for disk in estate.disks()] == [kept.id] and estate.holder_of(kept)[0] == estate.server_id
    assert not ended.message and any(kept.id in line and "not deleted" in line for line in ended.lines)


def test_a_disk_that_somebody_attaches_elsewhere_meanwhile_is_left_and_named(runs, tmp_path):
    runs.copy_new_disks("database")
    estate, taken = runs.estate, []

    def takes(_set):
        (disk,) = estate.disks()
        estate.detach(disk)
        estate.attach(disk, estate.other_server_id)
        taken.append(disk.id)
        return PASSED

    ended = runs.run_usable_drill(tmp_path, checks=takes)
    (disk,) = estate.disks()
    assert estate.holder_of(disk)[0] == estate.other_server_id and [disk.id] == taken
    assert any(disk.id in line and estate.other_server_id in line for line in ended.lines)


def test_a_disk_that_cannot_be_detached_is_reported_with_its_instance(runs, tmp_path):
    runs.copy_new_disks("database")
    estate = runs.estate
    checks = Checks(runs)

    def denies(seen):
        estate.settings(denied=[estate.detach_action])
        return checks(seen)

    ended = runs.run_usable_drill(tmp_path, checks=denies)
    (disk,) = estate.disks()
    assert f"1 disk of this drill still exists: {disk.id} (attached to {estate.server_id})" in ended.message


# Bad input


def test_all_problems_are_reported_in_one_message_before_any_call(runs, tmp_path):
    ended = runs.drill(level="usable", test_instance="a server", checks_file=str(tmp_path / "none.yml"))
    for name in ("dr_restore_test_instance must be", "dr_restore_test_host is required", "dr_restore_checks names"):
        assert name in ended.message
    assert not runs.calls


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "list of at least one task"),
        ("[]", "list of at least one task"),
        ("a: b", "list of at least one task"),
        ("- a", "list of at least one task"),
        ("- {", "not valid YAML"),
    ],
)
def test_a_file_without_tasks_is_refused(ebs_runs, tmp_path, text, words):
    assert words in ebs_runs.run_usable_drill(tmp_path, text).message and not ebs_runs.calls


def test_a_file_with_tags_of_ansible_is_taken(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    for text in ("- debug:\n  vars: {a: !vault x, b: !unsafe y}\n", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"):
        assert not ebs_runs.run_usable_drill(tmp_path, text).message


def test_level_usable_is_refused_on_a_cloud_that_attaches_no_disk(ens_disks, tmp_path):
    runs = RestoreRuns(ens_disks)
    ended = runs.run_usable_drill(tmp_path)
    assert "usable is not supported there (it is on ebs, ecs, cbs)" in ended.message and not runs.calls
    assert not runs.restore(test_host="testhost").message.count("test_host"), "a restore passes over them"


def test_the_test_host_must_be_in_the_inventory(ebs_runs, tmp_path):
    ebs_runs.inventory = Inventory(["orders"])
    assert "'testhost' is not in it" in ebs_runs.run_usable_drill(tmp_path).message and not ebs_runs.calls


def test_two_drills_of_a_play_have_no_test_instance_in_common(ebs_runs, tmp_path):
    ebs_runs.inventory = Inventory(
        instances={"mail": ebs_runs.estate.server_id, "web": "i-0cc11dd22ee33ff99", "off": ""}
    )
    message = ebs_runs.run_usable_drill(tmp_path).message
    assert "dr_restore_test_instance is also that of mail in this play" in message and not ebs_runs.calls


def test_a_dry_run_attaches_nothing(runs, tmp_path):
    runs.copy_new_disks("database")
    ended = runs.run_usable_drill(tmp_path, check=True)
    assert not ended.message and not runs.estate.disks()
    assert any("would be tested" in line for line in ended.lines)


# The record


def test_a_run_that_differs_from_its_record_deletes_its_disks(ebs_runs, tmp_path, monkeypatch):
    """It asks for a call with other arguments than before the pause."""
    ebs_runs.copy_new_disks("database")

    def change_calls(_set):
        attach = Calls.attach
        monkeypatch.setattr(Calls, "attach", lambda calls, copies: attach(calls, [*copies, "snap-0123456789abcdef0"]))
        return PASSED

    ended = ebs_runs.run_usable_drill(tmp_path, checks=change_calls)
    assert "RuntimeError" in ended.message and not ebs_runs.estate.disks()


def test_a_run_that_continues_refuses_a_record_of_another_run():
    record = Record()
    record.answer("one", lambda: 1)
    again = Record(record.as_text())
    with pytest.raises(RuntimeError, match="the next call is 'two', but the record has 'one'"):
        again.answer("two", lambda: 2)


def test_an_error_of_our_own_while_disks_are_attached_takes_them_away(ebs_runs, tmp_path, monkeypatch):
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import drilling

    ebs_runs.copy_new_disks("database", "mail")
    monkeypatch.setattr(drilling.usable, "why_checks_failed", lambda answer, host: 1 / 0)
    ended = ebs_runs.run_usable_drill(tmp_path, report_dir=str(tmp_path))
    assert "ZeroDivisionError" in ended.message and not ebs_runs.estate.disks()
    assert "ZeroDivisionError" in (tmp_path / "orders.drill.html").read_text()
