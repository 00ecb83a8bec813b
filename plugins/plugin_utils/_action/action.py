# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of the roles share: variables in, module calls, lines on the screen, one result out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.release import __version__
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.garbage import collect_garbage_rarely

from .._role.call import Arguments, RawAnswer
from .._role.naming import printable
from .._role.parsing import RawVariables, without_values
from .._role.rows import unwrapped
from .._role.run_context import RunContext
from .._role.table import ByName
from .orphans import end_with_module
from .progress_action import ProgressAction, host_of, show_on_stderr
from .user_defaults import with_defaults


def utc() -> datetime:
    """Return the current time (aware)."""
    return datetime.now(timezone.utc)


Context = TypeVar("Context", bound=RunContext)


class RoleAction(ProgressAction):
    """Runs a role that is a program. A subclass defines ``prefix``, the prefix of its variables, and ``run_role``.

    The user's credentials are passed to the modules only, and never appear in a result, an invocation or a fact.
    """

    _supports_async = False
    _supports_diff = True
    prefix = ""

    def run(self, tmp: Any = None, task_vars: Any = None) -> RawAnswer:
        self._vars: RawVariables = task_vars or {}
        self._parent = os.getppid()
        self._changed = False
        self._diffs: list[Any] = []
        self.warnings: list[Any] = []
        collect_garbage_rarely()  # in the process of this task
        # ProgressAction.run() would run the module of the task's name, which has only documentation.
        result = super(ProgressAction, self).run(tmp, task_vars)
        try:
            result.update(self.run_role())
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        result["changed"] = self._changed
        if self._diffs and self._task.diff:
            result["diff"] = self._diffs
        if self.warnings:
            result["warnings"] = self.warnings
        return dict(result)

    def run_role(self) -> Mapping[str, object]:
        """Return the keys of the task's result."""
        raise NotImplementedError

    def call(self, module: str, arguments: Arguments) -> RawAnswer:
        """Run a module with these arguments over the user's defaults. Returns its result, also if the module failed.

        The caller passes on its ``warnings``.
        """
        if os.getppid() != self._parent:
            end_with_module(str(self._connection._shell.tmpdir))
        try:
            given = with_defaults(module, arguments, self._task, self._templar)
            result = dict(unwrapped(self.run_module(module, given, self._vars, parent=self._parent)))
        except AnsibleError as error:  # a module that is not installed
            return {"failed": True, "msg": str(error)}
        self._changed = self._changed or bool(result.get("changed"))
        if result.get("diff"):
            found = result["diff"]
            self._diffs += found if isinstance(found, list) else [found]
        result.pop("invocation", None)
        return result

    def defaults(self, module: str) -> Arguments:
        """Return the user's ``module_defaults`` for a module."""
        return with_defaults(module, {}, self._task, self._templar)

    def say(self, line: str) -> None:
        """Show a line on the screen immediately."""
        if not self._task.no_log:
            show_on_stderr(printable(f"{host_of(self._vars)}: {line}"))

    def variable(self, name: str) -> Any:
        """Return the value of a variable, None if it is not set."""
        value = unwrapped(self._templar.template(self._vars[name])) if name in self._vars else None
        # Before ansible-core 2.19 a text of a vault is no str.
        return str(value) if getattr(value, "__ENCRYPTED__", False) else value

    def variables(self, names: Iterable[str], unread: list[str]) -> ByName:
        """Return the values of the role's variables, by their names without the prefix.

        A variable that cannot be evaluated, for example because it uses an undefined one, is omitted and added to
        ``unread`` as a sentence.
        """
        found: ByName = {}
        for name in names:
            try:
                found[name] = self.variable(self.prefix + name)
            except AnsibleError as error:
                unread.append(f"{self.prefix}{name} cannot be evaluated: {without_values(str(error))}")
        return found

    def variables_of(self, host: str, names: Iterable[str]) -> ByName | None:
        """Return variables of another host of the play, by their names without the prefix.

        None if one cannot be evaluated: that stops the run of that host, and no other.
        """
        theirs = self._vars["hostvars"][host]
        try:
            return {name: theirs.get(self.prefix + name) for name in names}
        except AnsibleError:
            return None

    def stopped_by(self, unread: Sequence[str]) -> str:
        """Return what failed before the run could begin: in the playbook, or variables that cannot be evaluated."""
        stopped = str(self._task.args.get("stopped") or "")
        return without_values(stopped) if stopped else "; ".join(unread)

    def names(self) -> list[str]:
        """Return the names of all variables with the role's prefix."""
        return [name for name in self._vars if name.startswith(self.prefix)]

    def is_true(self, argument: str) -> bool:
        return bool(boolean(self._task.args.get(argument) or False))

    def context(self, kind: type[Context], **more: Any) -> Context:
        """Return where and how the task runs, with what the role's own kind of context needs in addition."""
        hosts = self._vars.get("ansible_play_hosts_all") or ()
        return kind(
            host=host_of(self._vars),
            check_mode=bool(self._task.check_mode),
            ansible=__version__,
            plans=max(len(hosts), 1),
            **more,
        )
