# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what is there, once a region, and decide for every request. No writes; the same in check mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from .._clouds.base import SnapshotCloud
from .decision import Decision, Policy, decide_absent, decide_present
from .errors import CopyError, NotFound, NotReady, Refused
from .model import CopyOrder, CopyRequest, Snapshot, State
from .tagging import change_of_tags, tags_for_copy
from .texts import render
from .waiting import Deadline, persist


@dataclass(frozen=True)
class Plan:
    """The decisions, in the order asked.

    ``in_flight`` holds, by region, the IDs of all copies in progress there when the plan was made.
    """

    decisions: tuple[Decision, ...]
    in_flight: dict[str, frozenset[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def make_plan(cloud: SnapshotCloud, requests: Sequence[CopyRequest], policy: Policy, deadline: Deadline) -> Plan:
    """Plan that every request has its copy. A region or source that is bad fails alone; never raises."""
    copies, failures, in_flight = _read_copies(cloud, requests, deadline)
    decisions = []
    for request in requests:
        if request.region in failures:
            decisions.append(Decision(request, error=failures[request.region]))
        else:
            decisions.append(decide_present(request, _of(request, copies), policy))
    sources = _read_sources(cloud, [d.request for d in decisions if _needs_source(d, policy)], deadline)
    warnings: list[str] = []
    finished = []
    for decision in decisions:
        source = sources.get(decision.request.snapshot_id)
        if decision.lacks_copy:
            finished.append(_with_order(cloud, decision, source, warnings))
        else:
            finished.append(_with_tags(cloud, decision, source, policy))
    return Plan(tuple(finished), in_flight, tuple(dict.fromkeys(warnings)))


def make_deletion_plan(
    cloud: SnapshotCloud, requests: Sequence[CopyRequest], policy: Policy, deadline: Deadline
) -> Plan:
    """Plan that no request has a copy of ours. Sources are not read."""
    copies, failures, in_flight = _read_copies(cloud, requests, deadline)
    decisions = tuple(
        Decision(request, error=failures[request.region])
        if request.region in failures
        else decide_absent(request, _of(request, copies), policy, cloud.cancels_by_deletion)
        for request in requests
    )
    return Plan(decisions, in_flight)


_Copies = dict[tuple[str, str], list[Snapshot]]


def _read_copies(
    cloud: SnapshotCloud, requests: Sequence[CopyRequest], deadline: Deadline
) -> tuple[_Copies, dict[str, CopyError], dict[str, frozenset[str]]]:
    """List each destination once. Returns the copies by region and source ID, failures and the copies in progress by region."""
    copies: _Copies = {}
    failures: dict[str, CopyError] = {}
    in_flight: dict[str, frozenset[str]] = {}
    regions = list(dict.fromkeys(r.region for r in requests))
    for number, region in enumerate(regions):
        try:
            listed = persist(partial(cloud.list_copies, region), deadline.share(len(regions) - number))
        except CopyError as error:
            failures[region] = error
            continue
        in_flight[region] = frozenset(c.snapshot_id for c in listed if c.state is State.PENDING)
        for copy in listed:
            if copy.source:
                copies.setdefault((region, copy.source.snapshot_id), []).append(copy)
    return copies, failures, in_flight


def _of(request: CopyRequest, copies: _Copies) -> list[Snapshot]:
    return [c for c in copies.get((request.region, request.snapshot_id), ()) if request.is_asked_of(c)]


def _needs_source(decision: Decision, policy: Policy) -> bool:
    """Whether the source must be read: to copy it, or since its keys are to be spared from purging."""
    copy, request = decision.copy, decision.request
    purges = policy.purge_tags and request.copy_tags and request.tags is not None and request.source_tags is None
    return decision.lacks_copy or (purges and copy is not None and copy.ours)


_Sources = dict[str, "Snapshot | CopyError"]


def _read_sources(cloud: SnapshotCloud, requests: Sequence[CopyRequest], deadline: Deadline) -> _Sources:
    sources: _Sources = {}
    for region in dict.fromkeys(r.source_region for r in requests):
        ids = list(dict.fromkeys(r.snapshot_id for r in requests if r.source_region == region))
        try:
            sources.update(persist(partial(cloud.read_sources, region, ids), deadline))
        except CopyError as error:
            sources.update(dict.fromkeys(ids, error))
    return sources


def _with_order(
    cloud: SnapshotCloud, decision: Decision, source: Snapshot | CopyError | None, warnings: list[str]
) -> Decision:
    """Make the request ready for the copy call, or say why its source cannot be copied."""
    request = decision.request
    problem = source if isinstance(source, CopyError) else _source_problem(cloud, request, source)
    if problem is not None or not isinstance(source, Snapshot):
        return Decision(request, error=problem, duplicates=decision.duplicates, known=decision.known)
    request = replace(request, source_region=source.region)
    name = None if request.name is None else render(request.name, request, source)
    description = None if request.description is None else render(request.description, request, source)
    for label, text, rule in (("name", name, cloud.name_rule), ("description", description, cloud.description_rule)):
        trouble = rule.problem(text) if rule and text is not None else None
        if trouble:
            error = Refused(
                f"The {label} of the copy of {request.snapshot_id} in {request.region}, {text!r}, {trouble}",
                hint=f"Use another {label} template for this snapshot.",
            )
            return Decision(request, error=error, duplicates=decision.duplicates, known=decision.known)
    tags: dict[str, str] = {}
    if cloud.tag_rules:
        tags, left_out = tags_for_copy(request, source, cloud.tag_rules, name)
        if left_out:
            warnings.append(
                f"Tags of {request.snapshot_id} that its copies do not get, since the cloud would not take them "
                f"or there is no room: {', '.join(sorted(left_out))}"
            )
        if request.copy_tags and not source.owned and request.source_tags is None:
            warnings.append(
                f"{request.snapshot_id} belongs to another account, so its tags cannot be read and its copies do not "
                "get them; give them by source_tags"
            )
    return replace(decision, order=CopyOrder(request, source, name, description, tags))


def _source_problem(cloud: SnapshotCloud, request: CopyRequest, source: Snapshot | None) -> CopyError | None:
    if source is None:
        return NotFound(
            f"The source snapshot {request.snapshot_id} does not exist in {request.source_region or 'any region'}, "
            "or this account may not see it",
            hint="Check the ID and source_region, and whether the snapshot is shared with this account.",
        )
    if source.state is not State.COMPLETED:
        reason = f": {source.reason}" if source.reason else ""
        return NotReady(
            f"The source snapshot {request.snapshot_id} in {source.region} cannot be copied: "
            f"its state is {source.provider_state} ({source.progress} %){reason}",
            hint="Run again when it is complete." if source.state is State.PENDING else "Take a new snapshot.",
        )
    if source.obstacle:
        return Refused(f"The source snapshot {request.snapshot_id} in {source.region} {source.obstacle}")
    if source.region == request.region and not cloud.copies_within_region:
        return Refused(
            f"The source snapshot {request.snapshot_id} is in {request.region} itself; this cloud forbids that"
        )
    return None


def _with_tags(
    cloud: SnapshotCloud, decision: Decision, source: Snapshot | CopyError | None, policy: Policy
) -> Decision:
    """Add what brings the tags of a copy of ours into line; keys that may be the source's are not purged."""
    copy, request = decision.copy, decision.request
    if copy is None or not copy.ours or cloud.tag_rules is None:
        return decision
    kept = request.source_tags or (source.tags if isinstance(source, Snapshot) else {})
    unsure = _needs_source(decision, policy) and not isinstance(source, Snapshot)
    change = change_of_tags(
        request, copy, cloud.tag_rules, policy.purge_tags and not unsure, kept if request.copy_tags else {}
    )
    return replace(decision, change=change)
