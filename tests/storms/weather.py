# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storm, drawn from one seed: what is there before, what is asked, and what goes wrong when. Data, so that it shrinks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

#: Calls of a run for which faults are drawn; later ones are answered.
CALLS = 400
FAULTS = (
    "lose_answer",
    "drop",
    "broken_answer",
    "error_after",
    "unavailable",
    "empty_unavailable",
    "garbage",
    "throttle",
)
MORE_FAULTS = {"cbs": ("charset", "no_result_set", "no_snapshot_id")}
REGIONS = ("destination", "other_destination", "third_destination")


@dataclass(frozen=True)
class Source:
    disk: int
    age_hours: int
    kind: str = "good"  # or "unfinished", "unknown", "gone"


@dataclass(frozen=True)
class Before:
    """A copy that is there before: of which source, where, whose, and how it stands."""

    source: int
    region: int
    ours: bool
    state: str  # "complete", "running" or "failed"


@dataclass(frozen=True)
class Event:
    """Something that happens so many seconds after a run's beginning: see Sea.happens."""

    after: float
    kind: str
    number: int


@dataclass(frozen=True)
class Run:
    faults: tuple[tuple[int, str], ...] = ()
    events: tuple[Event, ...] = ()
    failing: tuple[int, ...] = ()
    expires_at: int | None = None
    wait: bool = True
    wait_timeout: int = 20000
    gap: float = 30.0


@dataclass(frozen=True)
class Storm:
    cloud: str
    seed: int
    disks: int = 1
    sources: tuple[Source, ...] = ()
    before: tuple[Before, ...] = ()
    destinations: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    copy_seconds: float = 5.0
    visible_after: float = 0.0
    quota: int = 20
    runs: tuple[Run, ...] = ()

    def smaller(self) -> Iterator[Storm]:
        """Yield storms with one thing less, the largest steps first."""
        for name in ("runs", "before", "sources"):
            kept = getattr(self, name)
            size = max(1, len(kept) // 2)
            while size:
                for start in range(0, len(kept), size):
                    fewer = kept[:start] + kept[start + size :]
                    if name == "sources":
                        before = tuple(b for b in self.before if b.source < len(fewer))
                        runs = tuple(
                            replace(r, failing=tuple(f for f in r.failing if f < len(fewer))) for r in self.runs
                        )
                        if fewer:
                            yield replace(self, sources=fewer, before=before, runs=runs)
                    elif name != "runs" or start + size < len(kept):
                        yield replace(self, **{name: fewer})
                size //= 2
        for number, run in enumerate(self.runs):
            for name in ("faults", "events", "failing"):
                kept = getattr(run, name)
                for start in range(len(kept)):
                    fewer = replace(run, **{name: kept[:start] + kept[start + 1 :]})
                    yield replace(self, runs=(*self.runs[:number], fewer, *self.runs[number + 1 :]))
        if self.destinations > 1:
            yield replace(self, destinations=self.destinations - 1)
        for key in self.options:
            yield replace(self, options={k: v for k, v in self.options.items() if k != key})
        for name, plain in (("visible_after", 0.0), ("copy_seconds", 5.0), ("quota", 20)):
            if getattr(self, name) != plain:
                yield replace(self, **{name: plain})


def storm_of(cloud: str, seed: int) -> Storm:
    """Draw a storm. The same cloud and seed give the same storm."""
    draw = random.Random(f"{cloud} {seed}")
    count = draw.choice((1, 2, 3, 5, 8, 12, 20, 60) if draw.random() < 0.15 else (1, 2, 3, 4, 6, 9, 12))
    disks = draw.randint(1, min(20, count))
    kinds = ("good",) * 12 + ("unfinished", "unknown", "gone")
    sources = tuple(Source(draw.randrange(disks), draw.randint(1, 99), draw.choice(kinds)) for _n in range(count))
    destinations = draw.choice((1, 1, 2, 3))
    before = tuple(
        Before(
            draw.randrange(count),
            draw.randrange(destinations),
            draw.random() < 0.6,
            draw.choice(("complete", "complete", "running", "failed")),
        )
        for _n in range(draw.choice((0, 0, 1, 3, count)))
    )
    return Storm(
        cloud,
        seed,
        disks,
        sources,
        before,
        destinations,
        _options(cloud, draw),
        copy_seconds=draw.choice((0.5, 3.0, 20.0, 90.0)),
        visible_after=draw.choice((0.0, 0.0, 1.0, 4.0, 8.0)),
        quota=draw.choice((1, 3, 8, 20, 1000)) if cloud != "ens" else 1000,  # ENS tells no quota, it only refuses
        runs=(
            *(_run(cloud, count, draw) for _n in range(draw.choice((1, 1, 2, 3)))),
            Run(gap=draw.choice((20.0, 200.0))),
        ),
    )


def _options(cloud: str, draw: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {
        "max_in_flight": draw.choice((1, 3, 20)),
        "wait_delay": draw.choice((1, 5, 15)),
        "replace_failed": draw.random() < 0.8,
        "remove_duplicates": draw.random() < 0.3,
    }
    if cloud != "ens" and draw.random() < 0.5:
        options.update(tags={"team": "dr"}, purge_tags=draw.random() < 0.5, copy_tags=draw.random() < 0.5)
    if cloud == "cbs" and draw.random() < 0.5:
        options["retention_days"] = 30
    return options


def _run(cloud: str, sources: int, draw: random.Random) -> Run:
    kinds = FAULTS + MORE_FAULTS.get(cloud, ())
    share = draw.choice((0.0, 0.05, 0.15, 0.35))
    faults = {n: draw.choice(kinds) for n in range(1, CALLS) if draw.random() < share}
    for _n in range(draw.choice((0, 0, 1, 2))):
        start = draw.randint(1, 60)
        faults.update(dict.fromkeys(range(start, start + draw.randint(2, 12)), "throttle"))
    if draw.random() < 0.3:
        faults[draw.randint(1, 40)] = draw.choice(("kill_before", "kill_after"))
    events = tuple(
        Event(
            round(draw.uniform(0.0, 60.0), 1),
            draw.choice(("foreign", "quota" if cloud != "ens" else "foreign", "vanish", "gone")),
            draw.randrange(1000),
        )
        for _n in range(draw.choice((0, 0, 1, 3)))
    )
    return Run(
        tuple(sorted(faults.items())),
        events,
        failing=tuple(n for n in range(sources) if draw.random() < 0.08),
        expires_at=draw.randint(2, 60) if draw.random() < 0.1 else None,
        wait=draw.random() < 0.7,
        wait_timeout=draw.choice((5, 30, 300, 3600)),
        gap=draw.choice((0.0, 1.0, 12.0, 60.0)),
    )
