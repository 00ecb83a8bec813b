# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often Python searches a process with long lists for cycles."""

from __future__ import annotations

import gc

#: How many objects a process with long lists may create before Python searches them for cycles.
GC_THRESHOLD = 100_000


def collect_garbage_rarely() -> None:
    """Let Python search rarely for cycles in this process. Rows contain none, and each search reads all of them."""
    gc.set_threshold(GC_THRESHOLD)
