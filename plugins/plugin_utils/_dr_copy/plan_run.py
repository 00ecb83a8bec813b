# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of a plan: check the variables, find, plan, copy, look again, prune, report.

It imports nothing from Ansible's executor. It takes the module calls and the clock as arguments, so that a run also
works in one process with the simulated clouds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from .._role.answers import Answer, CopyAnswer, InfoAnswer
from .._role.call import MIN_SECONDS, Call, RawAnswer, Returned, RunsModule
from .._role.failures import outdates_listing, run_failure, unexpected_error
from .._role.parsing import RawVariables, is_true
from .._role.rows import read_listing
from .calls import Calls
from .decide.copying.batches import copy_batches, deletion_batches, snapshots_to_share, without_short_lived_replacements
from .decide.copying.copy_marks import source_tags
from .decide.copying.falling_back import both_shares, disks_to_fall_back, fall_back
from .decide.copying.unchanged import unchanged_copies
from .decide.destinations import listed_copies
from .decide.judging.unseen import unseen_copies
from .decide.judging.vanished import by_region, missing_points, without_shown
from .decide.keeping.pruning import may_be_of_sets, prunable
from .decide.result import copies_to_check
from .decide.retention import retention_of
from .decide.run_decision import decide_run
from .decide.run_failures import ROLE_WORDS
from .decide.selection import shard_disks_to_list
from .decide.step_results import ListedRegion, LookAnswer, StepResults
from .input.checked import checked_variables
from .input.last_report import LastReports
from .input.variables import Variables, is_unnamed
from .output.report_files import write_page_of_start
from .reporting import PlanContext, PlanOutcome, report_run

#: The hint about wrong variables and missing packages.
CORRECT = "Correct this, then run again."


