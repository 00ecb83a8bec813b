# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold what the runs of a storm said against the server's truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.unit.harness import Outcome

from .sea import Sea, Thing
from .weather import Run, Storm

WRITES = {
    "CopySnapshot",
    "CopySnapshotCrossRegions",
    "DeleteSnapshot",
    "DeleteSnapshots",
    "CreateTags",
    "DeleteTags",
    "TagResources",
    "UntagResources",
    "UnTagResources",
    "ModifySnapshotAttribute",
}


#: When each run began, and which run made which copy.
Made = tuple[list[float], dict[str, int]]


@dataclass
class Verdict:
    """What was found wrong, and figures for the table."""

    storm: Storm
    faults: list[str] = field(default_factory=list)
    copies: int = 0
    kills: int = 0
    excused_doubles: int = 0
    seconds: float = 0.0


def judged(storm: Storm, estate: Any) -> Verdict:
    """Let a storm pass over an empty estate and judge it."""
    sea = Sea(storm, estate)
    verdict = Verdict(storm)
    sources_before = {t.id: t for t in sea.things() if not t.source_id}
    at_first = sea.copies()
    begins: list[float] = []
    made_by: dict[str, int] = {}
    predicted = last = None
    for number, run in enumerate(storm.runs):
        is_last = number == len(storm.runs) - 1
        estate.clock.sleep(run.gap)
        if is_last:
            estate.settings(quota=max(storm.quota, 1), fail_copies_of={})
            predicted = sea.estate.run(*sea.sources, check=True, **sea.options(run))
        before, written = sea.copies(), len(estate.server.control.times)
        begin = estate.clock.monotonic()
        begins.append(begin)
        out = sea.sail(run)
        after = sea.copies()
        made_by.update(
            {thing_id: number for thing_id in after if thing_id not in before and thing_id not in sea.planted}
        )
        verdict.kills += out is None
        where = f"run {number + 1}"
        if out is not None:
            verdict.faults += [f"{where}: {f}" for f in _of_run(sea, run, out, before, after, begin, written)]
        last = out
    if last is None:
        verdict.faults.append("the last run was killed in good weather")
        return verdict
    _of_the_end(sea, verdict, last, predicted, (begins, made_by), at_first)
    for thing_id, thing in sources_before.items():
        if sea_thing := {t.id: t for t in sea.things()}.get(thing_id):
            if sea_thing.tags != thing.tags:
                verdict.faults.append(f"the tags of {thing_id}, which is no copy, were changed")
        else:
            verdict.faults.append(f"{thing_id}, which is no copy, is gone")
    verdict.copies = len(sea.copies())
    return verdict


def _of_run(
    sea: Sea, run: Run, out: Outcome, before: dict[str, Thing], after: dict[str, Thing], begin: float, written: int
) -> list[str]:
    """Say in what a run's result, or its time, is not what the server saw."""
    found = []
    if "Traceback" in out.text or "Unexpected" in out["msg"]:
        found.append(f"broke down: {out['msg']}")
    made = [t for t in after.values() if t.id not in before and t.id not in sea.planted]
    gone = [t for t in before.values() if t.id not in after and t.id not in sea.taken]
    tagged = [
        t for t in after.values() if t.id in before and (t.tags, t.expires) != (before[t.id].tags, before[t.id].expires)
    ]
    unsure = any(f["kind"] in ("ambiguous", "timeout", "connection", "busy", "credentials") for f in out["failures"])
    counts = out["counts"]
    withdrawn = sum(row["action"] == "adopted" for row in out["copies"]) and counts["deleted"]
    # What a run before has made and nobody could see yet, a call of this one that was lost may be taken to have made.
    unseen = run.gap < sea.storm.visible_after
    if not (unsure or unseen or sea.taken or withdrawn):
        if out["changed"] != bool(made or gone or tagged):
            found.append(
                f"changed is {out['changed']}, but {len(made)} made, {len(gone)} gone, {len(tagged)} re-tagged"
            )
        lasting = [t for t in made if t.phase != "failed"]
        if counts["created"] + counts["replaced"] < len(lasting):
            found.append(f"{len(lasting)} copies were made, counted are {counts['created']} and {counts['replaced']}")
        if counts["deleted"] != len(gone):
            found.append(f"{len(gone)} copies were deleted, counted are {counts['deleted']}")
    for row in out["copies"]:
        thing = after.get(row["snapshot_id"])
        if (
            row["state"] == "completed"
            and row["snapshot_id"] not in sea.taken
            and (thing is None or thing.phase != "complete")
        ):
            found.append(f"{row['snapshot_id']} is told to be complete and is {thing.phase if thing else 'not there'}")
        if bool(row["error"]) != any(_about(f, row) for f in out["failures"]) and row["error"]:
            found.append(f"the error of {row['source_snapshot_id']} is not in failures")
    for failure in out["failures"]:
        if not failure["message"] or not failure["kind"]:
            found.append(f"a failure without words: {failure}")
    clock = sea.estate.clock.monotonic()
    longest = run.wait_timeout + sea.storm.options.get("wait_delay", 15) + 2
    if clock - begin > longest:
        found.append(f"took {clock - begin:.1f} s, at most {longest} were to be")
    for action, moment in sea.estate.server.control.times[written:]:
        if action in WRITES and moment > begin + run.wait_timeout + 0.01:
            found.append(f"{action} was sent {moment - begin - run.wait_timeout:.1f} s after the deadline")
    return found


