# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of retention by their names, and the periods of the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

#: The calendar limits, each with a function that returns the period of a local time.
PERIODS: dict[str, Callable[[datetime], object]] = {
    "keep_daily": lambda local: local.date(),
    "keep_weekly": lambda local: local.isocalendar()[:2],
    "keep_monthly": lambda local: (local.year, local.month),
    "keep_yearly": lambda local: local.year,
}
COUNT_LIMITS = ("keep", *PERIODS)


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name in the IANA database, such as ``Europe/Berlin``. Raises ValueError."""
    if name == "UTC":  # works without the database, too
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise ValueError(
            f"must be the name of a time zone (example: Europe/Berlin), not {name!r}; a machine without a database "
            "of time zones needs the Python package tzdata"
        ) from None
