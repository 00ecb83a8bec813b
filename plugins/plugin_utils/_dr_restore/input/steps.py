# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a restore or drill that call modules, and their arguments besides the variables."""

from __future__ import annotations

#: Each step, with the kind of module that it calls.
STEPS = {
    "list": "info",
    "look": "info",
    "make": "restore",
    "attach": "restore",
    "delete": "restore",
    "compare": "compare",
    "mark": "copy",
}
