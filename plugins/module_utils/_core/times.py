# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as strings: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime, timezone
from functools import lru_cache
from typing import overload


@overload
def iso_utc(moment: datetime) -> str: ...


@overload
def iso_utc(moment: datetime | None) -> str | None: ...


def iso_utc(moment: datetime | None) -> str | None:
    """Format an aware datetime as ISO 8601 in UTC with whole seconds (``2026-11-21T02:06:37Z``)."""
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso_utc(text: str | None) -> datetime | None:
    """Parse an ISO 8601 string as an aware datetime in UTC, which is also the default zone.

    Returns None if it is invalid, or in a year with which one cannot calculate in every zone.
    """
    return _parsed(text) if text else None


@lru_cache(maxsize=65536)
def _parsed(text: str) -> datetime | None:
    # Each time is parsed repeatedly, because a source and each of its copies have it.
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return moment if MINYEAR < moment.year < MAXYEAR else None
