# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of a restore module, from its options to its result, with the engine that makes copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..act.attempt import Attempt
from ..act.loop import Loop
from ..decide.desired import DeletionRequest, Policy
from ..disks import DiskCloud, restore_tags
from ..errors import BadInput, CopyError
from ..model import CopyRequest, DiskRequest, Snapshot
from ..safe_calls import read_with_retries
from ..times import iso_utc
from .copying import end_run, progress_of, run_loop, run_reported
from .disk_offers import offer_problems, read_offers, size_not_offered
from .disk_results import disk_diff, disk_failure, disk_result, second_disks, unattached_disks
from .options import tags_as_text
from .restore_options import MAX_HOURS, restore_problems
from .runner import Module, deadline_after, guarded


def restore_disks(module: Module, connect: Callable[[Any], DiskCloud]) -> None:
    """Run a restore module and end it."""
    keys = {**disk_result([]), "api_calls": {}}
    guarded(module, lambda: _run(module, connect, keys), keys, disk_failure)


def _run(module: Module, connect: Callable[[Any], DiskCloud], keys: dict[str, Any]) -> None:
    params: dict[str, Any] = dict(module.params)
    deadline = deadline_after(params["wait_timeout"])
    params["snapshot_ids"] = list(dict.fromkeys(params["snapshot_ids"]))
    cloud = connect(module)
    cloud.use_deadline(deadline)
    # restore_problems refuses any other number.
    hours = params["expires_after_hours"] if 0 <= params["expires_after_hours"] <= MAX_HOURS else 0
    requests = _disk_requests(params, iso_utc(deadline.utc() + timedelta(hours=hours)) if hours else None)
    if problems := restore_problems(cloud, params, requests):
        raise BadInput([*problems, *_problems_of_cloud(cloud, params, requests)])
    named = None if params["disk_ids"] is None else frozenset(params["disk_ids"])
    policy = Policy(
        deletion=DeletionRequest(named, deletes_unfinished=True) if params["state"] == "absent" else None,
        wait_timeout=params["wait_timeout"],
        max_in_flight=params["max_in_flight"],
        wait=params["wait"],
        wait_delay=float(params["wait_delay"]),
        check_mode=bool(module.check_mode),
    )
    loop = Loop(cloud, requests, policy, progress_of(module, deadline))
    warm: dict[str, datetime] = {}
    with run_reported(module, cloud, loop, keys, partial(disk_result, warm=warm)):
        # The first pass only looks, so that all problems are known before anything is written.
        loop.plan()
        if problems := _check_snapshots(cloud, loop.attempts, requests):
            raise BadInput(problems)
        run_loop(module, cloud, loop)
        if policy.wait and not policy.deletion and cloud.shows_warm:
            warm.update(_warm(cloud, loop.attempts))
        if not policy.wait and not module.check_mode and (found := unattached_disks(loop.attempts)):
            cloud.warnings.append(
                f"With wait: false, disks that are still being created are not attached: {', '.join(found)}. Run again "
                "to attach them, or set wait: true."
            )
        if found := second_disks(loop.attempts):
            cloud.warnings.append(
                f"There is more than one disk of the same snapshot in this restore: {', '.join(found)}. "
                "Delete those that are not needed."
            )
    end_run(module, loop, keys, disk_diff)


def _warm(cloud: DiskCloud, attempts: Sequence[Attempt]) -> dict[str, datetime]:
    """Return the disks whose data is loaded, and when a look showed that. A failed look has no consequences."""
    there = [a.copy for a in attempts if a.copy and a.is_complete]
    region = next((copy.region for copy in there), "")
    ask = partial(cloud.warm_disks, region, [copy.id for copy in there])
    try:
        return dict.fromkeys(read_with_retries(ask, cloud.deadline) if there else (), cloud.utc())
    except CopyError as error:
        cloud.warnings.append(f"It is unknown whether all data of the disks in {region} is loaded: {error}")
        return {}


def _disk_requests(params: Mapping[str, Any], expires_at: str | None) -> list[CopyRequest]:
    tags = tags_as_text(params["tags"])
    disk = DiskRequest(
        zone=params.get("zone") or None,
        disk_type=params["disk_type"],
        size_gib=params["size_gib"],
        attach_to=params.get("attach_to") or None,
        device=params.get("device") or None,
    )
    common = CopyRequest(
        snapshot_id="",
        source_region=params["region"],
        region=params["region"],
        encrypted=params["encrypted"],
        kms_key_id=params["kms_key_id"] or None,
        as_disk=disk,
    )
    return [
        replace(common, snapshot_id=i, tags=restore_tags(tags, params["restore_id"], i, expires_at, disk.attach_to))
        for i in params["snapshot_ids"]
    ]


def _check_snapshots(cloud: DiskCloud, attempts: Sequence[Attempt], requests: Sequence[CopyRequest]) -> list[str]:
    """Refuse each snapshot whose own size is not offered. Returns the problems of the options.

    Both depend on the snapshots and the disk offers that the cloud shows.
    """
    found = [text for a in attempts if isinstance(a.desired.order, BadInput) for text in a.desired.order.problems]
    waiting = [a for a in attempts if a.waits_to_begin]
    if found or waiting:
        offers = read_offers(cloud, requests[0])
        found += offer_problems(offers, requests[0])
        for attempt in waiting:
            if refused := size_not_offered(offers, attempt.request, attempt.order.source):
                attempt.desired.refuse_order(refused)
    return list(dict.fromkeys(found))


def _problems_of_cloud(cloud: DiskCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    """Return the problems that only the cloud can show, for options that are valid by themselves."""
    region = params["region"]
    asked = [r for r in requests if cloud.snapshot_ids.matches(r.snapshot_id)]
    if params["state"] == "absent" or not asked or not region or cloud.region_problem(region):
        return []
    read = partial(cloud.read_sources, region, [r.snapshot_id for r in asked])
    try:
        sources = read_with_retries(read, cloud.deadline)
    except CopyError:
        return []
    there = [(r, s) for r in asked if isinstance(s := sources.get(r.snapshot_id), Snapshot)]
    found = [problem for r, s in there if (problem := cloud.input_problem(r, s))]
    return [*found, *offer_problems(read_offers(cloud, requests[0]), requests[0])]
