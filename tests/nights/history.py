# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A random history of one plan, with three runs a day of the role's filters.

Disks, snapshots and copies appear and disappear. Nothing here calls a cloud: rows stand for the results of the info
modules. Each deletion is checked with a second implementation of the rules, which shares no code with the filters.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.destinations import (
    with_known_sources,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import prunable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.provenance import with_provenance_problems

from tests.clouds import CLOUDS
from tests.support.reports import done_with

FIRST_NIGHT = datetime(2026, 1, 1, tzinfo=timezone.utc)
SOURCE, REGIONS = "source-1", ("dr-1", "dr-2")
#: The time of the source in a wrong tag.
FUTURE_TIME = "2099-01-01T00:00:00Z"

NO_CALENDAR = {"keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0, "keep_yearly": 0, "timezone": "UTC"}
CALENDARS = (
    {**NO_CALENDAR, "keep_daily": 2},
    {**NO_CALENDAR, "keep_weekly": 1, "timezone": "Pacific/Auckland"},
    {"keep_daily": 3, "keep_weekly": 2, "keep_monthly": 2, "keep_yearly": 1, "timezone": "America/New_York"},
)
#: The strftime format of each period, by the limit that counts it.
PERIOD_FORMATS = {"keep_daily": "%Y-%m-%d", "keep_weekly": "%G week %V", "keep_monthly": "%Y-%m", "keep_yearly": "%Y"}

Row = dict[str, Any]


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def kept_by_calendar(taken: datetime, newer: Collection[datetime], calendar: Row) -> list[str]:
    """Return which limits by the calendar keep a recovery point; ``newer`` are the times of the later ones."""
    zone = ZoneInfo(calendar["timezone"])
    kept = []
    for limit, form in PERIOD_FORMATS.items():
        own = taken.astimezone(zone).strftime(form)
        after = {time.astimezone(zone).strftime(form) for time in newer}
        if own not in after and len(after) < calendar[limit]:
            kept.append(f"{limit} {calendar[limit]} protects it: it is the newest of {own}")
    return kept


class NightHistory:
    """One seed's estate and variables. ``wrong`` collects what must never happen."""

    def __init__(self, cloud: str, seed: int):
        self.draw = draw = random.Random(f"{cloud} {seed}")
        self.cloud = CLOUDS[cloud]
        self.now = FIRST_NIGHT
        self.disks = [{"disk_id": f"disk-{n}", "name": f"disk {n}"} for n in range(draw.randint(1, 3))]
        self.sources: list[Row] = []
        self.copies: list[Row] = []
        self.deletions = 0
        self.wrong: list[str] = []
        self._number = 0
        self.regions = REGIONS[: draw.choice((1, 1, 2))]
        self.select = draw.choice(("latest", "all"))
        self.keep, self.keep_days = draw.choice(((0, 0), (1, 0), (3, 0), (0, 1), (0, 3), (2, 2), (5, 1)))
        self.calendar = draw.choice((NO_CALENDAR, NO_CALENDAR, *CALENDARS))
        self.retention_days = draw.choice((0, 2, 4)) if self.cloud.copies_expire else 0
        self.oldest = draw.choice((0, 0, 30))
        basics = {"cloud": cloud, "source_region": SOURCE, "destination_regions": list(self.regions), "plan": "history"}
        limits = {"keep": self.keep, "keep_days": self.keep_days, **self.calendar}
        self.values = checked_variables({**basics, **limits}).values

    def new_id(self, what: str) -> str:
        self._number += 1
        # Not in the order of creation, like the IDs of clouds.
        return f"{what}-{(self._number * 7919) % 100003:06d}"

    # -- events between two runs --------------------------------------------------------------------------

    def pass_time(self, hours: float) -> None:
        """Let time pass, with random events."""
        self.now += timedelta(hours=hours)
        for source in self.sources:
            source["state"] = "completed" if self.draw.random() < 0.8 else source["state"]
        for copy in self.copies:
            copy["state"] = "completed" if self.draw.random() < 0.9 else copy["state"]
            if copy["locked_until"] and time_of(copy["locked_until"]) <= self.now:
                copy["locked_until"] = None
        for disk in self.disks:
            for _snapshot in range(self.draw.choice((0, 1, 1, 2))):
                self._take_snapshot(disk["disk_id"])
        self.sources = [s for s in self.sources if self.draw.random() > 0.1]
        self.copies = [c for c in self.copies if not (c["deadline"] and time_of(c["deadline"]) <= self.now)]
        if self.copies and self.draw.random() < 0.3:
            self._change_copy(self.draw.choice(self.copies))

    def _take_snapshot(self, disk_id: str) -> None:
        state = self.draw.choice(("completed", "completed", "completed", "pending", "error"))
        taken = self.now - timedelta(minutes=self.draw.choice((0, 5, 5, 30)))
        self.sources.append(
            {
                "snapshot_id": self.new_id("snap"),
                "disk_id": disk_id,
                "region": SOURCE,
                "state": state,
                "created_at": text_of(taken),
                "tags": {},
                "source": None,
            }
        )

    def _change_copy(self, copy: Row) -> None:
        odd = ["hold", "release", "duplicate", "foreign", "untold", "gone", "future"]
        what = self.draw.choice([*odd, "lock"] if self.cloud.copies_are_locked else odd)
        if what == "hold":
            copy["tags"] = {**copy["tags"], "dr-copy:hold": self.draw.choice(("", "true", "false"))}
        elif what == "release":
            copy["tags"] = {k: v for k, v in copy["tags"].items() if k != "dr-copy:hold"}
        elif what == "duplicate":
            self.copies.append({**copy, "snapshot_id": self.new_id("copy"), "source": dict(copy["source"])})
        elif what == "foreign" and self.sources:
            made = self._make_copy(self.draw.choice(self.sources), self.draw.choice(self.regions))
            made["source"].update(managed=False, disk_id=None, created_at=None)
            self.copies.append(made)
        elif what == "untold":
            copy["source"][self.draw.choice(("disk_id", "created_at"))] = None
        elif what == "future":
            copy["source"]["created_at"] = FUTURE_TIME
        elif what == "lock":
            copy["locked_until"] = text_of(self.now + timedelta(hours=self.draw.choice((6, 30))))
        elif what == "gone":
            self.copies.remove(copy)

    def _make_copy(self, source: Row, region: str, state: str = "completed") -> Row:
        days = self.retention_days
        return {
            "snapshot_id": self.new_id("copy"),
            "disk_id": source["disk_id"] if self.cloud.copies_show_disk else None,
            "region": region,
            "state": state,
            "created_at": text_of(self.now),
            "tags": {},
            "locked_until": None,
            "deadline": text_of(self.now + timedelta(days=days)) if days else None,
            "source": {
                "snapshot_id": source["snapshot_id"],
                "region": SOURCE,
                "disk_id": source["disk_id"],
                "created_at": source["created_at"],
                "managed": True,
            },
        }

    # -- a run ---------------------------------------------------------------------------------------------

    def run(self, fails: float = 0.1) -> None:
        """Copy and prune as the role does; then once more with the same variables, which must change nothing."""
        broken = {region for region in self.regions if self.draw.random() < fails}
        before = {(c["source"]["snapshot_id"], c["region"]) for c in self.copies if c["state"] == "completed"}
        sources = {source["snapshot_id"]: source for source in self.sources}
        for row in self._plan():
            if row["chosen"]:
                key = (row["snapshot_id"], row["region"])
                if key in before:
                    self.wrong.append(f"{key} was copied twice")
                if row["region"] not in broken:
                    # A copy in progress is adopted, as by the module.
                    there = [c for c in self.copies if (c["source"]["snapshot_id"], c["region"]) == key]
                    for copy in there:
                        copy["state"] = "completed"
                    if not there:
                        self.copies.append(self._make_copy(sources[row["snapshot_id"]], row["region"]))
        self._prune(broken)
        chosen = [row for row in self._plan() if row["chosen"] and row["region"] not in broken]
        again = self._expired_copies()
        if chosen or again:
            self.wrong.append(f"a second run would copy {chosen} and delete {again}")

    def _known_copies(self) -> list[Row]:
        return with_known_sources(with_provenance_problems(self.copies, self.sources, self.now), self.sources)

    def _plan(self) -> list[Row]:
        return copy_plan(
            self.sources,
            self.disks,
            self._known_copies(),
            self.regions,
            select=self.select,
            keep=self.keep,
            keep_days=self.keep_days,
            **self.calendar,
            retention_days=self.retention_days,
            max_snapshot_age_hours=self.oldest,
            now=text_of(self.now),
        )

    def _expired_copies(self) -> list[Row]:
        judged = with_provenance_problems(self.copies, self.sources, self.now)
        values = replace(self.values, started_at=text_of(self.now))
        return prunable(done_with(judged, self._plan(), self.disks), values, False).to_delete

    def _prune(self, broken: set[str]) -> None:
        expired = self._expired_copies()
        truth = {copy["snapshot_id"]: copy for copy in self.copies}
        for copy in expired:
            self.wrong += [f"{copy['snapshot_id']}: {why}" for why in self._objections(truth[copy["snapshot_id"]])]
        gone = {copy["snapshot_id"] for copy in expired}
        self.deletions += len(gone)
        self.copies = [copy for copy in self.copies if copy["snapshot_id"] not in gone]

    # -- a second implementation of what may be deleted -------------------------------------------------------

    def _objections(self, copy: Row) -> list[str]:
        """Yield every reason not to delete a copy."""
        source = copy["source"]
        found = []
        if not source["managed"]:
            found.append("it is somebody else's")
        if "dr-copy:hold" in copy["tags"]:
            found.append("it is held")
        if copy["locked_until"]:
            found.append("it is locked")
        if copy["state"] != "completed":
            found.append("it is not complete")
        if not source["disk_id"] or source["created_at"] in (None, FUTURE_TIME):
            return [*found, "its disk or time is unknown"]
        mine = (time_of(source["created_at"]), source["snapshot_id"])
        newer = {
            (time_of(c["source"]["created_at"]), c["source"]["snapshot_id"])
            for c in self.copies
            if c["region"] == copy["region"]
            and c["source"]["disk_id"] == source["disk_id"]
            and c["source"]["managed"]
            and c["source"]["created_at"] not in (None, FUTURE_TIME)
            and c["state"] == "completed"
            and "dr-copy:hold" not in c["tags"]
            and not c["locked_until"]
        }
        newer = {one for one in newer if one > mine}
        if not newer:
            found.append("it is the newest of its disk")
        if self.keep and len(newer) < self.keep:
            found.append(f"keep {self.keep} protects it")
        if self.keep_days and (self.now - mine[0]) <= timedelta(days=self.keep_days):
            found.append(f"keep_days {self.keep_days} protects it")
        found += kept_by_calendar(mine[0], [time for time, _source in newer], self.calendar)
        if not self.keep and not self.keep_days and self.calendar == NO_CALENDAR:
            found.append("nothing limits how long copies are kept")
        if not self._is_safe(source["disk_id"], copy["region"]):
            found.append("the newest snapshot of its disk is not there")
        return found

    def _is_safe(self, disk_id: str, region: str) -> bool:
        usable = [
            (time_of(s["created_at"]), s["snapshot_id"])
            for s in self.sources
            if s["disk_id"] == disk_id
            and s["state"] == "completed"
            and (not self.oldest or self.now - time_of(s["created_at"]) <= timedelta(hours=self.oldest, seconds=20))
        ]
        there = []
        for copy in self.copies:
            source = copy["source"]
            disk = source["disk_id"] or copy["disk_id"]
            known = source["created_at"] not in (None, FUTURE_TIME)
            if copy["region"] == region and copy["state"] == "completed" and disk == disk_id and known:
                there.append((time_of(source["created_at"]), source["snapshot_id"]))
        return bool(usable and there) and max(there) >= max(usable)
