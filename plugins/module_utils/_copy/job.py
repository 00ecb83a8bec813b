# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One copy on its way, and all those on their way to one destination."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from .decision import Decision
from .errors import CopyError, QuotaFull, Underway
from .model import CopyOrder, Snapshot, State, TagChange
from .waiting import DOUBT_SECONDS, SHORTEST_PAUSE, UNSEEN_SECONDS, Backoff, poll_pause
from .window import Window

#: How long (seconds) a destination with nothing of ours under way is left alone when it was busy.
RETRY_SECONDS = 5.0


class Phase(Enum):
    """Where a copy stands. ASKED: the call is under way; IN_DOUBT: its answer was lost."""

    WAITING = "waiting"
    ASKED = "asked"
    IN_DOUBT = "in doubt"
    IN_FLIGHT = "in flight"
    DONE = "done"


@dataclass(eq=False)
class Job:
    """What becomes of one decision. Times are seconds on the monotonic clock."""

    decision: Decision
    phase: Phase = Phase.DONE
    copy: Snapshot | None = None
    error: CopyError | None = None
    since: float = 0.0
    shown: bool = False
    unseen_reads: int = 0
    last_refusal: CopyError | None = None
    changed: bool = False
    #: Whether it takes up what somebody else has begun, and whether a call of this run may have taken effect unseen.
    adopted: bool = False
    asked: bool = False
    #: The copy whose ID answered a call of this very run, and copies of ours that other runs have made beside it.
    own_id: str | None = None
    rivals: dict[str, Snapshot] = field(default_factory=dict)
    keeps_own: bool = False
    #: What the cloud takes only after the copy call: see finishing.py. ``unchecked`` was taken and not seen since.
    to_tag: TagChange | None = None
    unchecked: TagChange | None = None
    alone: bool = False
    last_unfinished: CopyError | None = None
    tagged_at: float = 0.0
    to_expire: datetime | None = None
    warning: str | None = None
    deleted: list[str] = field(default_factory=list)
    #: Failures beside the copy itself: a deletion or a change of tags, by the ID of the snapshot.
    further_errors: list[tuple[str, CopyError]] = field(default_factory=list)

    @property
    def order(self) -> CopyOrder:
        if self.decision.order is None:
            raise ValueError("nothing was ordered for this request")
        return self.decision.order

    @property
    def disk(self) -> str | None:
        """The disk of the source, by which some clouds allow one unfinished copy at a time."""
        of = self.decision.order.source if self.decision.order else self.copy
        return of.disk_id if of else None

    def begun(self, copy: Snapshot, now: float) -> None:
        """The cloud has accepted the copy, or one that somebody else has begun was found."""
        self.adopted = isinstance(self.last_refusal, Underway) and not (self.asked and copy.ours)
        self.copy, self.since, self.changed = copy, now, self.changed or not self.adopted
        self.phase = Phase.DONE if copy.state is State.COMPLETED else Phase.IN_FLIGHT

    def adopts(self, copy: Snapshot, now: float) -> None:
        """Follow a copy that somebody else has begun."""
        made = self.asked and copy.ours and not self.deleted  # a lost call of this run has very likely made it
        self.adopted, self.changed = not made, self.changed or made
        self.copy, self.since, self.shown, self.unseen_reads = copy, now, True, 0
        self.drop_finishing()
        self.phase = Phase.DONE if copy.state is State.COMPLETED else Phase.IN_FLIGHT

    @property
    def is_own(self) -> bool:
        """Whether the copy that it follows was begun by this very run."""
        return self.copy is not None and self.copy.snapshot_id == self.own_id

    def doubted(self, error: CopyError, now: float) -> None:
        """The answer to the copy call was lost."""
        self.phase, self.since, self.last_refusal = Phase.IN_DOUBT, now, error
        self.asked = self.asked or not isinstance(error, Underway)

    def failed(self, error: CopyError) -> None:
        self.phase, self.error = Phase.DONE, error
        self.drop_finishing()

    def drop_finishing(self) -> None:
        """Forget tags and expiry of a copy that is no longer followed."""
        self.to_tag, self.to_expire, self.unchecked = None, None, None

    @property
    def is_finished(self) -> bool:
        """Whether nothing of what comes after the copy call is left to do or to check."""
        return not (self.to_tag or self.to_expire or self.unchecked)

    def unfinished(self, error: CopyError) -> None:
        """The copy is good, but something that comes after it has failed."""
        self.further_errors.append((self.copy.snapshot_id if self.copy else "", error))

    def seen(self, copy: Snapshot | None, now: float) -> bool:
        """Take in what a read shows of a copy in flight. Returns false where the copy is lost.

        A copy that no read has shown yet is given UNSEEN_SECONDS; one that was shown must be missing
        from two reads in a row, since reads may come from a replica that lags.
        """
        if copy is not None:
            self.copy, self.shown, self.unseen_reads = copy, True, 0
            if copy.state is not State.PENDING:
                self.phase = Phase.DONE
            return True
        self.unseen_reads += 1
        return self.unseen_reads < 2 if self.shown else now - self.since < UNSEEN_SECONDS

    def doubt_is_over(self, now: float) -> bool:
        return now - self.since >= DOUBT_SECONDS

    def next_look(self, last_look: float, longest: float) -> float:
        """When a read is next worth its price."""
        if self.phase is Phase.IN_DOUBT:
            return max(last_look, self.since) + max(1.0, (last_look - self.since) / 2)
        progress = self.copy.progress if self.copy else 0
        return max(last_look, self.since) + poll_pause(max(0.0, last_look - self.since), progress, longest)

    def next_check(self, last_look: float) -> float:
        """When to look whether tags show that were set."""
        return max(last_look, self.tagged_at) + max(SHORTEST_PAUSE, (last_look - self.tagged_at) / 2)


