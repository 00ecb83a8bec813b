# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storm, drawn from one seed: what exists before, what is requested, and the faults. Data, so that it shrinks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

#: The calls of a run that may get a fault; later ones are answered.
MAX_FAULTY_CALLS = 400
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
MORE_FAULTS = {"ebs": ("no_snapshot_id",), "cbs": ("charset", "no_result_set", "no_snapshot_id")}
KILLS = ("kill_before", "kill_after")
#: The modes of locks of each cloud; the empty one is the cloud's default.
LOCK_MODES = {"ebs": ("", "governance", "compliance"), "ecs": ("",)}
#: How long (seconds) a copy may be unseen (promises: unseen).
MAX_UNSEEN_SECONDS = 120.0
#: The greatest age (seconds) of a look on which a write may be based (promises: fresh-look).
MAX_LOOK_AGE_SECONDS = 15.0


@dataclass(frozen=True)
class Source:
    disk: int
    age_hours: int
    kind: str = "good"  # or "unfinished", "unknown", "gone"; EBS: "encrypted"
    late: float = 0.0  # seconds after the start of the first round until reads show it


@dataclass(frozen=True)
class ExistingCopy:
    """A copy that exists before: its source, its place, its owner and its state."""

    source: int
    region: int
    ours: bool
    state: str  # "complete", "running" or "failed"; ENS: "deleting"
    seconds: float = 40.0
    held: str = ""  # by its "tag", or by a "lock" if the cloud has locks
    encrypted: bool = False
    key: str = ""  # one of KEYS


@dataclass(frozen=True)
class Event:
    """An event some seconds after the start of a round: see Simulation.apply_event."""

    after: float
    kind: str
    number: int


@dataclass(frozen=True)
class PlannedRun:
    """One run of the copy module. ``faults`` are by the number of the call."""

    faults: tuple[tuple[int, str], ...] = ()
    failing: tuple[int, ...] = ()
    expires_at: int | None = None
    wait: bool = True
    wait_timeout: int = 20000
    max_in_flight: int = 20
    state: str = "present"
    #: With ``absent``: which of the existing copies ``copy_ids`` names; None: it is not set.
    copies: tuple[int, ...] | None = None
    late: float = 0.0
    order: int = 0
    #: Whether it requests the storm's lock.
    locks: bool = False
    #: Options of its own, which override the storm's; with ``absent``, whether each named copy has a survivor.
    own: dict[str, Any] = field(default_factory=dict)
    prunes: bool = False
    #: By how many seconds the clock of its controller is off.
    skew: float = 0.0


@dataclass(frozen=True)
class Round:
    """Overlapping runs, and the events meanwhile; it starts ``gap`` seconds after the previous round."""

    runs: tuple[PlannedRun, ...] = (PlannedRun(),)
    events: tuple[Event, ...] = ()
    gap: float = 30.0


