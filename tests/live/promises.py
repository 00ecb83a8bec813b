# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises to users, each tried with ansible-playbook as a user would, each with its result."""

from __future__ import annotations

import time
from typing import Any

from .facts import observe_copy_name, repeat_disk, watch_disk, watch_snapshot
from .play import Playbook, module_task, role_tasks
from .run import Failed, Run


def make_sources(run: Run) -> None:
    """Make a disk, unless one is given, and two snapshots of it, some seconds apart."""
    account = run.account
    if run.lent_disk:
        if account.disk(run.source, run.lent_disk) is None:
            raise Failed(f"there is no disk {run.lent_disk} in {run.source}")
        run.disk_id = run.lent_disk
    else:
        run.disk_id = run.make("a disk", run.source, lambda: account.make_disk(run.source, run.mark))
        watch_disk(run, run.disk_id)
        if account.repeats_disk:
            repeat_disk(run)
    for number in (1, 2):
        if number == 2:
            time.sleep(1.1)  # some clouds show times in whole seconds
        snapshot_id = run.make(
            "a snapshot", run.source, lambda: account.make_snapshot(run.source, run.disk_id, run.mark)
        )
        run.sources.append(snapshot_id)
        watch_snapshot(run, snapshot_id, first=number == 1)


def check_copying(run: Run) -> None:
    """Copy one snapshot: predicted, made, found again, with other tags, encrypted."""
    first = run.sources[0]
    tasks = [
        _copy(run, "predicted", check_mode=True),
        _copy(run, "made"),
        _copy(run, "again"),
        _copy(run, "again_predicted", check_mode=True),
    ]
    if run.account.has_tags:
        tasks.append(_copy(run, "tagged", tags={**run.mark.tags, "dr-copy-live-step": "tags"}))
    tasks.append(
        module_task(
            f"{run.account.cloud}_snapshot_info", "listed", {"region": run.destination, "copies_from": [run.source]}
        )
    )
    if run.account.encrypts:
        tasks.append(_copy(run, "encrypted", encrypted=True, replace_mismatched=True))
    seen = _play(run, "copies of the first snapshot", tasks)

    predicted, made, again = seen["predicted"], seen["made"], seen["again"]
    _judge(run, "check mode predicts a copy", predicted, _count(predicted, "created") == 1 and _id(predicted) is None)
    _judge(
        run,
        "the copy is made, and complete when the task ends",
        made,
        _count(made, "created") == 1 and _row(made).get("state") == "completed",
    )
    if copy_id := _id(made):
        observe_copy_name(run, copy_id)
    no_call = run.account.copy_call not in again.get("api_calls", {})
    same = _id(again) is not None and _id(again) == _id(made)
    _judge(
        run, "a second run copies nothing and returns the same ID", again, not again.get("changed") and same and no_call
    )
    _judge(run, "check mode then predicts nothing", seen["again_predicted"], not seen["again_predicted"].get("changed"))
    if run.account.has_tags:
        tags = _row(seen["tagged"]).get("tags", {})
        fit = _row(seen["tagged"]).get("action") == "updated" and tags.get("dr-copy-live-step") == "tags"
        _judge(run, "other tags are brought to the copy that is there", seen["tagged"], fit)
    listed = [s for s in seen["listed"].get("snapshots", ()) if (s.get("source") or {}).get("snapshot_id") == first]
    one = [s["snapshot_id"] for s in listed] == [_id(made)]
    _judge(run, "the info module shows the source of the copy", seen["listed"], one)
    if run.account.encrypts:
        row = _row(seen["encrypted"])
        fit = row.get("state") == "completed" and row.get("encrypted") is True and _id(seen["encrypted"]) != _id(made)
        alone = len(run.copies_of(first)) == 1
        _judge(run, "an encrypted copy takes the other's place", seen["encrypted"], fit and alone)


