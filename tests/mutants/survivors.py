# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a broken engine, or a changed line, that no test finds is let live: because it keeps every promise."""

from __future__ import annotations

#: By the name of a broken engine.
REASONS: dict[str, str] = {}
#: By file and line, as ``plugins/plugin_utils/_dr_copy/retention.py:12``.
LINES: dict[str, str] = {
    "plugins/module_utils/_core/decide/copies.py:46": "the longer way gives the same",
    "plugins/module_utils/_core/decide/drift.py:90": "what calls it asks the same",
    "plugins/module_utils/_core/decide/sightings.py:20": "another pause",
    "plugins/module_utils/_core/decide/timing.py:55": "a look sooner",
    "plugins/module_utils/_core/decide/transitions.py:170": "the names of writes are the same objects",
    "plugins/module_utils/_core/decide/wanted.py:24": "a default on which no module relies",
    "plugins/module_utils/_core/decide/wanted.py:25": "a default on which no module relies",
}
