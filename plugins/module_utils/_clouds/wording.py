# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words that the adapters of several clouds put into messages."""

from __future__ import annotations

from collections.abc import Sequence


def first_ids(ids: Sequence[str]) -> str:
    """Return the first five of many IDs."""
    return f"{', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''}"
