# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role that contradict each other, and those that may do harm."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.locks import MAX_LOCK_DAYS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    TAG_OPTIONS,
    id_problems,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.templates import template_problems

from ..._role.calendar import COUNT_LIMITS
from ..._role.marks import PLAN
from ..._role.naming import file_name
from ..._role.parsing import RawVariables
from ..._role.table import arguments_in
from .steps import GIVEN_BY_RUN, STEPS
from .variables import VARIABLES, Variables

#: The longest name (bytes) of a plan in the names of its files, whose ends need some more. File systems allow 255.
MAX_FILE_NAME = 200


def risks(values: Variables) -> list[str]:
    """Return warnings about settings that are allowed but may do harm."""
    risk = []
    if values.retention_days and not values.rpo_hours:
        risk.append(
            "With dr_copy_retention_days the cloud deletes copies when they expire, even the last one of a disk. Set "
            "dr_copy_rpo_hours to make the role fail when a disk has no copy."
        )
    if values.consistency == "set" and not values.rpo_hours:
        risk.append("dr_copy_consistency: set has no effect unless dr_copy_rpo_hours is set.")
    # For how many days the limits keep a copy that is made each night.
    days = max(values.keep, values.keep_days, values.keep_daily)
    is_pruned = values.keep_days or any(getattr(values, name) for name in COUNT_LIMITS)
    if is_pruned and values.lock_days > days:
        risk.append(
            f"dr_copy_lock_days ({values.lock_days}) is longer than retention, which would delete most nightly "
            f"copies after about {days} days. Until their locks end, the copies remain and the cloud bills them."
        )
    return risk


def set_by_role() -> set[str]:
    """Return the options of the copy modules that the role sets itself; copy_options may set the others."""
    of_variables = {argument for step, argument in arguments_in(VARIABLES) if STEPS[step] == "copy"}
    aliases = (alias for option in {**COPY_OPTIONS, **TAG_OPTIONS}.values() for alias in option.get("aliases", ()))
    return {*of_variables, *GIVEN_BY_RUN, *aliases}


def _lock_problems(values: Variables) -> list[str]:
    days, mode, problems = values.lock_days, values.lock_mode, []
    modes = CLOUDS[values.cloud].lock_modes if values.cloud else ()
    if days > MAX_LOCK_DAYS:
        problems.append(f"dr_copy_lock_days must be at most {MAX_LOCK_DAYS}, not {days}")
    if values.retention_days and days > values.retention_days:
        problems.append(
            "dr_copy_lock_days must not be more than dr_copy_retention_days: the lock would outlive the copy"
        )
    if mode and not days:
        problems.append("dr_copy_lock_mode needs dr_copy_lock_days")
    if modes == ("compliance",) and days and mode != "compliance":
        problems.append(
            f"dr_copy_lock_days: nobody can end a lock on {values.cloud} early, so set dr_copy_lock_mode: compliance"
        )
    return problems


def _text_problems(values: Variables) -> list[str]:
    """Return the problems of IDs and templates that a module would find only after the first calls."""
    problems = []
    if cloud := CLOUDS.get(values.cloud):
        problems += id_problems("dr_copy_disk_ids", values.disk_ids, cloud.disk_ids)
    for name, template in (("name", values.name), ("description", values.description)):
        problems += [f"dr_copy_{name} {problem}" for problem in template_problems(template)]
    return problems


def _plan_problems(values: Variables) -> list[str]:
    """Return why copies could not be marked with the name of the plan, or its reports could not be written."""
    name = "dr_copy_plan (if it is empty, the name of the host)"
    rules = CLOUDS[values.cloud].tag_rules if values.cloud else None
    refused = rules and values.plan and rules.problem(PLAN, values.plan)
    problems = [f"{name}: {refused}"] if refused else []
    if len(file_name(values.plan).encode("utf-8", "surrogatepass")) > MAX_FILE_NAME:
        problems.append(f"{name} is too long: the names of its files would have more than {MAX_FILE_NAME} bytes")
    return problems


def contradictions(values: Variables) -> list[str]:
    """Return the problems that show only with the other variables or the cloud (promises: options)."""
    problems = []
    if values.source_region in values.destination_regions and not values.place:
        problems.append(
            f"dr_copy_destination_regions must not contain dr_copy_source_region ({values.source_region}), unless "
            "dr_copy_copy_options names an Outpost or a Local Zone"
        )
    if not values.disk_tags and not values.disk_ids:
        problems.append("dr_copy_disk_tags must not be empty unless dr_copy_disk_ids is set")
    if values.kms_key_id and not values.encrypted:
        problems.append("dr_copy_kms_key_id needs dr_copy_encrypted: true")
    problems += [*_text_problems(values), *_plan_problems(values), *_lock_problems(values)]
    if values.copy_disk_tags and not values.copy_tags:
        problems.append("dr_copy_copy_disk_tags needs dr_copy_copy_tags: true")
    if values.metrics_dir:
        from ..._role import metrics  # its package takes longer to load than everything else

        problems += [f"dr_copy_metrics_dir needs {metrics.MISSING}"] if metrics.MISSING else []
    for name in ("max_in_flight", "wait_delay", "wait_timeout"):
        if getattr(values, name) == 0:
            problems.append(f"dr_copy_{name} must be at least 1")
    taken = sorted(set(values.copy_options) & set_by_role())
    if taken:
        problems.append(
            f"dr_copy_copy_options must not contain {', '.join(taken)}; set the role's own variables instead"
        )
    return problems


def place_of(options: RawVariables) -> str | None:
    """Return the site inside a region that the options of the copy module name, None for the region itself."""
    return options.get("destination_outpost_arn") or options.get("destination_availability_zone") or None
