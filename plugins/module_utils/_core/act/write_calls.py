# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the decided writes on existing copies, each once, and records the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from ..cloud import SnapshotCloud, batches
from ..decide.attachments import instance_of
from ..decide.locking import is_known_unlocked
from ..decide.writes import WriteKind
from ..errors import CopyError
from ..model import TagChange
from ..waiting import Deadline
from .attempt import Attempt
from .sender import WriteSender

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class WriteCalls:
    """The writes of one run on existing copies. ``ended_at`` is when (monotonic) the last call to each region ended."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline, ended_at: dict[str, float]):
        self._cloud, self._deadline = cloud, deadline
        self._sender = WriteSender(cloud, deadline, ended_at)
        #: The copies of a deletion that failed, by region and ID. Each is sent by itself, because one may make all of
        #: them fail.
        self._singles: set[tuple[str, str]] = set()

    def delete(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Delete the copies that may be deleted now, in batches."""
        chosen = [a for a in attempts if a.steps.delete]
        by_copy = {(a.request.region, c.id): a for a in chosen for c in a.steps.delete}
        for name in dict.fromkeys(region for region, _i in by_copy):
            owners = {i: a for (region, i), a in by_copy.items() if region == name}
            max_sizes = {i: owners[i].max_per_call(i, WriteKind.DELETE, self._cloud.deleted_per_call) for i in owners}
            max_sizes.update((i, 1) for i in owners if (name, i) in self._singles)
            for ids in _calls_of(max_sizes):
                # Calls take time: if a look is no longer fresh, decide again.
                group = {i: owners[i] for i in ids if owners[i].may_delete(i, self._deadline.now())}
                if group:
                    self._delete(name, group)
        return chosen

    def _delete(self, name: str, group: Mapping[str, Attempt]) -> None:
        delete = partial(self._cloud.delete, name, list(group))
        if self._sender.send(name, WriteKind.DELETE, group, delete, self._record_deletion, may_split=len(group) > 1):
            self._singles.update((name, copy_id) for copy_id in group)
            for copy_id, attempt in group.items():
                if attempt.may_delete(copy_id, self._deadline.now()):
                    self._delete(name, {copy_id: attempt})

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
        by_change: dict[tuple[str, str], list[Attempt]] = {}
        for attempt in (a for a in attempts if a.decision.change and a.copy):
            change = attempt.decision.change
            key = (attempt.request.region, str((sorted(change.set.items()), change.remove)))
            by_change.setdefault(key, []).append(attempt)
        for (name, _change), group in by_change.items():
            max_sizes = {
                a: a.max_per_call(a.copy.id, WriteKind.TAGS, self._cloud.tagged_per_call) for a in group if a.copy
            }
            for batch in _calls_of(max_sizes):
                self._tag(name, batch)
        return [attempt for group in by_change.values() for attempt in group]

    def _tag(self, name: str, group: list[Attempt]) -> None:
        change, now = group[0].decision.change, self._deadline.now()
        # Calls take time: if a look is no longer fresh, decide again.
        owners = {a.copy.id: a for a in group if a.copy and a.knows(a.copy.id, now)}
        if not owners:
            return
        change_tags = partial(self._cloud.change_tags, name, list(owners), change)
        record = partial(self._record_tags, change)
        if self._sender.send(name, WriteKind.TAGS, owners, change_tags, record, may_split=len(owners) > 1):
            for attempt in owners.values():  # a copy that is gone or has no room makes the call fail for the others
                self._tag(name, [attempt])

    def _record_tags(self, change: TagChange, copy_id: str, attempt: Attempt) -> None:
        attempt.memory.record_tags(copy_id, change, self._deadline.now())

    def expire(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Set the expiry of copies."""
        due = [a for a in attempts if a.decision.expiry and a.copy]
        for attempt in due:
            if attempt.copy and attempt.decision.expiry:
                self._expire(attempt, attempt.copy.id, attempt.decision.expiry)
        return due

    def _expire(self, attempt: Attempt, copy_id: str, moment: datetime) -> None:
        set_expiry = partial(self._cloud.set_expiry, attempt.request.region, copy_id, moment)

        def record(_answer: None, now: float) -> None:
            attempt.memory.record_expiry(copy_id, moment, now)

        self._send_for_one(WriteKind.EXPIRY, attempt, copy_id, set_expiry, record)

    def lock(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Lock copies."""
        due = [a for a in attempts if a.steps.update == WriteKind.LOCK and a.copy]
        for attempt in due:
            # Calls take time: the listing of locks may no longer be fresh.
            if attempt.copy and is_known_unlocked(attempt.desired, attempt.memory, attempt.copy, self._deadline.now()):
                self._lock(attempt, attempt.copy.id)
        return due

    def _lock(self, attempt: Attempt, copy_id: str) -> None:
        if not attempt.request.lock:
            return
        days, mode = attempt.request.lock
        lock = partial(self._cloud.lock, attempt.request.region, copy_id, days, mode or self._cloud.lock_modes[0])

        def record(until: datetime, now: float) -> None:
            attempt.memory.record_lock(copy_id, until, now)

        self._send_for_one(WriteKind.LOCK, attempt, copy_id, lock, record)

    def attach(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Attach disks."""
        due = [a for a in attempts if a.steps.update == WriteKind.ATTACH and a.copy]
        for attempt in due:
            if attempt.copy:
                self._attach(attempt, attempt.copy.id)
        return due

    def _attach(self, attempt: Attempt, disk_id: str) -> None:
        region, instance = attempt.request.region, str(instance_of(attempt.request))
        attach = partial(self._cloud.attach, region, disk_id, instance, attempt.request.options.get("device"))

        def record(_answer: None, now: float) -> None:
            attempt.memory.record_attachment(disk_id, instance, now)

        self._send_for_one(WriteKind.ATTACH, attempt, disk_id, attach, record)

    def detach(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Detach disks that are to be deleted."""
        due = [a for a in attempts if a.steps.detach]
        for attempt in due:
            for copy in attempt.steps.detach:
                self._detach(attempt, copy.id)
        return due

    def _detach(self, attempt: Attempt, disk_id: str) -> None:
        region, instance = attempt.request.region, str(instance_of(attempt.request))

        def record(_answer: None, now: float) -> None:
            attempt.memory.record_detachment(disk_id, now)

        detach = partial(self._cloud.detach, region, disk_id, instance)
        self._send_for_one(WriteKind.DETACH, attempt, disk_id, detach, record)

    def _send_for_one(
        self,
        kind: WriteKind,
        attempt: Attempt,
        copy_id: str,
        call: Callable[[], _Answer],
        record: Callable[[_Answer, float], None],
    ) -> None:
        """Make a call for one copy, and record its answer with the time (seconds, monotonic)."""
        if not attempt.knows(copy_id, self._deadline.now()):
            return
        answers: list[_Answer] = []

        def send() -> Mapping[str, CopyError]:
            answers.append(call())
            return {}

        def record_accepted(_copy_id: str, _attempt: Attempt) -> None:
            record(answers[0], self._deadline.now())

        self._sender.send(attempt.request.region, kind, {copy_id: attempt}, send, record_accepted)


def _calls_of(max_sizes: Mapping[_Item, int]) -> Iterator[list[_Item]]:
    """Group copies into calls, given with each the maximum number of copies in its call. Larger calls come first."""
    for size in sorted(set(max_sizes.values()), reverse=True):
        yield from batches([item for item in max_sizes if max_sizes[item] == size], size)
