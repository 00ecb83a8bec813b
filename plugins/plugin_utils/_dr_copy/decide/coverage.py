# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a plan protects what it should: disks that it leaves out, and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard

from ..._role.registered import is_listed
from ..._role.rows import Row
from . import planning
from .selection import excluded_disks

#: Values that people write for ``true``; an empty value is a tag with only a key.
_MEANS_TRUE = ("true", "yes", "1", "on", "")
#: Reasons for leaving out snapshots that nobody asked for.
_UNASKED = (planning.IS_A_COPY, planning.UNFINISHED, planning.OBSTACLE, planning.FAILED)


def coverage_of(
    source: Row, disks: Sequence[Row], values: Mapping[str, Any], last: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return which disks a run selected, and which it did not.

    - ``selected`` is a number. ``excluded`` are the disks that a tag excludes.
    - ``missing`` are disks of the ``last`` report with the same selection that are not selected now.
    - ``unselected`` is the number of the region's other disks, and ``near_misses`` are those whose tags nearly match;
      both are None if the region's disks were not listed.
    """
    shard = values["shard"]
    chosen = {str(disk["disk_id"]) for disk in disks}
    excluded = (
        [d for d in excluded_disks(source, values) if is_in_shard(d["disk_id"], shard)] if is_listed(source) else []
    )
    others = [d for d in source["other_disks"] if is_in_shard(d["disk_id"], shard)] if "other_disks" in source else None
    left = chosen | {str(disk["disk_id"]) for disk in excluded}
    return {
        "selected": len(disks),
        "excluded": [_named(disk) for disk in excluded],
        "unselected": None if others is None else len(others),
        "missing": [disk for disk in _before(last, values) if disk["disk_id"] not in left] if is_listed(source) else [],
        "near_misses": None if others is None else _near_misses(others, values),
    }


def warnings_of(result: Row, source: Row, values: Mapping[str, Any]) -> list[str]:
    """Return what looks like a mistake though nothing failed: silence never means safety."""
    plan, coverage = result["plan"], result["coverage"]
    parts = []
    if not is_listed(source):
        parts.append(
            f"The source region {values['source_region']} could not be listed. The recovery points are those of the "
            "last report and of the copies themselves; disks in neither are not shown."
        )
    usable = {row["disk_id"] for row in plan if row["reason"] in planning.USABLE}
    if is_listed(source) and coverage["selected"] and not usable:
        parts.append(f"Not one of {coverage['selected']} disks has a usable snapshot: {_counted(plan)}.")
    left_out = sum(row["reason"] in _UNASKED for row in plan)
    taken = sum(row["reason"] in planning.USABLE for row in plan)
    if usable and left_out > taken:
        parts.append(f"More snapshots are left out ({left_out}) than chosen ({taken}): {_counted(plan)}.")
    if coverage["missing"]:
        number = len(coverage["missing"])
        parts.append(
            f"{number} disk{'' if number == 1 else 's'} of the last report {'is' if number == 1 else 'are'} no longer "
            f"selected: {_listed(coverage['missing'])}."
        )
    if coverage["near_misses"]:
        parts.append(f"Disks whose tags nearly match are not copied: {_listed(coverage['near_misses'])}.")
    return parts


def _before(last: Mapping[str, Any] | None, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the disks of the last report, if it had the same selection."""
    same = last and last["disk_ids"] == values["disk_ids"] and last["shard"] == values["shard"]
    return list(last["disks"]) if last and same else []


def _near_misses(disks: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = values["disk_tags"]
    found = [(disk, [_nearest(key, value, disk["tags"]) for key, value in wanted.items()]) for disk in disks]
    return [{**_named(disk), "tags": {key: disk["tags"][key] for key in keys}} for disk, keys in found if all(keys)]


def _nearest(key: str, value: str, tags: Mapping[str, str]) -> str | None:
    """Return the tag that differs from the wanted one only in case, signs or one letter; or None."""
    if key in tags and value in ("*", tags[key]):
        return key
    alike = {_plain(one): one for one in tags if value == "*" or _same_value(value, tags[one])}
    near = get_close_matches(_plain(key), alike, 1, 0.85)
    return alike[near[0]] if near else None


def _plain(text: str) -> str:
    return text.strip().casefold().replace("_", "-").replace(" ", "-")


def _same_value(wanted: str, there: str) -> bool:
    wanted, there = wanted.strip().casefold(), there.strip().casefold()
    return wanted == there or (wanted in _MEANS_TRUE and there in _MEANS_TRUE)


def _named(disk: Row) -> dict[str, Any]:
    return {"disk_id": disk["disk_id"], "disk_name": disk["name"]}


def _counted(plan: Sequence[Row]) -> str:
    reasons = Counter(row["reason"] for row in plan if row["reason"] not in planning.USABLE)
    return ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())


def _listed(disks: Sequence[Row], most: int = 10) -> str:
    def parts(disk: Row) -> str:
        name = f"{disk['disk_name']} ({disk['disk_id']})" if disk["disk_name"] else str(disk["disk_id"])
        tags = ", ".join(f"{key}={value}" for key, value in (disk.get("tags") or {}).items())
        return f"{name} has {tags}" if tags else name

    more = f", and {len(disks) - most} more" if len(disks) > most else ""
    return ", ".join(map(parts, disks[:most])) + more
