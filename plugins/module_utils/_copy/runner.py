# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the user's options to the result. The only code that ends a module."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._clouds.base import SnapshotCloud
from .decision import Policy
from .engine import Engine
from .errors import BadInput, CopyError, Credentials, Refused
from .info import info_problems, info_result
from .job import Job
from .messages import about_duplicates, about_failures, spelt_out, summary_of
from .model import CopyRequest
from .options import copy_problems, tags_as_text
from .plan import Plan, make_deletion_plan, make_plan
from .progress import Progress
from .results import diff_of, empty_result, predicted, result_of
from .waiting import Clock, Deadline, persist

#: An AnsibleModule, or another collection's class around one.
Module = Any
#: Connects a module to its cloud; raises a CopyError where that fails.
Connect = Callable[[Module], SnapshotCloud]
#: Reads the cloud's own options: the place, and the options of the copy call.
OwnOptions = Callable[[Mapping[str, Any]], "tuple[str | None, dict[str, Any]]"]


def copy_snapshots(module: Module, connect: Connect, own_options: OwnOptions) -> None:
    """Run a copy module to its end."""
    run = CopyRun(module, own_options)
    guarded(module, lambda: run.end(connect), run.keys)


def show_snapshots(module: Module, connect: Connect) -> None:
    """Run an info module to its end."""
    keys: dict[str, Any] = {"changed": False, "disks": [], "snapshots": []}

    def show() -> None:
        cloud = connect(module)
        deadline = cloud.deadline = Deadline(Clock(), INFO_SECONDS)
        if problems := info_problems(cloud, module.params):
            raise BadInput(problems)
        keys.update(persist(lambda: info_result(cloud, module.params), deadline))
        for warning in dict.fromkeys(cloud.warnings):
            module.warn(warning)
        module.exit_json(**keys)

    guarded(module, show, keys)


#: How long (seconds) an info module waits out throttling.
INFO_SECONDS = 300


def guarded(module: Module, run: Callable[[], None], keys: Mapping[str, Any]) -> None:
    """Turn whatever goes wrong into a message with all keys of the result; never a traceback."""
    try:
        run()
    except BadInput as error:
        count = len(error.problems)
        message = error.problems[0] if count == 1 else f"{count} options are wrong: {error}"
        module.fail_json(msg=message, **{**keys, "failures": [error.told(None, None)]})
    except CopyError as error:
        failures = [error.told(None, module.params.get("region"))]
        module.fail_json(msg=spelt_out(failures), **{**keys, "failures": failures})
    except Exception as error:
        place = _place(sys.exc_info()[2])
        unexpected = Refused(
            f"Unexpected {type(error).__name__} at {place}: {error}",
            hint="Nothing more was tried. Run again; please report this if it comes back.",
        )
        failures = [*keys.get("failures", ()), unexpected.told(None, None)]
        module.fail_json(msg=spelt_out(failures[-1:]), **{**keys, "failures": failures})


def _place(traceback: Any) -> str:
    while traceback.tb_next:
        traceback = traceback.tb_next
    return f"{os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"


