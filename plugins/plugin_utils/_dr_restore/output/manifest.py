# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a restore: what a person needs to attach the disks, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Mismatch, TimedOut
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize, quoted_failures

from ..._role.answers import InfoAnswer, RestoredDiskRow
from ..._role.documents import collection_version
from ..._role.enumerations import first_in_words
from ..._role.failures import failures_of
from ..._role.reported import SCHEMA
from ..decide.call_reasons import reason_of
from ..decide.choosing.disk_selection import tags_in_words
from ..decide.choosing.points import Point, by_reason, label_of_disk
from ..decide.choosing.waves import AVAILABLE, Times, Wave, made_of, minutes_until_available, times_of, too_late
from ..input.last_manifest import EarlierRow
from ..input.variables import Variables
from .report_type import Manifest, ManifestRow
from .server_lines import lines_of_servers, torn_problem


class RestoreRun(TypedDict):
    """The facts about its run in a manifest: the time of its end (ISO 8601), and ``warnings``.

    ``unidentified`` are the copies that do not show their disk, ``last`` the rows of an earlier manifest by new disk or
    claim, ``existing`` the IDs of the disks that this restore has made before (None if unknown).
    """

    check_mode: bool
    finished_at: str
    unidentified: list[str]
    last: Mapping[str, EarlierRow]
    existing: Collection[str] | None
    warnings: Sequence[str]


def manifest_of(
    points: Sequence[Point], waves: Sequence[Wave], unread: InfoAnswer, values: Variables, run: RestoreRun
) -> Manifest:
    """Return the manifest of a restore.

    ``waves`` have made the disks; ``unread`` is the result of a failed listing, if there was one.
    """
    disks = with_made(points, waves, run["last"])
    counts = Counter[str]()
    for wave in waves:
        counts.update(wave.made.get("counts") or {})
    took = minutes_until_available(values.started_at, [disk["available_at"] for disk in disks])
    return {
        "schema": SCHEMA,
        "kind": "restore",
        "host": values.host,
        "id": values.id,
        "check_mode": run["check_mode"],
        "started_at": values.started_at,
        "finished_at": run["finished_at"],
        "cloud": values.cloud,
        "region": values.region,
        "zone": values.zone,
        "source_region": values.source_region,
        "at": values.at,
        "consistency": values.consistency,
        "waves": values.waves,
        "rto_minutes": values.rto_minutes,
        "took_minutes": took,
        "too_late": "" if run["check_mode"] else too_late(took, values),
        "expected": len(values.expected) if values.expected else None,
        "totals": {
            "disks": len(disks),
            "restored": sum(map(_is_restored, disks)),
            "creating": sum(disk["state"] in ("creating", "planned") and not disk["missing"] for disk in disks),
            "missing": sum(bool(disk["missing"]) for disk in disks),
            "claimed": sum(disk["state"] == "claimed" for disk in disks),
            "torn": sum(disk["torn"] for disk in disks),
        },
        "disks": sorted(disks, key=lambda disk: (not disk["missing"], disk["wave"])),
        "earlier": _earlier(disks, run["last"], run["existing"], values.region),
        "failures": [*failures_of(unread), *(failure for wave in waves for failure in failures_of(wave.made))],
        "warnings": list(run["warnings"]),
        "unidentified_copies": list(run["unidentified"]),
        "counts": counts,
        "collection": collection_version(),
    }


def _earlier(
    disks: Sequence[ManifestRow], last: Mapping[str, EarlierRow], existing: Collection[str] | None, region: str
) -> list[EarlierRow]:
    """Return the rows of the disks and claims that earlier runs of this restore made, and that this run did not cover.

    A disk that is gone is ``absent``. If this run has made a replacement, the disk is omitted.
    """
    new, old = {disk["new_disk_id"] or disk["claim"] for disk in disks}, {disk["disk_id"] for disk in disks}
    rows: list[EarlierRow] = []
    for made, row in last.items():
        is_seen = existing is not None and not row.get("claim") and row.get("region") in (region, None)
        is_there = not is_seen or made in (existing or ())
        if made not in new and (is_there or row.get("disk_id") not in old):
            rows.append(row if is_there else {**row, "state": "absent"})
    return rows


def with_made(points: Sequence[Point], waves: Sequence[Wave], last: Mapping[str, EarlierRow]) -> list[ManifestRow]:
    """Return the row of each disk with what was made from its copy."""
    found, by_number = made_of(waves), {wave.number: wave for wave in waves}
    return [_with_made(point, found.get(str(point.copy_id)), by_number.get(point.wave), last) for point in points]


