# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A year of nights on one simulated cloud: the role and its modules in this process, on a simulated clock.

Every night each disk has a new snapshot, old ones are deleted, and something may fail. The state in the morning is read
from the server itself.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.clouds import CLOUDS
from tests.nights.history import kept_by_calendar
from tests.support.estates import Estate
from tests.support.night_runs import night
from tests.support.reports import within_words

#: How many days the source's own snapshots are kept.
SOURCE_KEEP_DAYS = 3
KEEP, KEEP_DAYS, RPO_HOURS = 5, 10, 30
CALENDAR = {"keep_daily": 12, "keep_weekly": 6, "keep_monthly": 9, "keep_yearly": 2, "timezone": "Europe/Berlin"}
#: The night on which a disk loses its tag, the one on which a copy's tag has a time in the future, and those on which
#: the source region is down.
UNTAGGED_NIGHT, FUTURE_NIGHT, DOWN_NIGHTS = 3, 5, range(8, 15)
CREATED_AT = "dr-copy:source-created-at"


class Year:
    """The nights of one cloud. ``wrong`` collects what must never happen."""

    def __init__(self, cloud: str, estate: Estate, reports: Path, seed: int = 1):
        self.cloud, self.estate, self.reports = cloud, estate, reports
        self.draw = random.Random(f"year {cloud} {seed}")
        self.disks = [estate.disk(**{"dr-copy": "true"}) for _disk in range(3)]
        #: The disks of each plan, by the value of their tag: two plans over one pair of regions.
        self.plans = {"true": self.disks, "mail": [estate.disk(**{"dr-copy": "mail"})]}
        #: A disk that loses its tag: its copies are kept.
        self.leaving = estate.disk(**{"dr-copy": "true"})
        #: The time and the disk of each source, by ID.
        self.taken: dict[str, tuple[datetime, str]] = {}
        self.alive: list[str] = []
        #: The IDs of all copies that were ever seen, by source.
        self.copied: dict[str, set[str]] = {}
        self.nights = self.failures = self.pruned = self.pages = 0
        self.wrong: list[str] = []
        estate.settings(copy_seconds=60)

    def night(self, fails: bool | None = None) -> None:
        """Take snapshots, run the role once, and check the state in the morning."""
        self.nights += 1
        estate = self.estate
        estate.clock.sleep(86400 - (estate.clock.monotonic() - 1000.0) % 86400)
        down = self.nights in DOWN_NIGHTS
        if self.nights == UNTAGGED_NIGHT:
            estate.untag(self.leaving, "dr-copy")
        tagged = [self.leaving] if self.nights < UNTAGGED_NIGHT else []
        tonight = []
        for disk in [] if down else [*self.disks, *self.plans["mail"], *tagged]:
            source = estate.snapshot(disk, age_hours=self.draw.choice((1, 2)))
            tonight.append(source)
            self.alive.append(source)
        failing = not down and (self.draw.random() < 0.1 if fails is None else fails)
        estate.settings(fail_copies_of={tonight[0]: "the disk array is on fire"} if failing else {})
        estate.set_faults(*([{"fault": "drop", "region": estate.source, "times": 100000}] if down else []))
        self.failures += failing
        if not down:
            for row in estate.info(estate.source)["snapshots"]:
                taken = datetime.fromisoformat(row["created_at"].replace("Z", "+00:00"))
                self.taken[row["snapshot_id"]] = taken, row["disk_id"]
        lie = self._set_wrong_time() if self.nights == FUTURE_NIGHT else None
        for tag, disks in self.plans.items():
            report = self._run(tag)
            own = [*disks, *(tagged if tag == "true" else [])]
            self._record_report(report, own, down or (tag == "true" and bool(failing or lie)))
        if lie:
            self.estate.set_tags(lie[0], **{CREATED_AT: lie[1]})
        if not down:
            self._drop_old_sources()

    def _set_wrong_time(self) -> tuple[Any, str] | None:
        """Give the newest copy of a disk a time in the future; return it with the true one. ENS has no tags."""
        if not CLOUDS[self.cloud].snapshots_have_tags:
            return None
        copies = [
            c for c in self.estate.copies(self.estate.destination) if self.taken[self._source_of(c)][1] == self.disks[0]
        ]
        copy = max(copies, key=lambda c: self.taken[self._source_of(c)])
        true = self.estate.tags_of(copy)[CREATED_AT]
        self.estate.set_tags(copy, **{CREATED_AT: "2099-01-01T00:00:00Z"})
        return copy, true

    # -- a run ------------------------------------------------------------------------------------------------

    def _run(self, tag: str) -> dict[str, Any]:
        """Run the plan of the disks with this tag, and return its report."""
        plan = {"plan": tag, "disk_tags": {"dr-copy": tag}, "rpo_hours": RPO_HOURS, "report_dir": str(self.reports)}
        limits = {"keep": KEEP, "keep_days": KEEP_DAYS, **CALENDAR}
        return dict(night(self.estate, **plan, **limits, wait_delay=15).report)

    # -- the morning after ---------------------------------------------------------------------------------------

    def _record_report(self, report: dict[str, Any], disks: list[str], failing: bool) -> None:
        self.pruned += len(report["pruned"])
        points = self.points()
        strays = {row["disk_id"] for row in report["orphans"]} - {self.leaving}
        strangers = {point["disk_id"] for point in report["recovery_points"]} - {*disks, self.leaving}
        if strays or strangers:
            self.wrong.append(f"night {self.nights}: {strays} are called orphans, {strangers} are checked")
        missing = [disk["disk_id"] for disk in report["coverage"]["missing"]]
        if missing != ([self.leaving] if self.nights == UNTAGGED_NIGHT and len(disks) == 3 else []):
            self.wrong.append(f"night {self.nights}: {missing} are said to have fallen out")
        for disk in disks:
            shown = next(point for point in report["recovery_points"] if point["disk_id"] == disk)
            newest = max((taken for taken, of_disk in points if of_disk == disk), default=None)
            if shown["source_created_at"] != (newest and newest.strftime("%Y-%m-%dT%H:%M:%SZ")):
                self.wrong.append(
                    f"night {self.nights}: {disk} is said to be of {shown['source_created_at']}, not {newest}"
                )
            age = newest and (self.estate.clock.utc() - newest) / timedelta(hours=1)
            if shown["within_rpo"] is not bool(age is not None and age <= RPO_HOURS):
                self.wrong.append(
                    f"night {self.nights}: {disk} is {age} h old, but within_rpo is {shown['within_rpo']}"
                )
        if bool(report["failures"]) is not failing:
            self.wrong.append(f"night {self.nights}: failures are {report['failures']}")
        if self.nights % 7 == 0:
            self.pages += 1
            page = (self.reports / f"{report['name']}.html").read_text()
            late = report["totals"]["breaches"]
            number = len(report["recovery_points"])
            words = f"{late} of {number} recovery points miss" if late else within_words(number)
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
        """Return the recovery points on the server: when each was taken, and its disk."""
        copies = self.estate.copies(self.estate.destination)
        points = {self.taken[self._source_of(copy)] for copy in copies if self.estate.is_complete(copy)}
        return {point for point in points if point[1] != self.leaving or self.nights < UNTAGGED_NIGHT}

    def described(self) -> set[tuple[datetime, str]]:
        """Return the recovery points that the variables keep, of all that were ever made."""
        ever = {self.taken[source] for source in self.copied}
        kept = set()
        for disk in [disk for disks in self.plans.values() for disk in disks]:
            newest_first = sorted((point for point in ever if point[1] == disk), reverse=True)
            now = self.estate.clock.utc()
            young = [p for p in newest_first if now - p[0] <= timedelta(days=KEEP_DAYS)]
            by_calendar = [
                point
                for position, point in enumerate(newest_first)
                if kept_by_calendar(point[0], [time for time, _disk in newest_first[:position]], CALENDAR)
            ]
            kept |= {*newest_first[:KEEP], *young, *by_calendar}
        return kept

    def _drop_old_sources(self) -> None:
        now = self.estate.clock.utc()
        for source in list(self.alive):
            if source in self.taken and now - self.taken[source][0] > timedelta(days=SOURCE_KEEP_DAYS):
                self.alive.remove(source)
                self.estate.forget(source, self.estate.source)
