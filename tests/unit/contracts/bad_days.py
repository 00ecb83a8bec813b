# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the copy modules promise for bad days: reads lag, calls fail, others write (docs/development/promises.md).

BadDaysContract is for every cloud. TaggedCopies, FailedCopies, HeldCopies and PagedListings are for clouds with tags of
snapshots, with a failed state, with both and encryption, and with listings by page number or offset. A test checks the
state of the server, not only the result.
"""

from __future__ import annotations

import http.client
import importlib
import random
from unittest import mock
from urllib.error import URLError

import pytest

from tests.storms.modules import run_in_turn
from tests.storms.scheduler import Scheduler
from tests.support.harness import COLLECTION, RUNNER
from tests.unit.contracts.copying import OnOneCloud

#: Exceptions that no adapter translates.
UNEXPECTED = [
    KeyError("State"),
    RuntimeError("the refreshed credentials are still expired"),
    URLError("metadata timed out"),
]
HOLD = "dr-copy:hold"
#: Seconds for which a fault delays a cloud, and after which the test counts the cloud as stopped.
LONG, SOON = 600, 30


# -- how bad days are made -----------------------------------------------------------------------------


def clouds(*names):
    """Run a test that takes the fixture ``cloud`` once on each of these clouds."""
    return pytest.mark.parametrize("cloud", names, indirect=True)


ALL = clouds("ebs", "ecs", "ens", "cbs")


def with_script(cloud, fault_of=lambda action, region: None):
    """Let ``fault_of`` decide what happens to each call. Return the list to which (time, action, region) is added."""
    seen = []

    def script(action, region):
        seen.append((cloud.clock.monotonic(), action, region))
        kind = fault_of(action, region)
        return {"fault": kind} if kind else None

    cloud.server.control.script = script
    return seen


def throttle_calls(cloud, hits, seconds=LONG):
    """Throttle the calls that ``hits(action, region)`` chooses, for some seconds from now."""
    until = cloud.clock.monotonic() + seconds
    with_script(cloud, lambda *call: "throttle" if cloud.clock.monotonic() < until and hits(*call) else None)


def use_lagging_replicas(cloud, monkeypatch, lag_of):
    """Let reads come from replicas: read number n shows a copy once it is ``lag_of(n)`` seconds old."""

    def shows(snapshot):
        started = cloud.started_at(snapshot)
        return not started or cloud.clock.monotonic() - started >= lag_of(cloud.calls[cloud.list_action])

    if hasattr(cloud.server, "account"):
        kept = cloud.server.account.snapshots
        monkeypatch.setattr(
            cloud.server.account, "shown", lambda region: [*filter(shows, kept.get(region, {}).values())]
        )
    else:
        monkeypatch.setattr(cloud.server, "_visible", shows)


def create_rival(cloud, source, seconds=0.2, **facts):
    """Create a copy of ours that another run started five seconds ago; reads show it in two seconds."""
    rival = cloud.create_our_copy(source, seconds=seconds, **facts)
    cloud.hide(rival, 7)
    cloud.clock.sleep(5)
    return rival


def inject_error(monkeypatch, adapter, name, error, when, after=False):
    """Let a method of an adapter raise an error in the calls that ``when`` chooses, ``after`` its effect or before."""
    one = f"{name}_one"
    name = one if one in vars(adapter) else name
    real = getattr(adapter, name)

    def method(self, *arguments):
        hit = when(*arguments)
        if hit and not after:
            raise error
        answer = real(self, *arguments)
        if hit:
            raise error
        return answer

    monkeypatch.setattr(adapter, name, method)


def for_first_calls(calls):
    """Return a function that is true for the first ``calls`` calls."""
    left = iter(range(calls))
    return lambda *_arguments: next(left, None) is not None


def for_first_copies_of(source, times=1):
    """Return a function that is true for the first copy calls for a source."""
    left = iter(range(times))

    def when(given):
        order = given[0] if isinstance(given, (list, tuple)) else given
        return order.request.snapshot_id == source and next(left, None) is not None

    return when


def run_at_once(cloud, runs, seed=1):
    """Run the module several times at once, interleaved at every call.

    Each run is (seconds late, sources, options). Returns the results in the order of ``runs``.
    """
    scheduler = Scheduler(seed)
    cloud.server.clock.clock = cloud.clock = scheduler
    random.seed(seed)
    real = http.client.HTTPConnection.endheaders

    def endheaders(connection, *arguments, **named):
        if scheduler.run:  # a call of one of the runs: the others may run before it
            scheduler.pause(scheduler.monotonic())
        return real(connection, *arguments, **named)

    file = importlib.import_module(f"{COLLECTION}.plugins.modules.{cloud.module}")
    results, parts = [{} for _run in runs], []
    for number, (late, sources, options) in enumerate(runs):
        given = {
            "snapshot_ids": list(sources),
            "source_region": cloud.source,
            "destination_regions": [cloud.destination],
            "wait": True,
            **cloud.connection(),
            **options,
        }

        def work(result=results[number], given=given):
            result.update(run_in_turn(file, given))

        parts.append((f"run {number}", work, late))
    with (
        mock.patch.object(importlib.import_module(RUNNER), "Clock", lambda: scheduler),
        mock.patch.object(cloud.adapter, "calls_at_once", 1),
        mock.patch.object(http.client.HTTPConnection, "endheaders", endheaders),
    ):
        scheduler.run_all(parts)
    return results


# -- the state of the server ---------------------------------------------------------------------------


def copies_of(cloud, source, region=None):
    return [copy for copy in cloud.copies(region) if copy.source_id == source]


def ids(things):
    return {thing.id for thing in things}


def failed_ids(out):
    """Return the copies that the failures name."""
    return {failure["snapshot_id"] for failure in out["failures"]}


def reported_duplicates(out):
    return {duplicate["snapshot_id"] for duplicate in out["duplicates"]}


def wrong_rows(cloud, out):
    """Return the rows that do not show what the server has. The error of a complete copy is of a write on it."""
    phases = {"completed": "complete", "pending": "running", "error": "failed"}
    wrong = []
    for row in out["copies"]:
        there = {s.id: cloud.phase_of(s) for s in cloud.all_snapshots(row["region"])}
        phase, error = there.get(row["snapshot_id"]), row["error"]
        wanted = phases.get(row["state"])
        # CBS removes a failed copy.
        shows_server = phase == wanted if wanted else phase not in ("complete", "running")
        is_of_write = row["state"] != "completed" or error is None or error["snapshot_id"] == row["snapshot_id"]
        if not (shows_server and is_of_write):
            wrong.append(row)
    return wrong


def hold(cloud, copy, value="audit 2026"):
    cloud.set_tags(copy, **{HOLD: value})


class BadDaysContract(OnOneCloud):
    """The promises, each through the module's main() against the simulated cloud on a fake clock."""

    # -- what counts as a copy, at the moment of the write ---------------------------------------------

    def test_a_copy_that_appears_while_the_sources_cannot_be_read_counts(self, cloud):
        """No write is based on an old look (promises: fresh-look)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        throttle_calls(cloud, lambda _action, region: region == cloud.source)
        planted = []
        cloud.at(started + 100, lambda: planted.append(cloud.create_foreign_copy(source)))
        out = cloud.run(source, **cloud.quick_reads)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == ids(planted) == {out["snapshot_id"]}
        assert cloud.calls[cloud.copy_action] == 0 and not out["changed"] and not wrong_rows(cloud, out)

    def test_a_run_sleeps_while_a_region_throttles_that_has_not_shown_a_source(self, cloud):
        """It does not wake up before it may read the region again (promises: quota, unseen)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        missing, clock = f"{source[:-6]}000000", cloud.clock

        def throttles(_action, region):
            return "throttle" if region == cloud.source and 0 < clock.monotonic() - started < 200 else None

        with_script(cloud, throttles)
        out = cloud.run(missing, wait=True, **cloud.quick_reads)
        assert out.failed and out.failure()["kind"] == "not_found"
        assert len(clock.slept) < 100

    def test_a_copy_that_appears_while_copy_calls_are_throttled_counts(self, cloud):
        """Each repeated call needs a look of its own (promises: fresh-look, exactly-once, quota)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        throttle_calls(cloud, lambda action, _region: action == cloud.copy_action)
        planted = []
        cloud.at(started + 100, lambda: planted.append(cloud.create_foreign_copy(source)))
        out = cloud.run(source, **cloud.quick_reads)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == ids(planted) == {out["snapshot_id"]} and not out["changed"]
        assert cloud.clock.monotonic() - started < 150 and not wrong_rows(cloud, out)

    def test_a_copy_that_appears_while_another_region_cannot_be_read_counts(self, cloud):
        """No write is based on a look older than 15 seconds, whatever took so long (promises: fresh-look)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        throttle_calls(cloud, lambda _action, region: region in (cloud.source, cloud.other_destination), seconds=330)
        cloud.at(started + 60, lambda: cloud.create_foreign_copy(source))
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(source, destination_regions=regions, wait=True, **cloud.quick_reads)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == len(cloud.copies(cloud.other_destination)) == 1 and not wrong_rows(cloud, out)

    def test_the_last_copy_is_not_deleted_as_a_duplicate_of_one_that_is_gone(self, cloud):
        """Both the copy and its survivor must have been seen just before (promises: fresh-look)."""
        source = cloud.snapshot()
        older = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        last, started = cloud.create_our_copy(source), cloud.clock.monotonic()

        def fault_of(action, region):
            now = cloud.clock.monotonic()
            is_late = now > started and action == cloud.list_action
            return "throttle" if now < started + LONG and (is_late or action == cloud.delete_action) else None

        with_script(cloud, fault_of)
        cloud.at(started + 300, lambda: cloud.forget(older.id, cloud.destination))
        out = cloud.run(source, wait=True, remove_duplicates=True, **cloud.quick_reads)
        assert ids(cloud.copies()) == {last.id}
        assert not out.failed and out["snapshot_id"] == last.id and not out["changed"] and not wrong_rows(cloud, out)

    def test_nothing_is_written_on_a_look_older_than_fifteen_seconds(self, cloud):
        """If calls are slow, the run looks at the destination again between them (promises: fresh-look)."""
        copied_twice = [cloud.snapshot(age_hours=90 - n) for n in range(8)]
        for source in copied_twice:
            cloud.create_our_copy(source)
            cloud.create_our_copy(source)
        latency = 3.0
        cloud.settings(copy_seconds=600.0, latency=latency)
        seen = with_script(cloud)
        with mock.patch.object(cloud.adapter, "calls_at_once", 1):
            out = cloud.run(*copied_twice, *[cloud.snapshot() for _n in range(10)], remove_duplicates=True)
        assert not out.failed and out["counts"]["created"] == 10 and out["counts"]["deleted"] == 8
        looked = started = seen[0][0]
        for moment, action, region in seen:
            if action == cloud.list_action and region == cloud.destination:
                looked = moment
            elif action in (cloud.copy_action, cloud.delete_action):
                assert moment - looked <= 15 + latency, f"{action} after {moment - started} s"

    # -- exactly once: looking for what was lost --------------------------------------------------------

    def test_lost_calls_are_looked_for_together_and_long_enough_before_they_are_made_again(self, cloud):
        """30 seconds (EBS, CBS), 120 (ENS), 10 (ECS), for all calls in doubt at once; the others continue.

        See promises: exactly-once.
        """
        sources = [cloud.snapshot(age_hours=9 - n) for n in range(5)]
        cloud.set_faults({"action": cloud.copy_action, "fault": "drop", "nth": [1, 2, 3]})
        with mock.patch.object(cloud.adapter, "calls_at_once", 1):
            out = cloud.run(*sources)
        asked = [moment for action, moment in cloud.server.control.times if action == cloud.copy_action]
        assert not out.failed and len(cloud.copies()) == 5 and len(asked) == 8
        assert asked[4] - asked[0] < 10, "the others are started meanwhile"
        doubt = cloud.cloud.doubt
        assert asked[5] - asked[0] >= doubt and asked[7] - asked[2] <= doubt + 20

    def test_a_lost_answer_is_found_though_reads_lag_long(self, cloud):
        """A run looks for a lost copy as long as the cloud needs (promises: exactly-once)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=600.0, visible_after=cloud.cloud.doubt - 5)
        cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.run(source, wait=True)
        assert not out.failed and ids(cloud.copies()) == {out["snapshot_id"]} and not wrong_rows(cloud, out)
        assert out.copy()["action"] == "created" and out["duplicates"] == []

    @pytest.mark.parametrize("seconds", [0.2, 600.0])
    def test_a_lost_answer_during_another_runs_copy_leaves_one_copy(self, cloud, seconds):
        """The run that made the later copy takes it back, even if it never received its ID (promises: two-runs)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        rival = create_rival(cloud, source, seconds)
        cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {rival.id} == {out["snapshot_id"]}
        assert out["duplicates"] == [] and not wrong_rows(cloud, out)

    def test_another_runs_later_copy_is_not_taken_back_for_a_lost_one(self, cloud):
        """A run takes back only its own copy; a copy that was started long after its call is not its own.

        See promises: two-runs.
        """
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(copy_seconds=60.0, visible_after=28.0)
        cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
        planted = []

        def plant():
            planted.append(cloud.create_our_copy(source, seconds=60))
            cloud.hide(planted[0], 0)

        cloud.at(started + 25, plant)
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 2 and planted[0].id in ids(cloud.copies())
        assert ids(cloud.copies()) == {out["snapshot_id"]} | reported_duplicates(out) and not wrong_rows(cloud, out)

    # -- reads that lag ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("lag", [20.0, 110.0])
    def test_reads_that_lag_steadily_fail_nothing(self, cloud, lag):
        """A copy with a returned ID is missing only after 120 seconds without it (promises: unseen)."""
        sources = [cloud.snapshot() for _n in range(3)]
        cloud.settings(copy_seconds=600.0, visible_after=lag)
        out = cloud.run(*sources, wait=True)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 3 and not wrong_rows(cloud, out)
        assert {row["state"] for row in out["copies"]} == {"completed"}

    @pytest.mark.parametrize("longest", [6.0, 60.0])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_replicas_that_go_backwards_fail_nothing(self, cloud, monkeypatch, seed, longest):
        """One replica may not yet show what another one has shown (promises: unseen)."""
        sources = [cloud.snapshot() for _n in range(5)]
        cloud.settings(copy_seconds=40.0)
        draw = random.Random(seed)
        lags = [draw.choice((0.0, longest)) for _n in range(1000)]
        use_lagging_replicas(cloud, monkeypatch, lambda read: lags[read % len(lags)])
        out = cloud.run(*sources, wait=True)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 5 and not wrong_rows(cloud, out)
        assert {row["state"] for row in out["copies"]} == {"completed"}

    @pytest.mark.parametrize(("after", "hidden", "pause"), [(20, 100, 15), (1500, 190, 200)])
    def test_a_copy_that_reads_do_not_show_for_a_while_is_in_progress(self, cloud, after, hidden, pause):
        """A copy that was shown before is also missing only after 120 seconds and three looks (promises: unseen)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=15.0 * pause)
        cloud.at(cloud.clock.monotonic() + after, lambda: cloud.hide(cloud.copies()[0], seconds=hidden))
        out = cloud.run(source, wait=True, wait_delay=pause, wait_timeout=7200)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {out["snapshot_id"]} and not wrong_rows(cloud, out)

    def test_a_copy_that_never_shows_has_failed_after_two_minutes_and_three_looks(self, cloud):
        """Then it is reported, and the same run does not make it again (promises: failed-copies)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(visible_after=100000.0)
        seen = with_script(cloud)
        out = cloud.run(source, wait=True)
        assert out.failed and out.failure()["kind"] == "failed_copy"
        assert out.failure()["snapshot_id"] == cloud.copies()[0].id
        assert 120 <= cloud.clock.monotonic() - started <= 200 and cloud.calls[cloud.copy_action] == 1
        copied = next(n for n, call in enumerate(seen) if call[1] == cloud.copy_action)
        assert sum(action == cloud.list_action for _moment, action, _region in seen[copied:]) >= 3

    # -- two runs at once -------------------------------------------------------------------------------

    @pytest.mark.many_calls
    @pytest.mark.parametrize(
        ("seconds", "lag", "late", "lost"),
        [
            (1.0, 10.0, 3.0, None),
            (1.0, 6.0, 2.0, 3),
            (5.0, 0.0, 0.0, None),
            (5.0, 4.0, 0.3, None),
            (5.0, 10.0, 0.3, None),
            (5.0, 0.0, 0.3, 1),
            (5.0, 6.0, 0.3, 2),
            (5.0, 8.0, 0.0, 1),
            (60.0, 10.0, 3.0, None),
            (60.0, 6.0, 0.3, 3),
            (60.0, 8.0, 0.0, 1),
            (1000.0, 10.0, 0.3, None),
        ],
    )
    def test_two_runs_at_once_leave_one_copy(self, cloud, seconds, lag, late, lost):
        """The run that made the later copy takes it back (promises: two-runs).

        Copies take ``seconds`` and show after ``lag``; the second run starts ``late``. The answer to copy call number
        ``lost`` is lost: 1 and 2 are mostly calls of the first run, 3 of the second.
        """
        sources = [cloud.snapshot(age_hours=n + 1) for n in range(2)]
        cloud.settings(copy_seconds=seconds, visible_after=lag, quota=1000)
        if lost:
            cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [lost]})
        one, two = run_at_once(cloud, [(0.0, sources, {}), (late, sources[::-1], {})])
        for result in (one, two):
            assert result["failures"] == [], result["msg"]
            assert not wrong_rows(cloud, result)
        left = [[copy.id for copy in copies_of(cloud, source)] for source in sources]
        assert left == [[row["snapshot_id"]] for row in one["copies"]]
        assert left == [[row["snapshot_id"]] for row in two["copies"][::-1]]

    @pytest.mark.parametrize("kind", ["lose_answer", "error_after", "broken_answer"])
    def test_the_lost_answer_of_taking_ones_own_copy_back_fails_nothing(self, cloud, kind):
        """The run looks for its effect; it is no failure if the copy is gone (promises: exactly-once)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        rival = create_rival(cloud, source)
        cloud.set_faults({"action": cloud.delete_action, "fault": kind, "nth": [1]})
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {rival.id} == {out["snapshot_id"]}
        assert cloud.calls[cloud.delete_action] >= 1 and out["duplicates"] == [] and not wrong_rows(cloud, out)

    def test_a_run_that_follows_a_copy_which_then_fails_begins_again(self, cloud):
        """A run follows the other run's copy; if that fails, it starts its own (promises: two-runs)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        rival = create_rival(cloud, source, seconds=30, failure="Given key ID is not accessible")
        if hasattr(rival, "disk_id"):
            rival.disk_id = ""  # otherwise the simulated ECS accepts no second copy of the disk
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        complete = [copy for copy in cloud.copies() if cloud.is_complete(copy)]
        assert ids(complete) == {out["snapshot_id"]} and rival not in complete and not wrong_rows(cloud, out)

    # -- all are tried: exceptions that nobody expects ---------------------------------------------------

    @pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
    def test_an_unexpected_error_after_a_copy_call_makes_no_second_copy_and_stops_no_other(
        self, cloud, monkeypatch, error
    ):
        """After an error of any class a write is in doubt (promises: exactly-once, all-are-tried)."""
        sources = [cloud.snapshot(age_hours=9 - n) for n in range(5)]
        inject_error(monkeypatch, cloud.adapter, "begin", error, for_first_copies_of(sources[2]), after=True)
        out = cloud.run(*sources, wait=True)
        assert not out.failed, out["msg"]
        assert [len(copies_of(cloud, source)) for source in sources] == [1] * 5
        assert out["counts"]["created"] == out["counts"]["completed"] == 5 and not wrong_rows(cloud, out)

    @pytest.mark.many_calls
    @pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
    def test_an_unexpected_error_that_repeats_fails_its_copy_alone(self, cloud, monkeypatch, error):
        """A copy in doubt at wait_timeout is reported; others are copied (promises: exactly-once, all-are-tried)."""
        sources = [cloud.snapshot(age_hours=9 - n) for n in range(5)]
        inject_error(monkeypatch, cloud.adapter, "begin", error, for_first_copies_of(sources[2], times=10000))
        out = cloud.run(*sources, wait=True, wait_timeout=400)
        assert out.failed and out["changed"] and out["counts"]["created"] == 4
        assert out.failure()["source_snapshot_id"] == sources[2] and out.failure()["kind"] == "ambiguous"
        assert str(error.args[0]) in out.failure()["message"] and "Traceback" not in out.text
        assert [len(copies_of(cloud, source)) for source in sources] == [1, 1, 0, 1, 1] and not wrong_rows(cloud, out)

    @pytest.mark.parametrize(("method", "error"), [*zip(("list_copies", "read_sources", "refresh"), UNEXPECTED)])
    def test_an_unexpected_error_of_a_read_is_waited_out(self, cloud, monkeypatch, error, method):
        """An error of any class ends one call; for a read, it means that the cloud was not reached.

        See promises: all-are-tried.
        """
        sources = [cloud.snapshot(age_hours=9 - n) for n in range(3)]
        cloud.settings(copy_seconds=60.0)
        inject_error(monkeypatch, cloud.adapter, method, error, for_first_calls(2))
        out = cloud.run(*sources, wait=True)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == out["counts"]["completed"] == 3 and not wrong_rows(cloud, out)

    def test_a_region_in_which_every_read_breaks_fails_alone(self, cloud, monkeypatch):
        """If a destination cannot be read, its copies are in failures, and the others are copied.

        See promises: all-are-tried.
        """
        source, error = cloud.snapshot(), UNEXPECTED[0]
        inject_error(
            monkeypatch, cloud.adapter, "list_copies", error, lambda region, *_more: region == cloud.destination
        )
        out = cloud.run(source, destination_regions=[cloud.destination, cloud.other_destination], wait=True)
        assert out.failed and out.failure()["region"] == cloud.destination and out.failure()["kind"] == "connection"
        assert len(cloud.copies(cloud.other_destination)) == 1 and not cloud.copies() and not wrong_rows(cloud, out)

    def test_an_unexpected_error_of_a_deletion_stops_no_other_and_is_looked_after(self, cloud, monkeypatch):
        """The deletion took effect, so it is no failure (promises: exactly-once, all-are-tried)."""
        sources = cloud.create_copied_snapshots(3)
        inject_error(monkeypatch, cloud.adapter, "delete", UNEXPECTED[1], for_first_calls(1), after=True)
        out = cloud.run(*sources, state="absent", wait=True)
        assert not out.failed, out["msg"]
        assert not cloud.copies() and out["changed"] and {row["state"] for row in out["copies"]} == {"absent"}

    # -- what is busy stops nothing else ----------------------------------------------------------

    @pytest.mark.slow
    def test_a_throttled_deletion_stops_no_copy_in_any_region(self, cloud):
        """It is repeated until wait_timeout, and copies continue (promises: all-are-tried, quota)."""
        copied_twice = cloud.snapshot(age_hours=50)
        kept = cloud.create_our_copy(copied_twice)
        cloud.clock.sleep(5)
        duplicate, started = cloud.create_our_copy(copied_twice), cloud.clock.monotonic()
        cloud.settings(copy_seconds=600.0)
        cloud.set_faults({"action": cloud.delete_action, "fault": "throttle"})
        sources = [cloud.snapshot(age_hours=n) for n in (1, 2, 3)]
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(copied_twice, *sources, wait=True, remove_duplicates=True, destination_regions=regions)
        made = [c for region in regions for c in cloud.copies(region) if c.id not in (kept.id, duplicate.id)]
        assert len(made) == 7 and all(map(cloud.is_complete, made))
        assert max(map(cloud.started_at, made)) < started + SOON
        assert out.failed and failed_ids(out) == {duplicate.id} and out.failure()["kind"] == "busy"
        assert cloud.calls[cloud.delete_action] < 130 and not wrong_rows(cloud, out)

    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_throttled_listing_is_waited_out_whatever_the_order_of_the_regions(self, cloud, is_first):
        """A run waits for throttling until wait_timeout, and continues with the other region (promises: quota)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        throttle_calls(cloud, lambda _action, region: region == cloud.destination)
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(
            source, destination_regions=regions if is_first else regions[::-1], wait=True, **cloud.quick_reads
        )
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 1 and not wrong_rows(cloud, out)
        assert cloud.started_at(cloud.copies(cloud.other_destination)[0]) < started + SOON

    # -- how runs end -----------------------------------------------------------------------------

    def test_reads_that_fail_to_the_end_are_reported_as_such(self, cloud):
        """The copy is not slow: the cloud does not answer (promises: all-are-tried, timeout)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=1000.0)
        with_script(
            cloud,
            lambda action, region: (
                "empty_unavailable" if action == cloud.list_action and cloud.calls[cloud.copy_action] else None
            ),
        )
        out = cloud.run(source, wait=True, wait_timeout=LONG, **cloud.quick_reads)
        assert out.failed and out.failure()["kind"] == "connection"
        assert out["snapshot_id"] == out.failure()["snapshot_id"] == cloud.copies()[0].id
        assert out.copy()["error"] == out.failure() and not wrong_rows(cloud, out)
        assert cloud.calls[cloud.copy_action] == 1 and len(cloud.copies()) == 1

    @pytest.mark.many_calls
    def test_the_last_looks_overrun_the_deadline_by_one_call_a_region_at_most(self, cloud):
        """wait_timeout applies to the whole call (promises: timeout)."""
        sources, started = [cloud.snapshot() for _n in range(2)], cloud.clock.monotonic()
        regions = cloud.six_regions
        cloud.settings(copy_seconds=1000.0)
        latency = 4.5
        cloud.at(started + 100, lambda: cloud.settings(latency=latency))
        options = {"destination_regions": regions, "wait": True, "wait_timeout": 200, "max_in_flight": 1}
        out = cloud.run(*sources, **options)
        assert len(out["failures"]) == 12 and out["counts"]["pending"] == 6
        assert cloud.clock.monotonic() - started <= 200 + latency * len(regions) + 1

    def test_a_copy_that_fails_during_the_run_is_not_tried_again_by_it(self, cloud):
        """The other copies continue, and the next run replaces the failed one (promises: failed-copies)."""
        bad, good = cloud.snapshot(), cloud.snapshot()
        cloud.settings(fail_copies_of={bad: "no"}, copy_seconds=400.0)
        out = cloud.run(bad, good, wait=True)
        assert out.failure()["kind"] == "failed_copy" and out.failure()["source_snapshot_id"] == bad
        assert cloud.calls[cloud.copy_action] == 2 and out["copies"][1]["state"] == "completed"
        assert not wrong_rows(cloud, out)
        cloud.settings(fail_copies_of={})
        again = cloud.run(bad, good, wait=True)
        assert not again.failed and len([c for c in cloud.copies() if cloud.is_complete(c)]) == 2

    # -- bad input ---------------------------------------------------------------------------------------

    def test_wait_timeout_zero_is_refused_by_name(self, cloud):
        """With wait_timeout 0 nothing could be started (promises: bad-input)."""
        out = cloud.run(cloud.snapshot(), wait_timeout=0)
        assert out.failed and "wait_timeout" in out["msg"] and not cloud.calls and not cloud.copies()

    # -- duplicates and deletions -----------------------------------------------------------------------------

    def test_duplicates_that_the_run_deleted_are_no_longer_reported(self, cloud):
        """Duplicates are existing copies besides the one that counts (promises: counting-order)."""
        source = cloud.snapshot()
        kept = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        cloud.create_our_copy(source)
        out = cloud.run(source, remove_duplicates=True, wait=True)
        assert not out.failed and out["counts"]["deleted"] == 1
        assert ids(cloud.copies()) == {kept.id} and out["duplicates"] == [] and "more than one copy" not in out.text

    def test_a_duplicate_that_cannot_be_deleted_is_still_reported(self, cloud):
        """The duplicate is still in the result, and a failure names it (promises: counting-order)."""
        source = cloud.snapshot()
        cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        duplicate = cloud.create_our_copy(source)
        cloud.settings(in_use=[duplicate.id])
        out = cloud.run(source, remove_duplicates=True)
        assert out.failed and failed_ids(out) == reported_duplicates(out) == {duplicate.id} and not out["changed"]
        assert len(cloud.copies()) == 2 and not wrong_rows(cloud, out)

    def test_a_copy_that_cannot_be_cancelled_is_deleted_once_complete_or_left_with_a_hint(self, cloud):
        """EBS and ECS cancel a copy in progress; ENS and CBS refuse (promises: deleting)."""
        one, two = cloud.snapshot(), cloud.snapshot()
        left, _gone = cloud.create_our_copy(one, seconds=60), cloud.create_our_copy(two, seconds=60)
        out = cloud.run(one, state="absent")
        if cloud.adapter.cancels_by_deletion:
            assert not out.failed and not copies_of(cloud, one)
        else:
            assert out.failure()["snapshot_id"] == left.id and "wait: true" in out.failure()["hint"]
            assert out.failure()["kind"] == "refused" and not out["changed"]
            assert len(cloud.copies()) == 2 and cloud.calls[cloud.delete_action] == 0
        out = cloud.run(two, state="absent", wait=True)
        assert not out.failed and out["counts"]["deleted"] == 1 and not copies_of(cloud, two)


