# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of a restore module, from its options to its result, with the engine that makes copies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..act.attempt import Attempt
from ..act.loop import Loop
from ..cloud import call_safely
from ..decide.desired import Policy
from ..disks import DiskCloud, Offer, restore_tags
from ..errors import BadInput, CopyError, Refused, Unreachable
from ..model import CopyRequest, Snapshot
from ..pacing import persist
from ..tags import RESTORE_KEYS
from ..times import iso_utc
from .copying import end_run, progress_of, run_loop
from .disk_results import disk_diff, disk_failure, disk_result, second_disks
from .options import id_problems, number_problems, region_problems, tags_as_text
from .runner import Module, deadline_after, guarded

#: Options of every restore module; a cloud adds ``disk_type``, and ``zone`` if it has zones.
RESTORE_OPTIONS: dict[str, dict[str, Any]] = {
    "snapshot_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["snapshot_id"]},
    "restore_id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "disk_ids": {"type": "list", "elements": "str"},
    "size_gib": {"type": "int"},
    "encrypted": {"type": "bool", "default": False},
    "kms_key_id": {"type": "str", "no_log": False},
    "tags": {"type": "dict"},
    "expires_after_hours": {"type": "int", "default": 0},
    "max_in_flight": {"type": "int", "default": 20},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_delay": {"type": "int", "default": 15},
}
#: Options on a cloud that attaches disks.
ATTACHING_OPTIONS = {**RESTORE_OPTIONS, "attach_to": {"type": "str"}, "device": {"type": "str"}}
#: The most hours until expiry: ten years.
MAX_HOURS = 87600
RESTORE_ID_FORMAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


def restore_disks(module: Module, connect: Callable[[Module], DiskCloud]) -> None:
    """Run a restore module and end it."""
    keys = {**disk_result([]), "api_calls": {}}
    guarded(module, lambda: _run(module, connect, keys), keys, disk_failure)


def _run(module: Module, connect: Callable[[Module], DiskCloud], keys: dict[str, Any]) -> None:
    params: dict[str, Any] = dict(module.params)
    deadline = deadline_after(params["wait_timeout"])
    params["snapshot_ids"] = list(dict.fromkeys(params["snapshot_ids"]))
    cloud = connect(module)
    cloud.deadline = deadline
    hours = params["expires_after_hours"] if 0 <= params["expires_after_hours"] <= MAX_HOURS else 0
    requests = _disk_requests(params, iso_utc(deadline.utc() + timedelta(hours=hours)) if hours else None)
    if problems := _option_problems(cloud, params, requests):
        raise BadInput([*problems, *_problems_of_cloud(cloud, params, requests)])
    policy = Policy(
        absent=params["state"] == "absent",
        max_in_flight=params["max_in_flight"],
        wait=params["wait"],
        wait_delay=float(params["wait_delay"]),
        copy_ids=None if params["disk_ids"] is None else frozenset(params["disk_ids"]),
        takes_unfinished=True,
    )
    loop = Loop(cloud, requests, policy, deadline, progress_of(module, deadline))
    warm: dict[str, datetime] = {}

    def work() -> None:
        # The first pass only looks, so that all problems are known before anything is written.
        loop.run(act=False)
        if problems := _check_snapshots(cloud, loop.attempts, requests):
            raise BadInput(problems)
        run_loop(module, cloud, loop)
        if policy.wait and not policy.absent and cloud.shows_warm:
            warm.update(_warm(cloud, loop.attempts))
        if found := second_disks(loop.attempts):
            cloud.warnings.append(
                f"There is more than one disk of the same snapshot in this restore: {', '.join(found)}. "
                "Delete those that are not needed"
            )

    end_run(module, cloud, loop, keys, work, partial(disk_result, warm=warm), disk_diff)


