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
from .recovery import recovery_points, with_known_sources
from .retention import Row
from .selection import copies_in, failed_in, orphans, prunable, pruned, with_planned
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


class Ending:
    """What a run has led to, or in check mode would lead to, out of what its tasks returned.

    ``done`` holds the registered results ``source`` and ``share`` (empty but across accounts) and, as lists, ``copied``,
    ``listed`` and ``deleted``, and what was decided: ``disks``, ``snapshots``, ``plan``, ``expired``.
    """

    def __init__(self, done: Mapping[str, Any], values: Mapping[str, Any], check_mode: bool):
        self.shared = done["share"].get("shared") or []
        self.copied = as_if_shared(done["copied"], self.shared) if check_mode else done["copied"]
        #: The copies at the destinations, as they were listed last.
        self.copies = copies_in(done["listed"], values)
        if check_mode and values["wait"]:
            self.copies = with_planned(self.copies, self.copied, done["snapshots"])
        self.planned = {
            (str(copy["source"]["snapshot_id"]), str(copy["region"])) for copy in self.copies if copy.get("planned")
        }
        self.unread = {str(call["item"]) for call in done["listed"] if failures_of(call)}

    def state_of(self, point: Row) -> str:
        """Return a recovery point's state: of a region that could not be listed nobody knows it."""
        if point["region"] in self.unread:
            return "unknown"
        is_planned = (str(point["source_snapshot_id"]), str(point["region"])) in self.planned
        return "planned" if is_planned else str(point["state"])


def expired(done: Mapping[str, Any], values: Mapping[str, Any], check_mode: bool = False) -> list[dict[str, Any]]:
    """Return the copies that a run may delete once it has copied."""
    ending = Ending(done, values, check_mode)
    return prunable(ending.copies, done["plan"], done["disks"], values, failed_in(ending.copied))


def gathered(done: Mapping[str, Any], values: Mapping[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """Add up what the tasks of the role returned to its result."""
    ending = Ending(done, values, check_mode)
    calls = [*([done["share"]] if done["share"] else []), *ending.copied, *done["deleted"], *done["listed"]]
    if not (values["reads_only"] and not answers(done["source"])):
        calls.insert(0, done["source"])
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for call in ending.copied:
        counts.update(call.get("counts") or {})
    for call in done["deleted"]:
        counts.update({key: (call.get("counts") or {}).get(key, 0) for key in ("deleted", "failed")})
    points = recovery_points(
        done["disks"],
        with_known_sources(ending.copies, done["snapshots"]),
        values["destination_regions"],
        values["rpo_hours"],
        values["now"],
    )
    result = {
        "plan": list(done["plan"]),
        "copies": [row for call in ending.copied for row in call.get("copies") or ()],
        "failures": _each_once([failure for call in calls for failure in failures_of(call)]),
        "pruned": pruned(done["expired"], done["deleted"]),
        "orphans": orphans(ending.copies, done["disks"], values),
        "recovery_points": [{**point, "state": ending.state_of(point)} for point in points],
        "counts": dict(counts),
    }
    return {**result, "shared": ending.shared} if values["across_accounts"] else result


def _each_once(failures: Sequence[Row]) -> list[Row]:
    """Leave out what was told before: a region that refuses everything does so for the listing and for each copy."""
    once: dict[tuple[Any, ...], Row] = {}
    coded = {(f["region"], f["code"]) for f in failures if f["code"] and f["source_snapshot_id"]}
    for failure in failures:
        if failure["source_snapshot_id"] or failure["snapshot_id"] or (failure["region"], failure["code"]) not in coded:
            once.setdefault(tuple(str(value) for value in failure.values()), failure)
    return list(once.values())
