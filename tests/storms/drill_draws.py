# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms over restores and drills, drawn from one seed: what runs, what fails, and what lies in the cloud before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.clouds import CLOUDS

from .faults import FAULTS, KILLS, SIMPLEST_VALUES, Event

#: Longer than the disks of any drill exist.
AFTER_EXPIRY_SECONDS = 12 * 3600.0
#: The calls of a run that may get a fault; later ones are answered.
MAX_FAULTY_CALLS = 120
#: Disks that exist before: of a restore that people keep, attached, with wrong or incomplete tags; and two of an
#: earlier drill, one of them expired.
OTHERS = ("untagged", "restore", "attached", "forged", "half", "later", "expired", "pair")


@dataclass(frozen=True)
class PlannedDrill:
    """One drill, one restore that people keep, or one night of copying. ``faults`` are by the number of the call."""

    kept: bool
    copies: tuple[int, ...]
    night: bool = False
    faults: tuple[tuple[int, str], ...] = ()
    expires_at: int | None = None
    wait_timeout: int = 1800
    max_in_flight: int = 20
    late: float = 0.0
    #: The hours after which disks of a restore expire; the last run removes the expiry.
    hours: int = 0
    #: How many seconds the disks of a drill are attached and checked, one after the other; None: not at all.
    checks: float | None = None
    #: The plan of such a drill, which then looks for drills of other plans on its test instance; empty: it does not.
    plan: str = ""


@dataclass(frozen=True)
class DrillRound:
    runs: tuple[PlannedDrill, ...]
    events: tuple[Event, ...] = ()
    gap: float = 30.0


@dataclass(frozen=True)
class DrillStorm:
    """Copies in one region, other disks there, and rounds of drills and restores."""

    cloud: str
    seed: int
    copies: int = 1
    others: tuple[str, ...] = ()
    disk_seconds: float = 2.0
    slow: tuple[int, ...] = ()
    deleting: float = 5.0
    refused: float = 0.0  # ECS: seconds for which a disk cannot be deleted yet; CBS: whether there is a recycle bin
    vanishing: tuple[int, ...] = ()
    latency: float = 0.0
    lags: tuple[float, ...] = (0.0,)
    quota: int = 1000
    threads: bool = True
    read_timeout: int = 60
    attach_seconds: float = 2.0
    #: Copies whose source has an older copy too, which is archived (EBS).
    archived: tuple[int, ...] = ()
    nights: int = 0  # the number of disks with an older copy that nights replace
    rounds: tuple[DrillRound, ...] = ()

    @property
    def lag(self) -> float:
        """Seconds after which every read shows a change."""
        return max(self.lags)

    @property
    def max_call_seconds(self) -> float:
        """The longest duration of a call (seconds)."""
        return min(self.latency, float(self.read_timeout))

    def simplify(self) -> Iterator[DrillStorm]:
        """Yield storms with one thing less."""
        for number in range(len(self.rounds)):
            if len(self.rounds) > 1:
                yield replace(self, rounds=self.rounds[:number] + self.rounds[number + 1 :])
        for number in range(len(self.others)):
            yield replace(self, others=self.others[:number] + self.others[number + 1 :])
        for number, round_ in enumerate(self.rounds):
            for fewer in _simplify_round(round_):
                yield replace(self, rounds=(*self.rounds[:number], fewer, *self.rounds[number + 1 :]))
        own = {
            "vanishing": (),
            "archived": (),
            "nights": 0,
            "refused": 0.0,
            "disk_seconds": 2.0,
            "quota": 1000,
            "attach_seconds": 2.0,
        }
        for name, simplest in {**SIMPLEST_VALUES, **own}.items():
            if hasattr(self, name) and getattr(self, name) != simplest:
                yield replace(self, **{name: simplest})


def _simplify_round(round_: DrillRound) -> Iterator[DrillRound]:
    for number in range(len(round_.events)):
        yield replace(round_, events=round_.events[:number] + round_.events[number + 1 :])
    for number, run in enumerate(round_.runs):
        before, after = round_.runs[:number], round_.runs[number + 1 :]
        if before or after:
            yield replace(round_, runs=(*before, *after))
        if run.checks is not None:
            yield replace(round_, runs=(*before, replace(run, checks=None, plan=""), *after))
        size = len(run.faults)
        while size:
            for start in range(0, len(run.faults), size):
                faults = run.faults[:start] + run.faults[start + size :]
                yield replace(round_, runs=(*before, replace(run, faults=faults), *after))
            size //= 2
        for one in range(len(run.copies) if len(run.copies) > 1 else 0):
            copies = run.copies[:one] + run.copies[one + 1 :]
            yield replace(round_, runs=(*before, replace(run, copies=copies), *after))


