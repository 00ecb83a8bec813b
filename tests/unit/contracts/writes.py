# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run writes, based on which look, how often, and what it reports if it cannot read or write.

See docs/development/promises.md. WritesContract is for every cloud. TagWrites and EncryptedCopies are for clouds with
tags of snapshots, and with encryption. A test checks the state of the server, not only the result.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.contracts.bad_days import (
    UNEXPECTED,
    failed_ids,
    for_first_calls,
    ids,
    inject_error,
    reported_duplicates,
    with_script,
    wrong_rows,
)
from tests.unit.contracts.copying import OnOneCloud

HOUR = 3600


def looks_by_region(cloud, seen):
    """Count the listings by region in the calls of a script."""
    return Counter(region for _moment, action, region in seen if action == cloud.list_action)


def writes_follow_fresh_looks(cloud, seen, writes, latency):
    """Whether each of these calls follows a look at its region within 15 seconds, plus the time of one call."""
    looked, checked = {}, 0
    for moment, action, region in seen:
        if action == cloud.list_action:
            looked[region] = moment
        elif action in writes and region in looked:
            assert moment - looked[region] <= 15 + latency, f"{action} {moment - looked[region]} s after the last look"
            checked += 1
    return checked > 0


def take_tag(cloud, copy, key):
    """Remove a tag from a copy without a call."""
    tags = copy.tags if not hasattr(copy, "ec2_backend") else copy.ec2_backend.tags[copy.id]
    del tags[key]


