# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a restore or drill of the role in this process: the real modules against a simulated cloud, on its clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.drilling import Drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.inventory import Inventory
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.record import Record
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.restoring import Restore
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.running import (
    Pause,
    RestoreContext,
    Run,
    RunOutcome,
)

from .harness import run_module

Before = dict[str, Callable[[], Any]] | None
Checks = Callable[[dict[str, Any]], dict[str, Any]]
PASSED = {"passed": True}


class RestoreRuns:
    """Runs restores and drills over one estate, and records the module calls."""

    def __init__(self, estate: Any):
        self.estate = estate
        self.host = "orders"
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.lines: list[str] = []
        self.inventory = Inventory()

    def copy_new_disks(self, *names: str, hours: float = 1, **tags: str) -> dict[str, str]:
        """Copy a snapshot of a new disk for each name, marked as the role dr_copy does; return the disks by name."""
        disks = {name: self.estate.disk(Name=name) for name in names}
        self.copy_disks(disks, hours, **tags)
        return disks

    def copy_disks(self, disks: dict[str, str], hours: float = 1, **tags: str) -> dict[str, str]:
        """Copy a new snapshot of each of these disks; return the copies by the names of the disks."""
        estate = self.estate
        sources = {name: estate.snapshot(disk, hours) for name, disk in disks.items()}
        given: dict[str, Any] = {
            "snapshot_ids": list(sources.values()),
            "source_region": estate.source,
            "destination_regions": [estate.destination],
            "wait": True,
            "wait_delay": 1,
        }
        if estate.cloud.name == "ens":
            given["description"] = "Copied [{disk_id} {source_created_at}]"
        else:
            marks = {"dr-copy:attached-to": "i-1 /dev/sdf", **tags}
            own = {source: {**marks, "dr-copy:disk-name": name} for name, source in sources.items()}
            given.update(copy_tags=True, source_tags=own)
        done = self._module(f"{estate.cloud.name}_snapshot_copy", {**estate.connection(), **given}, False)
        assert not done["failed"], done
        made = {row["source_snapshot_id"]: row["snapshot_id"] for row in done["copies"]}
        return {name: made[source] for name, source in sources.items()}

    def restore(self, check: bool = False, before: Before = None, **given: Any) -> RunOutcome:
        return self._run(Restore, check, before, {"id": "flood", **given})

    def drill(
        self, check: bool = False, before: Before = None, checks: Checks = lambda _set: PASSED, **given: Any
    ) -> RunOutcome:
        """Run a drill. ``checks`` replaces its tasks: it gets the same input and returns the same answer."""
        if "checks_file" in given:
            given["checks"] = given.pop("checks_file")
        return self._run(Drill, check, before, given, checks)

    def run_usable_drill(self, directory: Path, tasks: str = "- ansible.builtin.ping:\n", **given: Any) -> RunOutcome:
        """Run a drill that attaches disks to a test instance, with a file of these tasks in this directory."""
        path = directory / "checks.yml"
        path.write_text(tasks)
        there = {"level": "usable", "test_instance": self.estate.server_id, "test_host": "testhost"}
        return self.drill(**{**there, "checks_file": str(path), **given})

    def _run(
        self,
        program: type[Run],
        check: bool,
        before: Before,
        given: dict[str, Any],
        checks: Checks = lambda _set: PASSED,
    ) -> RunOutcome:
        """Run once. ``before`` maps the first words of a step to what happens before that step."""
        estate, left = self.estate, dict(before or {})
        basics = {
            "cloud": estate.cloud.name,
            "region": estate.destination,
            "connection": {**estate.connection(), **estate.quick_reads},
            **({"zone": estate.zone} if estate.zone else {}),
        }

        def call(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
            name = module.rpartition(".")[2]
            self.calls.append((name, arguments))
            return self._module(name, arguments, check)

        def say(line: str) -> None:
            self.lines.append(line)
            for words in [words for words in left if line.startswith(words)]:
                left.pop(words)()

        context = RestoreContext(host=self.host, check_mode=check, inventory=self.inventory)
        outside = {"call": call, "clock": estate.clock.utc, "say": say}
        ended = program({**basics, **given}, context, **outside).run()
        while isinstance(ended, Pause):
            set_of_disks = ended.what["set"]
            answer = checks(set_of_disks) if set_of_disks else {"passed": False}
            ended = program({**basics, **given}, context, **outside, record=Record(ended.record, answer)).run()
        assert not left, f"no step starts with {left}"
        return ended

    def _module(self, name: str, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
        outcome = run_module(name, arguments, self.estate.clock, check)
        return {**outcome.result, "failed": outcome.failed}


KEY = "arn:aws:kms:eu-west-1:123456789012:key/66666666-2222-3333-4444-555555555555"


def copied_twice(runs, **facts):
    """Copy two snapshots of one disk, the newer one with these facts; return the older copy and the newer one."""
    disks = {"database": runs.estate.disk(Name="database")}
    (older,) = runs.copy_disks(disks, hours=30).values()
    (newer,) = runs.copy_disks(disks, hours=2).values()
    vars(runs.estate.get(newer, runs.estate.destination)).update(facts)
    return older, newer
