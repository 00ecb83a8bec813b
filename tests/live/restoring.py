# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises about restores, tried as a user would: a disk from a copy, made once and deleted, and a drill."""

from __future__ import annotations

import importlib
from typing import Any
from unittest import mock

from tests.support.harness import module_args

from .clouds.account import retry_read
from .play import Playbook, module_task, role_tasks
from .promises import _judge, _play
from .run import Failed, Run

MODULES = "ansible_collections.multicloud.snapshots.plugins.modules"
#: Disks that any drill may delete once they expire.
EXPIRING = {"dr-restore:expires-at": "*"}


def check_restoring(run: Run) -> None:
    """Make a disk from the second snapshot's copy: predicted, made, found again, deleted; then let a drill prove it."""
    copies = run.copies_of(run.sources[1])
    if not copies:
        raise Failed("there is no copy of the second snapshot to restore from")
    zone = {"zone": found} if (found := _find_zone(run)) else {}
    given = {
        "snapshot_ids": [copies[0].id],
        "region": run.destination,
        "restore_id": f"live-{run.mark.run}",
        "wait": True,
        "wait_timeout": int(run.patience),
        "wait_delay": max(1, round(run.poll)),
        "tags": run.mark.tags,
        # If all else fails, a drill of the account's owner deletes it.
        "expires_after_hours": 24,
        **zone,
    }
    absent = {key: value for key, value in given.items() if key not in ("tags", "expires_after_hours")}
    module = f"{run.account.cloud}_snapshot_restore"
    tasks = [
        module_task(module, "predicted", given, check_mode=True),
        module_task(module, "made", given),
        module_task(module, "again", given),
        module_task(module, "deleted", {**absent, "state": "absent"}),
        module_task(module, "gone", {**absent, "state": "absent"}),
    ]
    seen = _play(run, "a disk of a copy", tasks)
    predicted, made, again = seen["predicted"], seen["made"], seen["again"]
    row, later = _disk(made), _disk(again)
    _judge(run, "check mode predicts a disk", predicted, _disk(predicted).get("state") == "planned")
    fit = row.get("action") == "created" and row.get("state") == "available"
    _judge(run, "a disk is made of the copy, and available when the task ends", made, fit)
    same = later.get("disk_id") is not None and later.get("disk_id") == row.get("disk_id")
    _judge(run, "a second restore makes no disk and returns the same ID", again, same and not again.get("changed"))
    gone = _disk(seen["deleted"]).get("action") == "deleted" and not seen["gone"].get("changed")
    _judge(run, "state: absent deletes the restored disk, once", seen["deleted"], gone)
    run.results.record_fact("seconds until a restored disk is available", "", row.get("seconds"))
    _check_drill(run, zone.get("zone", ""))


def _check_drill(run: Run, zone: str) -> None:
    """Let a drill prove the newest copy of this run's disk, unless it could touch what is not this run's."""
    promise = "a drill proves the copy, and leaves no disk"
    why = "the disk is lent" if run.lent_disk else ""
    if not why:
        look = module_task(
            f"{run.account.cloud}_snapshot_info", "there", {"region": run.destination, "disk_tags": EXPIRING}
        )
        there = Playbook([look], run.params, run.journal.lock_number).results()["there"]
        others = [disk for disk in there.get("disks", ()) if disk["tags"].get("dr-copy-live") != run.mark.run]
        if others or there.get("failed"):
            why = "there are disks of other drills, which this one would delete once their time is over"
    if why:
        run.results.record_promise(promise, None, why)
        return
    variables = {
        "dr_restore_cloud": run.account.cloud,
        "dr_restore_region": run.destination,
        "dr_restore_zone": zone,
        "dr_restore_id": f"drill-live-{run.mark.run}",
        "dr_restore_disk_ids": [run.disk_id],
        "dr_restore_count": 1,
        "dr_restore_level": "readable" if run.account.cloud == "ebs" else "creatable",
        "dr_restore_tags": run.mark.tags,
        "dr_restore_connection": run.params,
        "dr_restore_wait_timeout": int(run.patience),
    }
    shown = _play(run, "a drill", role_tasks(variables, "drill", "dr_restore", "drill"))["drill"].get("msg", {})
    result = shown.get("result") or {}
    totals = result.get("totals", {})
    left = [disk for disk in retry_read(lambda: run.account.disks(run.destination)) if disk.run == run.mark.run]
    left = [disk for disk in left if disk.state.lower() not in ("deleting", "deleted", "torecycle")]
    failure = {"failed": bool(shown.get("error")), "msg": shown.get("error") or totals}
    _judge(run, promise, failure, totals.get("proven") == 1 and not totals.get("left") and not left)
    for row in result.get("tried", ()):
        run.results.record_fact(
            "what the drill read of the copy", "", f"{row.get('blocks')} blocks, {row.get('note') or ''}"
        )


def _find_zone(run: Run) -> str | None:
    """Return a zone of the destination that offers the restore module's default disks; None if there are no zones."""
    name = f"{run.account.cloud}_snapshot_restore"
    file = importlib.import_module(f"{MODULES}.{name}")
    parts: list[Any] = []
    given = {**run.params, "region": run.destination, "restore_id": "live", "snapshot_ids": [], "zone": ""}
    if "zone" not in file.OPTIONS:
        return None
    with (
        module_args({**given, "_ansible_remote_tmp": "/tmp"}),
        mock.patch.object(file, "restore_disks", lambda *both: parts.extend(both)),
    ):
        file.main()
    module, connect = parts
    cloud = connect(module)
    offers = retry_read(lambda: cloud.list_offers(run.destination))
    usual = file.OPTIONS["disk_type"]["default"]
    zones = sorted({str(offer.zone) for offer in offers if offer.disk_type == usual and offer.zone})
    if not zones:
        raise Failed(f"no zone of {run.destination} sells disks of the type {usual} now")
    return zones[0]


def _disk(result: dict[str, Any]) -> dict[str, Any]:
    return dict((result.get("disks") or [{}])[0])
