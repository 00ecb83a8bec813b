# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words of messages that modules and roles share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .grouping import grouped

#: The most failures, duplicates or names that a message spells out.
MAX_NAMED = 10
#: The obstacle to a disk from the snapshot of a system disk, as the end of a sentence about the snapshot.
NO_DISK_FROM_SYSTEM_DISK = "belongs to a system disk, and this cloud cannot create a disk from it"


def pluralize(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun: ``1 disk``, ``2 disks``. Without ``many`` the plural is ``one`` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def first_failures(failures: Sequence[Mapping[str, Any]]) -> str:
    """Return the first failures and what to do about them, and how many more there are; empty without failures."""
    message = quoted_failures(failures[:MAX_NAMED])
    more = len(failures) - MAX_NAMED
    return f"{message} {pluralize(more, 'more is', 'more are')} listed in failures." if more > 0 else message


def quoted_failures(failures: Sequence[Mapping[str, Any]]) -> str:
    """Return failures in the cloud's words: equal ones once, and each hint once after its failures."""
    parts = []
    for hint, similar in grouped(failures, lambda failure: failure["hint"] or "").items():
        lines = Counter(map(_words, similar))
        parts += [f"{line} ({number} times)." if number > 1 else f"{line}." for line, number in lines.items()]
        parts.append(hint)
    return " ".join(filter(None, parts))


def _words(failure: Mapping[str, Any]) -> str:
    message = str(failure["message"]).rstrip(".")
    request = f"request {failure['request_id']}" if failure["request_id"] else ""
    facts = ", ".join(filter(None, (failure["code"], request)))
    return f"{message} [{facts}]" if facts else message
