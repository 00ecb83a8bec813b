# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of the role, ``dr_copy_result``, as a type. Pure."""

from __future__ import annotations

from typing import Any, TypedDict

#: A row that is made to be written: a dict of texts, numbers and None.
Cells = dict[str, Any]


class Coverage(TypedDict):
    """Which disks a run selected, and which it did not; None is what is not known (see coverage.coverage_of)."""

    selected: int
    excluded: list[Cells]
    unselected: int | None
    missing: list[Cells]
    near_misses: list[Cells] | None
    lost: list[Cells] | None
    gone: list[Cells] | None


class CoverageWithWarnings(Coverage):
    """The same, with what looks like a mistake, in sentences."""

    warnings: list[str]


class _Result(TypedDict):
    plan: list[Cells]
    copies: list[Cells]
    failures: list[Cells]
    pruned: list[Cells]
    kept_for_others: list[Cells]
    orphans: list[Cells]
    vanished: list[Cells]
    coverage: CoverageWithWarnings
    recovery_points: list[Cells]
    sets: list[Cells]
    counts: dict[str, int]


class Result(_Result, total=False):
    """What a run has found and done. ``shared`` is there across accounts."""

    shared: list[Cells]
