# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of an info module, from its options to its result. Only this code ends a module, also of other kinds."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..cloud import SnapshotCloud, call_safely
from ..errors import BadInput, CopyError, Refused, Unreachable
from ..pacing import persist
from ..waiting import Clock, Deadline
from .info import info_problems, info_result
from .messages import quoted_failures
from .options import INFO_OPTIONS, further_queries
from .packing import expect_long_lists

#: An AnsibleModule, or another collection's class around one.
Module = Any
#: Connects a module to its cloud; raises a CopyError if that fails.
Connect = Callable[[Module], SnapshotCloud]


def show_snapshots(module: Module, connect: Connect) -> None:
    """Run an info module and end it."""
    lists: dict[str, Any] = {} if module.params["packed"] else {"disks": [], "snapshots": []}
    keys: dict[str, Any] = {"changed": False, **lists, "api_calls": {}}

    def show() -> None:
        cloud = connect(module)
        deadline = cloud.deadline = Deadline(Clock(), INFO_SECONDS)
        expect_long_lists()
        queries, wrong = further_queries(module.params["also"])
        try:
            if problems := [*info_problems(cloud, module.params), *wrong]:
                raise BadInput(problems)
            keys.update(persist(lambda: call_safely(Unreachable, lambda: info_result(cloud, module.params)), deadline))
        finally:  # a region that does not answer does not prevent the reads of others
            if queries and not wrong:
                keys["also"] = _answers(cloud, module.params, queries)
            keys["api_calls"] = dict(sorted(cloud.calls.items()))
        for warning in dict.fromkeys(cloud.warnings):
            module.warn(warning)
        module.exit_json(**keys)

    guarded(module, show, keys)


def _answers(
    cloud: SnapshotCloud, params: Mapping[str, Any], queries: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the answer to each further query: the result of an info module, or its ``failures``."""
    nothing = {name: option.get("default") for name, option in INFO_OPTIONS.items() if name != "packed"}
    return [_answer(cloud, {**params, **nothing, "check_keys": False, **query}) for query in queries]


def _answer(cloud: SnapshotCloud, params: Mapping[str, Any]) -> dict[str, Any]:
    deadline = cloud.deadline = Deadline(Clock(), INFO_SECONDS)
    try:
        if problems := info_problems(cloud, params):
            raise BadInput(problems)
        return persist(lambda: call_safely(Unreachable, lambda: info_result(cloud, params)), deadline)
    except CopyError as error:
        return {"failures": [error.as_result(None, params["region"])]}


#: How long (seconds) an info module waits while the cloud throttles.
INFO_SECONDS = 300


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
            hint="Nothing more was tried. Run again; please report this if it happens again.",
        )
        failures = [*keys.get("failures", ()), form(unexpected.as_result(None, None))]
        module.fail_json(msg=quoted_failures(failures[-1:]), **{**keys, "failures": failures})


def end_module(module: Module, keys: Mapping[str, Any], failure: str, success: str | None = None) -> None:
    """End a module with these keys of its result; as failed, with the message ``failure``, if they contain failures."""
    if keys["failures"]:
        module.fail_json(msg=failure, **keys)
    module.exit_json(**({} if success is None else {"msg": success}), **keys)


def _line_of(traceback: Any) -> str:
    while traceback.tb_next:
        traceback = traceback.tb_next
    return f"{os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"


def deadline_of(params: Mapping[str, Any]) -> Deadline:
    """Return the end of a run that starts now."""
    return Deadline(Clock(), params["wait_timeout"])
