# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws a storm of nights from one seed.

What all storms have is drawn first. What only some have is drawn by a generator of its own, so that an addition changes
no storm that does not have it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.clouds import CLOUDS

from ..faults import FAULTS, KILLS, MORE_FAULTS, Event
from ..harder import SKEW_SECONDS
from .storms import LOCK_MODES, Evening, Plan, PlannedNight, PlannedRestore, RoleStorm

#: The calls of a night that may get a fault.
MAX_FAULTY_CALLS = 60
#: What a person does by day, and what happens during nights; see role_people.PeopleSimulation.apply_event.
BY_DAY = ("untag", "retag", "exclude", "include", "delete", "hold", "unhold", "lock", "foreign", "mark")
BY_NIGHT = ("delete", "hold", "foreign", "kill", "quota")
#: What happens to a file that a night writes.
FILE_FAULTS = ("full", "kill_before", "kill_after")


def draw_role_storm(cloud: str, seed: int, evenings: int | None = None) -> RoleStorm:
    """Draw a storm of nights, with this many evenings if given. The same cloud and seed give the same storm."""
    draw = random.Random(f"role {cloud} {seed}")
    disks = tuple(draw.choice(((0,), (1,), (0, 1))) for _n in range(draw.randint(1, 5)))
    one, two = draw.choice(((0,), (0, 1))), draw.choice(((0,), (0, 1), (1,)))
    plans = (
        Plan("alpha", one, _draw_options(cloud, draw)),
        Plan("beta", two, _draw_options(cloud, draw), by_ids=draw.random() < 0.15),
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
    evenings_of = tuple(_draw_evening(cloud, len(disks), draw) for _n in range(number))
    storm = RoleStorm(cloud, seed, disks, plans, evenings_of, **others)
    for add in (
        _add_servers,
        _add_large_servers,
        _add_sets,
        _rename_plan,
        _split_plan,
        _add_keys,
        _add_restores,
    ):
        storm = add(storm)
    return storm


def _draw_options(cloud: str, draw: random.Random) -> dict[str, Any]:
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


def _draw_evening(cloud: str, disks: int, draw: random.Random) -> Evening:
    quiet = draw.random() < 0.3
    kinds = [0, 1, *([draw.choice((0, 1))] if draw.random() < 0.15 else [])]
    nights = tuple(_draw_night(cloud, plan, draw, quiet) for plan in kinds if draw.random() < 0.93)
    return Evening(
        taken=tuple(n for n in range(disks) if draw.random() < 0.8),
        nights=nights,
        by_day=_draw_events(draw, BY_DAY, (0, 0, 1, 2), 40000.0) if not quiet else (),
        by_night=_draw_events(draw, BY_NIGHT, (0, 0, 1), 120.0) if not quiet else (),
        failing=tuple(n for n in range(disks) if not quiet and draw.random() < 0.05),
        broken=tuple(name for name in ("reports", "metrics") if not quiet and draw.random() < 0.04),
    )


def _draw_events(
    draw: random.Random, kinds: tuple[str, ...], numbers: tuple[int, ...], longest: float
) -> tuple[Event, ...]:
    count = draw.choice(numbers)
    drawn = (
        Event(round(draw.uniform(0.0, longest), 1), draw.choice(kinds), draw.randrange(1000)) for _n in range(count)
    )
    return tuple(sorted(drawn, key=lambda event: event.after))


def _draw_night(cloud: str, plan: int, draw: random.Random, quiet: bool) -> PlannedNight:
    late = draw.choice((0.0, 0.0, 1.0, 10.0, 3600.0)) if plan else 0.0
    if quiet:
        return PlannedNight(plan, late)
    share = draw.choice((0.0, 0.0, 0.05, 0.2))
    kinds = FAULTS + MORE_FAULTS.get(cloud, ())
    faults = {n: draw.choice(kinds) for n in range(1, MAX_FAULTY_CALLS) if draw.random() < share}
    if draw.random() < 0.15:
        faults[draw.randint(1, 30)] = draw.choice(KILLS)
    files = {draw.randint(1, 6): draw.choice(FILE_FAULTS)} if draw.random() < 0.12 else {}
    return PlannedNight(
        plan,
        late,
        tuple(sorted(faults.items())),
        tuple(files.items()),
        expires_at=draw.randint(2, 30) if draw.random() < 0.04 else None,
        skew=draw.choice(SKEW_SECONDS) if draw.random() < 0.4 else 0.0,
        check=draw.random() < 0.05,
        reads_only=draw.random() < 0.05,
        down=draw.random() < 0.06,
    )


# -- what only some storms have ----------------------------------------------------------------------------


def _random_for(what: str, storm: RoleStorm) -> random.Random:
    return random.Random(f"{what} {storm.cloud} {storm.seed}")


def _add_events(storm: RoleStorm, draw: random.Random, kind: str, share: float) -> RoleStorm:
    """Let people do something on some of the days."""
    evenings = (
        replace(evening, by_day=(*evening.by_day, Event(41000.0, kind, draw.randrange(1000))))
        if draw.random() < share
        else evening
        for evening in storm.evenings
    )
    return replace(storm, evenings=tuple(evenings))


def _add_options(storm: RoleStorm, options: dict[str, Any]) -> RoleStorm:
    plans = (replace(plan, options={**plan.options, **options}) for plan in storm.plans)
    return replace(storm, plans=tuple(plans))


def _add_servers(storm: RoleStorm) -> RoleStorm:
    """Attach disks to servers in half of the storms, and move some of them."""
    draw = _random_for("servers", storm)
    if draw.random() < 0.5:
        return storm
    servers = tuple(draw.choice((0, 0, 0, 1, -1)) for _disk in storm.disks)
    return _add_events(replace(storm, servers=servers), draw, "move", 0.15)


def _add_large_servers(storm: RoleStorm) -> RoleStorm:
    """Give some storms servers of up to 16 disks, and fewer evenings to limit the time."""
    draw = _random_for("large servers", storm)
    if draw.random() > 0.12:
        return storm
    added = draw.randint(5, 16 - len(storm.disks))
    disks = (*storm.disks, *((draw.choice((0, 0, 1)),) for _n in range(added)))
    servers = (storm.servers or (-1,) * len(storm.disks)) + (2,) * added
    evenings = tuple(
        replace(
            evening,
            taken=(*evening.taken, *(n for n in range(len(storm.disks), len(disks)) if draw.random() < 0.97)),
            failing=(*evening.failing, *((draw.randrange(len(disks)),) if draw.random() < 0.3 else ())),
        )
        for evening in storm.evenings[:5]
    )
    return replace(storm, disks=disks, servers=servers, evenings=evenings)


def _add_sets(storm: RoleStorm) -> RoleStorm:
    """Let clouds report sets, and plans have options about them, if disks are attached to servers."""
    draw = _random_for("sets", storm)
    if not storm.servers or draw.random() < 0.3:
        return storm
    options: dict[str, Any] = {"consistency": draw.choice(("disk", "set")), "set_seconds": draw.choice((300, 3600))}
    if storm.cloud == "ebs":
        options["set_tag"] = "night"
    kinds = ("", "crash", "crash", "weak", "wrong")
    storm = replace(storm, evenings=tuple(replace(one, together=draw.choice(kinds)) for one in storm.evenings))
    if draw.random() < 0.25 and CLOUDS[storm.cloud].snapshots_have_tags:
        options["group_tag"] = "app"
        storm = replace(storm, groups=tuple(draw.choice((0, 0, 1, -1)) for _disk in storm.disks))
        storm = _add_events(storm, draw, "regroup", 0.1)
    return _add_events(_add_options(storm, options), draw, "contradict", 0.3)


def _rename_plan(storm: RoleStorm) -> RoleStorm:
    """Rename a plan on one evening."""
    draw = _random_for("names", storm)
    return replace(storm, renamed=((draw.randrange(2), draw.randint(2, 5)),)) if draw.random() < 0.2 else storm


def _split_plan(storm: RoleStorm) -> RoleStorm:
    """Run a plan in two parts, in some storms only from an evening on; more often if clouds report sets."""
    draw = _random_for("parts", storm)
    if draw.random() > (0.45 if any(evening.together for evening in storm.evenings) else 0.18):
        return storm
    plan, since = draw.randrange(2), draw.choice((0, 0, 3))
    evenings = tuple(
        replace(evening, nights=tuple(part for night in evening.nights for part in _split_night(night, plan, draw)))
        if number >= since
        else evening
        for number, evening in enumerate(storm.evenings)
    )
    return replace(storm, evenings=evenings)


def _split_night(night: PlannedNight, plan: int, draw: random.Random) -> tuple[PlannedNight, ...]:
    if night.plan != plan:
        return (night,)
    late = night.late + draw.choice((0.0, 1.0, 600.0))
    return replace(night, shard="1/2"), replace(night, shard="2/2", late=late, faults=())


def _add_keys(storm: RoleStorm) -> RoleStorm:
    """Let the plans of some storms encrypt their copies with a key that people disable and enable."""
    draw = _random_for("keys", storm)
    if storm.cloud != "ebs" or draw.random() > 0.2:
        return storm
    plans = tuple(replace(plan, destinations=(0,)) for plan in storm.plans)
    # Somebody else's copies are not encrypted, and each run would report that.
    evenings = tuple(
        replace(
            evening,
            by_day=tuple(event for event in evening.by_day if event.kind != "foreign"),
            by_night=tuple(event for event in evening.by_night if event.kind != "foreign"),
        )
        for evening in storm.evenings
    )
    return _add_events(replace(storm, plans=plans, evenings=evenings, keys=True), draw, "key", 0.4)


def _add_restores(storm: RoleStorm) -> RoleStorm:
    """Run restores and drills on some evenings, before, during and after nights."""
    draw = _random_for("restores", storm)
    if draw.random() < 0.5:
        return storm
    evenings = tuple(
        replace(evening, restores=tuple(_draw_restore(storm, draw) for _n in range(draw.choice((0, 0, 0, 1, 1, 2)))))
        for evening in storm.evenings
    )
    return replace(storm, evenings=evenings)


def _draw_restore(storm: RoleStorm, draw: random.Random) -> PlannedRestore:
    share = draw.choice((0.0, 0.0, 0.05, 0.15))
    faults = {n: draw.choice(FAULTS) for n in range(1, MAX_FAULTY_CALLS) if draw.random() < share}
    if draw.random() < 0.2:
        faults[draw.randint(1, 15)] = draw.choice(KILLS)
    is_drill = draw.random() < 0.6
    options: dict[str, Any] = {"consistency": draw.choice(("set", "set", "disk"))}
    options.update({"count": draw.choice((1, 3, 20)), "max_age_days": draw.choice((0, 0, 5))} if is_drill else {})
    return PlannedRestore(
        region=storm.plans[0].destinations[0],
        is_drill=is_drill,
        late=draw.choice((0.0, 5.0, 60.0, 4000.0)),
        faults=tuple(sorted(faults.items())),
        check=draw.random() < 0.1,
        options=options,
    )
