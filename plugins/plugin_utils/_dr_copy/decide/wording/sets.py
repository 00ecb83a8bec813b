# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences about the sets of servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...._role.enumerations import first_in_words
from ...._sets.copies import Contradiction
from ..judging.server_sets import lagging_disks
from ..result_type import SetStatus

#: The most disks of one server that a warning names.
MAX_NAMED_DISKS = 4


def set_in_words(row: SetStatus, seconds: float, names: Mapping[str, str] | None = None) -> str:
    """Describe a server's row: which set it has there, which disks lag, and since when.

    ``names`` are names of disks.
    """
    if row["unknown"]:
        return str(row["unknown"])
    named, lagging = names or {}, lagging_disks(row, seconds)
    late = [
        f"{named.get(disk_id, disk_id)} {f'has lagged since {moment}' if moment else 'has no copy'}"
        for disk_id, moment in lagging.items()
    ]
    others = [disk for disk in row["torn"] if disk["disk_id"] not in lagging]
    beside = [f"{named.get(disk['disk_id'], disk['disk_id'])} of {disk['source_created_at']}" for disk in others]
    whole = (
        f"the newest complete set is from {row['source_created_at']}, {row['age_hours']:.1f} h old"
        if row["set"]
        else ""
    )
    parts = [whole or "no complete set of copies"]
    if late:
        parts.append(first_in_words(late, MAX_NAMED_DISKS, before_rest=", and"))
    if beside:
        newer = "newer copies, not in the set" if whole else "newest copies"
        parts.append(f"{newer}: {first_in_words(beside, MAX_NAMED_DISKS, before_rest=', and')}")
    return "; ".join(parts)


def warnings_of_sets(rows: Sequence[SetStatus], contradictions: Iterable[Contradiction], seconds: float) -> list[str]:
    """Return the warnings about sets that are missing, late or torn, and about contradictory tags."""
    read = [row for row in rows if not row["unknown"]]
    without = [row for row in read if row["set"] is None]
    late = [row for row in read if row["set"] and row["within_rpo"] is False]
    torn = [row for row in read if row["set"] and row["within_rpo"] is not False and row["torn"]]

    def names_of(sets: Sequence[SetStatus]) -> str:
        words = [f"{row['group']} in {row['region']} ({set_in_words(row, seconds)})" for row in sets]
        return first_in_words(words, separator="; ", before_rest=", and")

    parts = []
    if without:
        parts.append(
            f"Servers without a complete set of copies, so their disks are from different times: {names_of(without)}."
        )
    if late:
        parts.append(f"Servers whose newest complete set of copies is older than the RPO: {names_of(late)}.")
    if torn:
        parts.append(f"Servers with disks whose newest copy is not part of the newest complete set: {names_of(torn)}.")
    wrong = list(map(str, contradictions))
    if wrong:
        named = first_in_words(wrong, separator="; ", before_rest=", and")
        parts.append(f"The tags of copies contradict each other: {named}.")
    return parts
