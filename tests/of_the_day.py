# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def of_the_day(values: Iterable[T]) -> list[T]:
    """Return one of these values, another each day, if tests are drawn by the day (tests/scripts/test.sh); else all.

    For what is the same on each cloud. Other tests try the differences, on all clouds every day.
    """
    day, values = os.environ.get("STORM_SEED"), list(values)
    return values[int(day) % len(values) :][:1] if day else values
