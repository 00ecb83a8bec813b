# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a module whose ansible-playbook is gone."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path


def end_with_module(directory: str) -> None:
    """End this worker and its module: their ansible-playbook is gone.

    Newer cores give each worker its own session, which the cancellation of a runner does not reach. On older cores
    somebody may have killed only ansible-playbook. ``directory`` is the task's directory, which contains the module's
    parameters.
    """
    for pid in _descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # it has just ended
    shutil.rmtree(directory, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _descendants(ancestor: int) -> list[int]:
    found = [ancestor]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text(encoding="utf-8").split()]
            except (OSError, ValueError):
                pass  # it has just ended
    return found[1:]
