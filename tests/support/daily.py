# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


def daily_sample(values: Iterable[T]) -> list[T]:
    """Return one of these values, another each day, if STORM_SEED is the day (tests/scripts/test.sh); else all.

    For tests of behavior that is the same on each cloud. Other tests cover the differences, on all clouds every day.
    """
    values = list(values)
    return daily_part(values, len(values))


def daily_part(values: Iterable[T], parts: int) -> list[T]:
    """Return one of ``parts`` equal parts of these values, another each day, if STORM_SEED is the day; else all."""
    seed, values = os.environ.get("STORM_SEED"), list(values)
    return values[_number_of(seed) % parts :: parts] if seed else values


def _number_of(seed: str) -> int:
    """Return the number of a day, so that each part has its day even if tests run only once a week; else the seed."""
    try:
        day = datetime.strptime(seed, "%Y%m%d").toordinal()
    except ValueError:
        return int(seed)
    return day + day // 7 * 4  # 11 more each week, which has no divisor in common with a number of parts