class WritesContract(OnOneCloud):
    """The promises, each through the module's main() against the simulated cloud on a fake clock."""

    # -- what the deadline overtakes ------------------------------------------------------------------------

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_a_region_that_was_never_looked_at_is_reported(self, cloud, state):
        """Silence is not success, whatever is requested there (promises: all-are-tried, timeout)."""
        source = cloud.snapshot()
        left = cloud.create_our_copy(source, cloud.other_destination) if state == "absent" else None
        cloud.settings(latency=4.0)
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(source, state=state, destination_regions=regions, wait_timeout=3)
        assert out.failed
        overtaken = [f for f in out["failures"] if f["region"] == cloud.other_destination]
        assert [f["kind"] for f in overtaken] == ["timeout"] and "not read within wait_timeout" in overtaken[0][
            "message"
        ]
        assert overtaken[0]["hint"] and out["copies"][1]["error"] == overtaken[0]
        assert ids(cloud.copies(cloud.other_destination)) == ({left.id} if left else set())

    def test_a_deletion_that_was_not_sent_in_time_is_reported(self, cloud):
        """The copy still exists, and the failure names it (promises: deleting, timeout)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        cloud.settings(latency=4.0)
        out = cloud.run(source, state="absent", wait_timeout=3)
        assert out.failed and out.failure()["kind"] == "timeout" and failed_ids(out) == {copy.id} == ids(cloud.copies())
        assert not out["changed"] and out["counts"]["deleted"] == 0 and cloud.calls[cloud.delete_action] == 0

    def test_a_duplicate_that_was_not_deleted_in_time_is_reported(self, cloud):
        """The copy is complete, but not everything that was requested was done (promises: idempotent, timeout)."""
        source = cloud.snapshot()
        kept = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        duplicate = cloud.create_our_copy(source)
        cloud.settings(latency=4.0)
        out = cloud.run(source, remove_duplicates=True, wait_timeout=3)
        assert out.failed and failed_ids(out) == reported_duplicates(out) == {duplicate.id}
        assert ids(cloud.copies()) == {kept.id, duplicate.id} and not wrong_rows(cloud, out)

    # -- slow looks -----------------------------------------------------------------------------------------

    def test_a_look_that_takes_longer_than_fifteen_seconds_still_allows_writes(self, cloud, monkeypatch):
        """A long look counts from its end; otherwise nothing would ever be written (promises: fresh-look)."""
        copied_twice, sources = cloud.snapshot(age_hours=9), [cloud.snapshot() for _n in range(3)]
        kept = cloud.create_our_copy(copied_twice)
        cloud.clock.sleep(5)
        cloud.create_our_copy(copied_twice)
        cloud.settings(copy_seconds=60.0)
        started = cloud.clock.monotonic()
        self.slow_reads(cloud, monkeypatch, 20.0)
        out = cloud.run(copied_twice, *sources, remove_duplicates=True, wait=True)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 4 and out["counts"]["deleted"] == 1
        assert kept.id in ids(cloud.copies()) and not wrong_rows(cloud, out)
        assert cloud.clock.monotonic() - started < 400 and cloud.calls[cloud.list_action] < 40

    @pytest.mark.slow
    @pytest.mark.parametrize("seconds", [4.0, 6.0, 20.0])
    def test_slow_looks_at_many_regions_starve_none(self, cloud, monkeypatch, seconds):
        """While the run looks at other regions, the first look becomes too old for a write (promises: fresh-look)."""
        sources, started = [cloud.snapshot() for _n in range(2)], cloud.clock.monotonic()
        regions = cloud.six_regions
        cloud.settings(copy_seconds=1000.0)
        self.slow_reads(cloud, monkeypatch, seconds)
        out = cloud.run(*sources, destination_regions=regions, wait=True)
        assert not out.failed, out["msg"]
        starts = {region: [cloud.started_at(copy) - started for copy in cloud.copies(region)] for region in regions}
        assert all(len(of_region) == 2 for of_region in starts.values())
        assert max(map(max, starts.values())) <= 4 * seconds * len(regions) + 30, starts

    @staticmethod
    def slow_reads(cloud, monkeypatch, seconds):
        """Let each listing and each read of sources take this long."""
        for name in ("list_copies", "refresh", "read_sources"):
            real = getattr(cloud.adapter, name)

            def slow(self, *arguments, real=real):
                cloud.clock.sleep(seconds)
                return real(self, *arguments)

            monkeypatch.setattr(cloud.adapter, name, slow)

    def test_check_mode_looks_at_each_of_many_slow_regions_once(self, cloud):
        """One look and one decision (promises: check-mode)."""
        cloud.settings(latency=4.0)
        source, seen = cloud.snapshot(), with_script(cloud)
        out = cloud.run(source, destination_regions=cloud.six_regions, check=True)
        assert not out.failed and [row["state"] for row in out["copies"]] == ["planned"] * 6
        looks = looks_by_region(cloud, seen)
        assert [looks[region] for region in cloud.six_regions] == [1] * 6

    def test_check_mode_reports_which_region_it_could_not_read(self, cloud):
        """Nothing is predicted for a region that does not answer (promises: all-are-tried, check-mode)."""
        source = cloud.snapshot()
        with_script(cloud, lambda action, region: "throttle" if region == cloud.destination else None)
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(source, destination_regions=regions, check=True, wait_timeout=100, **cloud.quick_reads)
        assert out.failed and out.failure()["region"] == cloud.destination and out.failure()["kind"] == "busy"
        assert cloud.destination in out.failure()["message"] and out.failure()["code"]
        assert [row["state"] for row in out["copies"]] == ["absent", "planned"]

    @pytest.mark.parametrize("check", [True, False])
    def test_sources_that_could_not_be_read_are_reported_in_the_clouds_words(self, cloud, check):
        """The run waits for the source region until wait_timeout, then names it (promises: quota, check-mode)."""
        source = cloud.snapshot()
        seen = with_script(cloud, lambda action, region: "throttle" if region == cloud.source else None)
        if cloud.module.startswith("ens"):
            pytest.skip("ENS is asked for sources of all nodes at one endpoint")
        out = cloud.run(source, check=check, wait_timeout=100, **cloud.quick_reads)
        assert out.failed and out.failure()["kind"] == "busy" and out.failure()["code"] and seen
        assert cloud.source in out.failure()["message"] and source in out.failure()["message"]
        assert out.copy()["state"] == "absent" and not cloud.copies()

    # -- how often ------------------------------------------------------------------------------------------

    def test_credentials_that_expire_end_all_queued_requests_at_once(self, cloud):
        """The refusal of one call applies to every further call (failures of the kind credentials)."""
        sources = [cloud.snapshot(age_hours=n + 1) for n in range(60)]
        started = cloud.clock.monotonic()
        cloud.set_faults({"action": cloud.copy_action, "fault": "expire"})
        out = cloud.run(*sources, wait=True, **cloud.quick_reads)
        assert out.failed and len(out["failures"]) == 60 and not cloud.copies() and out["failures"][0]["hint"]
        assert {failure["kind"] for failure in out["failures"]} == {"credentials"}
        assert cloud.calls[cloud.copy_action] == 1 and cloud.clock.monotonic() - started < 30

    def test_credentials_that_expire_end_deletions_at_once(self, cloud):
        """The same for deletions (failures of the kind credentials)."""
        sources = [cloud.snapshot() for _n in range(30)]
        left = [cloud.create_our_copy(source) for source in sources]
        cloud.set_faults({"action": cloud.delete_action, "fault": "expire"})
        out = cloud.run(*sources, state="absent", wait=True, **cloud.quick_reads)
        assert out.failed and failed_ids(out) == ids(left) == ids(cloud.copies())
        assert {failure["kind"] for failure in out["failures"]} == {"credentials"}
        assert cloud.calls[cloud.delete_action] == 1

    @pytest.mark.slow
    def test_a_wait_of_an_hour_for_twenty_copies_costs_few_calls(self, cloud):
        """At most 300 calls, plus a change of tags for each copy if the copy call sets none (promises: quota)."""
        sources = [cloud.snapshot(age_hours=n + 1) for n in range(20)]
        cloud.settings(copy_seconds=float(HOUR), latency=0.2)
        out = cloud.run(*sources, wait=True, wait_timeout=2 * HOUR)
        assert not out.failed and out["counts"]["completed"] == 20
        assert sum(out["api_calls"].values()) == sum(cloud.calls.values())
        assert sum(cloud.calls.values()) <= 300 + (0 if cloud.adapter.tags_in_copy_call else 20)

    # -- deletions ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("kind", ["lose_answer", "unexpected"])
    def test_a_deletion_whose_answer_was_lost_counts_as_deleted(self, cloud, monkeypatch, kind):
        """It took effect, so changed is true and the copy is reported as deleted (promises: exactly-once)."""
        source = cloud.snapshot()
        cloud.create_our_copy(source)
        self._lose_a_deletion(cloud, monkeypatch, kind)
        out = cloud.run(source, state="absent", wait=True)
        assert not out.failed, out["msg"]
        assert not cloud.copies() and out["changed"] and out["counts"]["deleted"] == 1
        assert (out.copy()["action"], out.copy()["state"]) == ("deleted", "absent")

    @pytest.mark.parametrize("kind", ["lose_answer", "unexpected"])
    def test_a_duplicate_whose_deletion_lost_its_answer_counts_as_deleted(self, cloud, monkeypatch, kind):
        """The same for a duplicate, while the copy that counts remains (promises: exactly-once)."""
        source = cloud.snapshot()
        kept = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        cloud.create_our_copy(source)
        self._lose_a_deletion(cloud, monkeypatch, kind)
        out = cloud.run(source, remove_duplicates=True, wait=True)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {kept.id} == {out["snapshot_id"]} and out["duplicates"] == []
        assert out["changed"] and out["counts"]["deleted"] == 1 and not wrong_rows(cloud, out)

    @staticmethod
    def _lose_a_deletion(cloud, monkeypatch, kind):
        if kind == "unexpected":
            inject_error(monkeypatch, cloud.adapter, "delete", UNEXPECTED[1], for_first_calls(1), after=True)
        else:
            cloud.set_faults({"action": cloud.delete_action, "fault": kind, "nth": [1]})


class TagWrites:
    """Promises for clouds with tags of snapshots."""

    def test_tags_are_written_on_looks_of_fifteen_seconds_at_most(self, cloud):
        """Between slow calls the run looks at the copies again (promises: fresh-look)."""
        latency, sources = 3.0, [cloud.snapshot() for _n in range(12)]
        for number, source in enumerate(sources):
            cloud.set_tags(cloud.create_our_copy(source), **{f"old{number}": "1"})
        cloud.settings(latency=latency)
        seen = with_script(cloud)
        out = cloud.run(*sources, tags={"team": "dr"}, purge_tags=True, wait=True)
        assert not out.failed and out["counts"]["updated"] == 12
        writes = {cloud.tag_action, "DeleteTags", "UntagResources", "UnTagResources"}
        assert writes_follow_fresh_looks(cloud, seen, writes, latency)
        for number, copy in enumerate(cloud.copies()):
            assert cloud.tags_of(copy)["team"] == "dr" and f"old{number}" not in cloud.tags_of(copy)

    def test_a_row_has_the_failure_of_a_write_on_its_copy(self, cloud):
        """As in failures: the tags of this copy could not be set."""
        source, other = cloud.snapshot(), cloud.snapshot()
        cloud.run(source, other, wait=True)
        cloud.refuse(cloud.tag_action, "InvalidParameter")
        out = cloud.run(source, other, wait=True, tags={"team": "dr"})
        assert out.failed and len(out["failures"]) == 2
        assert out["failures"] == [row["error"] for row in out["copies"]]

    def test_a_source_that_nobody_needs_any_more_does_not_prolong_the_run(self, cloud):
        """Once its copy has failed, a throttled source region is not read any more (promises: quota, failed-copies)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        copy = cloud.create_our_copy(source, seconds=60.0, failure="no")
        take_tag(cloud, copy, "dr-copy:source-disk-id")
        with_script(cloud, lambda action, region: "throttle" if region == cloud.source else None)
        out = cloud.run(source, wait=True, **cloud.quick_reads)
        assert out.failed and out.failure()["kind"] == "failed_copy" and failed_ids(out) == {copy.id}
        assert cloud.clock.monotonic() - started < 300 and len(cloud.clock.slept) < 200

    @pytest.mark.parametrize("key", ["dr-copy:hold", "DR-Copy:Hold", "DR-COPY:HOLD"])
    def test_a_hold_holds_in_any_letter_case(self, cloud, key):
        """absent names the held copy and its tag; a held duplicate remains (promises: held)."""
        source = cloud.snapshot()
        kept = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        held = cloud.create_our_copy(source)
        cloud.set_tags(held, **{key: ""})
        out = cloud.run(source, remove_duplicates=True, wait=True)
        assert not out.failed and not out["changed"] and ids(cloud.copies()) == {kept.id, held.id}
        out = cloud.run(source, state="absent", wait=True)
        assert out.failed and failed_ids(out) == {held.id} == ids(cloud.copies())
        assert held.id in out.failure()["message"] and "dr-copy:hold" in out.failure()["message"]