class TaggedCopies:
    """Promises for clouds with tags of snapshots."""

    # -- tags ----------------------------------------------------------------------------------

    def test_a_copy_that_is_followed_instead_of_ones_own_gets_the_tags(self, cloud):
        """Tags are updated on our copies, whichever run made them (promises: exactly-once, tags)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        rival = create_rival(cloud, source)
        out = cloud.run(source, wait=True, tags={"team": "dr"})
        assert not out.failed, out["msg"]
        assert out["snapshot_id"] == rival.id and cloud.tags_of(rival)["team"] == "dr"
        assert out.copy()["tags"] == cloud.tags_of(rival)
        assert not cloud.run(source, wait=True, tags={"team": "dr"})["changed"]

    def test_a_copy_that_another_run_makes_while_this_one_waits_gets_the_tags(self, cloud):
        """The same in a run that started no copy (promises: exactly-once, tags)."""
        first_one, second = cloud.snapshot(age_hours=9), cloud.snapshot(age_hours=1)
        cloud.settings(copy_seconds=60.0)
        cloud.at(cloud.clock.monotonic() + 10, lambda: cloud.create_our_copy(second, seconds=30))
        options = {"wait": True, "tags": {"team": "dr"}, "max_in_flight": 1}
        out = cloud.run(first_one, second, **options)
        assert not out.failed and len(cloud.copies()) == 2, out["msg"]
        assert [cloud.tags_of(copy).get("team") for copy in cloud.copies()] == ["dr", "dr"]
        assert not cloud.run(first_one, second, **options)["changed"]

    @pytest.mark.parametrize("denied", ["setting", "taking away"])
    def test_half_a_change_of_tags_is_a_change(self, cloud, denied):
        """changed is true if anything was changed, even if the rest failed (promises: tags)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        cloud.set_tags(copy, old="1")
        before = cloud.tags_of(copy)
        taking_away = {"CreateTags": "DeleteTags", "TagResources": "UntagResources"}[cloud.tag_action]
        if cloud.module.startswith("cbs"):
            taking_away = "UnTagResources"
        cloud.settings(denied=[cloud.tag_action if denied == "setting" else taking_away])
        out = cloud.run(source, tags={"team": "dr"}, purge_tags=True)
        assert out.failed and out.failure()["kind"] == "credentials"
        assert out["changed"] == (cloud.tags_of(copy) != before)
        assert out.copy()["tags"] == cloud.tags_of(copy) and out.copy()["state"] == "completed"

    def test_an_unexpected_error_of_a_change_of_tags_is_looked_after(self, cloud, monkeypatch):
        """Tags that do not show are set again (promises: exactly-once, all-are-tried)."""
        sources = [cloud.snapshot() for _n in range(2)]
        copies = [cloud.create_our_copy(source) for source in sources]
        inject_error(monkeypatch, cloud.adapter, "change_tags", UNEXPECTED[2], for_first_calls(1))
        out = cloud.run(*sources, tags={"team": "dr"}, wait=True)
        assert not out.failed, out["msg"]
        assert [cloud.tags_of(copy)["team"] for copy in copies] == ["dr", "dr"] and out["counts"]["updated"] == 2

    # -- held copies ------------------------------------------------------------------------------------

    @pytest.mark.parametrize("value", ["audit 2026", "false"])
    def test_purging_spares_the_hold(self, cloud, value):
        """Whatever the value of the tag (promises: held)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        hold(cloud, copy, value)
        cloud.set_tags(copy, old="1")
        out = cloud.run(source, tags={"team": "dr"}, purge_tags=True, wait=True)
        tags = cloud.tags_of(copy)
        assert not out.failed and tags[HOLD] == value and tags["team"] == "dr" and "old" not in tags

    def test_purging_spares_a_hold_however_its_key_is_spelt(self, cloud):
        """Purging keeps the tag that prevents deletions (promises: held)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        cloud.set_tags(copy, **{HOLD.title(): "yes"})
        cloud.run(source, tags={"team": "dr"}, purge_tags=True, wait=True)
        assert cloud.tags_of(copy)[HOLD.title()] == "yes" and cloud.run(source, state="absent").failed

    def test_a_held_duplicate_is_kept_and_reported_and_is_no_failure(self, cloud):
        """remove_duplicates deletes the others (promises: held)."""
        source = cloud.snapshot()
        kept = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        held, duplicate = cloud.create_our_copy(source), cloud.create_our_copy(source)
        hold(cloud, held)
        out = cloud.run(source, remove_duplicates=True, wait=True)
        assert not out.failed and ids(cloud.copies()) == {kept.id, held.id}
        assert duplicate.id not in reported_duplicates(out)
        assert reported_duplicates(out) == {held.id} and out["counts"]["deleted"] == 1
        assert not cloud.run(source, remove_duplicates=True, wait=True)["changed"]

    def test_absent_leaves_a_held_copy_and_names_it(self, cloud):
        """A held copy is never deleted, whether copy_ids names it or not (promises: held)."""
        source = cloud.snapshot()
        held, other = cloud.create_our_copy(source), cloud.create_our_copy(source)
        hold(cloud, held)
        out = cloud.run(source, state="absent", copy_ids=[held.id], wait=True)
        assert out.failed and failed_ids(out) == {held.id} and ids(cloud.copies()) == {held.id, other.id}
        assert not out["changed"]
        out = cloud.run(source, state="absent", wait=True)
        assert out.failed and failed_ids(out) == {held.id} and ids(cloud.copies()) == {held.id}
        assert out["changed"] and HOLD in str(out["failures"]) and out["failures"][0]["hint"]

    def test_absent_in_check_mode_predicts_the_hold(self, cloud):
        """Check mode makes the same decisions as a real run (promises: check-mode, held)."""
        source = cloud.snapshot()
        held = cloud.create_our_copy(source)
        hold(cloud, held)
        out = cloud.run(source, state="absent", check=True)
        assert out.failed and failed_ids(out) == {held.id} and not out["changed"] and out["counts"]["deleted"] == 0


