# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One drill: reap, list the copies, choose, make disks, delete them, judge, mark, reap again, and report.

Like a restore, it imports nothing from Ansible's executor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Refused
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from .._role.answers import Answer, CompareAnswer, InfoAnswer, RestoreAnswer, RestoredDiskRow
from .._role.call import Returned
from .._role.failures import failure_row
from .._role.parsing import RawVariables
from .calls import Calls
from .decide.choosing.choosing import choose
from .decide.choosing.waves import Wave, minutes_until_available, times_of
from .decide.proving import reaping, usable
from .decide.proving.candidates import (
    Candidate,
    looks_at_all,
    lost_all_copies,
    of_earlier_drills,
    pick,
    with_proofs,
)
from .decide.proving.proof_marks import marks_of, unmarkable, with_written_marks
from .decide.proving.trials import Trial, copies_to_compare, judge
from .input.last_drill import last_drill
from .output.drill_report import DrillSteps, drill_lines, drill_problems, drill_report
from .output.files import write_drill, write_failure, write_page_of_start
from .record import Paused
from .running import RestoreContext, Run, RunOutcome, is_read


class Drill(Run):
    """Proves that disks can be created from copies, and leaves no disk behind."""

    is_drill = True

    def __init__(self, raw_variables: RawVariables, context: RestoreContext, **outside: Any):
        """``outside`` are the other arguments of every Run."""
        super().__init__(raw_variables, context, **outside)
        self._results: list[Answer] = []
        self._reaped: list[str] = []
        self._available: list[str | None] = []
        #: The module's rows for the disks that this drill has made.
        self._disks: list[RestoredDiskRow] = []

    def _steps(self, calls: Calls) -> RunOutcome:
        values, check_mode = self._values, self._context.check_mode
        last = self._record.answer("last drill", lambda: last_drill(values))
        if not check_mode:
            self._record.answer("page", lambda: write_page_of_start(values))
        disk_listing = self._look(calls)
        self._reap(calls, disk_listing, own=False)
        listed = self._keep_result(self._list_copies(calls))
        chosen_points = choose(listed, disk_listing, values)
        candidates = with_proofs(chosen_points.points, listed, last, values)
        # The drill makes nothing unless both listings were read.
        both = is_read(listed, "snapshots") and is_read(disk_listing, "disks")
        chosen = pick(candidates, values) if both else []
        trials = self._try_or_clean_up(calls, chosen, listed, disk_listing) if chosen else []
        # This look also shows disks that did not show before.
        disk_listing = self._look(calls)
        left = self._reap(calls, disk_listing, own=True)
        disk_listing = self._look_again(calls, disk_listing)
        undeleted = reaping.undeleted_disks(disk_listing, self._results, values)
        took = minutes_until_available(values.started_at, self._available)
        earlier = of_earlier_drills(candidates, last)
        warnings = [
            *chosen_points.warnings,
            *unmarkable(trials, listed, values),
            *reaping.warnings_of_unconfirmed(disk_listing, self._disks, self._results, values),
        ]
        if is_read(listed, "snapshots") and looks_at_all(values):
            warnings += lost_all_copies(earlier, values)
            earlier = []
        steps = DrillSteps(self._results, trials, self._reaped, [*left, *undeleted], took, warnings, earlier)
        report = drill_report(candidates, steps, values, check_mode, self._now())
        unwritten = write_drill(report, values)
        message = " ".join(filter(None, [drill_problems(report), unwritten]))
        return RunOutcome(report, drill_lines(report), message)

    def _write_failure(self, why: str) -> str:
        return "" if self._context.check_mode else write_failure(self._values, why)

    def _look(self, calls: Calls) -> InfoAnswer:
        self._say(f"looking for disks of drills in {self._values.region} that have expired")
        return self._run_call(calls.look(reaping.EXPIRING))

    def _reap(self, calls: Calls, disk_listing: InfoAnswer, own: bool) -> list[reaping.RemainingDisk]:
        """Delete expired disks; with ``own`` those of this drill too. Returns those that are left."""
        found = reaping.reapable(disk_listing, self._values, self._results, own)
        self._keep_result(disk_listing)
        self._reaped += reaping.deleted_ids(self._delete(calls, found.deletions))
        return found.left

    def _delete(self, calls: Calls, deletions: Sequence[reaping.DiskDeletion]) -> list[RestoreAnswer]:
        results = []
        for deletion in deletions:
            verb = "would delete" if self._context.check_mode else "deleting"
            self._say(f"{verb} {pluralize(len(deletion.disk_ids), 'disk')} of {deletion.restore_id}")
            results.append(self._keep_result(self._run_call(calls.delete(deletion))))
        return results

    def _try_or_clean_up(
        self, calls: Calls, chosen: Sequence[Candidate], listed: InfoAnswer, disk_listing: InfoAnswer
    ) -> list[Trial]:
        """Try the chosen copies. If something unexpected ends that, delete the disks before it is raised again."""
        try:
            return self._try_copies(calls, chosen, listed, disk_listing)
        except Paused:
            raise
        except BaseException:
            self._record.forget_later_answers()
            self._reap(calls, self._look(calls), own=True)
            raise

    def _try_copies(
        self, calls: Calls, chosen: Sequence[Candidate], listed: InfoAnswer, disk_listing: InfoAnswer
    ) -> list[Trial]:
        """Make disks from the chosen copies, check them as the level requires, delete them, and mark the copies."""
        checks = self._values.level == "usable" and not self._context.check_mode
        in_use = usable.why_in_use(disk_listing, self._results, self._values) if checks else ""
        if in_use:
            made = self._keep_result(RestoreAnswer(failures=[failure_row(Refused(in_use), None, self._values.region)]))
        else:
            made = self._make(calls, [candidate for candidate in chosen if not candidate.key_problem])
        checked: dict[str, str] = {}
        if not self._context.check_mode:
            if checks and not in_use:
                checked = self._check(calls, chosen, made)
            self._delete(calls, reaping.made_by_drill(made, self._results))
        return self._mark(calls, self._judge(calls, chosen, made, checked), listed)

    def _make(self, calls: Calls, chosen: Sequence[Candidate]) -> RestoreAnswer:
        """Make the disks in one call."""
        if not chosen:
            return {"skipped": True}
        self._say(f"{'would create' if self._context.check_mode else 'creating'} {pluralize(len(chosen), 'disk')}")
        began_at = self._now()
        made = self._keep_result(self._run_call(calls.make([str(candidate.copy_id) for candidate in chosen])))
        self._disks += made.get("disks") or ()
        wave = Wave(1, made, began_at, self._now())
        self._available = [times_of(disk, wave, {})["available_at"] for disk in made.get("disks") or ()]
        return made

    def _check(self, calls: Calls, chosen: Sequence[Candidate], made: RestoreAnswer) -> dict[str, str]:
        """Attach, check, detach and delete the disks of each set, one set after the other.

        Returns by copy why a disk is not proven usable, without the disks that passed the checks.
        """
        sets = usable.disks_checked_together(chosen)
        failed: dict[str, str] = {}
        for number, points in enumerate(sets, 1):
            copies, attached = [str(point.copy_id) for point in points], RestoreAnswer()
            why = usable.why_not_whole(points, made)
            if not why:
                self._say(f"attaching {pluralize(len(copies), 'disk')} to {self._values.test_instance}")
                attached = self._keep_result(self._run_call(calls.attach(copies)))
                self._disks += attached.get("disks") or ()
                # Two drills may have started at the same time. Each attaches its disks before it looks, so at least one
                # sees the other and gives way.
                why = usable.why_not_attached(points, attached) or usable.why_in_use(
                    self._keep_result(self._run_call(calls.look(reaping.EXPIRING))), self._results, self._values
                )
            set_of_disks: Mapping[str, object] = {} if why else usable.set_for_checks(points, attached)
            what = {"set": set_of_disks, "sets": len(sets), "host": self._values.test_host}
            answer = self._record.pause(f"checks of set {number}", {**what, "checks": self._values.checks})
            why = why or usable.why_checks_failed(answer, self._values.test_host)
            failed.update(dict.fromkeys(copies, why) if why else {})
            self._delete(calls, reaping.made_by_drill(attached, self._results))
        return failed

    def _judge(
        self, calls: Calls, chosen: Sequence[Candidate], made: RestoreAnswer, checked: Mapping[str, str]
    ) -> list[Trial]:
        """Judge the disks, and compare blocks if the level requires it.

        This happens after the disks are deleted, so that they cost nothing meanwhile.
        """
        compared: CompareAnswer = {"skipped": True}
        to_compare = copies_to_compare(chosen, made)
        if self._values.level == "readable" and not self._context.check_mode and to_compare:
            self._say(f"reading blocks of {pluralize(len(to_compare), 'copy', 'copies')} and of the sources")
            compared = self._keep_result(self._run_call(calls.compare(to_compare)))
        return judge(chosen, made, compared, self._values, checked)

    def _mark(self, calls: Calls, trials: Sequence[Trial], listed: InfoAnswer) -> list[Trial]:
        """Write on the copies what was proven, and withdraw the proof of copies that are gone by then."""
        results = []
        for mark in marks_of(trials, listed, self._values):
            self._say(
                f"tagging {pluralize(len(mark.source_ids), 'copy', 'copies')} from {mark.source_region} with the proof"
            )
            results.append(self._keep_result(self._run_call(calls.mark(mark))))
        return with_written_marks(trials, results)

    def _look_again(self, calls: Calls, disk_listing: InfoAnswer) -> InfoAnswer:
        """Look by ID at disks of this drill whose deletion was not confirmed.

        A listing may be stale, whether it shows a disk or not.
        """
        unsure = reaping.to_confirm(disk_listing, self._disks, self._results, self._values)
        if not unsure:
            return disk_listing
        self._say(f"checking whether {pluralize(len(unsure), 'disk')} of this drill still exist")
        return self._keep_result(self._run_call(calls.look(reaping.EXPIRING, unsure)))

    def _keep_result(self, result: Returned) -> Returned:
        self._results.append(result)
        return result
