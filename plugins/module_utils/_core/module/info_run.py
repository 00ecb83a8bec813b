# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of an info module, from its options to its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..cloud import SnapshotCloud
from ..errors import BadInput, CopyError
from ..safe_calls import read_with_retries
from .garbage import collect_garbage_rarely
from .info import info_problems, info_result
from .options import INFO_OPTIONS, further_queries
from .runner import Connect, Module, calls_reported, deadline_after, end_module, guarded

#: How long (seconds) an info module waits while the cloud throttles.
INFO_SECONDS = 300


def show_snapshots(module: Module, connect: Connect) -> None:
    """Run an info module and end it."""
    lists: dict[str, Any] = {} if module.params["packed"] else {"disks": [], "snapshots": []}
    keys: dict[str, Any] = {"changed": False, **lists, "api_calls": {}}

    def show() -> None:
        cloud = connect(module)
        deadline = deadline_after(INFO_SECONDS)
        cloud.use_deadline(deadline)
        collect_garbage_rarely()
        queries, wrong = further_queries(module.params["also"])
        with calls_reported(module, cloud, keys):
            try:
                if problems := [*info_problems(cloud, module.params), *wrong]:
                    raise BadInput(problems)
                keys.update(read_with_retries(lambda: info_result(cloud, module.params), deadline))
            except BadInput as error:
                keys["invalid_options"] = error.problems
                raise
            finally:  # a region that does not answer does not prevent the reads of others
                if queries and not wrong:
                    keys["also"] = _answers(cloud, module.params, queries)
        end_module(module, keys, "")

    guarded(module, show, keys)


def _answers(
    cloud: SnapshotCloud, params: Mapping[str, Any], queries: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the answer to each further query: the result of an info module, or its ``failures``."""
    nothing = {name: option.get("default") for name, option in INFO_OPTIONS.items() if name != "packed"}
    return [_answer(cloud, {**params, **nothing, "check_keys": False, **query}) for query in queries]


def _answer(cloud: SnapshotCloud, params: Mapping[str, Any]) -> dict[str, Any]:
    deadline = deadline_after(INFO_SECONDS)
    cloud.use_deadline(deadline)
    try:
        if problems := info_problems(cloud, params):
            raise BadInput(problems)
        return read_with_retries(lambda: info_result(cloud, params), deadline)
    except BadInput as error:
        return {"failures": [error.as_result(None, params["region"])], "invalid_options": error.problems}
    except CopyError as error:
        return {"failures": [error.as_result(None, params["region"])]}
