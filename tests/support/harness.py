# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's own main() in this process, against a simulated cloud, on a clock that tests advance."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from ansible.module_utils import basic

from tests.support.botocore_loader import share_loader

share_loader()

COLLECTION = "ansible_collections.multicloud.snapshots"
RUNNER = f"{COLLECTION}.plugins.module_utils._core.module.runner"
COPYING = f"{COLLECTION}.plugins.module_utils._core.module.copying"
#: Where tools that are not in Python packages are cached between runs.
TOOLS = Path.home() / ".cache" / "dr-copy-tools"


def examples(number: int) -> int:
    """Return how many random examples a test tries: this many, or a fifth of them in `make unit`."""
    return max(20, number // 5) if os.environ.get("QUICK") else number


@dataclass(frozen=True)
class Outcome:
    """What a module printed, and whether it failed."""

    result: dict[str, Any]
    failed: bool
    text: str

    def __getitem__(self, key: str) -> Any:
        return self.result[key]

    def copy(self) -> dict[str, Any]:
        """Return the only row of the result."""
        assert len(self.result["copies"]) == 1, self.result["copies"]
        return self.result["copies"][0]

    def failure(self) -> dict[str, Any]:
        """Return the only failure of the result."""
        assert len(self.result["failures"]) == 1, self.result["failures"]
        return self.result["failures"][0]


def run_module(name: str, args: dict[str, Any], clock: Any, check: bool = False, diff: bool = False) -> Outcome:
    """Run a module by its name with these options. ``clock`` replaces the machine's clock."""
    module = importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")
    runner = importlib.import_module(RUNNER)
    printed = io.StringIO()
    failed = True
    _forget_warnings()
    given = {**args, "_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": "/tmp"}
    with (
        module_args(given),
        _as_on_a_target(),
        mock.patch.object(runner, "Clock", lambda: clock),
        contextlib.redirect_stdout(printed),
    ):
        try:
            module.main()
        except SystemExit as ended:
            failed = ended.code != 0
    text = printed.getvalue()
    return Outcome(json.loads(text), failed, text)


@contextlib.contextmanager
def idle_seconds() -> Any:
    """Collect the seconds that this thread only waits: read timeouts that expire, and sleeps.

    So a test can bound them however slow the machine is.
    """
    own, seconds = threading.get_ident(), []
    read, sleep = socket.SocketIO.readinto, time.sleep

    def readinto(file: Any, buffer: Any) -> Any:
        try:
            return read(file, buffer)
        except TimeoutError:
            if threading.get_ident() == own:
                seconds.append(file._sock.gettimeout())
            raise

    def slept(pause: float) -> None:
        if threading.get_ident() == own:
            seconds.append(pause)
        sleep(pause)

    with mock.patch.object(socket.SocketIO, "readinto", readinto), mock.patch.object(time, "sleep", slept):
        yield seconds


def _forget_warnings() -> None:
    """Ansible collects warnings for a whole process, which here runs many modules."""
    from ansible.module_utils.common import warnings

    for gathered in (warnings._global_warnings, warnings._global_deprecations):
        gathered.clear()


@contextlib.contextmanager
def _as_on_a_target() -> Any:
    """Core omits a module's warnings from its result if the process has also loaded plugins of the controller."""
    try:
        from ansible.module_utils import _internal
    except ImportError:  # ansible-core before 2.19
        yield
    else:
        with mock.patch.object(_internal, "is_controller", False, create=True):  # 2.18 does not have it
            yield


@contextlib.contextmanager
def module_args(args: dict[str, Any]) -> Any:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # ansible-core before 2.19
        encoded = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
        with mock.patch.object(basic, "_ANSIBLE_ARGS", encoded):
            yield
    else:
        with patch_module_args(args):
            yield