class CopyRun:
    """One run of a copy module."""

    def __init__(self, module: Module, own_options: OwnOptions):
        self._module = module
        self._params: dict[str, Any] = dict(module.params)
        self._own_options = own_options
        #: The keys of the result as far as they are known.
        self.keys: dict[str, Any] = {**empty_result(), "api_calls": {}}

    def end(self, connect: Connect) -> None:
        params = self._params
        deadline = Deadline(Clock(), params["wait_timeout"])
        params["snapshot_ids"] = list(dict.fromkeys(params["snapshot_ids"]))
        # Surveys give an empty text where nothing is said.
        params["name"] = params["name"] or self._module.argument_spec["name"].get("default")
        params["source_region"] = params["source_region"] or None
        cloud = connect(self._module)
        cloud.deadline = deadline
        self._default_destination(cloud)
        requests = self._requests()
        problems = copy_problems(cloud, params, requests)
        if problems:
            raise BadInput(problems)
        make = make_plan if params["state"] == "present" else make_deletion_plan
        plan = make(cloud, requests, self._policy(), deadline)
        self._finish(cloud, plan, deadline)

    def _default_destination(self, cloud: SnapshotCloud) -> None:
        """Where destination_regions was left out, the connection's region is the destination."""
        params = self._params
        if params["destination_regions"] is None:
            region = cloud.home_region
            if not region:
                raise BadInput(["destination_regions: name at least one region, or set the connection's region"])
            params["destination_regions"] = [region]
            if region == params["source_region"]:
                self._module.warn(
                    f"The copies go to {region}, which is also source_region; is destination_regions missing?"
                )
        params["destination_regions"] = list(dict.fromkeys(params["destination_regions"]))

    def _requests(self) -> list[CopyRequest]:
        params = self._params
        place, options = self._own_options(params)
        tags = params.get("tags")
        source_tags = {
            key: tags_as_text(value, "source_tags") for key, value in (params.get("source_tags") or {}).items()
        }
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
                options=options,
            )
            for snapshot_id in params["snapshot_ids"]
            for region in params["destination_regions"]
        ]

    def _policy(self) -> Policy:
        params = self._params
        return Policy(
            replace_failed=params["replace_failed"],
            replace_mismatched=params["replace_mismatched"],
            remove_duplicates=params["remove_duplicates"],
            purge_tags=bool(params.get("purge_tags")),
            max_in_flight=params["max_in_flight"],
            wait=params["wait"],
            wait_delay=float(params["wait_delay"]),
            copy_ids=None if params["copy_ids"] is None else frozenset(params["copy_ids"]),
        )

    def _finish(self, cloud: SnapshotCloud, plan: Plan, deadline: Deadline) -> None:
        planned = bool(self._module.check_mode)
        warnings = [*plan.warnings]
        if planned:
            jobs = predicted(plan, self._params["wait"])
            _ask_for_permission(cloud, jobs, deadline)
            self.keys.update(result_of(jobs, planned))
        else:
            progress = Progress(_directory_of(self._module), deadline)
            engine = Engine(cloud, plan, self._policy(), deadline, progress)
            jobs = self._carry_out(engine)
            warnings += engine.warnings
        self.keys["api_calls"] = dict(sorted(cloud.calls.items()))
        if self._module._diff:
            self.keys["diff"] = diff_of(plan, jobs, planned)
        for warning in dict.fromkeys(warnings + cloud.warnings):
            self._module.warn(warning)
        gone = {snapshot_id for job in jobs for snapshot_id in job.deleted}
        remaining = [duplicate for duplicate in self.keys["duplicates"] if duplicate["snapshot_id"] not in gone]
        if remaining:
            self._module.warn(about_duplicates(remaining))
        if self.keys["failures"]:
            self._module.fail_json(msg=about_failures(self.keys, planned), **self.keys)
        self._module.exit_json(msg=summary_of(self.keys, planned), **self.keys)

    def _carry_out(self, engine: Engine) -> list[Job]:
        try:
            engine.run()
        finally:
            # Also where something unexpected ends the run: what was done by then is told.
            self.keys.update(result_of(engine.jobs), api_calls=dict(sorted(engine.cloud.calls.items())))
        return engine.jobs


def _directory_of(module: Module) -> str | None:
    """Return the task's temporary directory, where an action plugin of the controller has made one."""
    directory = getattr(getattr(module, "_module", module), "_tmpdir", None)
    return None if directory is None else str(directory)


def _ask_for_permission(cloud: SnapshotCloud, jobs: list[Job], deadline: Deadline) -> None:
    """Ask once per destination whether a copy would be allowed; no permission at all holds for all of that region."""
    regions = dict.fromkeys(job.decision.request.region for job in jobs if job.decision.order)
    for region in regions:
        planned = [job for job in jobs if job.decision.order and job.decision.request.region == region]
        try:
            persist(partial(cloud.check_permission, planned[0].order), deadline)
        except CopyError as error:
            for job in planned if isinstance(error, Credentials) else planned[:1]:
                job.failed(error)
                job.changed = False
                job.deleted = []