class Destination:
    """The jobs of one region, its window, and when to look at it next."""

    def __init__(self, region: str, most: int, in_flight: frozenset[str], waits: bool):
        self.region = region
        self.waits = waits
        self.window = Window(most)
        self.jobs: list[Job] = []
        #: Copies in progress that no job of this run follows.
        self.others = in_flight
        #: Whether the cloud has refused a copy for those under way since the region was listed last.
        self.crowded = False
        self.busy_disks: set[str | None] = set()
        self.trouble = Backoff()
        self.troubled_until = 0.0
        #: When (monotonic) a service that comes after the copy call may be asked again.
        self.rests_until = 0.0
        #: When (monotonic) to list the region to compare with what other runs do there.
        self.list_at: Callable[[], float | None] = lambda: None
        self.last_look = 0.0

    def in_phase(self, *phases: Phase) -> list[Job]:
        return [job for job in self.jobs if job.phase in phases]

    def unsettled(self) -> bool:
        """Whether this run still has to do with the region."""
        phases = [Phase.WAITING, Phase.IN_DOUBT] + ([Phase.IN_FLIGHT] if self.waits else [])
        return any(job.phase in phases or not job.is_finished for job in self.jobs)

    def has_room(self, now: float) -> bool:
        ours = len(self.in_phase(Phase.IN_FLIGHT, Phase.IN_DOUBT, Phase.ASKED))
        return self.window.is_open(ours, len(self.others), now)

    def refused(self, error: CopyError, now: float) -> None:
        ours = len(self.in_phase(Phase.IN_FLIGHT))
        self.crowded = self.crowded or isinstance(error, QuotaFull)
        self.window.refused(error, ours, len(self.others), now)

    def next_look(self, longest: float) -> float:
        """When this region is next due: to look at what is under way, or to ask again."""
        waiting = bool(self.in_phase(Phase.WAITING))
        phases = [Phase.IN_DOUBT] + ([Phase.IN_FLIGHT] if self.waits or waiting else [])
        looks = [job.next_look(self.last_look, longest) for job in self.in_phase(*phases)]
        looks += [at for at in [self.list_at()] if at is not None and self.waits]
        looks += [job.next_check(self.last_look) for job in self.jobs if job.unchecked]
        if any(job.to_tag or job.to_expire for job in self.jobs):
            looks.append(self.rests_until)
        if waiting and self.window.opens_at > self.last_look:
            looks.append(self.window.opens_at)
        elif not looks:
            looks.append(self.last_look + min(longest, RETRY_SECONDS))
        return max(min(looks), self.troubled_until)