class PlanRun:
    """One run of a plan. ``raw_variables`` are the role's variables as the user set them, without their prefix.

    ``call`` runs a module, ``clock`` returns the time (aware), and ``say`` shows a line immediately. ``names`` are the
    names of all variables with the role's prefix, ``selections`` those of the plans that the play has run for this
    host. ``stopped`` says what failed before the run could begin.
    """

    def __init__(
        self,
        raw_variables: RawVariables,
        context: PlanContext,
        *,
        call: RunsModule,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        names: Sequence[str] = (),
        selections: Mapping[str, str] | None = None,
        stopped: str = "",
    ):
        plan = raw_variables.get("plan")
        named = {**raw_variables, "plan": context.host} if is_unnamed(plan) else raw_variables
        checked = checked_variables(named, names, selections, clock())
        problems = [stopped] if stopped else checked.problems
        # A plan name that is not a string is refused, in the report of its host.
        plan_or_host = checked.values.plan or context.host
        self._values = replace(checked.values, plan=plan_or_host, reads_only=context.reads_only)
        self._warnings: list[Any] = list(checked.warnings)
        self._selections = dict(selections or {}) | (
            {} if problems else {self._values.plan_and_shard: self._values.selection}
        )
        self._context, self._run_module, self._clock, self._say = context, call, clock, say
        self._calls = None if problems else Calls(self._values, checked.connections)
        failure = run_failure("; ".join(problems), None if stopped else CORRECT) if problems else None
        self._done = StepResults(stopped=failure)
        self._marks: dict[str, dict[str, str]] = {}

    def run(self) -> PlanOutcome:
        """Run the plan up to its report. Failures are in the result; nothing is raised."""
        try:
            self._begin()
            if self._calls:
                self._run_steps(self._calls)
        except Exception as error:  # the report says so
            self._done.stopped = run_failure(unexpected_error(error))
        return report_run(self._done, self._values_at_end(), self._context, self._selections, self._warnings)

    def _begin(self) -> None:
        """Read the last reports, refuse a plan that belongs to another host, and replace the page of the last run."""
        last = LastReports(self._values)
        self._done.last, self._done.unread_report = last.remembered, last.damage
        if other := self._other_with_plan(last.host):
            self._leave_to(other)
        if not self._context.check_mode:
            write_page_of_start(self._values)

    def _other_with_plan(self, last_host: str) -> str:
        """Return the other host of the play that has this plan, or an empty string.

        The plan belongs to ``last_host``, which wrote its last report, if that host still has the plan; otherwise to
        the first host with that plan.
        """
        if last_host == self._context.host:
            return ""
        hosts = self._context.hosts_of_plan()
        owner = last_host if last_host in hosts else next(iter(hosts), self._context.host)
        return "" if owner == self._context.host else owner

    def _leave_to(self, other: str) -> None:
        """Refuse a plan that belongs to another host of the play, and leave its files as they are."""
        values = self._values
        self._done.stopped = run_failure(
            f"dr_copy_plan: the hosts {other} and {self._context.host} both have the plan {values.plan}, so each would "
            "replace the reports of the other and prune its copies",
            "Give each host its own dr_copy_plan. The shards of one plan need different values of dr_copy_shard.",
        )
        self._calls, self._values = None, replace(values, report_dir="", metrics_dir="")

    def _run_steps(self, calls: Calls) -> None:
        values = self._values
        self._say(f"looking for the disks and their snapshots in {values.source_region}")
        shard_disk_ids: list[str] = []
        if calls.reads_at_once:
            self._say(f"listing the copies in {', '.join(values.destination_regions)}")
            regions = [values.source_region, *values.destination_regions]
            self._done.source, *self._done.before = _by_region(self._run_call(calls.find_and_list()), regions)
        else:
            self._done.source = self._run_call(calls.find())
            shard_disk_ids = shard_disks_to_list(self._done.source, values)
            self._done.before = self._list_copies(calls, shard_disk_ids)
        if problems := self._invalid_variables():
            # Nothing is known about the recovery points, so none of them is reported as missing.
            self._done = replace(self._done, source=InfoAnswer(skipped=True), before=[])
            self._done.stopped = run_failure("; ".join(problems), CORRECT)
            return
        decided = decide_run(self._done.source, self._done.before, values, self._done.last)
        self._done.stopped, self._marks = decided["stopped"], decided["marks"]
        self._done.disks, self._done.plan_rows = decided["disks"], decided["plan"]
        may_write = not (values.reads_only or self._done.stopped)
        if may_write:
            first = self._copy(calls)
            self._fall_back(calls, first)
            if outdates_listing(self._done.copied) and not self._context.check_mode:
                self._done.listed_again = self._list_copies(calls, shard_disk_ids, "the copies again")
            self._look(calls)
        self._find_vanished(calls, shard_disk_ids)
        # Before pruning: a copy whose key cannot be used is no reason to delete an older one.
        if values.check_keys and CLOUDS[values.cloud].shows_keys:
            self._ask_for_keys(calls)
        if may_write:
            self._prune(calls, shard_disk_ids)

    def _invalid_variables(self) -> list[str]:
        """Return why the modules refused the listings before any call, in the words of the role."""
        regions = [("source_region", self._done.source), *(("destination_regions", one) for one in self._done.before)]
        problems = [(name, text) for name, listed in regions for text in listed.get("invalid_options") or ()]
        named = [text.replace("region:", f"dr_copy_{name}:", 1) for name, text in problems]
        return list(dict.fromkeys(map(ROLE_WORDS.in_text, named)))

    def _prune(self, calls: Calls, shard_disk_ids: Sequence[str]) -> None:
        """Delete the copies that retention no longer keeps and that this plan may delete.

        A shard lists only the copies of its own disks. A copy of a disk that has since moved to another shard may
        complete a set, so all copies must be listed to judge that.
        """
        values, check_mode = self._values, self._context.check_mode
        self._done.expired, self._done.kept_for_others = prunable(self._done, self._values_at_end(), check_mode)
        if shard_disk_ids and may_be_of_sets(self._done.expired, self._done.listed, values):
            self._done.listed_again = self._list_copies(calls, [], "the copies of all shards")
            self._done.expired, self._done.kept_for_others = prunable(self._done, self._values_at_end(), check_mode)
        for batch in deletion_batches(self._done.expired, values.max_deletions):
            verb = "would delete" if check_mode else "deleting"
            self._say(f"{verb} {_copies(batch['copy_ids'])} in {batch['region']} that retention no longer keeps")
            seconds = max(self._seconds_left, MIN_SECONDS)
            self._done.deleted.append(self._run_call(calls.delete(batch, seconds)))

    def _list_copies(
        self, calls: Calls, shard_disk_ids: Sequence[str], which: str = "the copies"
    ) -> list[ListedRegion]:
        regions = self._values.destination_regions
        self._say(f"listing {which} in {', '.join(regions)}")
        return _by_region(self._run_call(calls.list_copies(regions, shard_disk_ids)), regions)

    def _copy(self, calls: Calls, before: Sequence[CopyAnswer] = ()) -> list[CopyAnswer]:
        """Copy what was chosen, except what the calls ``before`` tried. Returns the new calls.

        Without ``before``, the first of them stands for the copies that need no call.
        """
        values, plan_rows = self._values, self._done.plan_rows
        if values.across_accounts:
            self._share_with_other(calls)
        tags = source_tags(plan_rows, self._done.source, values, self._marks) if plan_rows else {}
        shared = self._done.shared if values.across_accounts else None
        made: list[CopyAnswer] = []
        if not (before or values.across_accounts or calls.may_change_copies(self._context.defaults)):
            made.append(unchanged_copies(plan_rows, self._done.before, CLOUDS[values.cloud]))
        if self._replaces:
            plan_rows = without_short_lived_replacements(
                plan_rows, listed_copies(self._done.before, values), retention_of(values)
            )
        for batch in copy_batches(plan_rows, shared, [*before, *made]):
            ids, regions = batch["snapshot_ids"], ", ".join(batch["destination_regions"])
            verb = "would copy" if self._context.check_mode else "copying"
            self._say(f"{verb} {pluralize(len(ids), 'snapshot')} to {regions}, unless already copied")
            made.append(self._run_call(calls.copy(batch, tags, self._seconds_left)))
        self._done.copied += made
        return made

    def _share_with_other(self, calls: Calls) -> None:
        wanted = snapshots_to_share(self._done.plan_rows, self._replaces, self._done.shared)
        if not wanted:
            return
        verb = "would share" if self._context.check_mode else "sharing"
        self._say(f"{verb} {pluralize(len(wanted), 'snapshot')} with the account that copies")
        account = next(filter(None, (listed.get("account") for listed in self._done.before)), None)
        if account:
            answer = self._run_call(calls.share(wanted, account, self._seconds_left))
        else:
            answer = {
                "msg": "Nothing was shared: the ID of the account that copies is unknown, because "
                "sts:GetCallerIdentity (with dr_copy_connection) gave no response"
            }
        self._done.share = both_shares(self._done.share, answer)

    def _fall_back(self, calls: Calls, first: Sequence[CopyAnswer]) -> None:
        """Copy the next newest snapshot of each disk whose chosen snapshot was gone before it could be copied."""
        values, plan_rows = self._values, self._done.plan_rows
        tried: list[Answer] = [*([self._done.share] if self._done.share else []), *first]
        gone = disks_to_fall_back(plan_rows, tried, values)
        if not gone:
            return
        self._say(f"looking for older snapshots of {pluralize(len(gone), 'disk')}: the newest one was deleted")
        again = self._run_call(calls.find_again(gone))
        self._done.plan_rows = fall_back(self._done, tried, again, values)
        self._copy(calls, first)

    def _look(self, calls: Calls) -> None:
        """Look by ID at the copies that this run saw complete and that the last listing does not show as complete."""
        for unseen in unseen_copies(self._done.copied, self._done.listed):
            self._say(f"checking {_copies(unseen['snapshot_ids'])} that the listing of {unseen['region']} lacks")
            answer = self._run_call(calls.look(unseen["region"], unseen["snapshot_ids"]))
            self._done.seen.append({**answer, "target": unseen})

    def _find_vanished(self, calls: Calls, shard_disk_ids: Sequence[str]) -> None:
        """Find the missing recovery points of the last report, and look for each of them by ID."""
        missing = missing_points(
            self._done.last, self._done.listed, self._done.before, shard_disk_ids, self._values_at_end()
        )
        looks: list[LookAnswer] = []
        for region, ids in by_region(missing).items():
            self._say(f"looking for {pluralize(len(ids), 'recovery point')} of the last report in {region}")
            looks.append({**self._run_call(calls.look(region, ids)), "target": {"region": region, "snapshot_ids": ids}})
        self._done.vanished = without_shown(missing, looks)

    def _ask_for_keys(self, calls: Calls) -> None:
        """Read the state of the keys of the newest copies."""
        copies = copies_to_check(self._done, self._values_at_end(), self._context.check_mode)
        for region, ids in copies.items():
            self._say(f"checking the keys of {_copies(ids)} in {region}")
            answer = self._run_call(calls.keys(region, ids), warns=False)
            self._done.keys.append({**answer, "target": {"region": region, "snapshot_ids": ids}})

    def _run_call(self, call: Call[Returned], warns: bool = True) -> Returned:
        """Make a call. Passes on its warnings, unless the report has its own.

        This assigns the type to the result of a module.
        """
        answer = _rows(self._run_module(call.module, call.arguments))
        if answer.get("also"):
            answer["also"] = [_rows(listed) for listed in answer["also"]]
        warnings = answer.pop("warnings", None) or []
        self._warnings += warnings if warns else []
        return cast(Returned, answer)

    @property
    def _replaces(self) -> bool:
        """Whether copies without the requested encryption and key are replaced."""
        return is_true(self._values.copy_options.get("replace_mismatched", False))

    @property
    def _seconds_left(self) -> int:
        return max(int(self._values.ends_at - self._clock().timestamp()), 1)

    def _values_at_end(self) -> Variables:
        """Return the variables with the time at which ages are measured."""
        return replace(self._values, ended_at=iso_utc(self._clock()))


def _by_region(answer: InfoAnswer, regions: Sequence[str]) -> list[ListedRegion]:
    """Return the listing of each region. An answer that failed has no ``also`` and stands for all of them.

    Raises ValueError if the answer has another number of listings.
    """
    listings = [answer, *(answer.pop("also", None) or [answer] * (len(regions) - 1))]
    if len(listings) != len(regions):
        raise ValueError(f"{len(listings)} listings were returned for {len(regions)} regions")
    return [{**listed, "region": region} for listed, region in zip(listings, regions)]


def _rows(answer: RawAnswer) -> RawAnswer:
    """Return a module's answer with its lists as rows. Raises ValueError."""
    return {key: value for key, value in read_listing(answer).items() if key != "packed"}


def _copies(ids: Sequence[str]) -> str:
    return pluralize(len(ids), "copy", "copies")