class EncryptedCopies:
    """Promises for clouds that encrypt copies (EBS, ECS)."""

    @pytest.mark.parametrize("replaces", [True, False])
    def test_a_new_copy_that_turns_out_a_misfit_is_reported_and_not_made_again(self, cloud, replaces):
        """Another attempt would have the same result (promises: mismatch)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(copy_seconds=60.0)
        cloud.at(started + 30, lambda: setattr(cloud.copies()[0], "encrypted", False))
        out = cloud.run(source, encrypted=True, replace_mismatched=replaces, wait=True)
        assert out.failed and out.failure()["kind"] == "mismatch" and failed_ids(out) == ids(cloud.copies())
        assert cloud.calls[cloud.copy_action] == 1 and cloud.calls[cloud.delete_action] == 0
        assert out["changed"] and out["counts"]["created"] == 1 and out["snapshot_id"] == cloud.copies()[0].id

    def test_a_duplicate_is_kept_if_only_a_copy_of_other_encryption_would_remain(self, cloud):
        """Duplicates have equal encryption and key, and one of them remains (promises: counting-order)."""
        source = cloud.snapshot()
        plain, encrypted = cloud.create_our_copy(source), cloud.create_our_copy(source)
        encrypted.encrypted = True
        out = cloud.run(source, remove_duplicates=True, wait=True)
        assert not out.failed and not out["changed"] and ids(cloud.copies()) == {plain.id, encrypted.id}
        assert out["duplicates"] == []
