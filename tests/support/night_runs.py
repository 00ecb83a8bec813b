# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a night of the role in this process: the real modules against a simulated cloud, on its clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext, PlanOutcome

from .harness import run_module
from .reports import SCHEMA


def variables_of(estate: Any, **variables: Any) -> dict[str, Any]:
    """Return the role's variables for an estate, without their prefix."""
    basics = {
        "cloud": estate.cloud.name,
        "source_region": estate.source,
        "destination_regions": [estate.destination],
        "wait_delay": 1,
        "connection": {**estate.connection(), **estate.quick_reads},
    }
    return {**basics, **variables}


def night(
    estate: Any,
    before: dict[str, Callable[[], Any]] | None = None,
    check: bool = False,
    reads_only: bool = False,
    stopped: str = "",
    calls: list[tuple[str, dict[str, Any]]] | None = None,
    defaults: dict[str, dict[str, Any]] | None = None,
    host: str = "orders",
    hosts_of_plan: Callable[[], Sequence[str]] = tuple,
    **variables: Any,
) -> PlanOutcome:
    """Run a plan once; its report must fit the schema.

    ``before`` maps the first words of a step to what happens before that step. ``calls`` receives the kind and the
    arguments of each module call. ``defaults`` are those of the user, by kind. ``hosts_of_plan`` returns
    those of the play, in order, that have its plan.
    """
    left = dict(before or {})

    def call(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        name = module.rpartition(".")[2]
        if calls is not None:
            calls.append((name.rpartition("_")[2], arguments))
        outcome = run_module(name, {**defaults_of(module), **arguments}, estate.clock, check)
        return {**outcome.result, "failed": outcome.failed}

    def defaults_of(module: str) -> dict[str, Any]:
        return dict((defaults or {}).get(module.rpartition("_")[2], {}))

    def say(line: str) -> None:
        for words in [words for words in left if line.startswith(words)]:
            left.pop(words)()

    context = PlanContext(
        host=host,
        check_mode=check,
        reads_only=reads_only,
        ansible="2.21.0",
        hosts_of_plan=hosts_of_plan,
        defaults=defaults_of,
    )
    given = variables_of(estate, **variables)
    ended = PlanRun(given, context, call=call, clock=estate.clock.utc, say=say, stopped=stopped).run()
    assert not left, f"no step starts with {left}"
    if ended.report:
        SCHEMA.validate(json.loads(json.dumps(ended.report)))
    return ended


TAGS = {"dr-copy": "true", "Name": "database"}


def lost_copy(estate, given):
    """Let a night make a copy, which somebody deletes together with its source; returns the copy."""
    source = estate.snapshot(estate.disk(**TAGS))
    night(estate, **given)
    (copy,) = estate.copies()
    estate.forget(copy.id, estate.destination)
    estate.forget(source)
    return copy


def protected(estate, hours=1.0, **facts):
    """Create a disk that a plan protects, with a snapshot of this age; return its ID."""
    disk = estate.disk(**{"dr-copy": "true", "Name": "database"})
    estate.snapshot(disk, hours, **facts)
    return disk
