# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a module on a Python that is too old, with a message instead of a traceback, as ansible.module_utils.basic does.

The minimum is the oldest Python that the SDKs of all clouds support (README.md, Requirements).
"""

from __future__ import annotations

import json
import sys

MINIMUM = (3, 10)

if sys.version_info < MINIMUM:
    sys.stdout.write(
        json.dumps(
            {
                "failed": True,
                "msg": "multicloud.snapshots needs Python 3.10 or newer on the machine that runs the module; this is "
                f"Python {sys.version.split()[0]} ({sys.executable}). Set ansible_python_interpreter to a newer one",
            }
        )
    )
    raise SystemExit(1)
