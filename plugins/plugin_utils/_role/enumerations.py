# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long lists in a sentence: the first entries, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import MAX_NAMED


def first_in_words(
    entries: Sequence[str], most: int = MAX_NAMED, separator: str = ", ", before_rest: str = " and"
) -> str:
    """Return the first entries for a sentence, and how many more there are: ``a, b and 3 more``."""
    rest = f"{before_rest} {len(entries) - most} more" if len(entries) > most else ""
    return separator.join(entries[:most]) + rest
