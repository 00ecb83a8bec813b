# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of a cloud: everything that the engine asks of one."""

from __future__ import annotations

import abc
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from .capabilities import Capabilities
from .errors import CopyError, NotFound, Retry
from .locks import Lock
from .model import CopyOrder, CopyRequest, Disk, Snapshot, SnapshotFilter, State, TagChange
from .sets import ListedSet
from .tags import provenance_of
from .waiting import Clock, CloudClock, Deadline, persist

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Method = TypeVar("Method", bound=Callable[..., Any])


def reads(method: Method) -> Method:
    """Mark a method that only reads: it may be repeated, and its failures leave nothing in doubt."""
    method.access = "read"  # type: ignore[attr-defined]
    return method


def writes(method: Method) -> Method:
    """Mark a method that writes: it sends each call once, and a failed call may have taken effect."""
    method.access = "write"  # type: ignore[attr-defined]
    return method


class SnapshotCloud(Capabilities, abc.ABC):
    """One cloud's snapshot service, for one account, over all its regions.

    Every method that calls the cloud is marked by ``reads`` or ``writes``, and raises a CopyError and nothing else.
    """

    #: The connection's own region, where the cloud has such a thing.
    home_region: str | None = None
    #: The ID of the account, once the cloud returned it; None if it returns none.
    account: str | None = None

    def __init__(self) -> None:
        #: Calls made, by the cloud's name of the operation.
        self.calls: Counter[str] = Counter()
        #: What the user should know beside the result.
        self.warnings: list[str] = []
        #: The end of the run, by which calls are paced.
        self.deadline = Deadline(Clock(), math.inf)
        self.clock = CloudClock(lambda: self.deadline)
        #: How long (seconds) a failed page of a listing, except the first, is asked for again.
        self.page_seconds = 30.0

    def utc(self) -> datetime:
        """Return the time of day (aware) by the cloud's own clock, as its last answers told it; by this machine's
        before the first one."""
        return self.clock.utc()

    @abc.abstractmethod
    def region_problem(self, region: str) -> str | None:
        """Say why this is not a region, or None; without any call."""

    def place_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Find what is wrong with places inside regions, without any call."""
        return []

    @abc.abstractmethod
    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Find what is wrong with keys and own options, without any call."""

    @reads
    @abc.abstractmethod
    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read snapshots by ID, also those that another account shares; unknown ones are left out.

        None as region means any, if the module allows it.
        """

    @reads
    @abc.abstractmethod
    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        """List the copies in a region that the account owns, those in progress of others included.

        Other snapshots may be among them: a copy of this run is known by its ID, should it not show its source. With
        ``source_ids`` the adapter may leave out other copies, and where ``finds_by_mark`` those that are not ours.
        """

    @reads
    def list_in_progress(self, region: str) -> list[Snapshot]:
        """List the copies in progress in a region, those of others included, where ``lists_in_progress``."""
        raise NotImplementedError

    @reads
    @abc.abstractmethod
    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        """Read the state of copies; those that the cloud does not show are left out."""

    def may_be_of_one(self, error: CopyError) -> bool:
        """Whether one of several copies that a write was for may have been the reason to refuse them all.

        Then the engine sends each alone, if its look is still fresh.
        """
        return error.retry is Retry.NEVER and not error.holds_for_all

    @writes
    def begin(self, orders: Sequence[CopyOrder]) -> list[Snapshot | CopyError]:
        """Start the copies of one source in as many regions, in one call where the cloud has one; return at once.

        Returns an answer for each order, in their order. A raised error holds for the call.
        """
        return [_result_of(self.begin_one, order) for order in orders]

    @writes
    def begin_one(self, order: CopyOrder) -> Snapshot:
        """Start one copy, for clouds whose call starts one."""
        raise NotImplementedError

    @writes
    def delete(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, CopyError]:
        """Delete copies; a copy that is already gone is a success. Returns what failed, by ID.

        A raised error holds for the call.
        """
        answers = {i: _result_of(self.delete_one, region, i) for i in snapshot_ids}
        return {i: a for i, a in answers.items() if isinstance(a, CopyError) and not isinstance(a, NotFound)}

    @writes
    def delete_one(self, region: str, snapshot_id: str) -> None:
        """Delete one copy, for clouds whose call deletes one."""
        raise NotImplementedError

    @writes
    @abc.abstractmethod
    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """Make the same change to the tags of several copies. May be repeated safely. Returns what failed, by ID."""

    @writes
    def delete_tags(self, region: str, tags: Sequence[tuple[str, str]], each: bool) -> None:
        """Delete tags, keys with values, that nothing bears any more from the account, where it has ``passing_tags``.

        With ``each`` those that are refused together are tried alone. One that something still bears, or that is gone,
        is no failure. May be repeated safely.
        """
        raise NotImplementedError

    @writes
    def set_expiry(self, region: str, snapshot_id: str, moment: datetime) -> None:
        """Let the cloud delete a copy at a time (aware), where expires_after_copying. May be repeated safely."""
        raise NotImplementedError

    @reads
    def list_locks(self, region: str) -> dict[str, Lock]:
        """List the locks on the account's snapshots in a region, by ID, where the cloud has ``lock_modes``."""
        raise NotImplementedError

    @writes
    def lock(self, region: str, snapshot_id: str, days: int, mode: str) -> datetime:
        """Lock a copy for so many days from now, and return when that ends (aware), where the cloud has
        ``lock_modes``."""
        raise NotImplementedError

    @writes
    def attach(self, region: str, disk_id: str, instance_id: str, device: str | None) -> None:
        """Begin to attach a disk to an instance, as ``device`` or the first free one, where the cloud ``attaches``.

        Raises Underway if it may be attached already: then a look shows to what.
        """
        raise NotImplementedError

    @writes
    def detach(self, region: str, disk_id: str, instance_id: str) -> None:
        """Begin to detach a disk from an instance; one that is not attached to it is no failure."""
        raise NotImplementedError

    @reads
    def check_permission(self, order: CopyOrder) -> None:
        """Ask the cloud whether this copy would be allowed, if it has such a call."""

    @reads
    @abc.abstractmethod
    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        """List disks that bear all ``tags`` (a value of "*" means any) and, where given, are among ``disk_ids``."""

    @reads
    @abc.abstractmethod
    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        """List the snapshots in a region that the account owns. Others than the ``wanted`` ones may be among them."""

    @reads
    def list_sets(self, region: str, snapshots: Sequence[Snapshot]) -> list[ListedSet]:
        """Return the complete sets in a region, as far as the cloud or the given snapshots tell of them."""
        return []

    def pages(self) -> Pages:
        """Return what reads the pages of one listing."""
        return Pages(self.deadline, self.page_seconds)

    def new_copy(self, order: CopyOrder, snapshot_id: str, provider_state: str, **facts: Any) -> Snapshot:
        """Return a copy that the cloud has just accepted, as far as it is known before the first read."""
        request = order.request
        known: dict[str, Any] = {
            "size_gib": order.source.size_gib,
            "encrypted": self.expected_encryption(order),
            "name": order.name or "",
            "description": order.description or "",
            "tags": order.tags,
            "place": request.place,
            "source": provenance_of(order.tags),
            **facts,
        }
        return Snapshot(snapshot_id, request.region, State.PENDING, provider_state, is_copy=True, **known)


