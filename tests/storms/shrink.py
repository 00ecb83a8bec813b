# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the smallest storm that still goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from .weather import Storm


def smallest(storm: Storm, faults_of: Callable[[Storm], list[str]], tries: int = 300) -> Storm:
    """Take one thing after the other out of a storm, as long as it goes wrong in the same way."""
    wrong = _kinds(faults_of(storm))
    while tries > 0:
        for smaller in storm.smaller():
            tries -= 1
            if tries <= 0:
                break
            try:
                same = wrong & _kinds(faults_of(smaller))
            except Exception:
                continue  # what is left is no storm any more
            if same:
                storm = smaller
                break
        else:
            break
    return storm


def _kinds(faults: list[str]) -> set[str]:
    """Tell faults by their words, without numbers and IDs."""
    return {" ".join(word for word in fault.split() if word.isalpha()) for fault in faults}
