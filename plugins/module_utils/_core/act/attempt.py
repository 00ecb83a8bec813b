# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request on its way through a run: what is wanted, what is known, and what was decided last."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..decide.copies import other_copies, sort_copies
from ..decide.decision import Continue, Decision, Failed
from ..decide.desired import DesiredState
from ..decide.memory import Memory
from ..decide.transitions import decide
from ..decide.writes import WriteKind
from ..errors import CopyError, Throttled
from ..model import CopyOrder, CopyRequest, Resource, Snapshot, State
from ..pacing import Window


@dataclass(eq=False, slots=True)
class Attempt:
    """Everything about one request.

    ``failures`` are those of the copy's tags, expiry or deletions, by snapshot ID.
    """

    desired: DesiredState
    #: Its position among the requests of the run.
    position: int = 0
    memory: Memory = field(default_factory=Memory)
    decision: Decision = Decision(Continue())
    failures: list[tuple[str, CopyError]] = field(default_factory=list)
    #: What was decided on the first look, for ``--diff`` and check mode.
    first_decision: Decision | None = None
    #: Whether it was ended from outside, so that nothing more is decided.
    is_ended: bool = False

    def decide(self, now: float, utc_now: datetime) -> None:
        """Decide what follows from what is known now, unless it has failed."""
        if self.is_ended:
            return
        self.decision = decide(self.desired, self.memory, now, utc_now)
        if self.first_decision is None and self.memory.was_listed:
            self.first_decision = self.decision

    def fail(self, error: CopyError) -> None:
        """End it with an error."""
        self.decision, self.is_ended = replace(self.decision, next=Failed(error)), True

    def time_out(self, error: CopyError) -> None:
        """End it at the deadline. A copy that the last look did not show counts as in progress."""
        self.fail(error)
        sighting = self.memory.seen.get(self.copy.id) if self.copy else None
        if sighting and sighting.misses:
            self.decision = replace(self.decision, copy=replace(sighting.copy, state=State.PENDING))

    def add_failures(self, found: Iterable[tuple[str, CopyError]]) -> None:
        self.failures += found

    @property
    def request(self) -> CopyRequest:
        return self.desired.request

    @property
    def order(self) -> CopyOrder:
        """What is ordered. Raises ValueError if nothing is."""
        if not isinstance(self.desired.order, CopyOrder):
            raise ValueError("nothing is ordered for this request")
        return self.desired.order

    @property
    def copy(self) -> Resource | None:
        return self.decision.copy

    @property
    def error(self) -> CopyError | None:
        """Why it has failed, or None."""
        return self.decision.error

    @property
    def steps(self) -> Continue:
        return self.decision.steps

    @property
    def duplicates(self) -> tuple[Resource, ...]:
        """The copies besides the primary one."""
        if self.desired.policy.deletion:
            return ()
        return other_copies(sort_copies(self.request, self.memory.copies, self.desired.cloud), self.copy)

    @property
    def source_disk_id(self) -> str | None:
        """The ID of the source's disk. Some clouds allow only one unfinished copy per disk."""
        if isinstance(self.desired.order, CopyOrder):
            return self.desired.order.source.disk_id
        return source_disk_id_of(self.copy) if self.copy else None

    @property
    def is_open(self) -> bool:
        """Whether this run still has work for it."""
        return not self.decision.settled

    @property
    def is_complete(self) -> bool:
        """Whether a copy of it is complete, as far as known."""
        return self.error is None and self.copy is not None and self.copy.state is State.COMPLETED

    @property
    def is_shown(self) -> bool:
        """Whether the last look showed its copy."""
        return self.copy is not None and not self.memory.is_unseen(self.copy.id)

    @property
    def waits_to_begin(self) -> bool:
        return self.decision.begins

    @property
    def takes_room(self) -> bool:
        """Whether a copy of it takes room, or may take room, at the destination."""
        call = self.memory.copy_call
        if call.is_out or (self.copy is None and call.is_in_doubt and not self.decision.begins):
            return not self.is_ended
        return self.copy is not None and self.copy.state is State.PENDING

    def knows(self, copy_id: str, now: float) -> bool:
        """Whether a fresh look showed a copy, or a recent answer to a call returned it."""
        return copy_id in self.memory.seen and self.memory.seen[copy_id].is_known(now)

    def may_delete(self, copy_id: str, now: float) -> bool:
        """Whether the look on which its deletion is based is fresh for it and its survivor, and shows no hold."""
        return self.memory.may_delete(copy_id, self.decision.deletions.survivor_of.get(copy_id, copy_id), now)

    def max_per_call(self, copy_id: str, kind: WriteKind, maximum: int) -> int:
        """Return the maximum number of copies for a call.

        It stays at the maximum after one failure, because most failures are temporary. Then it shrinks to one, so that
        one copy does not block the others.
        """
        failure = self.memory.writes.failure_of(copy_id, kind)
        if failure is None or isinstance(failure.error, Throttled):
            return maximum
        return max(1, int(maximum / 16 ** (failure.tries.sent - 1)))

    @property
    def most_sent(self) -> int:
        """How often its most refused write was sent."""
        return self.memory.writes.most_sent()

    @property
    def started_at(self) -> float:
        """When (monotonic) the last copy call of this run for it was accepted; minus infinity if none was."""
        return max((own.made_at for own in self.memory.own_copies.values()), default=-math.inf)

    def is_shown_complete(self, shown: Mapping[str, Resource]) -> bool:
        """Whether a look shows that a copy of this run is complete."""
        return any(i in shown and shown[i].state is State.COMPLETED for i in self.memory.own_copies)

    def next_look(self, window: Window | None) -> float:
        """Return when its copies are worth a refreshing look.

        Their room is a reason too, if others wait for it in a window.
        """
        look_at = self.steps.look.at if self.is_open else math.inf
        return min(look_at, self.poll_at(window)) if window else look_at

    def poll_at(self, window: Window) -> float:
        """Return when a copy in progress is worth a look because of its room."""
        if self.decision.poll_at == math.inf:
            return math.inf
        return min(self.decision.poll_at, window.poll_at(self.started_at, self.memory.looked_at))


def source_disk_id_of(copy: Resource) -> str | None:
    """Return the disk of a copy's source, if the copy shows it."""
    own = copy.disk_id if isinstance(copy, Snapshot) else None
    return (copy.source.disk_id if copy.source else None) or own
