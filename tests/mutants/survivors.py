# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a broken engine, or a changed line, that no test finds is accepted: because it keeps every promise."""

from __future__ import annotations

#: By the name of a broken engine.
REASONS: dict[str, str] = {}
#: By file and line, as ``plugins/plugin_utils/_dr_copy/decide/retention.py:12``.
LINES: dict[str, str] = {
    "plugins/module_utils/_core/decide/deleting.py:53": "nothing is above infinity",
    "plugins/module_utils/_core/decide/copies.py:35": "of live copies only those in progress are not complete",
    "plugins/module_utils/_core/decide/copies.py:46": "the longer way sorts the same",
    "plugins/module_utils/_core/decide/failures.py:176": "no name of a write comes before that of a deletion",
    "plugins/module_utils/_core/decide/timeouts.py:46": "all that a cloud shows comes before pending by its name",
    "plugins/module_utils/_core/decide/locking.py:57": "only what is gone comes before completed by its name",
    "plugins/module_utils/_core/decide/locking.py:53": "nothing that a cloud shows comes after pending by its name",
    "plugins/module_utils/_core/decide/orders.py:67": "nothing that a cloud shows comes after pending by its name",
    "plugins/plugin_utils/_dr_copy/decide/batches.py:29": "the rows of a plan hold the constant itself",
    "plugins/plugin_utils/_dr_copy/decide/unchanged.py:55": "for the other reasons, no copy is there",
    "plugins/plugin_utils/_dr_restore/decide/claims.py:45": "no claim is named by fewer disks than one",
    "plugins/plugin_utils/_sets/groups.py:46": "no group has fewer disks than one",
    "plugins/plugin_utils/_sets/sources.py:107": "no place is behind the end",
}
#: By the name of a change of the roles (tests.mutants.roles).
ROLES: dict[str, str] = {}
