# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prepares a request for the copy call, or finds the reason why its source cannot be copied."""

from __future__ import annotations

from dataclasses import replace

from ..capabilities import Capabilities
from ..errors import BadInput, CopyError, NotFound, NotReady, Refused
from ..model import CopyOrder, CopyRequest, Snapshot, State
from ..tags import tags_for_copy
from ..templates import render


def order_of(
    cloud: Capabilities, request: CopyRequest, source: Snapshot | CopyError | None, warnings: list[str]
) -> CopyOrder | CopyError:
    """Return the request ready for the copy call, or the reason why its source cannot be copied."""
    problem = source if isinstance(source, CopyError) else _source_problem(cloud, request, source)
    if problem is not None or not isinstance(source, Snapshot):
        return problem or Refused("The source is unknown")
    request = replace(request, source_region=source.region)
    name = None if request.name is None else render(request.name, request, source)
    description = None if request.description is None else render(request.description, request, source)
    name_trouble = None if name is None else cloud.name_problem(name, request.snapshot_id)
    rule = cloud.description_rule
    description_trouble = rule.problem(description) if rule and description is not None else None
    for label, text, trouble in (("name", name, name_trouble), ("description", description, description_trouble)):
        if trouble:
            return Refused(
                f"The {label} of the copy of {request.snapshot_id} in {request.region}, {text!r}, {trouble}",
                hint=f"Use another {label} template for this snapshot.",
            )
    name = None if name is None else cloud.full_name(name, request.snapshot_id, source)
    tags: dict[str, str] = {}
    if cloud.tag_rules:
        tags, left_out = tags_for_copy(request, source, cloud.tag_rules, name)
        if left_out:
            warnings.append(
                f"These tags of {request.snapshot_id} are left out of its copies, because the cloud does not accept "
                f"them or has no room for them: {', '.join(sorted(left_out))}"
            )
        if request.copy_tags and not source.owned and request.source_tags is None:
            warnings.append(
                f"{request.snapshot_id} belongs to another account, so its tags cannot be read and its copies do not "
                "get them; set them with source_tags"
            )
    return CopyOrder(request, source, name, description, tags)


def _source_problem(cloud: Capabilities, request: CopyRequest, source: Snapshot | None) -> CopyError | None:
    if source is None:
        option = "region" if request.is_disk else "source_region"
        return NotFound(
            f"The source snapshot {request.snapshot_id} does not exist in {request.source_region or 'any region'}, "
            "or this account is not allowed to see it",
            hint=f"Check the ID and {option}, and whether the snapshot is shared with this account.",
        )
    if source.state is not State.COMPLETED:
        reason = f": {source.reason}" if source.reason else ""
        return NotReady(
            f"The source snapshot {request.snapshot_id} in {source.region} is not complete: "
            f"its state is {source.provider_state} ({source.progress} %){reason}",
            hint="Run again when it is complete." if source.state is State.PENDING else "Take a new snapshot.",
        )
    if obstacle := cloud.obstacle_to(request, source):
        message = f"The source snapshot {request.snapshot_id} in {source.region} {obstacle}"
        return Refused(message, hint=cloud.obstacle_hint(source))
    if problem := cloud.input_problem(request, source):
        return BadInput([problem])
    if source.region == request.region and not cloud.copies_within_region:
        return Refused(
            f"The source snapshot {request.snapshot_id} is in {request.region} itself, and this cloud cannot copy "
            "within a region",
            hint="Name another destination region.",
        )
    return None
