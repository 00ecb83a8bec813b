# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every copy module, on ENS."""

from __future__ import annotations

from tests.unit.contracts.copying import CopyContract


class TestEns(CopyContract):
    on = "ens"
    calls_of_a_rerun = 50

    def test_tags_of_the_user_win_over_carried_ones_and_provenance_over_both(self, cloud):
        """ENS has no tags on snapshots, and so no such options."""
        for option in ("tags", "copy_tags", "purge_tags", "source_tags"):
            out = cloud.run(cloud.snapshot(), **{option: {"a": "b"}})
            assert out.failed and option in out["msg"] and not cloud.copies()

    test_marks_of_a_source_are_not_carried = None
    test_source_tags_of_the_user_replace_the_sources_own = None
    test_tags_of_existing_copies_are_updated = None
    test_purging_takes_other_tags_away_and_spares_provenance = None
    test_values_of_tags_become_text = None

    # -- ENS shows less, so a promise of its own replaces the common one -----------------------------------

    def test_a_full_quota_is_waited_out_without_starving(self, cloud):
        """ENS shows no quota of copies in progress, so the user's option sets the window."""
        cloud.settings(copy_seconds=20.0)
        out = cloud.run(*[cloud.snapshot() for _n in range(30)], wait=True, max_in_flight=5)
        assert not out.failed and cloud.peak_in_progress() == 5 and len(cloud.copies()) == 30

    def test_quota_at_the_deadline_is_busy_in_the_clouds_words(self, cloud):
        cloud.set_faults({"action": cloud.copy_action, "fault": "throttle"})
        failure = cloud.run(cloud.snapshot(), wait=False, wait_timeout=60).failure()
        assert failure["kind"] == "busy" and failure["code"] == "Throttling.User" and failure["request_id"]

    def test_somebody_elses_failed_copy_is_kept(self, cloud):
        """Without tags, every copy with source fields is ours."""
        source = cloud.snapshot()
        cloud.create_foreign_copy(source, failure="no")
        out = cloud.run(source, wait=True)
        assert out.copy()["action"] == "replaced" and len(cloud.copies()) == 1

    def test_somebody_elses_copy_counts_and_is_never_written_to(self, cloud):
        source = cloud.snapshot()
        copy = cloud.create_foreign_copy(source)
        out = cloud.run(source, wait=True)
        assert out.copy()["snapshot_id"] == copy.id and not out["changed"] and len(cloud.copies()) == 1

    def test_the_oldest_complete_copy_of_ours_counts_and_others_are_duplicates(self, cloud):
        source = cloud.snapshot()
        first = cloud.create_our_copy(source)
        cloud.clock.sleep(10)
        second, unfinished = cloud.create_our_copy(source), cloud.create_our_copy(source, seconds=1000)
        out = cloud.run(source)
        assert out.copy()["snapshot_id"] == first.id and "more than one copy" in out.text
        assert {d["snapshot_id"] for d in out["duplicates"]} == {second.id, unfinished.id}
        out = cloud.run(source, remove_duplicates=True)
        assert out["counts"]["deleted"] == 1 and {c.id for c in cloud.copies()} == {first.id, unfinished.id}

    def test_info_lists_disks_snapshots_and_where_copies_come_from(self, cloud):
        disk = cloud.disk(**{"dr-copy": "true", "env": "prod"})
        cloud.snapshot(cloud.disk(env="prod"))
        old, new = cloud.snapshot(disk, 5), cloud.snapshot(disk, 1)
        cloud.run(old, wait=True)
        cloud.run(new, wait=True, description="nightly [{disk_id} {source_created_at}]")
        shown = cloud.info(cloud.source, disk_tags={"dr-copy": "*"})
        assert [d["disk_id"] for d in shown["disks"]] == [disk] and shown["disks"][0]["size_gib"] == 40
        assert [s["snapshot_id"] for s in shown["snapshots"]] == [old, new]
        newest = cloud.info(cloud.source, disk_ids=[disk], latest=True)
        assert [s["snapshot_id"] for s in newest["snapshots"]] == [new]
        sources = [s["source"] for s in cloud.info(cloud.destination, copies_from=[cloud.source])["snapshots"]]
        shown = {s["snapshot_id"]: (s["managed"], s["created_at"], s["disk_id"]) for s in sources}
        assert shown == {old: (False, None, disk), new: (True, "2026-11-21T01:00:00Z", disk)}
