# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a broken engine, or a changed line, that no test finds is let live: because it keeps every promise."""

from __future__ import annotations

#: By the name of a broken engine.
REASONS: dict[str, str] = {
    "polls-have-no-pause": "the loop itself sleeps for a tenth of a second between two looks",
}
#: By file and line, as ``plugins/plugin_utils/_dr_copy/retention.py:12``.
LINES: dict[str, str] = {}
