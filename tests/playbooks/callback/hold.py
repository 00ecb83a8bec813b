# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds a playbook before each task that HOLD_BEFORE names in a line, for tests that change the clouds then:
it writes the name into the file HOLD_FILE, and goes on when that is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "hold"

    def v2_playbook_on_task_start(self, task, is_conditional):
        if task.name in os.environ.get("HOLD_BEFORE", "").splitlines():
            held = Path(os.environ["HOLD_FILE"])
            held.write_text(task.name)
            while held.exists():
                time.sleep(0.02)
