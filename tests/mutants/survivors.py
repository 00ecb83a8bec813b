# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a broken engine, or a changed line, that no test finds is let live: because it keeps every promise."""

from __future__ import annotations

#: By the name of a broken engine.
REASONS: dict[str, str] = {}
#: By file and line, as ``plugins/plugin_utils/_dr_copy/retention.py:12``.
LINES: dict[str, str] = {
    "plugins/module_utils/_core/decide/absent.py:69": "nothing is above infinity",
    "plugins/module_utils/_core/decide/copies.py:35": "of live copies only those in progress are not complete",
    "plugins/module_utils/_core/decide/drift.py:90": "what calls it asks the same",
    "plugins/module_utils/_core/decide/failures.py:107": "the names of writes are the same objects, delete the first",
    "plugins/module_utils/_core/decide/failures.py:170": "every other state comes before pending by its name",
    "plugins/module_utils/_core/decide/locks.py:32": "no state comes after pending by its name",
    "plugins/module_utils/_core/decide/orders.py:66": "no state comes after pending by its name",
    "plugins/module_utils/_core/decide/sightings.py:48": "nothing is above infinity",
    "plugins/module_utils/_core/decide/transitions.py:138": "the longer way decides the same",
    "plugins/module_utils/_core/decide/transitions.py:170": "the names of writes are the same objects",
}