def check_protecting(run: Run) -> None:
    """Run the role: it copies the disk's newest snapshot, prunes the older copy, and then changes nothing."""
    account = run.account
    variables: dict[str, Any] = {
        "dr_copy_cloud": account.cloud,
        "dr_copy_source_region": run.source,
        "dr_copy_destination_regions": [run.destination],
        "dr_copy_disk_ids": [run.disk_id],
        "dr_copy_disk_tags": {},
        "dr_copy_copy_options": {k: v for k, v in account.copy_options.items() if k == "instance_billing_cycle"},
        "dr_copy_retention_days": account.copy_options.get("retention_days", 0),
        "dr_copy_connection": run.params,
        "dr_copy_wait_delay": max(1, round(run.poll)),
        "dr_copy_wait_timeout": int(run.patience),
        # A given disk may have other copies, which do not concern this run.
        "dr_copy_keep": 0 if run.lent_disk else 1,
    }
    if account.has_tags:
        variables["dr_copy_tags"] = run.mark.tags
    if not account.tags_in_copy_call:
        variables["dr_copy_name"] = run.mark.name
    tasks = role_tasks(variables, "first") + ([] if run.brief else role_tasks(variables, "second"))
    if run.lent_disk:
        tasks.append(_copy(run, "removed", state="absent", tags=..., name=...))
    seen = _play(run, "copies by the role", tasks)
    first, second = (seen.get(name, {}).get("msg", {}) for name in ("first", "second"))
    made, again = first.get("result") or {}, second.get("result") or {}
    one = made.get("counts", {}).get("created") == 1
    chosen = [row.get("source_snapshot_id") for row in made.get("copies", ())] == [run.sources[1]]
    _judge(run, "the role copies the disk's newest snapshot", _failure(first), one and chosen)
    if run.lent_disk:
        run.results.record_promise("the role prunes what retention lets go", None, "the disk is lent")
    else:
        gone = len(made.get("pruned", ())) == 1 and not run.copies_of(run.sources[0])
        _judge(run, "the role prunes what retention lets go", _failure(first), gone)
    if run.brief:
        run.results.record_promise("a second run of the role changes nothing", None, "left out by --brief")
        return
    still = again.get("counts", {}).get("created") == 0 and not again.get("pruned") and not second.get("error")
    _judge(run, "a second run of the role changes nothing", _failure(second), still)


def check_colliding(run: Run) -> None:
    """Let two runs copy the same snapshot at the same time: one copy is left, and both name it."""
    run.results.say("ansible-playbook, twice at once: copies of the first snapshot")
    run.journal.write("make copies by two runs at once", region=run.destination, mark=run.mark.run)
    plays = [Playbook([_copy(run, "made")], run.params, run.journal.lock_number) for _n in range(2)]
    try:
        seen = [play.results()["made"] for play in plays]
    finally:
        for play in plays:
            play.stop()
    left = {thing.id for thing in run.copies_of(run.sources[0])}
    fit = len(left) == 1 and {_id(result) for result in seen} == left
    failed = next((result for result in seen if result.get("failed")), seen[0])
    _judge(run, "two runs at once leave one copy", failed, fit)


def check_deleting(run: Run) -> None:
    """Delete the copies of both snapshots with the module; a second deletion changes nothing."""
    given = {"snapshot_ids": run.sources, "state": "absent", "tags": ..., "name": ...}
    seen = _play(run, "deletions", [_copy(run, "deleted", **given), _copy(run, "again", **given)])
    gone = not any(run.copies_of(source) for source in run.sources)
    fit = _count(seen["deleted"], "deleted") == 2 and gone
    _judge(run, "state: absent deletes the copies and nothing else", seen["deleted"], fit)
    _judge(run, "a second deletion changes nothing", seen["again"], not seen["again"].get("changed"))


def _copy(run: Run, register: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    given = {
        "snapshot_ids": [run.sources[0]],
        "source_region": run.source,
        "destination_regions": [run.destination],
        **run.copy_given,
        **options,
    }
    if given.get("state") == "absent":
        given = {k: v for k, v in given.items() if k not in run.account.copy_options}
    given = {key: value for key, value in given.items() if value is not ...}
    return module_task(
        f"{run.account.cloud}_snapshot_copy", register, given, **({"check_mode": True} if check_mode else {})
    )


def _play(run: Run, what: str, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    run.results.say(f"ansible-playbook: {what}")
    run.journal.write(f"make {what}", region=run.destination, mark=run.mark.run)
    return Playbook(tasks, run.params, run.journal.lock_number).results()


def _judge(run: Run, name: str, result: dict[str, Any], fit: bool) -> None:
    kept = fit and not result.get("failed")
    words = "" if kept else str(result.get("msg") or result.get("counts") or result)[:600]
    run.results.record_promise(name, kept, words)


def _failure(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the role in the form of a module's."""
    error, result = shown.get("error"), shown.get("result") or {}
    return {"failed": bool(error), "msg": error or {key: result.get(key) for key in ("counts", "failures", "pruned")}}


def _row(result: dict[str, Any]) -> dict[str, Any]:
    copies = result.get("copies") or [{}]
    return dict(copies[0])


def _id(result: dict[str, Any]) -> str | None:
    return _row(result).get("snapshot_id")


def _count(result: dict[str, Any], name: str) -> int:
    return int(result.get("counts", {}).get(name, -1))
