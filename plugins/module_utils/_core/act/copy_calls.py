# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the decided copy calls, each once, and records the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile

from ..cloud import SnapshotCloud
from ..errors import Ambiguous, CopyError, NotSent, Retry, Throttled, Underway, Unreachable
from ..model import Resource
from ..safe_calls import call_safely
from .attempt import Attempt
from .room import Room


class CopyCalls:
    """The copy calls of one run. ``ended_at`` is when (monotonic) the last call to each region ended."""

    def __init__(self, cloud: SnapshotCloud, ended_at: dict[str, float]):
        self._cloud, self._deadline, self._ended_at = cloud, cloud.deadline, ended_at
        self._parallel_calls = 1
        #: The requests of a failed call. Each is sent by itself, because one may make all of them fail.
        self._singles: set[Attempt] = set()

    def begin(self, rooms: Mapping[str, Room]) -> list[Attempt]:
        """Start copies if there is room and a fresh look, as many per call as the cloud accepts."""
        done: list[Attempt] = []
        asked: list[list[Attempt]] = []
        sent: set[Attempt] = set()
        ready = {name: self._ready(room) for name, room in rooms.items() if room.queue}
        for name in ready:
            for attempt in ready[name]:
                now = self._deadline.now()
                if attempt in sent or attempt.memory.copy_call.final_error or not attempt.memory.is_fresh(now):
                    continue
                if self._deadline.passed or not rooms[name].has_room(now):
                    break
                batch = [member for member in self._batch(attempt, ready, rooms) if member not in sent]
                sent.update(batch)
                for member in batch:
                    rooms[member.request.region].record_sent(member)
                asked.append(batch)
                if len(asked) >= self._parallel_calls:
                    done += self._send(asked, rooms)
                    asked = []
        return done + self._send(asked, rooms)

    def _ready(self, room: Room) -> list[Attempt]:
        """Return the requests that may start now; no request overtakes one that needs a new look first."""
        now = self._deadline.now()
        return list(takewhile(lambda attempt: attempt.memory.is_fresh(now), room.next_to_begin(now)))

    def _batch(self, first: Attempt, ready: Mapping[str, list[Attempt]], rooms: Mapping[str, Room]) -> list[Attempt]:
        """Return the requests that one call can start: same source, name and description, different destinations."""
        if not self._cloud.many_destinations_per_call or first in self._singles:
            return [first]
        now = self._deadline.now()
        order = first.order
        return [first] + [
            other
            for name, attempts in ready.items()
            if name != first.request.region and rooms[name].has_room(now)
            for other in attempts
            if other.request.snapshot_id == first.request.snapshot_id
            and (other.order.name, other.order.description) == (order.name, order.description)
            and other.memory.is_fresh(now)
            and not (other.memory.copy_call.final_error or other in self._singles)
        ]

    def _send(self, calls: list[list[Attempt]], rooms: Mapping[str, Room]) -> list[Attempt]:
        """Make these copy calls, in parallel if the cloud's SDK allows it, and record their answers."""
        if len(calls) > 1:
            with ThreadPoolExecutor(len(calls)) as pool:
                answers = list(pool.map(self._ask, calls))
        else:
            answers = [self._ask(call) for call in calls]
        pairs = [pair for call, answer in zip(calls, answers) for pair in zip(call, answer)]
        # In parallel only without failures: a first call shows whether the cloud accepts calls.
        none_failed = not any(isinstance(answer, CopyError) for _attempt, answer in pairs)
        if calls:
            self._parallel_calls = self._cloud.calls_at_once if none_failed else 1
        ended: list[Attempt] = []
        for attempt, answer in sorted(pairs, key=lambda pair: isinstance(pair[1], CopyError)):
            ended += self._record_answer(attempt, rooms[attempt.request.region], answer)
        for call, answers_of_call in zip(calls, answers):
            _open_together(call, answers_of_call, rooms)
        return [attempt for attempt, _answer in pairs] + ended

    def _ask(self, call: list[Attempt]) -> list[Resource | CopyError | None]:
        """Make a copy call. If it may have been refused because of one of its copies, make a call for each copy.

        The answer None means that a call was not sent because its look was no longer fresh.
        """
        orders = [attempt.order for attempt in call]
        try:
            answers = call_safely(Ambiguous, lambda: self._cloud.begin(orders))
        except CopyError as error:
            if len(call) > 1 and not isinstance(error, (Throttled, Unreachable)):
                self._singles.update(call)  # one of them may be the reason, even for a lost answer
            if len(call) == 1 or not self._cloud.may_be_of_one(error):
                return [error] * len(call)
            return [answer for attempt in call for answer in self._ask_alone(attempt)]
        return [*answers, *[Ambiguous("The response is incomplete")] * (len(call) - len(answers))]

    def _ask_alone(self, attempt: Attempt) -> list[Resource | CopyError | None]:
        may_be_sent = attempt.memory.is_fresh(self._deadline.now()) and not self._deadline.passed
        return self._ask([attempt]) if may_be_sent else [None]

    def _record_answer(self, attempt: Attempt, room: Room, answer: Resource | CopyError | None) -> list[Attempt]:
        """Record the result of a copy call, by the class of its failure. Returns other attempts that it ends."""
        self._ended_at[attempt.request.region] = now = self._deadline.now()
        if answer is None:
            attempt.memory.record_copy_not_sent()
        elif isinstance(answer, Resource):
            attempt.memory.record_copy_accepted(answer, now)
            room.record_accepted(now)
        elif answer.retry is Retry.LOOK_FIRST:
            if attempt.memory.copy_call.lost_spans or isinstance(answer, Underway):
                room.queue.defer(attempt)  # the source may be the reason, because it is not the first time
            attempt.memory.record_copy_in_doubt(answer, now, self._cloud.utc())
        elif answer.retry is Retry.LATER:
            if isinstance(answer, NotSent):
                attempt.memory.record_copy_not_sent()
            else:
                attempt.memory.record_copy_refused(answer)
            room.record_refusal(attempt, answer, now)
        else:
            attempt.memory.record_copy_rejected(answer)
            if answer.holds_for_all:
                others = [a for a in room.queue if a is not attempt and a.memory.has_requested_nothing]
                for other in others:
                    other.memory.record_copy_rejected(answer)
                return others
        return []


def _open_together(
    call: Sequence[Attempt], answers: Sequence[Resource | CopyError | None], rooms: Mapping[str, Room]
) -> None:
    """Open the windows of the refused requests of a call at the same time, so that one call repeats them."""
    refused = [a for a, why in zip(call, answers) if isinstance(why, CopyError) and why.retry is Retry.LATER]
    windows = [rooms[attempt.request.region].window for attempt in refused]
    latest = max((window.opens_at for window in windows), default=0.0)
    for window in windows:
        window.delay(until=latest)