def _warm(cloud: DiskCloud, attempts: Sequence[Attempt]) -> dict[str, datetime]:
    """Return the disks whose data is loaded, and when a look showed that. A failed look has no consequences."""
    there = [a.copy for a in attempts if a.copy and a.is_complete]
    region = next((copy.region for copy in there), "")
    ask = partial(cloud.warm_disks, region, [copy.snapshot_id for copy in there])
    try:
        return dict.fromkeys(
            persist(partial(call_safely, Unreachable, ask), cloud.deadline) if there else (), cloud.utc()
        )
    except CopyError as error:
        cloud.warnings.append(f"It is unknown whether all data of the disks in {region} is loaded: {error}")
        return {}


def _disk_requests(params: Mapping[str, Any], expires_at: str | None) -> list[CopyRequest]:
    tags = tags_as_text(params["tags"])
    options = {"zone": params.get("zone") or None, "disk_type": params["disk_type"], "size_gib": params["size_gib"]}
    options.update(attach_to=params.get("attach_to") or None, device=params.get("device") or None)
    common = CopyRequest(
        snapshot_id="",
        source_region=params["region"],
        region=params["region"],
        encrypted=params["encrypted"],
        kms_key_id=params["kms_key_id"] or None,
        options=options,
        noun="disk",
    )
    return [
        replace(
            common, snapshot_id=i, tags=restore_tags(tags, params["restore_id"], i, expires_at, options["attach_to"])
        )
        for i in params["snapshot_ids"]
    ]


