# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of a cloud: everything that the engine asks of one."""

from __future__ import annotations

import abc
import functools
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from .._copy.errors import Ambiguous, CopyError, NotFound, Unreachable
from .._copy.model import CopyOrder, CopyRequest, Snapshot, State, TagChange
from .._copy.tagging import TagRules, provenance_of
from .._copy.texts import TextRule
from .._copy.waiting import Clock, Deadline

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Disk:
    """A disk as the info modules return it; ``size_gib`` in GiB, ``attached_to`` an instance's ID or None."""

    disk_id: str
    region: str
    name: str = ""
    size_gib: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    attached_to: str | None = None
    encrypted: bool | None = None

    def bears(self, tags: Mapping[str, str]) -> bool:
        """Whether it has all these tags; a value of "*" means any."""
        return all(key in self.tags and value in ("*", self.tags[key]) for key, value in tags.items())


class SnapshotCloud(abc.ABC):
    """One cloud's snapshot service, for one account, over all its regions.

    Every method that calls the cloud raises a CopyError and nothing else. Reads may be repeated by
    the caller; no method sends a write twice by itself.
    """

    #: Whole-text pattern of a snapshot's ID, and how one looks.
    snapshot_id_pattern: str
    snapshot_id_example: str
    #: The same for a disk.
    disk_id_pattern: str
    disk_id_example: str
    #: What the cloud takes; None where it has no such thing.
    name_rule: TextRule
    description_rule: TextRule | None
    tag_rules: TagRules | None
    #: Whether source and destination region may be the same.
    copies_within_region = False
    #: Whether the cloud itself records of what a copy was made.
    records_sources = False
    #: Whether the copy call takes a token that makes it safe to repeat.
    takes_client_token = False
    #: Whether the cloud can be asked if a copy would be allowed.
    tells_permission = False
    #: Whether copies in progress can be listed by themselves, without the complete ones, of which there may be thousands.
    lists_in_progress = False
    #: Whether one call can begin the copies of one source in several regions.
    many_destinations_per_call = False
    #: Whether a copy in progress can be cancelled by deleting it.
    cancels_by_deletion = False
    #: Whether a disk can have but one unfinished copy at a destination.
    one_copy_per_disk = False

    #: Copy calls that the SDK can make at once, in threads.
    calls_at_once = 1
    #: Whether a copy gets its tags by the copy call; else they are set once it is begun, and looked for after that.
    tags_in_copy_call = True
    #: Copies that one call can tag alike, and that one call can delete.
    tagged_per_call = 1
    deleted_per_call = 1
    #: Whether the cloud is known to limit the copies in progress in a region.
    limits_copies_in_progress = False
    #: Whether a copy's name tells its source, where no tag does.
    names_tell_sources = False
    #: Whether the time at which the cloud deletes a copy is set once the copy is complete.
    expires_after_copying = False
    #: What to do about a copy that the cloud had accepted and shows no longer.
    loss_hint = "Run again to make a new copy; look in the cloud's audit log for who deleted it."

    #: The connection's own region, where the cloud has such a thing.
    home_region: str | None = None

    def __init_subclass__(cls, **named: Any) -> None:
        """Let every method of an adapter end in a CopyError where an answer is not what the cloud documents."""
        super().__init_subclass__(**named)
        for names, kind in ((READS, Unreachable), (WRITES, Ambiguous)):
            for name in names & set(vars(cls)):
                setattr(cls, name, _understood(getattr(cls, name), kind))

    def __init__(self) -> None:
        #: Calls made, by the cloud's name of the operation.
        self.calls: Counter[str] = Counter()
        #: What the user is to know beside the result.
        self.warnings: list[str] = []
        #: The end of the run, by which calls are paced.
        self.deadline = Deadline(Clock(), math.inf)

    @abc.abstractmethod
    def region_problem(self, region: str) -> str | None:
        """Say why there can be no such region, or None; without any call."""

    def place_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Find what is wrong with places inside regions, without any call."""
        return []

    @abc.abstractmethod
    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        """Find what is wrong with keys and own options, without any call."""

    def full_name(self, name: str, snapshot_id: str) -> str:
        """Return the name of a copy of this source, where the user's alone would not do."""
        return name

    def name_problem(self, name: str, snapshot_id: str) -> str | None:
        """Say why the cloud would not take a name for a copy of this source, or None."""
        return self.name_rule.problem(self.full_name(name, snapshot_id))

    @abc.abstractmethod
    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read snapshots by ID, also those that another account shares; unknown ones are left out.

        A region of None, where the module allows it, means any.
        """

    @abc.abstractmethod
    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> list[Snapshot]:
        """List the copies in a region that the account owns, those in progress of others included.

        With ``source_ids`` the adapter may leave out what are not copies of these.
        """

    def list_in_progress(self, region: str) -> list[Snapshot]:
        """List the copies in progress in a region, those of others included, where ``lists_in_progress``."""
        raise NotImplementedError

    @abc.abstractmethod
    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        """Read the state of copies; one that the cloud does not show is left out."""

    def begin(self, orders: Sequence[CopyOrder]) -> list[Snapshot | CopyError]:
        """Ask for the copies of one source in as many regions, in one call where the cloud has one; return at once.

        Answers for each order, in their order. An error that is raised holds for all of them.
        """
        return [_result_of(self.begin_one, order) for order in orders]

    def begin_one(self, order: CopyOrder) -> Snapshot:
        """Ask for one copy, for clouds whose call begins one."""
        raise NotImplementedError

    def delete(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, CopyError]:
        """Delete copies; one that is gone already is a success. Returns what failed, by ID."""
        answers = {i: _result_of(self.delete_one, region, i) for i in snapshot_ids}
        return {i: a for i, a in answers.items() if isinstance(a, CopyError) and not isinstance(a, NotFound)}

    def delete_one(self, region: str, snapshot_id: str) -> None:
        """Delete one copy, for clouds whose call deletes one."""
        raise NotImplementedError

    @abc.abstractmethod
    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """Make the same change to the tags of several copies. May be repeated safely. Returns what failed, by ID."""

    def set_expiry(self, region: str, snapshot_id: str, moment: datetime) -> None:
        """Let the cloud delete a copy at a time (aware), where expires_after_copying. May be repeated safely."""
        raise NotImplementedError

    def check_permission(self, order: CopyOrder) -> None:  # noqa: B027 - most clouds cannot be asked
        """Ask the cloud whether this copy would be allowed, where it can be asked (``tells_permission``)."""

    @abc.abstractmethod
    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        """List disks that bear all ``tags`` (a value of "*" means any) and, where given, are among ``disk_ids``."""

    @abc.abstractmethod
    def list_snapshots(self, region: str) -> list[Snapshot]:
        """List every snapshot in a region that the account owns."""

    def begun(self, order: CopyOrder, snapshot_id: str, provider_state: str, **facts: Any) -> Snapshot:
        """Return a copy that the cloud has just accepted, as far as it is known before the first read."""
        request = order.request
        known: dict[str, Any] = {
            "size_gib": order.source.size_gib,
            "encrypted": bool(order.source.encrypted or request.encrypted),
            "name": order.name or "",
            "description": order.description or "",
            "tags": order.tags,
            "place": request.place,
            "source": provenance_of(order.tags),
            **facts,
        }
        return Snapshot(snapshot_id, request.region, State.PENDING, provider_state, is_copy=True, **known)

    def failure_hint(self, copy: Snapshot) -> str:
        """Say what to do about a copy that the cloud shows as failed."""
        return f"Look at the copy {copy.snapshot_id} in the console of {copy.region}, then run again."


READS = {"read_sources", "list_copies", "refresh", "list_disks", "list_snapshots"}
WRITES = {"begin", "begin_one", "delete", "delete_one", "change_tags", "set_expiry"}


def _understood(method: Callable[..., Any], kind: type[CopyError]) -> Callable[..., Any]:
    @functools.wraps(method)
    def guarded(self: Any, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            told = f"{type(self).__name__}.{method.__name__}: an answer could not be understood"
            raise kind(f"{told} ({type(error).__name__}: {error})", hint="Check the endpoint and the proxy.") from error

    return guarded


def _result_of(call: Callable[..., Answer], *arguments: Any) -> Answer | CopyError:
    try:
        return call(*arguments)
    except CopyError as error:
        return error
