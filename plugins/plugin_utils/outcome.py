# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role tells of a run: the copy calls that a plan needs, and the result that they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.results import COUNTED

from .calls import answers, failures_of
from .planning import THERE
from .recovery import recovery_points
from .retention import Row
from .selection import orphans, pruned, with_planned
from .sharing import as_if_shared


def batches_of(plan: Sequence[Row], shared: Sequence[Row] | None = None) -> list[dict[str, list[str]]]:
    """Put the chosen rows of a plan into as few copy calls as there are different sets of destinations.

    Copies that are there already are among them, so that their tags and deadlines are brought into line. Across accounts,
    only the snapshots that were ``shared`` are copied. Older sources come first, since a disk's next copy is then
    incremental.
    """
    regions: dict[str, list[str]] = {}
    wanted = [row for row in plan if row["chosen"] or row["reason"] == THERE]
    if shared is not None:
        visible = {share["snapshot_id"] for share in shared}
        wanted = [row for row in wanted if row["snapshot_id"] in visible or not row["chosen"]]
    for row in sorted(wanted, key=lambda r: (str(r["source_created_at"]), r["snapshot_id"])):
        regions.setdefault(row["snapshot_id"], []).append(row["region"])
    batches: dict[tuple[str, ...], list[str]] = {}
    for snapshot_id, destinations in regions.items():
        batches.setdefault(tuple(destinations), []).append(snapshot_id)
    return [{"snapshot_ids": ids, "destination_regions": list(wanted)} for wanted, ids in batches.items()]


def gathered(done: Mapping[str, Any], values: Mapping[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """Add up what the tasks of the role returned to its result.

    ``done`` holds the registered results ``source`` and, as lists, ``copied``, ``listed``, ``deleted``, and what was
    decided: ``disks``, ``snapshots``, ``plan``, ``expired``, and ``there``, the copies as listed last. Across accounts,
    ``share`` is the registered result of sharing.
    """
    shared = done["share"].get("shared") or []
    if check_mode:
        done = {**done, "copied": as_if_shared(done["copied"], shared)}
    acted = [*done["copied"], *done["deleted"]]
    told_of = {failure["region"] for call in acted for failure in call.get("failures") or ()}
    unread = {str(call["item"]) for call in done["listed"] if failures_of(call)}
    calls = [
        *([done["share"]] if done["share"] else []),
        *acted,
        *(call for call in done["listed"] if str(call["item"]) not in told_of),
    ]
    if not (values["reads_only"] and not answers(done["source"])):
        calls.insert(0, done["source"])
    failures = [failure for call in calls for failure in failures_of(call)]
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for call in done["copied"]:
        counts.update(call.get("counts") or {})
    for call in done["deleted"]:
        counts.update({key: (call.get("counts") or {}).get(key, 0) for key in ("deleted", "failed")})
    there = done["there"]
    if check_mode and values["wait"]:
        there = with_planned(there, done["copied"], done["snapshots"])
    points = recovery_points(done["disks"], there, values["destination_regions"], values["rpo_hours"], values["now"])
    result = {
        "plan": list(done["plan"]),
        "copies": [row for call in done["copied"] for row in call.get("copies") or ()],
        "failures": [f for i, f in enumerate(failures) if f not in failures[:i]],
        "pruned": pruned(done["expired"], done["deleted"]),
        "orphans": orphans(there, done["disks"], values),
        "recovery_points": [{**point, "state": _state(point, there, unread)} for point in points],
        "counts": dict(counts),
    }
    return {**result, "shared": shared} if values["across_accounts"] else result


def _state(point: Row, there: Sequence[Row], unread: set[str]) -> str:
    """Return a recovery point's state: of a region that did not answer nobody knows it."""
    if point["region"] in unread:
        return "unknown"
    newest = [c for c in there if c.get("planned") and c["region"] == point["region"] and c.get("source")]
    planned = any(c["source"]["snapshot_id"] == point["source_snapshot_id"] for c in newest)
    return "planned" if planned else str(point["state"])
