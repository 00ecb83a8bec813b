# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of a copy module, from the user's options to the result.

It is separate from the runner because info modules need no engine, and each start of a module compiles its imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..act.attempt import Attempt
from ..act.loop import Loop
from ..act.progress import Progress
from ..cloud import SnapshotCloud
from ..decide.desired import DeletionRequest, Policy
from ..errors import BadInput, CopyError, Credentials
from ..model import CopyRequest, LockRequest
from ..safe_calls import read_with_retries
from ..waiting import Deadline
from .messages import duplicates_message, failures_message, summary_of
from .options import copy_problems, tags_as_text
from .outcome import Outcome, outcomes_of
from .results import diff_of, empty_result, lock_messages, result_of
from .runner import Connect, Module, calls_reported, deadline_after, end_module, guarded

#: Reads the cloud's own options: the place, and the options of the copy call.
OwnOptions = Callable[[Mapping[str, Any]], "tuple[str | None, dict[str, Any]]"]
#: Makes a part of the result from what a run did or, in check mode, would do.
ResultOf = Callable[[Sequence[Outcome]], "dict[str, Any]"]


def no_own_options(_params: Mapping[str, Any]) -> tuple[None, dict[str, Any]]:
    """Return the place and the options of a copy call that only this cloud has: none."""
    return None, {}


def copy_snapshots(module: Module, connect: Connect, own_options: OwnOptions = no_own_options) -> None:
    """Run a copy module and end it."""
    run = CopyRun(module, own_options)
    guarded(module, lambda: run.execute(connect), run.keys)


class CopyRun:
    """One run of a copy module."""

    def __init__(self, module: Module, own_options: OwnOptions):
        self._module = module
        self._params: dict[str, Any] = dict(module.params)
        self._own_options = own_options
        #: The keys of the result that are known so far.
        self.keys: dict[str, Any] = {**empty_result(), "api_calls": {}}

    def execute(self, connect: Connect) -> None:
        params = self._params
        deadline = deadline_after(params["wait_timeout"])
        params["snapshot_ids"] = list(dict.fromkeys(params["snapshot_ids"]))
        # Surveys return an empty string for no answer.
        params["name"] = params["name"] or self._module.argument_spec["name"].get("default")
        params["source_region"] = params["source_region"] or None
        cloud = connect(self._module)
        cloud.use_deadline(deadline)
        self._default_destination(cloud)
        requests = self._requests()
        problems = copy_problems(cloud, params, requests)
        if problems:
            raise BadInput(problems)
        self._finish(cloud, requests, deadline)

    def _default_destination(self, cloud: SnapshotCloud) -> None:
        """Use the connection's region as the destination if destination_regions is not set."""
        params = self._params
        if params["destination_regions"] is None:
            region = cloud.home_region
            if not region:
                raise BadInput(["destination_regions: name at least one region, or set the connection's region"])
            params["destination_regions"] = [region]
            if region == params["source_region"]:
                self._module.warn(
                    f"The copies go to {region}, which is also source_region. Set destination_regions if this is not "
                    "intended."
                )
        params["destination_regions"] = list(dict.fromkeys(params["destination_regions"]))

    def _requests(self) -> list[CopyRequest]:
        params = self._params
        place, options = self._own_options(params)
        tags = params.get("tags")
        source_tags = {
            key: tags_as_text(value, "source_tags") for key, value in (params.get("source_tags") or {}).items()
        }
        lock_days = params.get("lock_days")
        return [
            CopyRequest(
                snapshot_id=snapshot_id,
                source_region=params["source_region"],
                region=region,
                place=place,
                name=params["name"],
                description=params.get("description"),
                tags=None if tags is None else tags_as_text(tags),
                copy_tags=bool(params.get("copy_tags")),
                source_tags=source_tags.get(snapshot_id),
                encrypted=bool(params.get("encrypted")),
                kms_key_id=params.get("kms_key_id") or None,
                retention_days=params.get("retention_days"),
                lock=None if lock_days is None else LockRequest(lock_days, params["lock_mode"]),
                options=options,
            )
            for snapshot_id in params["snapshot_ids"]
            for region in params["destination_regions"]
        ]

    def _policy(self) -> Policy:
        params = self._params
        return Policy(
            deletion=self._deletion() if params["state"] == "absent" else None,
            create=params["create"],
            replace_failed=params["replace_failed"],
            replace_mismatched=params["replace_mismatched"],
            remove_duplicates=params["remove_duplicates"],
            purge_tags=bool(params.get("purge_tags")),
            max_in_flight=params["max_in_flight"],
            wait=params["wait"],
            wait_delay=float(params["wait_delay"]),
            wait_timeout=float(params["wait_timeout"]),
            check_mode=bool(self._module.check_mode),
        )

    def _deletion(self) -> DeletionRequest:
        named, survivors = self._params["copy_ids"], self._params["survivors"]
        return DeletionRequest(None if named is None else frozenset(named), survivors=survivors or {})

    def _finish(self, cloud: SnapshotCloud, requests: list[CopyRequest], deadline: Deadline) -> None:
        loop = Loop(cloud, requests, self._policy(), progress_of(self._module, deadline))
        with run_reported(self._module, cloud, loop, self.keys, result_of):
            run_loop(self._module, cloud, loop)
        end_run(self._module, loop, self.keys, diff_of)


