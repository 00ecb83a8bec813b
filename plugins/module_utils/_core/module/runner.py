# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the runs of all modules share: their deadline, their failures as messages. Only this code ends a module."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from ..cloud import SnapshotCloud
from ..errors import BadInput, CopyError, Refused
from ..waiting import Clock, Deadline
from ..words import quoted_failures


class Module(Protocol):
    """What a run needs of an AnsibleModule, or of another collection's class around one."""

    @property
    def params(self) -> Mapping[str, Any]: ...

    @property
    def argument_spec(self) -> Mapping[str, Any]: ...

    @property
    def check_mode(self) -> bool: ...

    @property
    def _diff(self) -> bool: ...

    def warn(self, warning: str) -> None: ...

    def exit_json(self, **kwargs: Any) -> NoReturn: ...

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn: ...


#: Connects a module to its cloud; raises a CopyError if that fails.
Connect = Callable[[Any], SnapshotCloud]


def guarded(
    module: Module,
    run: Callable[[], None],
    keys: Mapping[str, Any],
    form: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> None:
    """Turn any failure into a message with all keys of the result, never a traceback.

    ``form`` makes the failure's row.
    """
    try:
        run()
    except BadInput as error:
        count = len(error.problems)
        message = error.problems[0] if count == 1 else f"{count} options are wrong: {error}"
        module.fail_json(msg=message, **{**keys, "failures": [form(error.as_result(None, None))]})
    except CopyError as error:
        failures = [form(error.as_result(None, module.params.get("region")))]
        module.fail_json(msg=quoted_failures(failures), **{**keys, "failures": failures})
    except Exception as error:
        where = _line_of(sys.exc_info()[2])
        unexpected = Refused(
            f"Unexpected {type(error).__name__} at {where}: {error}",
            hint="The module stopped at this point. Run again. If the error occurs again, report it.",
        )
        failures = [*keys.get("failures", ()), form(unexpected.as_result(None, None))]
        module.fail_json(msg=quoted_failures(failures[-1:]), **{**keys, "failures": failures})


@contextmanager
def calls_reported(module: Module, cloud: SnapshotCloud, keys: dict[str, Any]) -> Iterator[None]:
    """Put the number of calls into the result and show the cloud's warnings, however the work with it ends."""
    try:
        yield
    finally:
        keys["api_calls"] = dict(sorted(cloud.calls.items()))
        for warning in dict.fromkeys(cloud.warnings):
            module.warn(warning)


def end_module(module: Module, keys: Mapping[str, Any], failure: str, success: str | None = None) -> None:
    """End a module with these keys of its result; as failed, with the message ``failure``, if they contain failures."""
    if keys.get("failures"):
        module.fail_json(msg=failure, **keys)
    module.exit_json(**({} if success is None else {"msg": success}), **keys)


def _line_of(traceback: Any) -> str:
    while traceback.tb_next:
        traceback = traceback.tb_next
    return f"{os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"


def deadline_after(seconds: float) -> Deadline:
    """Return the end of a run that starts now."""
    return Deadline(Clock(), seconds)