@dataclass(frozen=True)
class Listing:
    """The copies that a listing showed; other snapshots may be among them.

    ``has_seam``: it came in several pages, and what changed between two of them may have hidden a copy. ``pages`` is
    how many calls it took.
    """

    copies: Sequence[Snapshot]
    has_seam: bool = False
    pages: int = 1


class Pages:
    """Reads the pages of one listing. A failed page after the first is read again alone, not the whole listing."""

    def __init__(self, deadline: Deadline, seconds: float):
        self._deadline, self._seconds = deadline, seconds
        #: How many were read, and whether two of them are not known to join.
        self.number, self.has_seam = 0, False

    def read(self, page: Callable[[], Answer]) -> Answer:
        """Read a page. Raises a CopyError: at once for the first page, which the caller reads again."""
        answer = persist(page, self._deadline.within(self._seconds)) if self.number else page()
        self.number += 1
        return answer

    def listing(self, copies: Sequence[Snapshot]) -> Listing:
        """Return the copies that these pages showed."""
        return Listing(copies, self.has_seam, self.number)


def batches(values: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Cut a list into pieces that one call takes."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def safely(kind: type[CopyError], call: Callable[[], Answer]) -> Answer:
    """Make a call. Any other exception becomes a CopyError of this kind, so that it ends no other call."""
    try:
        return call()
    except CopyError:
        raise
    except Exception as error:
        raise kind(
            f"The answer could not be read ({type(error).__name__}: {error})",
            hint="Check the endpoint and the proxy.",
        ) from error


def _result_of(call: Callable[..., Answer], *arguments: Any) -> Answer | CopyError:
    try:
        return call(*arguments)
    except CopyError as error:
        return error