def _with_made(
    point: Point, disk: RestoredDiskRow | None, wave: Wave | None, last: Mapping[str, EarlierRow]
) -> ManifestRow:
    none: Times = {"began_at": None, "available_at": None, "warm_at": None}
    row: ManifestRow = {
        **point.as_row(),
        "new_disk_id": disk["disk_id"] if disk else None,
        "zone": disk["zone"] if disk else None,
        "disk_type": disk["disk_type"] if disk else None,
        "state": "missing" if point.missing else (disk and disk["state"]) or "absent",
        "action": disk["action"] if disk else None,
        "encrypted": disk["encrypted"] if disk else None,
        "seconds": disk["seconds"] if disk else None,
        **(times_of(disk, wave, last) if disk and wave else none),
    }
    is_made = disk and (disk["state"] == "planned" or (disk["disk_id"] and not _has_failed(disk)))
    if point.claim and point.copy_id:
        row["state"] = "claimed"
    elif not point.missing and not is_made:
        why = reason_of(disk, wave.made, point.copy_id) if wave else ""
        row["missing"] = why or "no disk was created from its copy"
    if disk and disk["size_gib"]:
        row["size_gib"] = disk["size_gib"]
    return row


def _is_restored(disk: ManifestRow) -> bool:
    """Whether a disk is available and fits."""
    return disk["state"] in AVAILABLE and not disk["missing"]


def _has_failed(disk: RestoredDiskRow) -> bool:
    """Whether there is no disk that fits. A disk may exist although a call for it failed, or time was too short."""
    error = disk["error"]
    return disk["state"] in ("absent", "error") or (error is not None and error["kind"] == Mismatch.kind)


def problems_of(manifest: Manifest) -> str:
    """Return in one message why a restore fails, or an empty string.

    With the consistency "disk" a torn server is no failure.
    """
    torn = torn_problem(manifest["disks"]) if manifest["consistency"] == "set" else ""
    missing, late = _missing_problem(manifest), _unfinished_problem(manifest)
    others = _other_failures(manifest, is_explained=bool(missing or late))
    return " ".join(filter(None, [missing, late, others, torn, manifest["too_late"]]))


def _other_failures(manifest: Manifest, is_explained: bool) -> str:
    """Return the failures of disks that exist, and, unless the message gives reasons already, those of no disk."""
    explained: set[object] = {d["copy_id"] for d in manifest["disks"] if d["missing"] or d["state"] == "creating"}
    if is_explained:
        explained.add(None)
    return quoted_failures([one for one in manifest["failures"] if one.get("snapshot_id") not in explained])


def _missing_problem(manifest: Manifest) -> str:
    missing = [(label_of_disk(disk), why) for disk in manifest["disks"] if (why := disk["missing"])]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return f"{len(missing)} of {len(manifest['disks'])} disks {verb} missing. {by_reason(missing)}."
    return ""


def _unfinished_problem(manifest: Manifest) -> str:
    """Return which disks were still being created when the time to wait was over."""
    late = {failure.get("snapshot_id") for failure in manifest["failures"] if failure.get("kind") == TimedOut.kind}
    unfinished = [
        f"{label_of_disk(disk)} as {disk['new_disk_id']}"
        for disk in manifest["disks"]
        if disk["state"] == "creating" and not disk["missing"] and disk["copy_id"] in late
    ]
    if not unfinished:
        return ""
    verb = "is" if len(unfinished) == 1 else "are"
    return (
        f"{len(unfinished)} of {len(manifest['disks'])} disks {verb} still being created: "
        f"{first_in_words(unfinished)}. "
        "Run again with the same dr_restore_id to wait for them, or raise dr_restore_wait_timeout."
    )


def lines_of(manifest: Manifest) -> list[str]:
    """Return what the screen shows of a restore: a line for each disk, missing ones first."""
    totals = manifest["totals"]
    verb = "would be restored" if manifest["check_mode"] else "restored"
    number = totals["creating"] if manifest["check_mode"] else totals["restored"]
    head = f"{manifest['id']} in {manifest['zone'] or manifest['region']}: {number} of {totals['disks']} disks {verb}"
    if totals["creating"] and not manifest["check_mode"]:
        head += f", {totals['creating']} in progress"
    if totals["claimed"]:
        head += f", {pluralize(totals['claimed'], 'volume claim')} written for the cluster"
    unknown = (
        f"It is not known which disks have no copy in {manifest['region']}: to see them, set dr_restore_expected to a "
        "report of dr_copy or to disk IDs"
    )
    notes = [*([] if manifest["expected"] else [unknown]), *(f"WARNING: {text}" for text in manifest["warnings"])]
    notes += lines_of_servers(manifest["disks"])
    if manifest["earlier"]:
        claims = sum(bool(row.get("claim")) for row in manifest["earlier"])
        numbers = {"disk": len(manifest["earlier"]) - claims, "claim": claims}
        made = " and ".join(pluralize(n, word) for word, n in numbers.items() if n)
        notes.append(f"EARLIER {made} of {manifest['id']} made by earlier runs; the manifest lists them under earlier")
    times = _lines_of_times(manifest)
    return [head, *times, *notes, *_lines_of_waves(manifest), *map(_line, manifest["disks"])]


