# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storm of nights: two plans over shared and own disks, events of each evening, and faults.

It is data, so that it shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..faults import Event

#: The modes of locks that a plan may request: on ECS nobody can end one early, so it must be set explicitly.
LOCK_MODES = {"ebs": ("governance", "compliance"), "ecs": ("compliance",)}


@dataclass(frozen=True)
class PlannedNight:
    """One run of a plan. ``faults`` are by the number of the call, ``files`` by that of the file that it writes."""

    plan: int
    late: float = 0.0
    faults: tuple[tuple[int, str], ...] = ()
    files: tuple[tuple[int, str], ...] = ()
    expires_at: int | None = None
    #: By how many seconds the clock of its controller is off.
    skew: float = 0.0
    check: bool = False
    reads_only: bool = False
    #: Whether the source region does not answer.
    down: bool = False
    #: The part of the plan that it covers; empty for all of it.
    shard: str = ""


@dataclass(frozen=True)
class PlannedRestore:
    """A restore of all disks in a destination, by its number, or a drill there.

    ``faults`` are by the number of the call. Restores of one day have the same ID, so that a second one continues where
    the first was interrupted.
    """

    region: int = 0
    is_drill: bool = False
    late: float = 0.0
    faults: tuple[tuple[int, str], ...] = ()
    files: tuple[tuple[int, str], ...] = ()
    expires_at: int | None = None
    skew: float = 0.0
    check: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    #: Restores read only the destination.
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
    #: Folders that cannot be written tonight: "reports", "metrics".
    broken: tuple[str, ...] = ()
    #: How the cloud reports that snapshots of one server were taken together: "crash", "weak" (not of one moment),
    #: "wrong" (contradictory), or not at all.
    together: str = ""
    restores: tuple[PlannedRestore, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A plan: its name, the destinations by their numbers, and the role's variables."""

    name: str
    destinations: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    #: Whether it names its disks by ID instead of by a tag.
    by_ids: bool = False
    #: Its former name.
    former: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names whose copies are its own."""
        return (self.name, self.former) if self.former else (self.name,)

    @property
    def first_name(self) -> str:
        return self.former or self.name


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
    #: How many days the source keeps its own snapshots.
    source_days: int = 4
    #: The server that each disk is attached to at first, -1 for none; empty if no disk is attached.
    servers: tuple[int, ...] = ()
    #: The value of the group tag of each disk, -1 for none; empty if plans use no such tag.
    groups: tuple[int, ...] = ()
    #: Plans by their numbers, each with the evening from which it has another name.
    renamed: tuple[tuple[int, int], ...] = ()
    #: Whether copies are encrypted with a key, which people disable and enable.
    keys: bool = False

    @property
    def has_groups(self) -> bool:
        return bool(self.servers or self.groups)

    def plans_at(self, evening: int) -> tuple[Plan, ...]:
        """Return the plans with their names on an evening; the first evening is 1."""
        since = dict(self.renamed)
        return tuple(
            replace(plan, name=f"{plan.name}-new", former=plan.name)
            if number in since and since[number] <= evening
            else plan
            for number, plan in enumerate(self.plans)
        )

    @property
    def lag(self) -> float:
        """Seconds after which every read shows a change."""
        return max(self.lags) + self.tags_late

    @property
    def max_call_seconds(self) -> float:
        """The longest duration of a call (seconds)."""
        return self.latency

    def broken_at(self, evening: int) -> tuple[str, ...]:
        """Return the folders that cannot be written on an evening; the first evening is 1."""
        return self.evenings[evening - 1].broken if evening <= len(self.evenings) else ()

    def simplify(self) -> Iterator[RoleStorm]:
        """Yield storms with one thing less, the largest steps first."""
        half = len(self.evenings) // 2
        for part in (self.evenings[:half], self.evenings[half:]) if half else ():
            yield replace(self, evenings=part)
        for number, evening in enumerate(self.evenings):
            before, after = self.evenings[:number], self.evenings[number + 1 :]
            yield replace(self, evenings=(*before, *after))
            for less in _simplify_evening(evening):
                yield replace(self, evenings=(*before, less, *after))
        for name, simplest in (
            ("latency", 0.0),
            ("lags", (0.0,)),
            ("tags_late", 0.0),
            ("quota", 1000),
            ("threads", False),
            ("servers", ()),
            ("groups", ()),
            ("renamed", ()),
            ("keys", False),
        ):
            if getattr(self, name) != simplest:
                yield replace(self, **{name: simplest})
        for number, plan in enumerate(self.plans):
            for key in plan.options:
                fewer = {name: value for name, value in plan.options.items() if name != key}
                plans = (*self.plans[:number], replace(plan, options=fewer), *self.plans[number + 1 :])
                yield replace(self, plans=plans)


def _simplify_evening(evening: Evening) -> Iterator[Evening]:
    for name in ("nights", "by_day", "by_night", "failing", "broken", "restores"):
        rows = getattr(evening, name)
        for number in range(len(rows)):
            yield replace(evening, **{name: (*rows[:number], *rows[number + 1 :])})
    if evening.together:
        yield replace(evening, together="")
    for name in ("nights", "restores"):
        runs = getattr(evening, name)
        for number, run in enumerate(runs):
            for less in _simplify_run(run):
                yield replace(evening, **{name: (*runs[:number], less, *runs[number + 1 :])})


def _simplify_run(night: Any) -> Iterator[Any]:
    for name in ("faults", "files"):
        rows = getattr(night, name)
        if len(rows) > 1:
            yield replace(night, **{name: rows[: len(rows) // 2]})
            yield replace(night, **{name: rows[len(rows) // 2 :]})
        elif rows:
            yield replace(night, **{name: ()})
    if night.skew or night.late:
        yield replace(night, skew=0.0, late=0.0)
