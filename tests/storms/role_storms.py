# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storm of nights, drawn from one seed: two plans over shared and own disks, what each evening brings, and what goes
wrong when.

Data, so that it shrinks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.clouds import CLOUDS

from .faults import FAULTS, KILLS, MORE_FAULTS, Event
from .harder import SKEWS

#: The calls of a night for which faults are drawn.
CALLS = 60
#: What a person does by day, and what happens while nights pass; see role_nights.Nights.happens.
BY_DAY = ("untag", "retag", "exclude", "include", "delete", "hold", "unhold", "lock", "foreign", "mark")
BY_NIGHT = ("delete", "hold", "foreign", "kill", "quota")
#: Disks of a large server, and the evenings of the longest storm that has one.
MOST_DISKS, LONGEST_OF_LARGE = 16, 4
#: What becomes of a file that a night writes.
FILE_FAULTS = ("full", "kill_before", "kill_after")
#: The modes of locks that a plan may ask for: on ECS nobody can end one early, which has to be written out.
LOCK_MODES = {"ebs": ("governance", "compliance"), "ecs": ("compliance",)}


@dataclass(frozen=True)
class PlannedNight:
    """One run of a plan. ``faults`` are by the number of its call, ``files`` by that of the file that it writes."""

    plan: int
    late: float = 0.0
    faults: tuple[tuple[int, str], ...] = ()
    files: tuple[tuple[int, str], ...] = ()
    expires_at: int | None = None
    #: By how many seconds the clock of its controller is off.
    skew: float = 0.0
    check: bool = False
    reads_only: bool = False
    #: Whether the source region answers nothing.
    down: bool = False


@dataclass(frozen=True)
class Evening:
    """A day and its nights: the disks that had a snapshot taken, what people did, and the runs, which may overlap."""

    taken: tuple[int, ...]
    nights: tuple[PlannedNight, ...]
    by_day: tuple[Event, ...] = ()
    by_night: tuple[Event, ...] = ()
    #: Disks whose copies fail tonight.
    failing: tuple[int, ...] = ()
    #: Folders that nobody can write to tonight: "reports", "metrics".
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A plan: its name, the destinations by their numbers, and the role's variables."""

    name: str
    destinations: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    #: Whether it names its disks by their IDs, and not by a tag.
    by_ids: bool = False


@dataclass(frozen=True)
class RoleStorm:
    cloud: str
    seed: int
    #: The plans that each disk belongs to.
    disks: tuple[tuple[int, ...], ...]
    plans: tuple[Plan, ...]
    evenings: tuple[Evening, ...]
    copy_seconds: float = 20.0
    latency: float = 0.0
    lags: tuple[float, ...] = (0.0,)
    tags_late: float = 0.0
    quota: int = 1000
    threads: bool = True
    #: For how many days the source keeps its own snapshots.
    source_days: int = 4
    #: The server that each disk is attached to at first, -1 for none; empty where no disk is.
    servers: tuple[int, ...] = ()

    @property
    def lag(self) -> float:
        """Seconds after which every read shows a change."""
        return max(self.lags) + self.tags_late

    @property
    def call(self) -> float:
        """The longest that a call takes (seconds)."""
        return self.latency

    def broken_at(self, evening: int) -> tuple[str, ...]:
        """Return the folders that nobody can write to on an evening, the first of which is 1."""
        return self.evenings[evening - 1].broken if evening <= len(self.evenings) else ()

    def smaller(self) -> Iterator[RoleStorm]:
        """Yield storms with one thing less, the largest steps first."""
        half = len(self.evenings) // 2
        for part in (self.evenings[:half], self.evenings[half:]) if half else ():
            yield replace(self, evenings=part)
        for number, evening in enumerate(self.evenings):
            before, after = self.evenings[:number], self.evenings[number + 1 :]
            yield replace(self, evenings=(*before, *after))
            for less in _less(evening):
                yield replace(self, evenings=(*before, less, *after))
        for name, plain in (
            ("latency", 0.0),
            ("lags", (0.0,)),
            ("tags_late", 0.0),
            ("quota", 1000),
            ("threads", False),
            ("servers", ()),
        ):
            if getattr(self, name) != plain:
                yield replace(self, **{name: plain})
        for number, plan in enumerate(self.plans):
            for key in plan.options:
                fewer = {name: value for name, value in plan.options.items() if name != key}
                plans = (*self.plans[:number], replace(plan, options=fewer), *self.plans[number + 1 :])
                yield replace(self, plans=plans)