class HeldCopies:
    """Further promises about held copies, for clouds with tags, encryption and a failed state (EBS, ECS)."""

    @pytest.mark.parametrize(
        ("facts", "options"),
        [({"failure": "no"}, {}), ({}, {"encrypted": True, "replace_mismatched": True})],
        ids=["failed", "mismatched"],
    )
    def test_a_held_copy_is_kept_when_a_new_one_is_made(self, cloud, facts, options):
        """Neither replace_failed nor replace_mismatched deletes a held copy; this is no failure (promises: held)."""
        source = cloud.snapshot()
        held = cloud.create_our_copy(source, **facts)
        hold(cloud, held)
        out = cloud.run(source, wait=True, **options)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {held.id, out["snapshot_id"]} and out["snapshot_id"] != held.id
        assert out["counts"]["deleted"] == 0 and not wrong_rows(cloud, out)
        assert not cloud.run(source, wait=True, **options)["changed"] and len(cloud.copies()) == 2


class FailedCopies:
    """Promises for clouds that show failed copies (all but CBS)."""

    @pytest.mark.slow
    def test_a_throttled_deletion_of_a_failed_copy_lets_the_others_begin(self, cloud):
        """With a window of one, the next copy starts without delay (promises: all-are-tried, quota, failed-copies)."""
        bad, started = cloud.snapshot(age_hours=50), cloud.clock.monotonic()
        failed = cloud.create_our_copy(bad, failure="no")
        cloud.settings(copy_seconds=300.0)
        cloud.set_faults({"action": cloud.delete_action, "fault": "throttle"})
        sources = [bad, *[cloud.snapshot(age_hours=n) for n in (3, 2, 1)]]
        out = cloud.run(*sources, wait=True, max_in_flight=1)
        made = [copy for copy in cloud.copies() if copy.id != failed.id]
        assert len(made) == 4 and all(map(cloud.is_complete, made)) and not wrong_rows(cloud, out)
        assert max(map(cloud.started_at, made)) < started + 3 * 300 * 1.15
        assert failed_ids(out) == {failed.id} and cloud.calls[cloud.delete_action] < 130

    def test_a_failed_copy_is_deleted_if_another_run_replaces_it_meanwhile(self, cloud):
        """It had failed before the run, so it is replaced, whoever makes the new one (promises: failed-copies)."""
        one, two = cloud.snapshot(age_hours=9), cloud.snapshot(age_hours=1)
        failed = cloud.create_our_copy(two, failure="no")
        cloud.settings(copy_seconds=60.0)
        cloud.at(cloud.clock.monotonic() + 10, lambda: cloud.create_our_copy(two, seconds=30))
        out = cloud.run(one, two, wait=True, max_in_flight=1)
        assert not out.failed and len(cloud.copies()) == 2 and failed.id not in ids(cloud.copies())
        assert not wrong_rows(cloud, out) and not cloud.run(one, two, wait=True)["changed"]

    def test_a_failed_copy_is_kept_until_its_replacement_has_started(self, cloud):
        """replace_failed starts the new copy first, and then deletes the failed one (promises: failed-copies)."""
        source = cloud.snapshot()
        failed = cloud.create_our_copy(source, failure="no")
        cloud.settings(denied=[cloud.copy_action])
        out = cloud.run(source, wait=True)
        assert out.failed and ids(cloud.copies()) == {failed.id} and cloud.calls[cloud.delete_action] == 0
        cloud.settings(denied=[])
        out = cloud.run(source, wait=True)
        calls = cloud.server.control.log
        assert calls.index(cloud.delete_action) > len(calls) - 1 - calls[::-1].index(cloud.copy_action)
        assert not out.failed and ids(cloud.copies()) == {out["snapshot_id"]} and not wrong_rows(cloud, out)