def _about(failure: dict[str, Any], row: dict[str, Any]) -> bool:
    return (failure["source_snapshot_id"], failure["region"]) == (row["source_snapshot_id"], row["region"])


def _of_the_end(
    sea: Sea, verdict: Verdict, last: Outcome, predicted: Outcome, made: Made, at_first: dict[str, Thing]
) -> None:
    """Say in what the end is not what was wanted."""
    faults, now = verdict.faults, sea.copies()
    for row, foreseen in zip(last["copies"], predicted["copies"]):
        place = f"{row['source_snapshot_id']} in {row['region']}"
        if row["action"] != foreseen["action"]:
            faults.append(f"{place}: check mode foresaw {foreseen['action']}, it was {row['action']}")
        if row["state"] != "completed" and not any(_about(f, row) for f in last["failures"]):
            faults.append(f"{place}: is {row['state']} and no failure tells why")
        if row["state"] != "completed" and not _may_fail(sea, row):
            faults.append(f"{place}: is {row['state']}: {row['error']}")
    if last["changed"] != predicted["changed"]:
        faults.append(f"check mode foresaw changed: {predicted['changed']}, it was {last['changed']}")
    faults += _doubles(sea, verdict, last, made)
    faults += _untouched(sea, at_first, now)
    # Where there were doubles, those that were unfinished may count, or may go, once they are complete.
    sea.estate.clock.sleep(200.0)
    if last["duplicates"]:
        sea.estate.run(*sea.sources, **sea.options(sea.storm.runs[-1]))
    before = sum(n for action, n in sea.estate.calls.items() if action in WRITES)
    further = sea.estate.run(*sea.sources, **sea.options(sea.storm.runs[-1]))
    if further["changed"] or sum(n for action, n in sea.estate.calls.items() if action in WRITES) != before:
        faults.append(f"a further run changes something: {further['msg']}")


def _may_fail(sea: Sea, row: dict[str, Any]) -> bool:
    """Whether the last run could not make this copy: the source is bad, or a failed copy is not to be replaced."""
    source = sea.storm.sources[sea.sources.index(row["source_snapshot_id"])]
    kept = not sea.storm.options.get("replace_failed", True) and (row["error"] or {}).get("kind") == "failed_copy"
    return source.kind != "good" or kept


def _doubles(sea: Sea, verdict: Verdict, last: Outcome, made: Made) -> list[str]:
    """Find copies that were made though another one was there, and could be seen, when their run began."""
    faults = []
    begins, made_by = made
    told = {d["snapshot_id"] for d in last["duplicates"]} | {r["snapshot_id"] for r in last["copies"]}
    by_place: dict[tuple[str | None, str], list[Thing]] = {}
    for thing in sea.copies().values():
        if thing.phase != "failed":
            by_place.setdefault((thing.source_id, thing.region), []).append(thing)
    for place, things in by_place.items():
        if place[0] not in sea.sources:
            continue
        things.sort(key=lambda t: (t.begun, t.id))
        for number, thing in enumerate(things):
            earlier = [t for t in things[:number] if t.phase != "failed"]
            if thing.id in sea.planted or not earlier:
                continue
            run = made_by[thing.id]
            seen = [t for t in earlier if max(t.begun, t.visible_at) <= begins[run] or made_by.get(t.id) == run]
            if seen:
                faults.append(f"{thing.id} was made beside {seen[0].id} of {place}")
            else:
                verdict.excused_doubles += 1
            if thing.id not in told and sea.storm.options.get("remove_duplicates") is not True:
                faults.append(f"the double {thing.id} of {place} is told nowhere")
    return faults


def _untouched(sea: Sea, at_first: dict[str, Thing], now: dict[str, Thing]) -> list[str]:
    faults = []
    for thing_id, whose in sea.planted.items():
        then, thing = at_first.get(thing_id), now.get(thing_id)
        if whose == "foreign" and thing_id not in sea.taken:
            if thing is None:
                faults.append(f"somebody else's {thing_id} is gone")
            elif then and (thing.tags, thing.expires) != (then.tags, then.expires):
                faults.append(f"somebody else's {thing_id} was written to")
    complete = {(t.source_id, t.region) for t in at_first.values() if t.phase == "complete" and t.id not in sea.taken}
    still = {(t.source_id, t.region) for t in now.values() if t.phase == "complete"}
    return faults + [f"the complete copy of {place} is lost" for place in complete - still]
