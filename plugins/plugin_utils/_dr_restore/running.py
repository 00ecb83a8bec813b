# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore and a drill share: variables in, module calls, one result out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .._role.registered import failures_of
from .._role.rows import opened
from .calls import Call, Calls
from .decide.role_words import in_role_words
from .input.variables import normalise

#: Runs a module by its full name with these arguments; returns its result, also where it failed.
RunsModule = Callable[[str, dict[str, Any]], dict[str, Any]]


class Setting(NamedTuple):
    """Where and how a run runs: the host, check mode, the version of Ansible, how many hosts the play has."""

    host: str
    check_mode: bool = False
    ansible: str = ""
    plans: int = 1


class Finished(NamedTuple):
    """What a run hands on: ``dr_restore_result``, what the screen shows, and why the run fails, or nothing."""

    result: dict[str, Any]
    lines: list[str]
    message: str


class Run:
    """A run of the role. ``given`` are the role's variables as the user set them, without their prefix.

    ``call`` runs a module, ``clock`` returns the time (aware), and ``say`` shows a line at once. ``names`` are the
    names of all variables that bear the role's prefix.
    """

    is_drill = False

    def __init__(
        self,
        given: Mapping[str, Any],
        setting: Setting,
        *,
        call: RunsModule,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        names: Sequence[str] = (),
    ):
        checked = normalise(given, setting.host, names, self.is_drill, clock())
        self._values: dict[str, Any] = checked["values"]
        self._problems: list[str] = checked["problems"]
        self._setting, self._run_module, self._clock, self._say = setting, call, clock, say
        self._calls = None if self._problems else Calls(self._values, checked["connection"])

    def run(self) -> Finished:
        """Run to the end. What fails is in the result: nothing is raised."""
        if self._calls is None:
            return Finished({}, [], "; ".join(self._problems))
        try:
            return self._steps(self._calls)
        except Exception as error:
            why = f"the run was ended by an error in its own code, {type(error).__name__}: {error}"
            self._failed(why)
            return Finished({}, [], why)

    def _steps(self, calls: Calls) -> Finished:
        raise NotImplementedError

    def _failed(self, why: str) -> None:
        """Report a run that an error in the role's own code has ended."""

    def _made(self, call: Call) -> dict[str, Any]:
        return in_role_words(self._run_module(call.module, call.arguments))

    def _listed(self, calls: Calls, of_any_region: bool = False) -> dict[str, Any]:
        self._say(f"listing {'all' if of_any_region else 'the'} copies in {self._values['region']}")
        return dict(opened(self._made(calls.list_copies(of_any_region))))

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def is_read(listed: Mapping[str, Any], key: str) -> bool:
    """Whether a listing was read: nothing is made or deleted on the strength of one that was not."""
    return key in listed and not failures_of(listed)
