# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One copy on its way, and all those on their way to one destination."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .decision import Decision
from .errors import CopyError
from .model import CopyOrder, Snapshot, State
from .waiting import DOUBT_SECONDS, UNSEEN_SECONDS, Backoff, poll_pause
from .window import Window

#: How long (seconds) a destination with nothing of ours under way is left alone when it was busy.
RETRY_SECONDS = 5.0


class Phase(Enum):
    """Where a copy stands. IN_DOUBT: it was asked for and the answer was lost."""

    WAITING = "waiting"
    IN_DOUBT = "in doubt"
    IN_FLIGHT = "in flight"
    DONE = "done"


@dataclass
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
        """The cloud has accepted the copy."""
        self.copy, self.since, self.changed = copy, now, True
        self.phase = Phase.DONE if copy.state is State.COMPLETED else Phase.IN_FLIGHT

    def doubted(self, error: CopyError, now: float) -> None:
        """The answer to the copy call was lost."""
        self.phase, self.since, self.last_refusal = Phase.IN_DOUBT, now, error

    def failed(self, error: CopyError) -> None:
        self.phase, self.error = Phase.DONE, error

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


class Destination:
    """The jobs of one region, its window, and when to look at it next."""

    def __init__(self, region: str, most: int, in_flight: frozenset[str]):
        self.region = region
        self.window = Window(most)
        self.jobs: list[Job] = []
        #: Copies in progress that no job of this run follows.
        self.others = in_flight
        self.busy_disks: set[str | None] = set()
        self.trouble = Backoff()
        self.troubled_until = 0.0
        self.last_look = 0.0

    def in_phase(self, *phases: Phase) -> list[Job]:
        return [job for job in self.jobs if job.phase in phases]

    def unsettled(self, wait: bool) -> bool:
        """Whether this run still has to do with the region."""
        phases = [Phase.WAITING, Phase.IN_DOUBT] + ([Phase.IN_FLIGHT] if wait else [])
        return bool(self.in_phase(*phases))

    def has_room(self, now: float) -> bool:
        ours = len(self.in_phase(Phase.IN_FLIGHT, Phase.IN_DOUBT))
        return self.window.is_open(ours, len(self.others), now)

    def refused(self, error: CopyError, now: float) -> None:
        ours = len(self.in_phase(Phase.IN_FLIGHT))
        self.window.refused(error, ours, len(self.others), now)

    def next_look(self, longest: float, wait: bool) -> float:
        """When this region is next due: to look at what is under way, or to ask again."""
        waiting = bool(self.in_phase(Phase.WAITING))
        phases = [Phase.IN_DOUBT] + ([Phase.IN_FLIGHT] if wait or waiting else [])
        looks = [job.next_look(self.last_look, longest) for job in self.in_phase(*phases)]
        if waiting and self.window.opens_at > self.last_look:
            looks.append(self.window.opens_at)
        elif not looks:
            looks.append(self.last_look + min(longest, RETRY_SECONDS))
        return max(min(looks), self.troubled_until)
