# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of numbers."""

from __future__ import annotations


def range_problems(option: str, number: int | None, least: int, most: int | None = None) -> list[str]:
    """Return the problem of an option whose number is out of a range, both ends included; None is no number."""
    if number is None or (number >= least and (most is None or number <= most)):
        return []
    allowed = f"at least {least}" if most is None else f"between {least} and {most}"
    return [f"{option} must be {allowed}, not {number}"]
