# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what is there, once a region, and decide for every request. No writes; the same in check mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from .._clouds.base import SnapshotCloud
from .decision import Decision, Policy, decide_absent, decide_present
from .errors import CopyError
from .model import CopyRequest, Snapshot, State
from .orders import with_order
from .sources import Sources, named_by
from .texts import needs_source, render
from .upkeep import lacks_provenance, purging_needs_source, with_expiry, with_tags
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
    sources = Sources(cloud, deadline)
    sources.read(_with_unsure_names(cloud, requests, copies))
    decisions = []
    for request in requests:
        if request.region in failures:
            decisions.append(Decision(request, error=failures[request.region]))
        else:
            decisions.append(decide_present(request, _of(cloud, request, copies, sources), policy))
    sources.read([d.request for d in decisions if _needs_source(cloud, d, policy)])
    warnings: list[str] = []
    finished = []
    for decision in decisions:
        source = sources.get(decision.request.snapshot_id)
        if decision.lacks_copy:
            finished.append(with_order(cloud, decision, source, warnings))
        else:
            finished.append(with_expiry(cloud, with_tags(cloud, decision, source, policy), deadline, warnings))
    return Plan(tuple(finished), in_flight, tuple(dict.fromkeys(warnings)))


def make_deletion_plan(
    cloud: SnapshotCloud, requests: Sequence[CopyRequest], policy: Policy, deadline: Deadline
) -> Plan:
    """Plan that no request has a copy of ours. Sources are not read but to know our names."""
    copies, failures, in_flight = _read_copies(cloud, requests, deadline)
    sources = Sources(cloud, deadline)
    sources.read(_with_unsure_names(cloud, requests, copies))
    decisions = tuple(
        Decision(request, error=failures[request.region])
        if request.region in failures
        else decide_absent(request, _of(cloud, request, copies, sources), policy, cloud.cancels_by_deletion)
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


def _of(cloud: SnapshotCloud, request: CopyRequest, copies: _Copies, sources: Sources) -> list[Snapshot]:
    """Return the copies of a request's source in its place; where names tell, ours by the name of this run too."""
    found = [c for c in copies.get((request.region, request.snapshot_id), ()) if request.is_asked_of(c)]
    if not cloud.names_tell_sources or request.name is None or not found:
        return found
    source = sources.get(request.snapshot_id)
    if needs_source(request.name) and not isinstance(source, Snapshot):
        return found
    rendered = render(request.name, request, source if isinstance(source, Snapshot) else None)
    return [named_by(cloud.full_name(rendered, request.snapshot_id), c) for c in found]


def _with_unsure_names(cloud: SnapshotCloud, requests: Sequence[CopyRequest], copies: _Copies) -> list[CopyRequest]:
    """Return the requests whose copies may be ours by a name that only the source's own data complete."""
    if not cloud.names_tell_sources:
        return []
    return [
        request
        for request in requests
        if request.name is not None
        and needs_source(request.name)
        and any(not c.ours for c in copies.get((request.region, request.snapshot_id), ()))
    ]


def _needs_source(cloud: SnapshotCloud, decision: Decision, policy: Policy) -> bool:
    """Whether the source must be read: to copy it, to complete its copy's tags, or to spare its keys from purging."""
    needed = decision.lacks_copy or lacks_provenance(cloud, decision.copy)
    return needed or purging_needs_source(decision, policy)
