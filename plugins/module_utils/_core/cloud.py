# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of a cloud: everything that the engine needs from it."""

from __future__ import annotations

import abc
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from .capabilities import Capabilities
from .errors import CopyError, NotFound, Retry
from .listing import Listing, Pages
from .locks import Lock
from .model import (
    CopyOrder,
    CopyRequest,
    Disk,
    Evidence,
    Resource,
    Snapshot,
    SnapshotFilter,
    State,
    TagChange,
)
from .sets import ListedSet
from .tags import provenance_of
from .waiting import Clock, CloudClock, Deadline

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Method = TypeVar("Method", bound=Callable[..., Any])


def reads(method: Method) -> Method:
    """Mark a method as a read: it may be repeated, and its failures leave nothing in doubt."""
    method.access = "read"  # type: ignore[attr-defined]
    return method


def writes(method: Method) -> Method:
    """Mark a method as a write: it sends each call once, and a failed call may have taken effect."""
    method.access = "write"  # type: ignore[attr-defined]
    return method


class SnapshotCloud(Capabilities, abc.ABC):
    """The snapshot service of a cloud, for one account and all its regions.

    Every method that calls the cloud is marked with ``reads`` or ``writes``, and raises only CopyError.
    """

    #: The connection's own region, if the cloud has one.
    home_region: str | None = None
    #: The ID of the account, once the cloud has returned it; None if it returns none.
    account: str | None = None
    #: Tag keys for which the cloud has refused a new value in this run, with the refusal (TagsFull).
    refused_tags: Mapping[str, CopyError] = MappingProxyType({})

    def __init__(self) -> None:
        #: The number of calls by the cloud's name of the operation.
        self.calls: Counter[str] = Counter()
        #: Warnings for the user.
        self.warnings: list[str] = []
        #: The end of the run, which paces the calls.
        self.deadline = Deadline(Clock(), math.inf)
        self.clock = CloudClock(lambda: self.deadline)
        #: How long (seconds) a failed page of a listing is requested again, except the first page.
        self.page_seconds = 30.0

    def use_deadline(self, deadline: Deadline) -> None:
        """Pace the calls from now on by this end of the run."""
        self.deadline = deadline

    def utc(self) -> datetime:
        """Return the current time (aware) by the cloud's clock.

        It comes from the last answers; before the first answer it is that of this machine.
        """
        return self.clock.utc()

    def region_problem(self, region: str) -> str | None:
        """Return why this is not a valid region, or None. Makes no call."""
        if self.regions is None or self.regions.matches(region):
            return None
        return f"is not a valid {self.region_noun} (example: {self.regions.example})"

    def place_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Return the problems of places inside regions. Makes no call."""
        return []

    @abc.abstractmethod
    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Return the problems of keys and of this cloud's own options. Makes no call."""

    @reads
    @abc.abstractmethod
    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read snapshots by ID, including those that another account shares; unknown ones are omitted.

        The region None means any region, if the module allows it.
        """

    @reads
    @abc.abstractmethod
    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        """List the copies in a region that the account owns, including other copies in progress.

        The list may include other snapshots: a copy of this run is recognized by its ID if it does not show its source.
        With ``source_ids`` the adapter may omit copies of other sources and, with ``finds_by_mark``, copies that are
        not ours.
        """

    @reads
    def list_in_progress(self, region: str) -> list[Snapshot]:
        """List the copies in progress in a region, including those of others, if ``lists_in_progress``."""
        raise NotImplementedError

    @reads
    @abc.abstractmethod
    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Read the state of copies; those that the cloud does not show are omitted."""

    def may_be_of_one(self, error: CopyError) -> bool:
        """Whether a write for several copies may have been refused because of one of them.

        Then the engine sends a write for each copy, if its look is still fresh.
        """
        return error.retry is Retry.NEVER and not error.holds_for_all

    @writes
    def begin(self, orders: Sequence[CopyOrder]) -> list[Resource | CopyError]:
        """Start copies of one source in several regions, with one call if the cloud has one; return without waiting.

        Returns an answer for each order, in the same order. A raised error applies to the call.
        """
        return [_result_of(self.begin_one, order) for order in orders]

    @writes
    def begin_one(self, order: CopyOrder) -> Resource:
        """Start one copy, for clouds whose call starts only one."""
        raise NotImplementedError

    @writes
    def delete(self, region: str, resource_ids: Sequence[str]) -> dict[str, CopyError]:
        """Delete copies. A copy that is already gone is a success. Returns the failures by ID.

        A raised error applies to the call.
        """
        answers = {i: _result_of(self.delete_one, region, i) for i in resource_ids}
        return {i: a for i, a in answers.items() if isinstance(a, CopyError) and not isinstance(a, NotFound)}

    @writes
    def delete_one(self, region: str, resource_id: str) -> None:
        """Delete one copy, for clouds whose call deletes only one."""
        raise NotImplementedError

    @writes
    @abc.abstractmethod
    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """Make the same change to the tags of several copies. Is safe to repeat. Returns the failures by ID."""

    @writes
    def delete_tags(self, region: str, tags: Sequence[tuple[str, str]], each: bool) -> None:
        """Delete unused tags, keys with values, from the account, if the cloud has ``passing_tags``.

        With ``each``, tags that are refused together are tried individually. A tag that is still in use or already gone
        is no failure. Is safe to repeat.
        """
        raise NotImplementedError

    @writes
    def set_expiry(self, region: str, copy_id: str, moment: datetime) -> None:
        """Set the expiry of a copy to a time (aware), if ``expires_after_copying``. Is safe to repeat."""
        raise NotImplementedError

    @reads
    def list_locks(self, region: str) -> dict[str, Lock]:
        """List the locks on the account's snapshots in a region, by ID, if the cloud has ``lock_modes``."""
        raise NotImplementedError

    @writes
    def lock(self, region: str, copy_id: str, days: int, mode: str) -> datetime:
        """Lock a copy for ``days`` from now, if the cloud has ``lock_modes``. Returns when the lock ends (aware)."""
        raise NotImplementedError

    @writes
    def attach(self, region: str, disk_id: str, instance_id: str, device: str | None) -> None:
        """Start to attach a disk to an instance, if the cloud has ``instance_ids``.

        The disk gets the name ``device``, or the first free one. Raises Underway if it may be attached already; then a
        look shows the instance.
        """
        raise NotImplementedError

    @writes
    def detach(self, region: str, disk_id: str, instance_id: str) -> None:
        """Start to detach a disk from an instance. It is no failure if the disk is not attached to it."""
        raise NotImplementedError

    @reads
    def check_permission(self, order: CopyOrder) -> None:
        """Check whether the cloud would allow this copy, if it has such a call."""

    @reads
    @abc.abstractmethod
    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        """List disks that have all ``tags`` (the value "*" means any) and, if given, are among ``disk_ids``."""

    @reads
    @abc.abstractmethod
    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        """List the snapshots in a region that the account owns.

        The list may include others than the ``wanted`` ones.
        """

    @reads
    def list_sets(self, region: str, snapshots: Sequence[Snapshot]) -> list[ListedSet]:
        """Return the complete sets in a region that the cloud or the given snapshots show."""
        return []

    def pages(self) -> Pages:
        """Return a reader for the pages of one listing."""
        return Pages(self.deadline, self.page_seconds)

    def new_copy(self, order: CopyOrder, snapshot_id: str, provider_state: str) -> Snapshot:
        """Return a copy that the cloud has just accepted, with what is known before the first read.

        Adapters replace what is otherwise on their cloud.
        """
        request = order.request
        return Snapshot(
            id=snapshot_id,
            region=request.region,
            state=State.PENDING,
            provider_state=provider_state,
            size_gib=order.source.size_gib,
            encrypted=self.expected_encryption(order),
            name=order.name or "",
            description=order.description or "",
            tags=order.tags,
            place=request.place,
            is_copy=True,
            source=provenance_of(order.tags),
            evidence=Evidence.MARKED,
        )


def _result_of(call: Callable[..., Answer], *arguments: Any) -> Answer | CopyError:
    try:
        return call(*arguments)
    except CopyError as error:
        return error
