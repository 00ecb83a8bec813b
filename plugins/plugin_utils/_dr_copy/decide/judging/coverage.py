# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a plan protects what it should: the disks that it leaves out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import has_tag

from ...._role.answers import DiskRow, InfoAnswer
from ...._role.failures import has_failed, is_listed
from ...._role.reported import ReportedDisk
from ...input.last_report import LastReport
from ...input.variables import Variables
from ..result_type import Coverage, DiskWithCopies, NearMiss, Orphan
from ..selection import excluded_disks, is_excluded, shard_disks

#: Values that people write for ``true``; an empty value is a tag with only a key.
_MEANS_TRUE = ("true", "yes", "1", "on", "")


def coverage_of(
    source: InfoAnswer,
    disks: Sequence[DiskRow],
    values: Variables,
    last: LastReport | None = None,
    orphans: Sequence[Orphan] = (),
) -> Coverage:
    """Return which disks a run selected and which it did not.

    - ``selected`` is a number. ``excluded`` are the disks that a tag excludes.
    - ``missing`` are disks of the ``last`` report with the same selection that no shard selects now.
    - ``unselected`` is the number of the other disks of the region, or of ``disk_ids``. ``near_misses`` are those whose
      tags nearly match. Both are None if the region's disks were not listed.
    - ``lost`` are existing disks with copies of this plan that are no longer selected although no tag excludes them.
      ``gone`` are deleted disks with copies of this plan. Both are None if that is not known. ``orphans`` are the
      copies of both (see pruning.orphans).
    """
    shard = values.shard
    chosen = {str(disk["disk_id"]) for disk in disks}
    part = () if has_failed(source) else shard_disks(source, values)
    excluded = [d for d in excluded_disks(source, values) if d["disk_id"] in part]
    others = [d for d in source["other_disks"] if is_in_shard(d["disk_id"], shard)] if "other_disks" in source else None
    # The disks of all shards: a disk that joins or leaves a server may move to another shard.
    tagged = chosen | {str(disk["disk_id"]) for disk in source.get("disks") or ()}
    return {
        "selected": len(disks),
        "excluded": [_reported_disk(disk) for disk in excluded],
        "unselected": None if others is None else len(others),
        "missing": [d for d in _before(last, values) if d["disk_id"] not in tagged] if is_listed(source) else [],
        "near_misses": None if others is None else near_misses(others, values),
        "lost": None if others is None else _with_copies(orphans, "unselected", source, values),
        "gone": None if others is None else _with_copies(orphans, "gone", source, values),
    }


def _with_copies(orphans: Sequence[Orphan], kind: str, source: InfoAnswer, values: Variables) -> list[DiskWithCopies]:
    """Return the disks of orphans of a kind that no tag excludes, each with the number and regions of its copies."""
    known_disks = {disk["disk_id"]: disk for disk in [*(source.get("disks") or ()), *(source.get("other_disks") or ())]}
    of_kind = [
        orphan
        for orphan in orphans
        if orphan["kind"] == kind and not is_excluded(known_disks.get(str(orphan["disk_id"])), values.exclude_tags)
    ]
    found = grouped(of_kind, lambda orphan: str(orphan["disk_id"]))
    return [
        {
            "disk_id": disk_id,
            "disk_name": (known_disks[disk_id]["name"] if disk_id in known_disks else None) or own[0]["disk_name"],
            "copies": len(own),
            "regions": sorted({str(orphan["region"]) for orphan in own}),
        }
        for disk_id, own in sorted(found.items())
    ]


def _before(last: LastReport | None, values: Variables) -> list[ReportedDisk]:
    """Return the disks of the last report, unless it had other ``disk_ids`` or another shard.

    Other ``disk_tags`` count as the same selection, because a wrong change of them is what loses disks.
    """
    same = last and last["disk_ids"] == values.disk_ids and last["shard"] == values.shard
    if not last or not same:
        return []
    return [{"disk_id": disk["disk_id"], "disk_name": disk["disk_name"]} for disk in last["disks"]]


def near_misses(disks: Sequence[DiskRow], values: Variables) -> list[NearMiss]:
    wanted = values.disk_tags
    found = [(disk, [_nearest(key, value, disk["tags"]) for key, value in wanted.items()]) for disk in disks]
    return [
        {**_reported_disk(disk), "tags": {k: disk["tags"][k] for k in keys if k}} for disk, keys in found if all(keys)
    ]


def _nearest(key: str, value: str, tags: Mapping[str, str]) -> str | None:
    """Return the tag that differs from the wanted one only in case, punctuation or one letter; or None."""
    if has_tag(tags, key, value):
        return key
    by_form = {_plain(name): name for name in tags if value == "*" or _same_value(value, tags[name])}
    near = get_close_matches(_plain(key), by_form, 1, 0.85)
    return by_form[near[0]] if near else None


def _plain(text: str) -> str:
    return text.strip().casefold().replace("_", "-").replace(" ", "-")


def _same_value(wanted: str, actual: str) -> bool:
    wanted, actual = wanted.strip().casefold(), actual.strip().casefold()
    return wanted == actual or (wanted in _MEANS_TRUE and actual in _MEANS_TRUE)


def _reported_disk(disk: DiskRow) -> ReportedDisk:
    return {"disk_id": disk["disk_id"], "disk_name": disk["name"]}
