# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks are checked together on a test host, what the checks receive, and what they have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_EXPIRES_AT, RESTORE_ID
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ...._role.answers import Answer, InfoAnswer, RestoreAnswer, RestoredDiskRow
from ...._role.call import RawAnswer
from ...._role.enumerations import first_in_words
from ...._role.failures import failures_of
from ...input.variables import Variables, without_time
from ..call_reasons import reason_of
from ..choosing.points import Point
from .reaping import attached_by_drill, not_deleted
from .trials import why_unproven

#: The most characters of a failed task's message that are reported.
MAX_MESSAGE_LENGTH = 500


class DiskToCheck(TypedDict):
    """A disk that is attached to the test host.

    ``device`` is its path in the guest by ID or serial number, or the device that the cloud names if there is no such
    path.
    """

    disk_id: str | None
    source_disk_id: str | None
    name: str | None
    device: str | None
    tags: dict[str, str]


class SetToCheck(TypedDict):
    """The set as the checks receive it: ``dr_restore_set``."""

    group: str | None
    disks: list[DiskToCheck]


def disks_checked_together(chosen: Sequence[Point]) -> list[list[Point]]:
    """Return the disks that are checked together: those of one set together, and each other disk by itself."""
    together = grouped(chosen, _set_or_copy)
    return list(together.values())


def _set_or_copy(point: Point) -> tuple[str | None, str | None]:
    server = point.server
    return (server.group, server.set) if server.set else (None, point.copy_id)


def why_not_whole(points: Sequence[Point], made: RestoreAnswer) -> str:
    """Return why a set is not attached: one of its disks was not made as requested. Empty if it is complete."""
    found = _by_copy(made)
    reasons = ((point, why_unproven(point, found.get(str(point.copy_id)), made)) for point in points)
    return next((f"{point.disk_label} of the same set is missing: {why}" for point, why in reasons if why), "")


def why_not_attached(points: Sequence[Point], attached: RestoreAnswer) -> str:
    """Return why not all disks of a set are attached, from the result of attaching them; empty if they are."""
    found = _by_copy(attached)
    for point in points:
        disk = found.get(str(point.copy_id))
        if disk is None or disk["error"] or not disk["attached_to"]:
            return reason_of(disk, attached, point.copy_id) or f"the disk of {point.copy_id} was not attached"
    return ""


def why_in_use(disk_listing: InfoAnswer, answers: Sequence[Answer], values: Variables) -> str:
    """Return which disks of another plan's drills are attached to the test instance, or about to be; or nothing.

    Disks of the same plan are from an earlier drill that was killed: they are deleted once they expire, and block no
    drill until then. ``disk_listing`` is a look at the disks of drills, ``answers`` are those of this drill so far.
    """
    instance = values.test_instance
    if failures := failures_of(disk_listing):
        return f"it is unknown whether another drill uses the test instance {instance}: {quoted_failures(failures)}"
    others = [disk for disk in not_deleted(disk_listing, answers) if attached_by_drill(disk) == instance]
    others = [disk for disk in others if without_time(disk["tags"][RESTORE_ID]) != without_time(values.id)]
    if not others:
        return ""
    named = first_in_words([f"{disk['disk_id']} of {disk['tags'][RESTORE_ID]}" for disk in others])
    until = max(str(disk["tags"].get(RESTORE_EXPIRES_AT) or "") for disk in others)
    return (
        f"the test instance {instance} is in use by another drill ({named}), and serves one drill at a time. Run this "
        f"drill again when the other one has ended. If the other drill was killed, the first drill after {until} "
        "detaches and deletes its disks. To continue earlier, detach and delete them yourself"
    )


def set_for_checks(points: Sequence[Point], attached: RestoreAnswer) -> SetToCheck:
    found = _by_copy(attached)
    return {"group": points[0].server.group, "disks": [_for_checks(p, found[str(p.copy_id)]) for p in points]}


def _for_checks(point: Point, disk: RestoredDiskRow) -> DiskToCheck:
    return {
        "disk_id": disk["disk_id"],
        "source_disk_id": point.disk_id,
        "name": point.disk_name,
        "device": disk["guest_device"] or disk["device"],
        "tags": {**point.tags, **disk["tags"]},
    }


def why_checks_failed(answer: RawAnswer, host: str) -> str:
    """Return why the checks of a set did not pass, with the message of the failed task; empty if they passed."""
    if answer.get("passed") is True:
        return ""
    words = _words_of(answer.get("result"))
    return f"the checks on {host} failed, in the task {answer.get('task')!r}: {words}"


def _words_of(result: Any) -> str:
    """Return the messages of a failed task: its own, that of its failed items, and the end of its errors."""
    if not isinstance(result, Mapping):
        return "it returned no message"
    items = [item for item in result.get("results") or () if isinstance(item, Mapping) and item.get("failed")]
    parts = [str(result.get("msg") or ""), *(str(item.get("msg") or "") for item in items)]
    parts += [str(row.get(key) or "") for row in (result, *items) for key in ("stderr", "module_stderr")]
    lines = dict.fromkeys(" ".join(part.split()) for part in parts if part.strip())
    words = "; ".join(lines) or "it returned no message"
    return words if len(words) <= MAX_MESSAGE_LENGTH else f"{words[:MAX_MESSAGE_LENGTH].rpartition(' ')[0]} …"


def _by_copy(result: RestoreAnswer) -> dict[str, RestoredDiskRow]:
    return {row["snapshot_id"]: row for row in result.get("disks") or ()}
