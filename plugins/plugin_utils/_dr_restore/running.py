# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What restores and drills share: variables in, module calls, one result out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from .._role.answers import InfoAnswer
from .._role.call import Call, Returned, RunsModule
from .._role.failures import failures_of, unexpected_error
from .._role.parsing import RawVariables
from .._role.rows import read_listing
from .._role.run_context import RunContext
from .._role.table import as_mapping
from .calls import Calls
from .input.checked import checked_variables
from .input.inventory import EMPTY_INVENTORY, Inventory
from .input.role_words import in_role_words
from .input.variables import variables_from_record
from .record import Paused, Record


@dataclass(frozen=True, kw_only=True)
class RestoreContext(RunContext):
    """Also the surroundings of the run in its inventory."""

    inventory: Inventory = EMPTY_INVENTORY


class RunOutcome(NamedTuple):
    """What a run returns: ``dr_restore_result``, what the screen shows, and why the run fails (empty if it does not).

    ``record`` is that of a run that has paused before: with it, the run is known to have ended.
    """

    result: Mapping[str, object]
    lines: list[str]
    message: str
    record: str = ""


class Pause(NamedTuple):
    """A run waits for tasks of the play, which get ``what``. Then it continues with its ``record``."""

    what: Mapping[str, object]
    record: str


class Run:
    """A run of the role. ``raw_variables`` are the role's variables as the user set them, without their prefix.

    ``call`` runs a module, ``clock`` returns the time (aware), and ``say`` shows a line immediately. ``names`` are the
    names of all variables with the role's prefix. ``record`` is that of a paused run. ``stopped`` says what failed
    before the run could begin.
    """

    is_drill = False

    def __init__(
        self,
        raw_variables: RawVariables,
        context: RestoreContext,
        *,
        call: RunsModule,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        names: Sequence[str] = (),
        record: Record | None = None,
        stopped: str = "",
    ):
        checked = checked_variables(raw_variables, context.host, names, self.is_drill, clock(), context.inventory)
        self._record, self._is_resumed = record or Record(), record is not None
        self._values = variables_from_record(self._record.answer("variables", lambda: as_mapping(checked.values)))
        self._problems = self._record.answer("problems", lambda: [stopped] if stopped else checked.problems)
        self._context, self._run_module, self._clock, self._screen = context, call, clock, say
        self._calls = None if self._problems else Calls(self._values, checked.connection)

    def run(self) -> RunOutcome | Pause:
        """Run to the end or to the next pause. Failures are in the result; nothing is raised."""
        if self._record.final_result:
            result, lines, message = self._record.final_result
            return RunOutcome(result, lines, message, self._record.as_text())
        if self._calls is None:
            return self._failed("; ".join(self._problems))
        try:
            ended = self._steps(self._calls)
        except Paused as paused:
            return Pause(paused.what, self._record.as_text())
        except Exception as error:
            ended = self._failed(unexpected_error(error))
        self._record.end([ended.result, ended.lines, ended.message])
        return ended._replace(record=self._record.as_text() if self._is_resumed else "")

    def _steps(self, calls: Calls) -> RunOutcome:
        raise NotImplementedError

    def _failed(self, why: str) -> RunOutcome:
        """Return the outcome of a run that its variables, or an error in the role's own code, have ended."""
        return RunOutcome({}, [], " ".join(filter(None, [why, self._write_failure(why)])))

    def _write_failure(self, _why: str) -> str:
        """Write the files of such a run, if it has any; return what could not be written."""
        return ""

    def _say(self, line: str) -> None:
        if not self._record.is_ahead:
            self._screen(line)

    def _run_call(self, call: Call[Returned]) -> Returned:
        """Run a module; returns its result, to which this assigns the type."""
        answer = self._record.answer(_question(call), lambda: self._run_module(call.module, call.arguments))
        return cast(Returned, in_role_words(answer))

    def _list_copies(self, calls: Calls, of_any_region: bool = False) -> InfoAnswer:
        self._say(f"listing {'all' if of_any_region else 'the'} copies in {self._values.region}")
        return read_listing(self._run_call(calls.list_copies(of_any_region)))

    def _now(self) -> str:
        return self._record.answer("time", lambda: iso_utc(self._clock()))


def _question(call: Call[Returned]) -> str:
    """Return a call as a question of the record, which must not contain secrets."""
    arguments = json.dumps(call.arguments, sort_keys=True, default=str)
    return f"{call.module} {hashlib.sha256(arguments.encode()).hexdigest()[:16]}"


def is_read(listed: InfoAnswer, key: str) -> bool:
    """Whether a listing was read. If not, nothing is made or deleted on the basis of it."""
    return key in listed and not failures_of(listed)
