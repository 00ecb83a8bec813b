# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A year of nights on one simulated cloud: the role's filters and the modules' engine, on a clock that the nights turn.

Every night each disk has a new snapshot, old ones go, and something may fail. The modules run in this process, as the
role's tasks call them; what is there each morning is read from the server's own state.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.outcome import batches_of, expired, gathered
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import page_of, report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import calls_for, selected, there
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.variables import judged

from tests.unit.estates import Estate

#: Days for which the source's own snapshots are kept.
SOURCE_DAYS = 3
KEEP, KEEP_DAYS, RPO_HOURS = 5, 10, 30


class Year:
    """The nights of one cloud. ``wrong`` gathers what should never have happened."""

    def __init__(self, cloud: str, estate: Estate, seed: int = 1):
        self.cloud, self.estate = cloud, estate
        self.draw = random.Random(f"year {cloud} {seed}")
        self.disks = [estate.disk(**{"dr-copy": "true"}) for _disk in range(3)]
        #: When each source was taken, by its ID, and its disk.
        self.taken: dict[str, tuple[datetime, str]] = {}
        self.alive: list[str] = []
        #: IDs of all copies that were ever seen, by source.
        self.copied: dict[str, set[str]] = {}
        self.nights = self.failures = self.pruned = self.pages = 0
        self.wrong: list[str] = []
        self.ens = {"description": "Copied from {snapshot_id} in {source_region} [{disk_id} {source_created_at}]"}
        estate.settings(copy_seconds=60)

    def night(self, fails: bool | None = None) -> None:
        """Take snapshots, run the role once, and look at what is there in the morning."""
        self.nights += 1
        estate = self.estate
        estate.clock.sleep(86400 - (estate.clock.monotonic() - 1000.0) % 86400)
        tonight = []
        for disk in self.disks:
            source = estate.snapshot(disk, age_hours=self.draw.choice((1, 2)))
            tonight.append(source)
            self.alive.append(source)
        failing = self.draw.random() < 0.1 if fails is None else fails
        estate.settings(fail_copies_of={tonight[0]: "the disk array is on fire"} if failing else {})
        self.failures += failing
        report = self._run()
        self._take_note(report, failing)
        self._drop_old_sources()

    # -- a run, as the role's tasks make it -------------------------------------------------------------------

    def _run(self) -> dict[str, Any]:
        estate = self.estate
        values = self._values()
        source = estate.info(estate.source, disk_tags={"dr-copy": "true"}).result
        before = self._listed()
        done: dict[str, Any] = {
            "source": source,
            "share": {},
            "before": [before],
            **selected(source, before["snapshots"], values),
        }
        for snapshot in done["snapshots"]:
            taken = datetime.fromisoformat(snapshot["created_at"].replace("Z", "+00:00"))
            self.taken[snapshot["snapshot_id"]] = (taken, snapshot["disk_id"])
        known = there([before], done["snapshots"], values)
        limits = {"keep": KEEP, "keep_days": KEEP_DAYS, "now": values["now"]}
        done["plan"] = copy_plan(done["snapshots"], done["disks"], known, values["destination_regions"], **limits)
        more = self.ens if self.cloud == "ens" else {}
        done["copied"] = [
            estate.run(*batch["snapshot_ids"], wait=True, **more).result for batch in batches_of(done["plan"])
        ]
        after = self._listed()
        done.update(listed=[after], listed_again=[after])
        done["expired"] = expired(done, values)
        done["deleted"] = [
            estate.run(*call["snapshot_ids"], state="absent", copy_ids=call["copy_ids"]).result
            for call in calls_for(done["expired"])
        ]
        result = gathered(done, values)
        return report_of(result, done, values, {"host": self.cloud, "check_mode": False, "ansible": "none"})

    def _values(self) -> dict[str, Any]:
        variables = {
            "cloud": self.cloud,
            "source_region": self.estate.source,
            "destination_regions": [self.estate.destination],
            "keep": KEEP,
            "keep_days": KEEP_DAYS,
            "rpo_hours": RPO_HOURS,
        }
        taken = judged(variables)
        assert not taken["problems"], taken
        now = self.estate.clock.utc().astimezone(timezone.utc)
        return {**taken["values"], "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "reads_only": False}

    def _listed(self) -> dict[str, Any]:
        return {**self.estate.info(self.estate.destination).result, "item": self.estate.destination}

    # -- the morning after ---------------------------------------------------------------------------------------

    def _take_note(self, report: dict[str, Any], failing: bool) -> None:
        self.pruned += len(report["pruned"])
        points = self.points()
        for disk in self.disks:
            told = next(point for point in report["recovery_points"] if point["disk_id"] == disk)
            newest = max((taken for taken, of_disk in points if of_disk == disk), default=None)
            if told["source_created_at"] != (newest and newest.strftime("%Y-%m-%dT%H:%M:%SZ")):
                self.wrong.append(
                    f"night {self.nights}: {disk} is said to be of {told['source_created_at']}, not {newest}"
                )
            age = newest and (self.estate.clock.utc() - newest) / timedelta(hours=1)
            if told["within_rpo"] is not bool(age is not None and age <= RPO_HOURS):
                self.wrong.append(f"night {self.nights}: {disk} is {age} h old, but within_rpo is {told['within_rpo']}")
        if bool(report["failures"]) is not failing:
            self.wrong.append(f"night {self.nights}: failures are {report['failures']}")
        if self.nights % 7 == 0:
            self.pages += 1
            page = page_of(report)
            late = report["totals"]["breaches"]
            words = f"{late} of 3 recovery points miss" if late else "All 3 recovery points are within"
            if words not in page:
                self.wrong.append(f"night {self.nights}: the page does not say: {words}")
        for copy in filter(self.estate.is_complete, self.estate.copies(self.estate.destination)):
            source = self._source_of(copy)
            self.copied.setdefault(source, set()).add(copy.id)
        self.wrong += [f"{source} was copied as {ids}" for source, ids in self.copied.items() if len(ids) > 1]

    def _source_of(self, copy: Any) -> str:
        if self.cloud == "cbs":
            return str(self.estate.tags_of(copy)["dr-copy:source-snapshot-id"])
        return str(copy.source_id)

    def points(self) -> set[tuple[datetime, str]]:
        """Return the recovery points that are on the server: when each was taken, and its disk."""
        copies = self.estate.copies(self.estate.destination)
        return {self.taken[self._source_of(copy)] for copy in copies if self.estate.is_complete(copy)}

    def described(self) -> set[tuple[datetime, str]]:
        """Return the recovery points that the variables describe, out of all that were ever made."""
        ever = {self.taken[source] for source in self.copied}
        kept = set()
        for disk in self.disks:
            newest_first = sorted((point for point in ever if point[1] == disk), reverse=True)
            now = self.estate.clock.utc()
            young = [p for p in newest_first if now - p[0] <= timedelta(days=KEEP_DAYS)]
            kept |= {*newest_first[:KEEP], *young}
        return kept

    def _drop_old_sources(self) -> None:
        now = self.estate.clock.utc()
        for source in list(self.alive):
            if source in self.taken and now - self.taken[source][0] > timedelta(days=SOURCE_DAYS):
                self.alive.remove(source)
                self.estate.forget(source, self.estate.source)
