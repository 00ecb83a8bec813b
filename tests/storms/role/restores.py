# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores and drills of the role dr_restore in a storm of nights, with the real modules, interleaved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.drilling import Drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.restoring import Restore
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.running import (
    RestoreContext,
    Run,
    RunOutcome,
)

from .storms import PlannedRestore

if TYPE_CHECKING:
    from .nights import NightSimulation

#: The inventory host of these restores and drills.
HOST = "recovery"


@dataclass
class RestoreOutcome:
    """What a restore or a drill did and reported.

    ``finished`` is None if it was killed. ``files`` are the texts that exist at its end: "restore.json", or "html",
    "json" and "prom" of a drill.
    """

    name: str
    run: PlannedRestore
    restore_id: str
    started: float = math.nan
    ended: float = math.nan
    began_at: datetime = datetime.min
    finished: RunOutcome | None = None
    broke: str = ""
    files: dict[str, str] = field(default_factory=dict)
    page_before: str = ""


def make_restore(nights: NightSimulation, outcome: RestoreOutcome) -> Callable[[], None]:
    """Return a function that runs a restore or a drill, interleaved with other runs."""
    run = outcome.run

    def work() -> None:
        utc = nights.estate.clock.utc
        outcome.began_at = utc()
        outcome.page_before = files_of(nights, outcome).get("html", "")
        program: type[Run] = Drill if run.is_drill else Restore
        setting = RestoreContext(host=HOST, check_mode=run.check)
        with nights.record_run(outcome):
            made = program(
                variables_of(nights, outcome), setting, call=nights.call(run.check), clock=utc, say=lambda line: None
            )
            ended = made.run()
            assert isinstance(ended, RunOutcome), "only a drill that checks disks pauses"
            outcome.finished = ended
        outcome.files = files_of(nights, outcome)

    return work


def variables_of(nights: NightSimulation, outcome: RestoreOutcome) -> dict[str, Any]:
    """Return the role's variables without their prefix."""
    estate, folder, run = nights.estate, nights.folder, outcome.run
    places = {"report_dir": folder / "reports", "metrics_dir": folder / "metrics"}
    return {
        "cloud": nights.storm.cloud,
        "region": nights.regions[run.region],
        "source_region": estate.source,
        "manifest_dir": str(folder / "manifests"),
        "connection": {**estate.connection(), **estate.quick_reads},
        **({"zone": estate.zone} if estate.zone else {}),
        **({name: str(path) for name, path in places.items()} if run.is_drill else {"id": outcome.restore_id}),
        **run.options,
    }


def files_of(nights: NightSimulation, outcome: RestoreOutcome) -> dict[str, str]:
    """Return the current contents of the files of a restore or of drills."""
    folder = nights.folder
    paths = {"restore.json": folder / "manifests" / f"{HOST}.{outcome.restore_id}.restore.json"}
    if outcome.run.is_drill:
        paths = {end: folder / "reports" / f"{HOST}.drill.{end}" for end in ("html", "json")}
        paths["prom"] = folder / "metrics" / f"dr_drill_{HOST}.prom"
    return {end: path.read_text() for end, path in paths.items() if path.is_file()}
