# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look, decide, act: until all requests are settled, or the deadline has passed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

from ..cloud import SnapshotCloud
from ..decide import failures
from ..decide.desired import DesiredState, Policy
from ..decide.memory import Memory
from ..decide.sightings import Survivor
from ..decide.timeouts import timed_out
from ..decide.writes import WriteKind
from ..model import CopyRequest
from ..pacing import LAST_LOOK_SECONDS, LONG_LOOK, LOOK_BACK_SECONDS, MIN_SLEEP
from .attempt import Attempt
from .copy_calls import CopyCalls
from .lock_reads import LockReads
from .progress import Progress
from .region import Region
from .sources import Sources
from .unfinished import unfinished
from .write_calls import SINGLE_WRITES, WriteCalls


class Loop:
    """One run over many requests, in a single thread; only copy calls are sent in parallel, if the SDK allows it."""

    def __init__(
        self,
        cloud: SnapshotCloud,
        requests: Sequence[CopyRequest],
        policy: Policy,
        progress: Progress | None = None,
    ):
        self._cloud, self._policy, self._deadline = cloud, policy, cloud.deadline
        self._progress = progress or Progress(None, cloud.deadline)
        #: When (monotonic) the last call to each region ended.
        self._ended_at: dict[str, float] = {}
        self._copies = CopyCalls(cloud, self._ended_at)
        self._writes = WriteCalls(cloud, self._ended_at)
        self._sources = Sources(cloud)
        self._locks = LockReads(cloud)
        regions = dict.fromkeys(request.region for request in requests)
        to_stay = policy.deletion.survivors.values() if policy.deletion else ()
        survivors = {name: {copy_id: Survivor() for copy_id in to_stay} for name in regions}
        #: The requests, in order.
        self.attempts = [
            Attempt(
                DesiredState(request, policy, cloud),
                position,
                Memory(
                    unseen_seconds=cloud.unseen_seconds,
                    survivors=survivors[request.region],
                    refused_tags=cloud.refused_tags,
                ),
            )
            for position, request in enumerate(requests)
        ]
        self._regions: dict[str, Region] = {}
        #: Requests whose source must be read.
        self._waiting_for_source: dict[Attempt, None] = {}
        self._looked_finally = self._looked_back = False
        self._warnings: list[str] = []
        #: The kinds of calls, in the order of the next pass. The order is only for fairness
        #: (test_deletions_that_hang_delay_no_locks_of_another_destination).
        self._kinds: deque[Callable[[], list[Attempt]]] = deque(
            (self._begin, self._delete, self._tag, *(partial(self._send_each, kind) for kind in SINGLE_WRITES))
        )
        for attempt in self.attempts:
            name = attempt.request.region
            if name not in self._regions:
                self._regions[name] = Region(name, cloud, policy)
            self._regions[name].attempts.append(attempt)

    @property
    def warnings(self) -> list[str]:
        """The warnings for the user."""
        found = [*self._sources.warnings, *self._warnings, *(a.decision.drift.warning for a in self.attempts)]
        if self._cloud.tag_rules:
            found.append(failures.tags_full(self._cloud.refused_tags))
        return list(dict.fromkeys(warning for warning in found if warning))

    def utc(self) -> datetime:
        """Return the current time (aware) by the cloud's clock."""
        return self._cloud.utc()

    def run(self) -> None:
        """Fulfil the requests. Never raises a CopyError."""
        self._run(act=True)

    def plan(self) -> None:
        """Look and decide, and send nothing. Never raises a CopyError."""
        self._run(act=False)

    def _run(self, act: bool) -> None:
        self._decide(self.attempts)
        while True:
            refreshed = self._look(act)
            self._decide(refreshed)
            sent = self._act() if act else []
            self._progress.report(self.attempts)
            if self._deadline.passed:
                break
            if refreshed or sent:
                continue
            due = self._due_at(act)
            if due == math.inf and act and not self._looked_back:
                self._decide(self._look_back())
                continue
            if due == math.inf:
                break
            self._deadline.sleep(max(MIN_SLEEP, min(due, self._final_look_at) - self._deadline.now()))
        self._report_unfinished(act)
        if act and self._policy.deletion:
            self._writes.delete_tags(self.attempts)

    @property
    def _final_look_at(self) -> float:
        """When to look once more before the deadline, so that the result is current; never after that was done."""
        return math.inf if self._looked_finally else self._deadline.end - LAST_LOOK_SECONDS

    def _look(self, act: bool) -> list[Attempt]:
        """Read what is due in each region (once in check mode), and the sources. Nothing is read after the deadline.

        If looks are slow, the run writes to the regions that were looked at before it looks at the next ones. Otherwise
        their looks would always be too old by then. A region whose look took long is looked at by itself, and comes
        last at the end.
        """
        refreshed: list[Attempt] = []
        looked = False
        started = self._deadline.now()
        is_final = self._final_look_at <= started
        self._looked_finally = self._looked_finally or is_final
        priority_region = self._locks.take_priority_region()
        order = attrgetter("look_lasted" if is_final else "tried_at")
        for region in sorted(self._regions.values(), key=lambda r: (r.name != priority_region, order(r))):
            now = self._deadline.now()
            if self._deadline.passed or not (act or region.check_mode_needs_look):
                continue
            if region.due_at(now) > now and not (is_final and region.active):
                continue
            if looked and act and not is_final and max(now - started, region.look_lasted) >= LONG_LOOK:
                break
            refreshed += region.look(is_final)
            looked = True
        now = self._deadline.now()
        refreshed += [a for region in self._regions.values() for a in region.active if a.steps.retry_at <= now]
        self._decide(a for a in refreshed if a.request.lock)  # whether locks are needed, given the current copies
        if not (priority_region and refreshed):
            refreshed += self._locks.read([a for a in self._active if a.steps.needs_locks])
        return refreshed + self._sources.read([a for a in self._waiting_for_source if a.is_open])

    def _look_back(self) -> list[Attempt]:
        """Look once more at copies that were last seen complete long ago.

        Returns the requests whose copy no longer shows.
        """
        self._looked_back = True
        since = self._deadline.now() - LOOK_BACK_SECONDS
        refreshed: list[Attempt] = []
        for region in self._regions.values() if self._policy.wait and not self._policy.deletion else ():
            old = [a for a in region.attempts if a.is_complete and a.memory.looked_at < since]
            refreshed += [attempt for attempt in region.look_back(old) if not attempt.is_shown]
            self._warn_of_unread(region, old)
        return refreshed

    def _warn_of_unread(self, region: Region, complete: list[Attempt]) -> None:
        if region.unread and complete:
            self._warnings.append(
                f"{region.name} could not be read at the end of the run, so its complete copies are reported as they "
                f"were last seen: {region.unread}"
            )

    def _act(self) -> list[Attempt]:
        """Send the decided calls, and decide again after each kind of call.

        Returns the requests for which something was sent. If calls take long, looks get too old for the kinds of calls
        after them; these then come first in the next pass, and the region that was called most recently comes last.
        """
        started = self._deadline.now()
        sent: list[Attempt] = []
        for number, send in enumerate(list(self._kinds), 1):
            was_quick = self._deadline.now() - started < LONG_LOOK
            sent += self._decided(send())
            if was_quick and self._deadline.now() - started >= LONG_LOOK:
                self._kinds.rotate(-number)
        return sent

    def _begin(self) -> list[Attempt]:
        return self._copies.begin({region.name: region.room for region in self._in_turn})

    def _delete(self) -> list[Attempt]:
        return self._writes.delete(self._active)

    def _tag(self) -> list[Attempt]:
        return self._writes.tag(self._active)

    def _send_each(self, kind: WriteKind) -> list[Attempt]:
        return self._writes.send_each(kind, self._active)

    def _decided(self, attempts: list[Attempt]) -> list[Attempt]:
        self._decide(attempts)
        return attempts

    @property
    def _in_turn(self) -> list[Region]:
        """The regions; the one that was called most recently comes last."""
        return sorted(self._regions.values(), key=lambda region: self._ended_at.get(region.name, -math.inf))

    @property
    def _active(self) -> list[Attempt]:
        """The requests that do not wait for room, by the order of their regions, then the least refused first."""
        return [a for region in self._in_turn for a in sorted(region.active, key=lambda attempt: attempt.most_sent)]

    def _decide(self, attempts: Iterable[Attempt]) -> None:
        """Decide again for these requests, and sort each by what is to be done."""
        now, utc_now = self._deadline.now(), self._cloud.utc()
        for attempt in dict.fromkeys(attempts):
            attempt.decide(now, utc_now)
            if attempt.steps.needs_source:
                self._waiting_for_source[attempt] = None
            else:
                self._waiting_for_source.pop(attempt, None)
            self._regions[attempt.request.region].assign(attempt)

    def _due_at(self, act: bool) -> float:
        """Return when there is something to do next; in check mode only until everything was looked at."""
        now = self._deadline.now()
        regions = [r for r in self._regions.values() if act or r.check_mode_needs_look]
        return min([*(region.due_at(now) for region in regions), self._sources.due_at, self._locks.due_at])

    def _report_unfinished(self, act: bool) -> None:
        """Report what was not done by wait_timeout or, in check mode, could not be read by then."""
        for region in self._regions.values():
            self._warn_of_unread(region, [a for a in region.attempts if a.is_complete and not self._policy.deletion])
        for attempt in self.attempts:
            decision, memory, region = attempt.decision, attempt.memory, self._regions[attempt.request.region]
            steps = decision.steps
            source = self._sources.unread.get(attempt.request.source_region) if steps.needs_source else None
            if attempt.copy and attempt.error is None and (decision.drift.tags.unread or steps.needs_source):
                why = failures.source_not_read(attempt.copy, decision.drift.tags.unread or source)
                attempt.add_failures([(attempt.copy.id, why)])
            is_known = memory.was_listed and not steps.look.unsure
            if not act and is_known and not (steps.needs_source and attempt.copy is None):
                continue
            was_open = attempt.is_open
            if was_open:
                error = timed_out(attempt.desired, memory, attempt.copy, region.unread, source)
                if error:
                    attempt.time_out(error)
            attempt.add_failures(unfinished(attempt, was_open))
