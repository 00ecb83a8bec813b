# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a broken engine, or a changed line, that no test finds is accepted: because it keeps every promise."""

from __future__ import annotations

_DECIDE, _ROLES = "plugins/module_utils/_core/decide", "plugins/plugin_utils"
#: By the name of a broken engine.
REASONS: dict[str, str] = {}
#: By file and text of the line.
LINES: dict[tuple[str, str], str] = {
    (f"{_DECIDE}/deleting.py", "looks.append(-math.inf)"): "nothing is above infinity",
    (
        f"{_DECIDE}/copies.py",
        "return (not copy.ours, copy.state is not State.COMPLETED, *start_key(copy))",
    ): "of live copies only those in progress are not complete",
    (
        f"{_DECIDE}/copies.py",
        "live = sorted((c for c in copies if c.state in (State.PENDING, State.COMPLETED)), key=counting_key)",
    ): "the longer way sorts the same",
    (
        f"{_DECIDE}/failures.py",
        "if why and kind == WriteKind.DELETE",
    ): "no name of a write comes before that of a deletion",
    (
        f"{_DECIDE}/timeouts.py",
        "if copy.state is not State.PENDING:",
    ): "all that a cloud shows comes before pending by its name",
    (
        f"{_DECIDE}/locking.py",
        "if was_locked or copy.state is not State.COMPLETED or memory.writes.is_given_up(copy.id, WriteKind.LOCK):",
    ): "only what is gone comes before completed by its name",
    (
        f"{_DECIDE}/locking.py",
        "if copy.state is State.PENDING:",
    ): "nothing that a cloud shows comes after pending by its name",
    (
        f"{_DECIDE}/orders.py",
        'hint="Run again when it is complete." if source.state is State.PENDING else "Take a new snapshot.",',
    ): "nothing that a cloud shows comes after pending by its name",
    (
        f"{_ROLES}/_dr_copy/decide/copying/batches.py",
        'wanted = [row for row in plan_rows if row["chosen"] or row["reason"] == THERE]',
    ): "the rows of a plan hold the constant itself",
    (
        f"{_ROLES}/_dr_copy/decide/copying/unchanged.py",
        'there = [planned_at(row) for row in plan_rows if row["reason"] == THERE]',
    ): "for the other reasons, no copy is there",
    (
        f"{_ROLES}/_dr_restore/decide/choosing/claims.py",
        "twice = [f\"{c} by {' and '.join(own.values())}\" for c, own in sorted(disks.items()) if c and len(own) > 1]",
    ): "no claim is named by fewer disks than one",
    (
        f"{_ROLES}/_sets/groups.py",
        "return [Group(group_id, frozenset(disks)) for group_id, disks in sorted(found.items()) if len(disks) > 1]",
    ): "no group has fewer disks than one",
    (
        f"{_ROLES}/_sets/sources.py",
        "return sources[place] if place < len(sources) else None",
    ): "no place is behind the end",
}
#: By the name of a change of the roles (tests.mutants.roles).
ROLES: dict[str, str] = {}