@dataclass(frozen=True)
class Storm:
    cloud: str
    seed: int
    disks: int = 1
    sources: tuple[Source, ...] = ()
    before: tuple[ExistingCopy, ...] = ()
    destinations: int = 1
    within_region: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    copy_seconds: float = 5.0
    slow: tuple[int, ...] = ()  # sources whose copies take ten times as long
    latency: float = 0.0
    lags: tuple[float, ...] = (0.0,)
    tags_late: float = 0.0  # CBS: the lag of its tag service
    quota: int = 20
    threads: bool = True
    rounds: tuple[Round, ...] = ()
    #: The lock that runs request: days and, on EBS, its mode; and the calls about locks that are forbidden at first.
    lock: tuple[int, str] | None = None
    locks_denied: tuple[str, ...] = ()
    #: The page size, 0 for the cloud's own; the number of ordinary snapshots in each destination; and the share of
    #: listing calls during which the oldest of these is deleted and a new one appears.
    page: int = 0
    fillers: int = 0
    churn: float = 0.0

    @property
    def lag(self) -> float:
        """Seconds after which every read shows a change."""
        return max(self.lags) + self.tags_late

    @property
    def max_call_seconds(self) -> float:
        """The longest duration of a call (seconds); the SDK waits no longer."""
        return min(self.latency, float(self.options.get("read_timeout", 60)))

    def simplify(self) -> Iterator[Storm]:
        """Yield storms with one thing less, the largest steps first."""
        for fewer in _leave_out(self.rounds[:-1]):
            yield replace(self, rounds=(*fewer, self.rounds[-1]))
        for before in _leave_out(self.before):
            yield replace(self, before=before)
        for count in (len(self.sources) // 2, len(self.sources) - 1):
            if 0 < count < len(self.sources):
                yield _keep_sources(self, count)
        for number, round_ in enumerate(self.rounds):
            around = self.rounds[:number], self.rounds[number + 1 :]
            for fewer in _leave_out(round_.events):
                yield replace(self, rounds=(*around[0], replace(round_, events=fewer), *around[1]))
            for runs in _simplify_runs(round_.runs):
                yield replace(self, rounds=(*around[0], replace(round_, runs=runs), *around[1]))
        if self.destinations > 1:
            yield replace(self, destinations=self.destinations - 1)
        for key in self.options:
            if key not in KEPT_OPTIONS:
                yield replace(self, options={k: v for k, v in self.options.items() if k != key})
        for name, simplest in SIMPLEST_VALUES.items():
            if getattr(self, name) != simplest:
                yield replace(self, **{name: simplest})
        if len(self.lags) > 1:
            for lags in _leave_out(self.lags):
                yield replace(self, lags=lags or (0.0,))


#: How long (seconds) the copies of one storm take, one window after the other, so that it runs in seconds.
MAX_COPYING_SECONDS = 7200.0
SIMPLEST_VALUES: dict[str, Any] = {
    "latency": 0.0,
    "lags": (0.0,),
    "tags_late": 0.0,
    "threads": False,
    "within_region": False,
    "slow": (),
    "copy_seconds": 5.0,
    "quota": 20,
    "lock": None,
    "locks_denied": (),
    "page": 0,
    "fillers": 0,
    "churn": 0.0,
}
#: Without these a storm would be a different one.
KEPT_OPTIONS = ("wait_delay", "read_timeout")


def _leave_out(things: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield these things without half of them, a quarter, and so on, at last without one."""
    size = max(1, len(things) // 2)
    while size and things:
        for start in range(0, len(things), size):
            yield things[:start] + things[start + size :]
        size //= 2


def _simplify_runs(runs: tuple[PlannedRun, ...]) -> Iterator[tuple[PlannedRun, ...]]:
    """Yield runs with one less, or with one fault less."""
    for number, run in enumerate(runs):
        around = runs[:number], runs[number + 1 :]
        if len(runs) > 1:
            yield (*around[0], *around[1])
        for faults in _leave_out(run.faults):
            yield (*around[0], replace(run, faults=faults), *around[1])
        for failing in _leave_out(run.failing):
            yield (*around[0], replace(run, failing=failing), *around[1])
        if run.expires_at is not None:
            yield (*around[0], replace(run, expires_at=None), *around[1])
        if run.late:
            yield (*around[0], replace(run, late=0.0), *around[1])
        if run.skew:
            yield (*around[0], replace(run, skew=0.0), *around[1])
        for key in run.own:
            own = {name: value for name, value in run.own.items() if name != key}
            yield (*around[0], replace(run, own=own), *around[1])


def _keep_sources(storm: Storm, count: int) -> Storm:
    """Return the storm with its first sources only."""

    def fewer(round_: Round) -> Round:
        runs = tuple(replace(run, failing=tuple(f for f in run.failing if f < count)) for run in round_.runs)
        return replace(round_, runs=runs)

    return replace(
        storm,
        sources=storm.sources[:count],
        before=tuple(b for b in storm.before if b.source < count),
        slow=tuple(n for n in storm.slow if n < count),
        rounds=tuple(fewer(round_) for round_ in storm.rounds),
    )


def draw_storm(cloud: str, seed: int) -> Storm:
    """Draw a storm. The same cloud and seed give the same storm."""
    draw = random.Random(f"{cloud} {seed}")
    count = draw.choice((1, 2, 3, 5, 8, 12, 20, 60) if draw.random() < 0.15 else (1, 2, 3, 4, 6, 9, 12))
    disks = draw.randint(1, min(20, count))
    kinds = ("good",) * 12 + ("unfinished", "unknown", "gone") + (("encrypted",) if cloud == "ebs" else ())
    sources = tuple(Source(draw.randrange(disks), draw.randint(1, 99), draw.choice(kinds)) for _n in range(count))
    destinations = draw.choice((1, 1, 2, 3))
    options = _draw_options(cloud, draw)
    if destinations > 1:
        options.pop("kms_key_id", None)
    within = cloud == "ebs" or bool(cloud == "ecs" and options.get("encrypted"))
    copy_seconds = draw.choice((1.0, 3.0, 20.0, 90.0, 90.0, 600.0, 3600.0, 10800.0))
    # Few polls, so that a storm runs in seconds: no copy needs more than a few hundred of them.
    quota = draw.choice((1, 1, 3, 8, 20, 1000)) if cloud != "ens" else 1000  # ENS reports no quota, it only refuses
    slow = tuple(n for n in range(count) if draw.random() < 0.1) if copy_seconds <= 600 else ()
    window = min(quota, 20, disks if cloud == "ecs" else count)
    longest = (count + 9 * len(slow)) * copy_seconds / window
    options["wait_delay"] = max(draw.choice((1, 5, 15, 60)), int(longest / 60))
    lags = draw.choice(((0.0,), (0.0, 2.0), (0.0, 5.0), (0.0, 3.0, 12.0), (1.0, 25.0), (0.0, 20.0, 60.0)))
    quick = longest < 600
    rounds = tuple(_draw_round(cloud, count, draw, quick, longest) for _n in range(draw.choice((1, 1, 2))))
    storm = Storm(
        cloud,
        seed,
        disks,
        sources,
        _draw_existing_copies(cloud, draw, count, destinations, options),
        destinations,
        within and draw.random() < 0.15 and "kms_key_id" not in options,
        options,
        copy_seconds=copy_seconds,
        slow=slow,
        latency=draw.choice((0.0, 0.0, 0.3, 1.0, 5.0)),
        lags=lags,
        tags_late=draw.choice((0.0, 0.0, 2.0, 20.0)) if cloud == "cbs" else 0.0,
        quota=quota,
        threads=draw.random() < 0.7,
        rounds=(*rounds, _draw_last_round(draw, longest)),
    )
    most = max(2, int(MAX_COPYING_SECONDS * window / copy_seconds))
    return draw_locks(storm if count <= most else _keep_sources(storm, most), random.Random(f"lock {cloud} {seed}"))


def draw_locks(storm: Storm, draw: random.Random) -> Storm:
    """Draw which runs lock their copies, with a generator of its own, so that all other draws stay the same."""
    if storm.cloud not in LOCK_MODES or draw.random() >= 0.4:
        return storm
    # A lock of one day ends within a long storm.
    lock = draw.choice((1, 7, 30)), draw.choice(LOCK_MODES[storm.cloud])
    rounds = tuple(
        replace(round_, runs=tuple(replace(run, locks=draw.random() < 0.7) for run in round_.runs))
        for round_ in storm.rounds
    )
    denied = draw.choice(((),) * 6 + (("LockSnapshot",), ("DescribeLockedSnapshots",)))
    return replace(storm, rounds=rounds, lock=lock, locks_denied=denied)


def _draw_last_round(draw: random.Random, longest: float) -> Round:
    """Return one run without faults, which must complete everything."""
    absent = draw.random() < 0.12
    run = PlannedRun(state="absent" if absent else "present", wait_timeout=int(5 * longest) + 7200)
    return Round((run,), gap=draw.choice((0.0, 200.0)))


def _draw_existing_copies(
    cloud: str, draw: random.Random, count: int, regions: int, options: dict[str, Any]
) -> tuple[ExistingCopy, ...]:
    states = ("complete", "complete", "complete", "running", "failed") + (("deleting",) if cloud == "ens" else ())
    return tuple(
        ExistingCopy(
            draw.randrange(count),
            draw.randrange(regions),
            draw.random() < 0.6,
            draw.choice(states),
            draw.choice((5.0, 40.0, 300.0)),
            held=_hold_kind(cloud, draw.random()) if cloud != "ens" else "",
            encrypted=bool(options.get("encrypted")) and draw.random() < 0.5,
        )
        for _n in range(draw.choice((0, 0, 1, 3, count)))
    )


def _hold_kind(cloud: str, drawn: float) -> str:
    if drawn >= 0.15:
        return ""
    return "lock" if drawn < 0.075 and cloud in ("ebs", "ecs") else "tag"


def _draw_options(cloud: str, draw: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {
        "replace_failed": draw.random() < 0.8,
        "remove_duplicates": draw.random() < 0.3,
    }
    if draw.random() < 0.3:
        options["name"] = draw.choice(("dr-{snapshot_id}", "of-{disk_id}", "nightly"))
    if cloud != "cbs" and draw.random() < 0.3:
        options["description"] = "made of {snapshot_id} in {source_region}"
    if cloud != "ens" and draw.random() < 0.5:
        options.update(tags={"team": "dr"}, purge_tags=draw.random() < 0.5)
    if cloud != "ens":
        options["copy_tags"] = draw.random() < 0.5
    if cloud in ("ebs", "ecs") and draw.random() < 0.35:
        options.update(encrypted=True, replace_mismatched=draw.random() < 0.6)
        if draw.random() < 0.5:
            options["kms_key_id"] = True  # the simulation chooses one of the destinations
    if cloud in ("cbs", "ecs") and draw.random() < 0.5:
        options["retention_days"] = 30
    if cloud != "ebs":
        options["read_timeout"] = draw.choice((2, 5, 60))
    return options


def _draw_round(cloud: str, sources: int, draw: random.Random, quick: bool, longest: float) -> Round:
    count = draw.choice((1, 1, 1, 2, 3)) if quick else 1
    kinds = ["foreign", "vanish", "gone", "kill"]
    kinds += ["quota"] if cloud != "ens" else ["deleting"]
    events = tuple(
        Event(round(draw.uniform(0.0, 60.0), 1), draw.choice(kinds), draw.randrange(1000))
        for _n in range(draw.choice((0, 0, 1, 3)))
    )
    runs = tuple(_draw_run(cloud, sources, draw, number, longest) for number in range(count))
    return Round(runs, events, draw.choice((0.0, 1.0, 12.0, 60.0)))


def _draw_run(cloud: str, sources: int, draw: random.Random, number: int, longest: float) -> PlannedRun:
    kinds = FAULTS + MORE_FAULTS.get(cloud, ())
    share = draw.choice((0.0, 0.05, 0.15, 0.35))
    faults = {n: draw.choice(kinds) for n in range(1, MAX_FAULTY_CALLS) if draw.random() < share}
    for _n in range(draw.choice((0, 0, 1, 2))):
        start = draw.randint(1, 60)
        faults.update(dict.fromkeys(range(start, start + draw.randint(2, 12)), "throttle"))
    if draw.random() < 0.3:
        faults[draw.randint(1, 40)] = draw.choice(KILLS)
    absent = draw.random() < 0.1
    return PlannedRun(
        tuple(sorted(faults.items())),
        failing=tuple(n for n in range(sources) if draw.random() < 0.08),
        expires_at=draw.randint(2, 60) if draw.random() < 0.1 else None,
        wait=draw.random() < 0.8,
        wait_timeout=min(draw.choice((5, 30, 300, 3600, 20000)), int(2 * longest) + 300),
        max_in_flight=draw.choice((1, 3, 20)),
        state="absent" if absent else "present",
        copies=tuple(draw.randrange(8) for _n in range(3)) if absent and draw.random() < 0.5 else None,
        late=draw.choice((0.0, 0.0, 0.3, 1.5, 4.0, 30.0)) if number else 0.0,
        order=draw.randrange(100) if number else 0,
    )
