# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the rows and counts of a run against what the server saw.

A row is unknown, and not checked, only if a write for it was never answered and the row itself says so with a failure
``ambiguous``. The table shows the share of rows that were checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.simulator.control import Call

from .call_checks import unanswered_calls
from .faults import MAX_UNSEEN_SECONDS
from .simulation import RunOutcome
from .truth import ALIVE, CHANGES, DELETES, WRITES, Copy, Place, Truth, ids_of

#: Kinds of failures whose rows show what was known last.
UNREAD = {"timeout", "ambiguous", "connection", "busy", "credentials"}
STATES = {"pending", "completed", "error", "absent", "planned"}


class Rows:
    """The rows of one run, and how many of them could be checked."""

    def __init__(self, truth: Truth, outcome: RunOutcome):
        self.truth, self.outcome = truth, outcome
        self.lost, self.lost_ids = unanswered_calls(truth, outcome)
        #: What a run reports at its end was true at some time since then.
        self.since = max(outcome.started, outcome.ended - truth.seconds_until_seen) - 1.0
        #: The oldest state that this run's first look may have shown.
        self.before = outcome.started - truth.seconds_until_seen - 1.0
        self.checked = 0

    def wrong_rows(self) -> Iterator[str]:
        outcome = self.outcome
        asked = self.truth.places_of(outcome)
        rows = [(row["source_snapshot_id"], row["region"]) for row in outcome["copies"]]
        if rows != asked:
            yield f"the rows are {rows}, requested were {asked}"
            return
        for row, place in zip(outcome["copies"], asked):
            failures = [f for f in outcome["failures"] if (f["source_snapshot_id"], f["region"]) == place]
            if any(f["kind"] == "ambiguous" for f in failures) and self._is_doubtful(place):
                continue
            self.checked += 1
            for violation in self._wrong_row(row, place, failures):
                yield f"{place}: {violation}"
        yield from self._wrong_failures()
        yield from self._wrong_counts()
        yield from self._wrong_changed()

    def _is_doubtful(self, place: Place) -> bool:
        return bool(self.lost[place]) or any(c.id in self.lost_ids for c in self.truth.of_place[place])

    # -- a row -------------------------------------------------------------------------------------------

    def _wrong_row(self, row: dict[str, Any], place: Place, failures: list[dict[str, Any]]) -> Iterator[str]:
        if row["state"] not in STATES:
            yield f"the state is {row['state']}"
        if bool(row["error"]) and not failures:
            yield "the error of the row is not in failures"
        source = self.truth.storm.sources[self.truth.simulation.sources.index(place[0])]
        late = source.late + self.truth.storm.lag > 4
        for failure in failures:
            is_there = source.kind in ("good", "encrypted") and not late
            if failure["kind"] == "not_found" and is_there and self.outcome.options.get("create", True):
                yield f"the source exists, but a failure says: {failure['message']}"
        if failures and not self.outcome.failed:
            yield "there is a failure, but the module did not fail"
        for failure in failures:
            failed = self.truth.copies.get((place[1], failure["snapshot_id"]))
            if failure["kind"] == "failed_copy" and failed and failed.stayed(ALIVE, self.since, self.outcome.ended):
                yield f"{failed.id} is reported as failed, but is {failed.phase(self.outcome.ended)}"
        copy = self.truth.copies.get((place[1], row["snapshot_id"])) if row["snapshot_id"] else None
        if row["snapshot_id"] and copy is None:
            yield f"{row['snapshot_id']} was never there"
            return
        if copy and copy.place != place:
            yield f"{copy.id} is a copy of {copy.place}"
        yield from self._wrong_state(row, copy, failures)
        yield from self._wrong_action(row, place, copy)
        if copy and row["state"] in ("completed", "pending"):
            yield from self._wrong_facts(row, copy, failures)

    def _wrong_state(self, row: dict[str, Any], copy: Copy | None, failures: list[dict[str, Any]]) -> Iterator[str]:
        outcome, state = self.outcome, row["state"]
        if state == "completed":
            # One that a person or another run deleted meanwhile, or that could not be read at the end, was complete
            # when this run last looked at it.
            old = copy and (self.truth.deleted_by_others(copy, outcome) or {f["kind"] for f in failures} & UNREAD)
            since = self.before if old else self.since
            if copy is None or not copy.was(("complete",), since, outcome.ended):
                yield (
                    f"{row['snapshot_id']} is reported as complete, but is "
                    f"{copy.phase(outcome.ended) if copy else 'none'}"
                )
        elif state == "pending":
            # Without wait the answer to the copy call counts; if a run deletes copies, one look at those that remain. A
            # copy that no longer shows is in progress until it is missing, or until the deadline (promises: unseen).
            looks_once = not outcome.run.wait or outcome.run.state == "absent"
            stale = looks_once or {f["kind"] for f in failures} & UNREAD
            unseen = copy is not None and (copy.gone <= outcome.ended or self.truth.storm.cloud == "cbs")
            since = self.since - MAX_UNSEEN_SECONDS - 3 * outcome.options["wait_delay"] if unseen else self.since
            if copy is None or not copy.was(ALIVE, self.before if stale else since, outcome.ended):
                yield (
                    f"{row['snapshot_id']} is reported as pending, but is "
                    f"{copy.phase(outcome.ended) if copy else 'none'}"
                )
            if outcome.name != "check" and outcome.run.wait and outcome.run.state == "present" and not failures:
                yield f"{row['snapshot_id']} is reported as pending despite wait, and no failure says why"
        elif state == "error":
            # A deletion of certain copies leaves the others as they are.
            named = outcome.options.get("copy_ids")
            if not failures and (not named or row["snapshot_id"] in named):
                yield "the state is error, but no failure says why"
        elif state == "absent" and outcome.run.state == "present" and not failures:
            yield "there is no copy, but no failure says why"

    def _wrong_action(self, row: dict[str, Any], place: Place, copy: Copy | None) -> Iterator[str]:
        outcome, action = self.outcome, row["action"]
        copies = self.truth.of_place[place]
        mine = [c for c in copies if c.by == outcome.name]
        left = [c for c in mine if not self._has_removed(c)]
        answered = [c for c in left if c.maker and not c.maker.lost and c.phase(outcome.ended) in ALIVE]
        if outcome.name == "check":
            return
        if action in ("created", "replaced"):
            if not mine and not self.lost[place]:
                yield f"is reported as {action}, but this run has made none"
            elif copy and copy not in mine and not self.lost[place]:
                yield f"{copy.id} is reported as {action}, but was made by {copy.by}"
        elif answered and outcome.run.state == "present":
            # A copy that cannot be cancelled, and ranks after the one that counts, is reported as a duplicate.
            duplicates = {d["snapshot_id"] for d in outcome["duplicates"]}
            if not (action == "adopted" and all(c.id in duplicates for c in answered)):
                yield f"{answered[0].id} was made by this run, but the row says {action}"
        if action == "adopted" and copy and copy in mine and not self.lost[place]:
            yield f"{copy.id} is reported as adopted, but was made by this run"
        removed = any(self._has_removed(c) for c in copies) or self._have_others_removed(copies)
        if action == "deleted" and outcome.run.state == "absent" and not removed:
            yield "is reported as deleted, but this run has deleted none"
        if (
            action == "none"
            and outcome.run.state == "absent"
            and any(self._has_removed(c, surely=True) for c in copies)
        ):
            yield "this run has deleted a copy, but the row says none"

    def _have_others_removed(self, copies: list[Copy]) -> bool:
        """Whether somebody else removed a copy during this run, which the run may attribute to itself."""
        return any(self.outcome.started - self.truth.seconds_until_seen <= c.gone <= self.outcome.ended for c in copies)

    def _has_removed(self, copy: Copy, surely: bool = False) -> bool:
        by = copy.remover
        return getattr(by, "by", None) == self.outcome.name and not (surely and by.lost)

    def _wrong_facts(self, row: dict[str, Any], copy: Copy, failures: list[dict[str, Any]]) -> Iterator[str]:
        """Check the tags, encryption and name in the row."""
        versions = [v for v in copy.versions if v.thing is not None and v.moment <= self.outcome.ended]
        if (
            self.truth.storm.cloud != "ens"
            and self.outcome.name != "check"  # which reports the tags that would be set
            and row["tags"] not in [v.tags for v in versions]
            and copy.id not in self.lost_ids
            and not self._has_tagged_in_vain(copy)
        ):
            yield f"{copy.id} has the tags {versions[-1].tags}, but the row has {row['tags']}"
        yield from self._wrong_lock(row, copy, failures)
        if row["encrypted"] is not None and bool(row["encrypted"]) != copy.encrypted():
            yield f"{copy.id} is reported as encrypted: {row['encrypted']}"

    def _wrong_lock(self, row: dict[str, Any], copy: Copy, failures: list[dict[str, Any]]) -> Iterator[str]:
        """Check that a reported lock exists and lasts as long; a requested lock must be reported, or have failed.

        Check mode also reports requested locks that the run would set.
        """
        ends = [lock.until for _version, lock in copy.locks(self.outcome.ended)]
        reported = row["locked_until"] and datetime.fromisoformat(row["locked_until"].replace("Z", "+00:00"))
        is_planned = self.outcome.name == "check" and not ends and self.outcome.options.get("lock_days")
        if reported and not is_planned and not any(end >= reported for end in ends):
            yield f"{copy.id} is reported as locked until {reported}, its locks end {[str(end) for end in ends]}"
        asked = self.outcome.options.get("lock_days") and self.outcome.name != "check"
        if asked and row["state"] == "completed" and copy.ours and not failures and not ends:
            yield f"{copy.id} is complete and not locked as requested, but no failure says why"

    def _has_tagged_in_vain(self, copy: Copy) -> bool:
        """Whether the cloud accepted tags of this run for a copy that another run had deleted just before."""
        calls = self.truth.calls_of(self.outcome)
        return any(c.action in CHANGES and c.ended >= copy.gone and copy.id in ids_of(c) for c in calls)

    # -- the whole ---------------------------------------------------------------------------------------

    def _wrong_failures(self) -> Iterator[str]:
        for failure in self.outcome["failures"]:
            if not failure["message"] or not failure["kind"]:
                yield f"a failure without a message: {failure}"
        if self.outcome.failed and not self.outcome["failures"]:
            yield "the module failed, but no failure says why"

    def _wrong_counts(self) -> Iterator[str]:
        rows, failures, counts = self.outcome["copies"], self.outcome["failures"], self.outcome["counts"]
        failed = {(f["source_snapshot_id"], f["region"]) for f in failures}
        expected = {
            name: sum(row["action"] == name for row in rows) for name in ("created", "adopted", "replaced", "updated")
        }
        expected.update({name: sum(row["state"] == name for row in rows) for name in ("completed", "pending")})
        expected["failed"] = sum((row["source_snapshot_id"], row["region"]) in failed for row in rows)
        expected["unchanged"] = sum(
            row["action"] == "none" and (row["source_snapshot_id"], row["region"]) not in failed for row in rows
        )
        for name, number in expected.items():
            if counts[name] != number:
                yield f"counted as {name} are {counts[name]}, the rows say {number}"
        if self.outcome.name == "check":
            return
        mine = [c for c in self.truth.copies.values() if self._has_removed(c)]
        sure = sum(not c.remover.lost for c in mine)
        others = sum(
            self.outcome.started - self.truth.seconds_until_seen <= c.gone <= self.outcome.ended
            for c in self.truth.copies.values()
            if not self._has_removed(c)
        )
        if not sure <= counts["deleted"] <= len(mine) + others:
            yield f"{len(mine)} copies were deleted, but counted are {counts['deleted']}"

    def _wrong_changed(self) -> Iterator[str]:
        outcome = self.outcome
        if outcome.name == "check":
            return
        writes = [c for c in self.truth.calls_of(outcome) if c.action in WRITES]
        # A copy that failed at once, or was taken back, is a change too.
        done = [c for c in writes if c.changed and not c.lost]
        perhaps = [c for c in writes if c.changed or c.lost]
        gone = any(self._have_others_removed(self.truth.of_place[place]) for place in self.truth.places_of(outcome))
        if done and not outcome["changed"]:
            yield f"changed is false, but {done[0].action} of {done[0].started:.1f} has changed {done[0].changed}"
        deletes = [c for c in writes if c.action in DELETES | CHANGES]
        if not outcome["changed"] or perhaps or (gone and deletes):
            return
        if not any(self._was_just_done(c) for c in writes):
            yield "changed is true, but no call has changed anything"

    def _was_just_done(self, call: Call) -> bool:
        """Whether another run made the same change at the same time or just before, so that no read had to show it."""
        if not call.answered or call.action not in CHANGES:
            return False
        return any(
            other.by != self.outcome.name
            and other.changed
            and other.action == call.action
            and set(ids_of(other)) & set(ids_of(call))
            and other.started <= call.started
            and other.ended >= call.started - self.truth.seconds_until_seen
            for other in self.truth.calls
        )