def draw_plain_drill_storm(cloud: str, seed: int) -> DrillStorm:
    """Draw a storm. The same cloud and seed give the same storm."""
    draw = random.Random(f"drill {cloud} {seed}")
    count = draw.choice((1, 2, 3, 4, 6, 9))
    # CBS shows no disk that is being made, and one that takes longer than ten minutes counts as failed.
    disk_seconds = draw.choice((0.5, 2.0, 2.0, 20.0, 50.0 if cloud == "cbs" else 90.0))
    return DrillStorm(
        cloud,
        seed,
        copies=count,
        others=tuple(draw.choice(OTHERS) for _n in range(draw.choice((0, 1, 3, 5)))),
        disk_seconds=disk_seconds,
        slow=tuple(n for n in range(count) if draw.random() < 0.1),
        deleting=draw.choice((0.0, 1.0, 5.0, 40.0)),
        refused=draw.choice((0.0, 0.0, 20.0, 200.0)) if cloud in ("ecs", "cbs") else 0.0,
        # Not the first, so that a disk can be made at the end.
        vanishing=tuple(n for n in range(count) if draw.random() < 0.08 and n) if cloud in ("ebs", "cbs") else (),
        latency=draw.choice((0.0, 0.0, 0.3, 1.0, 5.0)),
        lags=draw.choice(((0.0,), (0.0, 2.0), (0.0, 5.0), (0.0, 3.0, 12.0), (1.0, 25.0), (0.0, 20.0, 60.0))),
        quota=draw.choice((1, 3, 1000, 1000)),
        threads=draw.random() < 0.7,
        read_timeout=draw.choice((2, 5, 60)),
        rounds=tuple(_draw_round(cloud, count, draw) for _n in range(draw.choice((1, 2, 2, 3)))),
        archived=tuple(n for n in range(count) if draw.random() < 0.1) if cloud == "ebs" else (),
    )


def _draw_round(cloud: str, count: int, draw: random.Random) -> DrillRound:
    kinds = ("quota", "kill", "kill", "attach", "take")
    events = tuple(
        Event(round(draw.uniform(0.0, 90.0), 1), draw.choice(kinds), draw.randrange(1000))
        for _n in range(draw.choice((0, 0, 1, 3)))
    )
    first, *others = (draw_run(cloud, count, draw, number) for number in range(draw.choice((1, 1, 1, 2))))
    # These storms do not include two runs of one restore at once.
    runs = (first, *(replace(run, kept=False) for run in others))
    return DrillRound(runs, events, draw.choice((0.0, 1.0, 60.0, 3 * 3600.0, AFTER_EXPIRY_SECONDS)))


def draw_run(cloud: str, count: int, draw: random.Random, number: int) -> PlannedDrill:
    """Draw the run of a round with this number."""
    kinds = FAULTS + (("charset", "no_result_set") if cloud == "cbs" else ())
    share = draw.choice((0.0, 0.05, 0.15, 0.35))
    faults = {n: draw.choice(kinds) for n in range(1, MAX_FAULTY_CALLS) if draw.random() < share}
    if draw.random() < 0.3:
        start = draw.randint(1, 30)
        faults.update(dict.fromkeys(range(start, start + draw.randint(2, 12)), "throttle"))
    if draw.random() < 0.5:  # above all between making and deleting
        faults[draw.randint(2, 25)] = draw.choice(KILLS)
    return PlannedDrill(
        kept=draw.random() < 0.25,
        copies=tuple(sorted(draw.sample(range(count), draw.randint(1, count)))),
        faults=tuple(sorted(faults.items())),
        expires_at=draw.randint(2, 60) if draw.random() < 0.07 else None,
        wait_timeout=draw.choice((5, 60, 1800, 1800)),
        max_in_flight=draw.choice((1, 3, 20)),
        late=draw.choice((0.0, 0.3, 4.0, 30.0)) if number else 0.0,
        # Longer than all rounds. ENS cannot change the tags of disks.
        hours=draw.choice((0, 0, 48)) if cloud != "ens" else 0,
    )


#: How long (seconds) the run looks for a lost disk on each cloud.
DOUBT_SECONDS = {name: cloud.doubt for name, cloud in CLOUDS.items()}