def _less(evening: Evening) -> Iterator[Evening]:
    for name in ("nights", "by_day", "by_night", "failing", "broken"):
        rows = getattr(evening, name)
        for number in range(len(rows)):
            yield replace(evening, **{name: (*rows[:number], *rows[number + 1 :])})
    for number, night in enumerate(evening.nights):
        for less in _less_of_night(night):
            yield replace(evening, nights=(*evening.nights[:number], less, *evening.nights[number + 1 :]))


def _less_of_night(night: PlannedNight) -> Iterator[PlannedNight]:
    for name in ("faults", "files"):
        rows = getattr(night, name)
        if len(rows) > 1:
            yield replace(night, **{name: rows[: len(rows) // 2]})
            yield replace(night, **{name: rows[len(rows) // 2 :]})
        elif rows:
            yield replace(night, **{name: ()})
    if night.skew or night.late:
        yield replace(night, skew=0.0, late=0.0)


def role_storm_of(cloud: str, seed: int, evenings: int | None = None) -> RoleStorm:
    """Draw a storm of nights, of so many evenings if given. The same cloud and seed give the same storm."""
    draw = random.Random(f"role {cloud} {seed}")
    disks = tuple(draw.choice(((0,), (1,), (0, 1))) for _n in range(draw.randint(1, 5)))
    one, two = draw.choice(((0,), (0, 1))), draw.choice(((0,), (0, 1), (1,)))
    plans = (
        Plan("alpha", one, _options(cloud, draw)),
        Plan("beta", two, _options(cloud, draw), by_ids=draw.random() < 0.15),
    )
    number = draw.choice((4, 7, 12, 30))
    number = number if evenings is None else min(number, evenings)
    copy_seconds = draw.choice((1.0, 20.0, 20.0, 90.0, 600.0))
    lags = draw.choice(((0.0,), (0.0, 2.0), (0.0, 5.0), (0.0, 3.0, 12.0)))
    others: dict[str, Any] = {
        "copy_seconds": copy_seconds,
        "latency": draw.choice((0.0, 0.0, 0.3, 1.0)),
        "lags": lags,
        "tags_late": draw.choice((0.0, 2.0, 20.0)) if cloud == "cbs" else 0.0,
        "quota": draw.choice((1, 3, 1000)) if cloud != "ens" else 1000,
        "threads": draw.random() < 0.7,
        "source_days": draw.choice((2, 4, 9)),
    }
    evenings_of = tuple(_evening(cloud, len(disks), draw) for _n in range(number))
    return _with_servers(RoleStorm(cloud, seed, disks, plans, evenings_of, **others))


def _with_servers(storm: RoleStorm) -> RoleStorm:
    """Attach disks to servers in half of the storms: let some of them move, and spoil marks of sets. A few servers are
    large."""
    draw = random.Random(f"servers {storm.cloud} {storm.seed}")
    if draw.random() < 0.5:
        return storm
    servers = tuple(draw.choice((0, 0, 0, 1, -1)) for _disk in storm.disks)
    evenings = []
    for evening in storm.evenings:
        kinds = [kind for kind, share in (("move", 0.15), ("spoil", 0.1)) if draw.random() < share]
        events = tuple(Event(41000.0 + number, kind, draw.randrange(1000)) for number, kind in enumerate(kinds))
        evenings.append(replace(evening, by_day=(*evening.by_day, *events)))
    if len(evenings) <= LONGEST_OF_LARGE and draw.random() < 0.2:
        more = tuple(range(len(storm.disks), MOST_DISKS))
        evenings = [replace(evening, taken=(*evening.taken, *more)) for evening in evenings]
        storm = replace(storm, disks=(*storm.disks, *((0,) for _disk in more)))
        servers += (0,) * len(more)
    return replace(storm, servers=servers, evenings=tuple(evenings))


def _options(cloud: str, draw: random.Random) -> dict[str, Any]:
    rules: tuple[dict[str, Any], ...] = (
        {},
        {"keep": draw.randint(1, 4)},
        {"keep": draw.randint(1, 4)},
        {"keep_days": draw.randint(1, 6)},
        {"keep": 2, "keep_days": 3},
        {"keep_daily": 3, "keep_weekly": 2, "timezone": "Europe/Berlin"},
        {"keep_weekly": 1, "keep_monthly": 1, "timezone": "Pacific/Auckland"},
    )
    options: dict[str, Any] = {
        **draw.choice(rules),
        "rpo_hours": draw.choice((0, 30, 30, 60)),
        "select": draw.choice(("latest", "latest", "all")),
        "remove_duplicates": draw.random() < 0.3,
        "max_in_flight": draw.choice((1, 3, 20)),
        "wait": draw.random() < 0.9,
        "wait_timeout": draw.choice((600, 10800, 10800)),
        "log": draw.choice(("brief", "full")),
    }
    if draw.random() < 0.2:
        options["max_snapshot_age_hours"] = draw.choice((20, 60))
    if draw.random() < 0.15:
        options["max_deletions"] = draw.choice((1, 3))
    if draw.random() < 0.2:
        options["name"] = "of-{snapshot_id}"
    if CLOUDS[cloud].snapshots_have_tags:
        options["copy_tags"] = draw.random() < 0.7
        if draw.random() < 0.3:
            options["tags"] = {"team": "dr"}
        if draw.random() < 0.2:
            options.update(copy_tags=True, copy_disk_tags=True)
    if cloud in LOCK_MODES and draw.random() < 0.2:
        options.update(lock_days=draw.choice((1, 3)), lock_mode=draw.choice(LOCK_MODES[cloud]))
    return options


def _evening(cloud: str, disks: int, draw: random.Random) -> Evening:
    quiet = draw.random() < 0.3
    kinds = [0, 1, *([draw.choice((0, 1))] if draw.random() < 0.15 else [])]
    nights = tuple(_night(cloud, plan, draw, quiet) for plan in kinds if draw.random() < 0.93)
    return Evening(
        taken=tuple(n for n in range(disks) if draw.random() < 0.8),
        nights=nights,
        by_day=_events(draw, BY_DAY, (0, 0, 1, 2), 40000.0) if not quiet else (),
        by_night=_events(draw, BY_NIGHT, (0, 0, 1), 120.0) if not quiet else (),
        failing=tuple(n for n in range(disks) if not quiet and draw.random() < 0.05),
        broken=tuple(name for name in ("reports", "metrics") if not quiet and draw.random() < 0.04),
    )


def _events(draw: random.Random, kinds: tuple[str, ...], numbers: tuple[int, ...], longest: float) -> tuple[Event, ...]:
    count = draw.choice(numbers)
    drawn = (
        Event(round(draw.uniform(0.0, longest), 1), draw.choice(kinds), draw.randrange(1000)) for _n in range(count)
    )
    return tuple(sorted(drawn, key=lambda event: event.after))


def _night(cloud: str, plan: int, draw: random.Random, quiet: bool) -> PlannedNight:
    late = draw.choice((0.0, 0.0, 1.0, 10.0, 3600.0)) if plan else 0.0
    if quiet:
        return PlannedNight(plan, late)
    share = draw.choice((0.0, 0.0, 0.05, 0.2))
    kinds = FAULTS + MORE_FAULTS.get(cloud, ())
    faults = {n: draw.choice(kinds) for n in range(1, CALLS) if draw.random() < share}
    if draw.random() < 0.15:
        faults[draw.randint(1, 30)] = draw.choice(KILLS)
    files = {draw.randint(1, 6): draw.choice(FILE_FAULTS)} if draw.random() < 0.12 else {}
    return PlannedNight(
        plan,
        late,
        tuple(sorted(faults.items())),
        tuple(files.items()),
        expires_at=draw.randint(2, 30) if draw.random() < 0.04 else None,
        skew=draw.choice(SKEWS) if draw.random() < 0.4 else 0.0,
        check=draw.random() < 0.05,
        reads_only=draw.random() < 0.05,
        down=draw.random() < 0.06,
    )
