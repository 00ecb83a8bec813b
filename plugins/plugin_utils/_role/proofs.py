# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What drills have proven about copies, according to the copies' tags.

Proofs are the times (aware) of the last successful drills, by level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import (
    PROVEN_AT,
    PROVEN_BEFORE,
    PROVEN_LEVEL,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from .marks import LEVELS
from .provenance import TOLERANCE
from .rows import parse_time

T = TypeVar("T")
#: The levels that a proof of each level proves. A drill of level usable compares no blocks with those of the source,
#: and a drill of level readable mounts nothing.
PROVES = {"creatable": {"creatable"}, "readable": {"creatable", "readable"}, "usable": {"creatable", "usable"}}


def proofs_in(tags: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """Return the proofs of a copy: the last one, and earlier ones that proved something else."""
    earlier = str(tags.get(PROVEN_BEFORE) or "").split()
    pairs = [(tags.get(PROVEN_LEVEL), tags.get(PROVEN_AT)), *zip(earlier[::2], earlier[1::2])]
    return newest_of([(str(level), time) for level, time in pairs], now)


def newest_of(pairs: Iterable[tuple[str, str | None]], now: datetime) -> dict[str, datetime]:
    """Return the newest time of each level, given pairs of level and ISO 8601 string. Ignores times ahead of now."""
    found: dict[str, datetime] = {}
    for level, text in pairs:
        time = parse_time(text)
        if level in LEVELS and time and time - now <= TOLERANCE:
            found[level] = max(time, found.get(level, time))
    return found


def newest_that_proves(wanted: str, proofs: Mapping[str, datetime]) -> tuple[str, datetime] | None:
    """Return level and time of the newest proof that also proves the level ``wanted``."""
    fit = [(time, LEVELS.index(level), level) for level, time in proofs.items() if wanted in PROVES[level]]
    return (max(fit)[2], max(fit)[0]) if fit else None


def proofs_not_covered(level: str | None, proofs: Mapping[str, T]) -> dict[str, T]:
    """Return the proofs of what ``level`` does not prove; the values may be of any type."""
    return {other: proofs[other] for other in LEVELS if other in proofs and other not in PROVES.get(str(level), ())}


def strongest(proofs: Iterable[str]) -> str | None:
    """Return the strongest of these levels; None if there is none."""
    return max(proofs, key=LEVELS.index, default=None)


def tags_of_proof(level: str, at: str, proofs: Mapping[str, datetime]) -> dict[str, str]:
    """Return the tags for a copy that is proven now (``at``, ISO 8601) and that had these ``proofs`` before."""
    earlier = " ".join(f"{other} {iso_utc(time)}" for other, time in proofs_not_covered(level, proofs).items())
    return {PROVEN_AT: at, PROVEN_LEVEL: level, **({PROVEN_BEFORE: earlier} if earlier else {})}
