# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the decided writes on existing copies, each once, and records the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from ..cloud import SnapshotCloud
from ..decide.locking import is_known_unlocked
from ..decide.memory import Memory
from ..decide.updates import AddLock, AttachDisk, ChangeTags, DetachDisk, SetExpiry, SingleWrite
from ..decide.writes import WriteKind
from ..errors import CopyError
from ..grouping import grouped
from ..model import TagChange
from ..safe_calls import batches
from .attempt import Attempt
from .sender import WriteSender

_Item = TypeVar("_Item")
#: The kinds of writes that take one copy in each call, in the order in which they are sent.
SINGLE_WRITES = (WriteKind.EXPIRY, WriteKind.LOCK, WriteKind.ATTACH, WriteKind.DETACH)


class WriteCalls:
    """The writes of one run on existing copies. ``ended_at`` is when (monotonic) the last call to each region ended."""

    def __init__(self, cloud: SnapshotCloud, ended_at: dict[str, float]):
        self._cloud, self._deadline = cloud, cloud.deadline
        self._sender = WriteSender(cloud, ended_at)
        #: The copies of a deletion that failed, by region and ID. Each is sent by itself, because one may make all of
        #: them fail.
        self._singles: set[tuple[str, str]] = set()

    def delete(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Delete the copies that may be deleted now, in batches."""
        chosen = [a for a in attempts if a.steps.delete]
        by_copy = {(a.request.region, c.id): a for a in chosen for c in a.steps.delete}
        for region in dict.fromkeys(each for each, _i in by_copy):
            owners = {i: a for (each, i), a in by_copy.items() if each == region}
            max_sizes = {i: owners[i].max_per_call(i, WriteKind.DELETE, self._cloud.deleted_per_call) for i in owners}
            max_sizes.update((i, 1) for i in owners if (region, i) in self._singles)
            for ids in _calls_of(max_sizes):
                # Calls take time: if a look is no longer fresh, decide again.
                group = {i: owners[i] for i in ids if owners[i].may_delete(i, self._deadline.now())}
                if group:
                    self._delete(region, group)
        return chosen

    def _delete(self, region: str, group: Mapping[str, Attempt]) -> None:
        delete = partial(self._cloud.delete, region, list(group))
        if self._sender.send(region, WriteKind.DELETE, group, delete, self._record_deletion, may_split=len(group) > 1):
            self._singles.update((region, copy_id) for copy_id in group)
            for copy_id, attempt in group.items():
                if attempt.may_delete(copy_id, self._deadline.now()):
                    self._delete(region, {copy_id: attempt})

    def _record_deletion(self, copy_id: str, attempt: Attempt) -> None:
        attempt.memory.record_deletion(copy_id, self._deadline.now())

    def delete_tags(self, attempts: Sequence[Attempt]) -> None:
        """Delete the passing tags of the copies that this run deleted, unless another known copy has them.

        Nothing depends on this, so it causes no failure. Deleted copies that a look may still show most likely still
        have their tags; then tags are not tried individually.
        """
        memories = [attempt.memory for attempt in attempts if self._cloud.passing_tags]
        gone = [m.gone[i] for m in memories for i in m.deleted if i in m.gone]
        left = {pair for memory in memories for copy in memory.copies for pair in copy.tags.items()}
        tags = {pair for copy in gone for pair in copy.tags.items() if pair[0] in self._cloud.passing_tags} - left
        if tags and not self._deadline.passed:
            each = not any(memory.still_shown for memory in memories)
            with suppress(CopyError):
                self._cloud.delete_tags(gone[0].region, sorted(tags), each)

    def tag(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Make the due changes of tags, with one call for all copies that need the same change."""
        changes = {a: a.steps.update.change for a in attempts if isinstance(a.steps.update, ChangeTags)}
        same = grouped(changes, lambda a: (a.request.region, tuple(sorted(changes[a].set.items())), changes[a].remove))
        for group in same.values():
            max_sizes = {
                a: a.max_per_call(a.copy.id, WriteKind.TAGS, self._cloud.tagged_per_call) for a in group if a.copy
            }
            for batch in _calls_of(max_sizes):
                self._tag(group[0].request.region, changes[group[0]], batch)
        return list(changes)

    def _tag(self, region: str, change: TagChange, group: list[Attempt]) -> None:
        now = self._deadline.now()
        # Calls take time: if a look is no longer fresh, decide again.
        owners = {a.copy.id: a for a in group if a.copy and a.knows(a.copy.id, now)}
        if not owners:
            return
        change_tags = partial(self._cloud.change_tags, region, list(owners), change)
        record = partial(self._record_tags, change)
        if self._sender.send(region, WriteKind.TAGS, owners, change_tags, record, may_split=len(owners) > 1):
            for attempt in owners.values():  # a copy that is gone or has no room makes the call fail for the others
                self._tag(region, change, [attempt])

    def _record_tags(self, change: TagChange, copy_id: str, attempt: Attempt) -> None:
        attempt.memory.record_tags(copy_id, change, self._deadline.now())

    def send_each(self, kind: WriteKind, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Send the due writes of a kind that takes one copy in each call (SINGLE_WRITES)."""
        due = [a for a in attempts if _singles(kind, a)]
        for attempt in due:
            for write, copy_id in _singles(kind, attempt):
                if _is_known_well(write, attempt, copy_id, self._deadline.now()):
                    self._send_one(write, attempt, copy_id)
        return due

    def _send_one(self, write: SingleWrite, attempt: Attempt, copy_id: str) -> None:
        region = attempt.request.region
        record: Callable[[float], None]

        def call() -> Mapping[str, CopyError]:
            nonlocal record
            record = _send(write, self._cloud, region, copy_id, attempt.memory)
            return {}

        def record_accepted(_copy_id: str, _attempt: Attempt) -> None:
            record(self._deadline.now())

        self._sender.send(region, write.kind, {copy_id: attempt}, call, record_accepted)


def _send(
    write: SingleWrite, cloud: SnapshotCloud, region: str, copy_id: str, memory: Memory
) -> Callable[[float], None]:
    """Send a write. Returns what records at a time (seconds, monotonic) that the cloud accepted it."""
    match write:
        case SetExpiry(at):
            cloud.set_expiry(region, copy_id, at)
            return partial(memory.record_expiry, copy_id, at)
        case AddLock(lock):
            until = cloud.lock(region, copy_id, lock.days, lock.mode)
            return partial(memory.record_lock, copy_id, until)
        case AttachDisk(instance, device):
            cloud.attach(region, copy_id, instance, device)
            return partial(memory.record_attachment, copy_id, instance)
        case DetachDisk(instance):
            cloud.detach(region, copy_id, instance)
            return partial(memory.record_detachment, copy_id)


def _singles(kind: WriteKind, attempt: Attempt) -> list[tuple[SingleWrite, str]]:
    """Return the writes of this kind that are to be sent now, each with the ID of its copy."""
    if kind is WriteKind.DETACH:
        instance = attempt.request.instance
        return [(DetachDisk(instance), copy.id) for copy in attempt.steps.detach if instance]
    update = attempt.steps.update
    if update is None or isinstance(update, ChangeTags) or update.kind is not kind or attempt.copy is None:
        return []
    return [(update, attempt.copy.id)]


def _is_known_well(write: SingleWrite, attempt: Attempt, copy_id: str, now: float) -> bool:
    """Whether the look on which a write is based is still fresh: calls take time."""
    if isinstance(write, AddLock) and attempt.copy:
        is_unlocked = is_known_unlocked(attempt.desired, attempt.memory, attempt.copy, now)
        return is_unlocked and attempt.knows(copy_id, now)
    return attempt.knows(copy_id, now)


def _calls_of(max_sizes: Mapping[_Item, int]) -> Iterator[list[_Item]]:
    """Group copies into calls, given with each the maximum number of copies in its call. Larger calls come first."""
    for size in sorted(set(max_sizes.values()), reverse=True):
        yield from batches([item for item in max_sizes if max_sizes[item] == size], size)