def _option_problems(cloud: DiskCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    """Return all problems of the options. Makes no call."""
    found = id_problems("snapshot_ids", params["snapshot_ids"], cloud.snapshot_id_pattern, cloud.snapshot_id_example)
    if not RESTORE_ID_FORMAT.fullmatch(params["restore_id"]):
        found.append(
            f"restore_id: {params['restore_id']!r} is not valid (1 to 48 letters, digits or . _ -, a letter or digit "
            "first)"
        )
    found += number_problems(params)
    if params["disk_ids"] is not None:
        found += id_problems("disk_ids", params["disk_ids"], cloud.disk_id_pattern, cloud.disk_id_example)
        if params["state"] != "absent":
            found.append("disk_ids: is only allowed with state: absent")
    if params["region"]:
        found += region_problems(cloud, "region", [params["region"]])
    else:
        found.append("region: is required")
    found += _attach_problems(cloud, params)
    if params["state"] == "absent":
        return found
    if cloud.has_zones and not params["zone"]:
        found.append("zone: is required")
    for option, least, most in (("size_gib", 1, 65536), ("expires_after_hours", 0, MAX_HOURS)):
        if params[option] is not None and not least <= params[option] <= most:
            found.append(f"{option}: {params[option]} is not within {least} to {most}")
    if params["kms_key_id"] and not params["encrypted"]:
        found.append("kms_key_id: needs encrypted: true")
    tags = tags_as_text(params["tags"])
    found += [f"tags: {key!r} is set by this module itself" for key in tags if key.lower() in RESTORE_KEYS]
    found += replace(cloud.disk_tag_rules, ours=RESTORE_KEYS).problems(tags, named=False)
    return list(dict.fromkeys(found + cloud.option_problems(requests)))


def _attach_problems(cloud: DiskCloud, params: Mapping[str, Any]) -> list[str]:
    instance, device = params.get("attach_to"), params.get("device")
    found = []
    if instance and cloud.instance_id_pattern:
        found += id_problems("attach_to", [instance], cloud.instance_id_pattern, cloud.instance_id_example)
    if not device:
        return found
    if cloud.device_pattern is None:
        return [*found, "device: this cloud chooses it; leave it out"]
    if not re.fullmatch(cloud.device_pattern, device):
        found.append(f"device: {device!r} is not the name of a device (such as {cloud.device_example})")
    if not instance:
        found.append("device: needs attach_to")
    if len(params["snapshot_ids"]) > 1:
        found.append("device: is for one disk, and there are several snapshot_ids; leave it out")
    return found


def _check_snapshots(cloud: DiskCloud, attempts: Sequence[Attempt], requests: Sequence[CopyRequest]) -> list[str]:
    """Refuse each snapshot whose own size is not offered. Returns the problems of the options.

    Both depend on the snapshots and the disk offers that the cloud shows.
    """
    found = [text for a in attempts if isinstance(a.desired.problem, BadInput) for text in a.desired.problem.problems]
    waiting = [a for a in attempts if a.waits_to_begin]
    if found or waiting:
        offers = _offers(cloud, requests[0])
        found += _offer_problems(offers, requests[0])
        for attempt in waiting:
            attempt.desired.problem = _size_not_offered(offers, attempt.request, attempt.order.source)
    return list(dict.fromkeys(found))


def _problems_of_cloud(cloud: DiskCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    """Return the problems that only the cloud can show, for options that are valid by themselves."""
    region = params["region"]
    asked = [r for r in requests if re.fullmatch(cloud.snapshot_id_pattern, r.snapshot_id)]
    if params["state"] == "absent" or not asked or not region or cloud.region_problem(region):
        return []
    read = partial(cloud.read_sources, region, [r.snapshot_id for r in asked])
    try:
        sources = persist(partial(call_safely, Unreachable, read), cloud.deadline)
    except CopyError:
        return []
    there = [(r, s) for r in asked if isinstance(s := sources.get(r.snapshot_id), Snapshot)]
    found = [problem for r, s in there if (problem := cloud.input_problem(r, s))]
    return [*found, *_offer_problems(_offers(cloud, requests[0]), requests[0])]


def _offers(cloud: DiskCloud, first: CopyRequest) -> Sequence[Offer]:
    """Return what the region offers; nothing if that cannot be read."""
    ask = partial(cloud.list_offers, first.region, first.options["zone"])
    try:
        return persist(partial(call_safely, Unreachable, ask), cloud.deadline)
    except CopyError as error:
        cloud.warnings.append(f"The disks that {first.region} offers could not be read: {error}")
        return []


def _offer_problems(offers: Sequence[Offer], first: CopyRequest) -> list[str]:
    """Return a problem for each zone, type and size that the cloud does not offer.

    Without any offer nothing is known.
    """
    zone, disk_type, size = (first.options[key] for key in ("zone", "disk_type", "size_gib"))
    if not offers:
        return []
    here = [offer for offer in offers if offer.zone == zone]
    if not here:
        zones = ", ".join(sorted({str(offer.zone) for offer in offers}))
        return [f"zone: {zone!r} is not a zone of {first.region} that offers disks now (choices: {zones})"]
    offer = _offer_for(offers, first)
    if offer is None:
        types = ", ".join(sorted({offer.disk_type for offer in here}))
        return [f"disk_type: {disk_type!r} is not offered in {zone or first.region} now (choices: {types})"]
    return (
        [f"size_gib: {size} is not offered: {_limits(offer, first)}"] if size and not _is_offered(size, offer) else []
    )


def _size_not_offered(offers: Sequence[Offer], request: CopyRequest, source: Snapshot) -> Refused | None:
    """Return why no disk of a snapshot's own size is offered, or None."""
    offer, size = _offer_for(offers, request), source.size_gib
    if offer is None or request.options["size_gib"] or not size or _is_offered(size, offer):
        return None
    return Refused(
        f"The source snapshot {source.snapshot_id} in {source.region} has {size} GiB, and {_limits(offer, request)}",
        hint="Choose another disk_type, or a size_gib that is offered.",
    )


def _offer_for(offers: Sequence[Offer], request: CopyRequest) -> Offer | None:
    wanted = request.options["zone"], request.options["disk_type"]
    return next((offer for offer in offers if (offer.zone, offer.disk_type) == wanted), None)


def _limits(offer: Offer, request: CopyRequest) -> str:
    limits = f"{offer.disk_type} in {offer.zone or request.region} has {offer.min_gib} to {offer.max_gib} GiB"
    return f"{limits} in steps of {offer.step}" if offer.step > 1 else limits


def _is_offered(size: int, offer: Offer) -> bool:
    return offer.min_gib <= size <= offer.max_gib and (size - offer.min_gib) % offer.step == 0
