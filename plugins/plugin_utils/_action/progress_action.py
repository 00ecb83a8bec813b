# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the progress of a long task while its module runs, as lines on stderr and never in a result.

Also ends the module if its job is gone, even if no progress is shown.
"""

from __future__ import annotations

import json
import os
import select
import threading
import time
from typing import Any, cast

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.progress import FILE, ProgressLine
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import BadInput
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.disk_results import (
    disk_failure,
    disk_result,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.results import empty_result

from .._role.call import Arguments, RawAnswer
from .aliases import contradiction
from .orphans import end_with_module

#: Shortest time (seconds) between two lines that are shown, except at a change of phase.
SHOW_SECONDS = 30.0
#: Interval (seconds) at which the file and the parent process are checked.
CHECK_SECONDS = 0.5


def _own_stderr() -> int | None:
    """Return a descriptor of stderr that stays open.

    The core loads action plugins before it forks a worker for a task. Newer cores then close the worker's own stderr
    (ansible/executor/process/worker.py, _detach). If the file were reopened by its name, it would be written at another
    position.
    """
    try:
        return os.dup(2)
    except OSError:
        return None


STDERR = _own_stderr()


class ProgressAction(ActionBase):  # type: ignore[misc]
    """Runs the module of the same name once, and shows its progress while it runs."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> RawAnswer:
        result = super().run(tmp, task_vars)
        if problem := contradiction(self._task.args):
            return {**result, **self.refused(BadInput([problem])), "api_calls": {}, "failed": True, "msg": problem}
        wrap_async = self._task.async_val
        ran = self.run_module(str(self._task.action), self._task.args, task_vars or {}, wrap_async)
        result = merge_hash(result, ran)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return dict(result)

    def refused(self, error: BadInput) -> RawAnswer:
        """Return the result of a task that is not run."""
        return {**empty_result(), "failures": [error.as_result(None, None)]}

    def run_module(
        self, module: str, arguments: Any, task_vars: Any, wrap_async: Any = False, parent: int | None = None
    ) -> RawAnswer:
        """Run a module by its name, and show its progress while it runs. Returns its result."""
        name = module.rpartition(".")[2]
        watch = self._watch(name, task_vars, parent, _done_by(name, arguments))
        if watch:
            watch.start()
        try:
            result = self._execute_module(module, arguments, task_vars=task_vars, wrap_async=wrap_async)
        finally:
            if watch:
                watch.stop()
        return dict(result)

    def _watch(self, name: str, task_vars: Any, parent: int | None, done: str) -> Watch | None:
        """Return the thread that watches the module; None if it runs elsewhere or outlives this task.

        ``parent`` is the process that started the task, if the task has run other modules before.
        """
        directory = self._connection._shell.tmpdir
        is_near = self._connection.transport == "local" and not self._is_become_unprivileged()
        if self._task.async_val or not is_near or not directory:
            Display().v(f"{name}: no progress is shown over SSH, under async or as another user")
            return None
        path = os.path.join(str(directory), FILE)
        try:
            if self._is_wanted(task_vars):
                with open(path, "w", encoding="utf-8"):  # truncate it: this task may have run a module before
                    pass
        except OSError as error:
            Display().v(f"{name}: no progress is shown, because {path} cannot be written: {error.strerror}")
        return Watch(path, f"{host_of(task_vars)} {name}", parent, done)

    def _is_wanted(self, task_vars: Any) -> bool:
        given = self._templar.template(task_vars.get("snapshot_copy_progress", True))
        is_true = str(given).strip().lower() in ("true", "yes", "on", "1", "y", "t", "")
        return is_true and not (self._task.check_mode or self._task.no_log or context.CLIARGS.get("one_line"))


class RestoreAction(ProgressAction):
    """Runs a restore module once, and shows its progress while it runs."""

    def refused(self, error: BadInput) -> RawAnswer:
        return {**disk_result([]), "failures": [disk_failure(error.as_result(None, None))]}


def _done_by(module: str, arguments: Arguments) -> str:
    """Return what happens to each snapshot of a call, as the last word of "2 of 3 copied"."""
    if arguments.get("state") == "absent":
        return "deleted"
    if module.endswith("_restore"):
        return "attached" if arguments.get("attach_to") else "created"
    # A drill only marks existing copies.
    return "checked" if arguments.get("create") is False else "copied"


def host_of(task_vars: Any) -> str:
    return str(task_vars.get("inventory_hostname", "localhost"))


class Watch:
    """A thread that reads the progress file of a module, and ends the module if its job is gone.

    Without such a file, it shows nothing. Each line begins with ``prefix``. ``done`` is what finally happens to each
    snapshot. Times are in seconds.
    """

    def __init__(self, path: str, prefix: str, parent: int | None = None, done: str = "copied"):
        self._path = path
        self._prefix, self._done = prefix, done
        self._ended = threading.Event()
        self._parent = parent or os.getppid()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._shown_at = -SHOW_SECONDS
        self._phase = ""
        self._read = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(2 * CHECK_SECONDS)

    def _follow(self) -> None:
        started = time.monotonic()
        while not self._ended.wait(CHECK_SECONDS):
            if os.getppid() != self._parent:
                end_with_module(os.path.dirname(self._path))
            # A short task needs no line.
            if time.monotonic() - started >= 2 * CHECK_SECONDS:
                self._show_newest()
        if self._phase:
            self._show_newest()

    def _show_newest(self) -> None:
        """Show the newest state if its phase is new, or if the last line is old."""
        state, now = self._newest(), time.monotonic()
        if state and (state["phase"] != self._phase or now - self._shown_at >= SHOW_SECONDS):
            self._phase, self._shown_at = state["phase"], now
            show_on_stderr(f"{self._prefix}: {line_of(state, self._done)}")

    def _newest(self) -> ProgressLine | None:
        """Return the last complete line that the module has written since the last check."""
        try:
            with open(self._path, encoding="utf-8") as file:
                file.seek(self._read)
                lines, _sign, _rest = file.read().rpartition("\n")
            self._read += len(lines.encode()) + 1 if lines else 0
            return cast(ProgressLine, dict(json.loads(lines.rpartition("\n")[2]))) if lines else None
        except (OSError, ValueError):
            return None


def show_on_stderr(line: str) -> None:
    """Write a line to ansible-playbook's own stderr, because its queue would hang if nobody reads it."""
    if STDERR is None:
        return
    try:
        # Do not wait for a line that cannot be written immediately; the next one is more recent.
        ready = select.poll()
        ready.register(STDERR, select.POLLOUT)
        if any(event & select.POLLOUT for _fd, event in ready.poll(0)):
            os.write(STDERR, f"{line}\n".encode())
    except OSError:
        pass  # stderr is closed


def line_of(state: ProgressLine, done: str) -> str:
    """Return the progress of a task as one line."""
    parts = [f"{state['done']} of {state['total']} {done}", f"{state['in_progress']} in progress"]
    if state["waiting"]:
        parts.append(f"{state['waiting']} queued")
    if state["failed"]:
        parts.append(f"{state['failed']} failed")
    slowest = state["slowest"]
    if slowest:
        percent = slowest["progress"]
        where = "" if percent is None else f" to {slowest['region']} at {percent} %"
        parts.append(f"slowest {slowest['snapshot_id']}{where}")
    parts.append(f"{_span(state['elapsed'])} so far")
    if state["left"] is not None:
        parts.append(f"about {_span(state['left'])} left")
    return ", ".join(parts)


def _span(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h {seconds % 3600 // 60} min"
