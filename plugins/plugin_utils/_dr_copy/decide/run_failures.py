# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of a run: each reported once, with the affected disks and the names of the role's variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..._role.answers import DiskRow, Failure, SnapshotRow
from ..._role.failures import run_failure
from ..._role.role_words import RoleWords
from ..._role.rows import disk_id_of
from ..input.contradictions import set_by_role
from ..input.variables import VARIABLES, Variables
from .result_type import ExpiredCopy, RunFailure

#: Options of the copy modules that the role passes on from copy_options.
_PASSED_ON = (
    "replace_mismatched",
    "replace_failed",
    "purge_tags",
    "completion_duration_minutes",
    "instance_billing_cycle",
)
#: Options that are also variables of the role, except those that hints also use as ordinary words.
_OWN = ("source_region", *(name for name in set_by_role() if name in VARIABLES and "_" in name))
ROLE_WORDS = RoleWords({name: f"dr_copy_{name}" for name in _OWN}, _PASSED_ON, "dr_copy_copy_options")


def failures_with_disks(
    failures: Iterable[Failure],
    disks: Sequence[DiskRow],
    snapshots: Sequence[SnapshotRow],
    copies: Sequence[SnapshotRow],
) -> list[RunFailure]:
    """Return each failure once, with ``disk_id`` and ``disk_name`` (None if unknown).

    Hints name the role's variables instead of the modules' options.
    """
    names = {disk["disk_id"]: disk["name"] for disk in disks}
    disk_of = {snapshot["snapshot_id"]: disk_id_of(snapshot) for snapshot in snapshots}
    for copy in copies:
        source = copy.get("source")
        if source and source["disk_id"]:
            disk_of.setdefault(source["snapshot_id"], source["disk_id"])
            disk_of.setdefault(copy["snapshot_id"], source["disk_id"])

    def named(failure: Failure) -> RunFailure:
        disk_id = disk_of.get(str(failure["source_snapshot_id"])) or disk_of.get(str(failure["snapshot_id"])) or None
        name = names.get(str(disk_id)) or None
        return {
            **failure,
            "disk_id": disk_id,
            "disk_name": name,
            "hint": failure["hint"] and ROLE_WORDS.in_text(failure["hint"]),
        }

    return [named(failure) for failure in _each_once(failures)]


def kind_in_words(failure: RunFailure) -> str:
    """Return the kind of a failure, and the cloud's code if there is one."""
    code = f" [{failure['code']}]" if failure["code"] else ""
    return f"{str(failure['kind']).replace('_', ' ')}{code}"


def too_many_deletions(expired: Sequence[ExpiredCopy], values: Variables) -> list[Failure]:
    """Return a failure if a run would delete more than the plan allows; else an empty list."""
    most = values.max_deletions
    if not most or len(expired) <= most:
        return []
    message = (
        f"Retention would delete {len(expired)} copies, more than dr_copy_max_deletions ({most}). None was deleted"
    )
    hint = "Check dr_copy_keep and the other limits. If they are right, raise dr_copy_max_deletions for one run."
    return [run_failure(message, hint)]


def _each_once(failures: Iterable[Failure]) -> list[Failure]:
    """Remove repeated failures: a region that refuses everything refuses the listing and each copy."""
    failures = list(failures)
    once: dict[tuple[str, ...], Failure] = {}
    coded = {(f["region"], f["code"]) for f in failures if f["code"] and f["source_snapshot_id"]}
    for failure in failures:
        if failure["source_snapshot_id"] or failure["snapshot_id"] or (failure["region"], failure["code"]) not in coded:
            once.setdefault(tuple(str(value) for value in failure.values()), failure)
    return list(once.values())