def run_loop(module: Module, cloud: SnapshotCloud, loop: Loop) -> None:
    """Fulfil the requests; in check mode only decide, and check whether the cloud would allow the copies."""
    if not module.check_mode:
        loop.run()
    else:
        loop.plan()
        _ask_for_permission(cloud, loop.attempts, cloud.deadline)


@contextmanager
def run_reported(
    module: Module, cloud: SnapshotCloud, loop: Loop, keys: dict[str, Any], report: ResultOf
) -> Iterator[None]:
    """Put what a run did into the result, even if something unexpected ends it."""
    planned = bool(module.check_mode)
    try:
        with calls_reported(module, cloud, keys):
            yield
    except BadInput:
        planned = False  # the run itself would refuse these options, and change nothing
        raise
    finally:
        keys.update(report(outcomes_of(loop.attempts, planned, loop.utc())))
        for warning in dict.fromkeys(loop.warnings):
            module.warn(warning)


def end_run(module: Module, loop: Loop, keys: dict[str, Any], compare: ResultOf) -> None:
    """End a module with the result of its run and, if requested, the diff that ``compare`` makes."""
    planned = bool(module.check_mode)
    if module._diff:
        keys["diff"] = compare(outcomes_of(loop.attempts, planned, loop.utc()))
    for warning in lock_messages(loop.attempts) if planned else ():
        module.warn(warning)
    if keys.get("duplicates"):
        module.warn(duplicates_message(keys["duplicates"]))
    summary = summary_of(keys, planned, module.params["state"] == "absent")
    end_module(module, keys, failures_message(keys, summary) if keys["failures"] else "", summary)


def progress_of(module: Module, deadline: Deadline) -> Progress:
    """Return the writer of the progress, which needs the file that the controller creates in the task's directory."""
    directory = None if module.check_mode else getattr(getattr(module, "_module", module), "_tmpdir", None)
    return Progress(None if directory is None else str(directory), deadline)


def _ask_for_permission(cloud: SnapshotCloud, attempts: list[Attempt], deadline: Deadline) -> None:
    """Check once per destination whether a copy would be allowed.

    Without credentials all copies to that region fail.
    """
    planned = [a for a in attempts if a.waits_to_begin]
    for region in dict.fromkeys(a.request.region for a in planned):
        checked = [a for a in planned if a.request.region == region]
        try:
            read_with_retries(partial(cloud.check_permission, checked[0].order), deadline)
        except CopyError as error:
            for attempt in checked if isinstance(error, Credentials) else checked[:1]:
                attempt.fail(error)
