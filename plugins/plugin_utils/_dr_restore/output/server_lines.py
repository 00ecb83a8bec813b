# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore reports about servers with several disks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import Consistency
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import MAX_NAMED, pluralize

from ..._role.enumerations import first_in_words
from ..decide.choosing.points import PointRow, RowOfServer

OfServer = TypeVar("OfServer", bound=RowOfServer)


def torn_problem(disks: Sequence[PointRow]) -> str:
    """Return in one message which servers are torn, or an empty string."""
    torn = {group: rows for group, rows in by_group(disks).items() if any(row["torn"] for row in rows)}
    if not torn:
        return ""
    named = [f"{group} ({_torn_in_words(rows)})" for group, rows in torn.items()]
    words = first_in_words(named, separator="; ", before_rest="; and")
    where = ", all in the manifest" if len(named) > MAX_NAMED else ""
    return (
        f"{pluralize(len(torn), 'server')} cannot be restored to one point in time, because there is no complete set "
        f"of copies: {words}{where}. Each named disk is taken from its newest copy."
    )


def _torn_in_words(rows: Sequence[PointRow]) -> str:
    torn, of_set = [row for row in rows if row["torn"]], [row for row in rows if row["set"] and not row["torn"]]
    others = f"; the other disks are from the set of {_taken(of_set)}" if of_set else ""
    return _times(torn) + others


def lines_of_servers(disks: Sequence[PointRow]) -> list[str]:
    """Return a line for each set of a server, or a line that it has none, with the newer copies that are not used.

    A server has several sets if plans protect different disks of it. Disks that have left a server have a line, too.
    """
    left = [row for row in disks if row["former_group"]]
    lines = [
        f"LEFT {row['disk_name'] or row['disk_id']}: no longer in {row['former_group']}, restored alone"
        for row in left[:MAX_NAMED]
    ]
    more = len(left) - MAX_NAMED
    lines += [f"LEFT {pluralize(more, 'more disk')}; see the manifest"] if more > 0 else []
    for group, rows in by_group(disks).items():
        torn = [row for row in rows if row["torn"]]
        if torn:
            how = "its disks are from different times" if len(rows) > 1 else "its set is incomplete"
            lines.append(f"TORN {group}: {how} ({_times(torn)})")
        if len(rows) < 2:
            continue
        of_set = [row for row in rows if row["set"]]
        sets = grouped(of_set, lambda row: row["set"])
        lines += [_line_of_set(group, own, len(sets) > 1) for own in sets.values()]
    return lines


def _line_of_set(group: str, of_set: Sequence[PointRow], is_one_of_several: bool) -> str:
    passed = [f"{row['disk_name'] or row['disk_id']} of {row['newer']['taken_at']}" for row in of_set if row["newer"]]
    over = f"; newer, but not used: {first_in_words(passed)}" if passed else ""
    names = [str(row["disk_name"] or row["disk_id"]) for row in of_set]
    which = f" ({first_in_words(names)}; another plan protects its other disks)" if is_one_of_several else ""
    how = Consistency(of_set[0]["consistency"]).words
    missing = sum(bool(row["missing"]) for row in of_set)
    lacks = f", but {missing} of them {'is' if missing == 1 else 'are'} missing" if missing else ""
    return f"SERVER {group}: {len(of_set)} disks{which} as of {_taken(of_set)}, {how}{lacks}{over}"


def server_in_words(row: RowOfServer) -> str:
    """Describe the server to which a disk belongs, and the set of its copy."""
    if row["torn"]:
        return f"{row['group']}, no complete set"
    return (
        f"{row['group']}, set {row['set']}, {Consistency(row['consistency']).words}"
        if row["set"]
        else str(row["group"])
    )


def by_group(disks: Iterable[OfServer]) -> dict[str, list[OfServer]]:
    """Return the rows of each server's disks, in the order of the servers' names."""
    of_servers = (disk for disk in disks if disk["group"])
    return dict(sorted(grouped(of_servers, lambda disk: str(disk["group"])).items()))


def _taken(of_set: Sequence[PointRow]) -> str:
    return min(str(row["taken_at"]) for row in of_set)


def _times(rows: Sequence[PointRow]) -> str:
    parts = [f"{row['disk_name'] or row['disk_id']} as of {row['taken_at'] or 'an unknown time'}" for row in rows]
    return first_in_words(parts, before_rest=", and")