class PagedListings:
    """Promises for clouds whose listings come by page number or offset (CBS, ENS)."""

    #: The page size that the adapter requests.
    page_size: int

    @staticmethod
    def act_before_pages(cloud, acts):
        """Act before these pages of the destination, by number; return the list to which each page is added."""
        pages = []

        def act(action, region):
            if action == cloud.list_action and region == cloud.destination:
                pages.append(region)
                acts.get(len(pages), lambda: None)()

        with_script(cloud, act)
        return pages

    def test_a_listing_that_grows_while_it_is_read_is_harmless(self, cloud):
        """The run requests the oldest first, and reads on while the count is higher (promises: listings)."""
        for _n in range(250):
            cloud.snapshot(region=cloud.destination)
        there = cloud.create_our_copy(cloud.snapshot())
        source = cloud.snapshot()

        def grow(action, region):
            if action == cloud.list_action and region == cloud.destination:
                cloud.snapshot(region=cloud.destination, age_hours=0)
                cloud.clock.sleep(0.3)

        with_script(cloud, grow)
        out = cloud.run(source, there.source_id, wait=True)
        assert not out.failed, out["msg"]
        assert out["copies"][1]["snapshot_id"] == there.id and len(cloud.copies()) == 2 and not wrong_rows(cloud, out)

    def test_a_listing_that_shrinks_while_it_is_read_is_read_again(self, cloud):
        """Otherwise a copy on a page already read would be missed, and made again (promises: listings)."""
        old = [cloud.snapshot(region=cloud.destination, age_hours=99) for _n in range(self.page_size)]
        source = cloud.snapshot()
        there = cloud.create_our_copy(source)
        pages = self.act_before_pages(cloud, {2: lambda: cloud.forget(old[0], cloud.destination)})
        out = cloud.run(source, wait=True)
        assert not out.failed and out["snapshot_id"] == there.id and ids(cloud.copies()) == {there.id}
        assert cloud.calls[cloud.copy_action] == 0 and len(pages) > 2

    def test_a_count_that_falls_and_rises_while_it_is_read_hides_no_copy(self, cloud):
        """Snapshots appear and disappear at once; a copy that moves must not be missed (promises: listings)."""
        old = [cloud.snapshot(region=cloud.destination, age_hours=99) for _n in range(self.page_size)]
        source = cloud.snapshot()
        there = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        for _n in range(self.page_size + 5):
            cloud.snapshot(region=cloud.destination, age_hours=0)
        changes = {
            2: lambda: cloud.forget(old[0], cloud.destination),
            3: lambda: cloud.snapshot(region=cloud.destination, age_hours=0),
        }
        self.act_before_pages(cloud, changes)
        out = cloud.run(source)
        assert not out.failed and out["snapshot_id"] == there.id and ids(cloud.copies()) == {there.id}