def _lines_of_times(manifest: Manifest) -> list[str]:
    """Return a line about the age of the data, and one about the duration of the restore."""
    lines = []
    restored = [disk for disk in manifest["disks"] if not disk["missing"]]
    dated = [(age, disk) for disk in restored if (age := disk["age_hours"]) is not None]
    if dated:
        (hours, oldest), (_hours, newest) = max(dated, key=itemgetter(0)), min(dated, key=itemgetter(0))
        is_one_time = newest["taken_at"] == oldest["taken_at"]
        until = "" if is_one_time else f" to {newest['taken_at']} ({label_of_disk(newest)})"
        before = f"{hours:g} {'hour' if hours == 1 else 'hours'} before this run"
        lines.append(f"DATA as of {oldest['taken_at']} ({label_of_disk(oldest)}, {before}){until}")
    times = [(disk["began_at"], disk["available_at"]) for disk in manifest["disks"] if disk["available_at"]]
    if times:
        began, ended = min(times)[0], max(available for _began, available in times)
        lines.append(f"TIME the first disk was requested at {began}; the last disk was available at {ended}")
    return lines


def _lines_of_waves(manifest: Manifest) -> list[str]:
    """Return a line for each wave.

    It says how many of its disks are available, when it began, when the last disk became available, and when all their
    data was loaded, if the cloud reports it.
    """
    if not manifest["waves"]:
        return []
    lines = []
    for number, own in sorted(grouped(manifest["disks"], lambda disk: disk["wave"]).items()):
        match = manifest["waves"][number - 1] if number <= len(manifest["waves"]) else {}
        if manifest["check_mode"]:
            parts = [f"{sum(disk['state'] == 'planned' for disk in own)} of {len(own)} disks would be restored"]
        else:
            parts = [f"{sum(map(_is_restored, own))} of {len(own)} disks are available"]
        claims = sum(disk["state"] == "claimed" for disk in own)
        parts += [f"{pluralize(claims, 'volume claim')} written for the cluster"] if claims else []
        began = [disk["began_at"] for disk in own if disk["began_at"]]
        parts += [f"began at {min(began)}"] if began and not manifest["check_mode"] else []
        parts += _ends_of_wave(own)
        lines.append(f"wave {number} ({tags_in_words(match) or 'all others'}): {', '.join(parts)}")
    return lines


def _ends_of_wave(disks: Sequence[ManifestRow]) -> list[str]:
    """Return when the last disk of a wave became available, and when all data was loaded, if known."""
    available = [disk for disk in disks if _is_restored(disk)]
    ended = [disk["available_at"] for disk in available if disk["available_at"]]
    loaded = [disk["warm_at"] for disk in available if disk["warm_at"]]
    parts = [f"the last at {max(ended)}"] if ended else []
    if loaded:
        is_all = len(loaded) == len(disks)
        parts.append(f"all data loaded by {max(loaded)}" if is_all else f"{len(loaded)} with all data loaded")
    return parts


def _line(disk: ManifestRow) -> str:
    if disk["missing"]:
        return f"MISSING {label_of_disk(disk)}: {disk['missing']}"
    where = f"{disk['device']} of" if disk["device"] else "attached to"
    old = f"; the old disk was {where} {disk['instance']}" if disk["instance"] else ""
    size = f"{disk['size_gib']} GiB, " if disk["size_gib"] else ""
    new = disk["new_disk_id"] or "a new disk"
    data = f"data as of {disk['taken_at']}, from the copy {disk['copy_id']}"
    older = f"; {disk['passed_over']}" if disk["passed_over"] else ""
    if disk["state"] == "claimed":
        return f"{label_of_disk(disk)}: claim {disk['claim']}, {size}{data}{older}"
    return f"{label_of_disk(disk)}: {new} ({disk['state']}), {size}{data}{old}{older}"
