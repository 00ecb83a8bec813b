# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every restore module on CBS, and what is specific to CBS."""

from __future__ import annotations

import pytest

from tests.unit.contracts.restoring import RestoreContract, row_of


class TestCbs(RestoreContract):
    on = "cbs_disks"

    # -- a disk shows only once it is made, and nothing records what it was made of ------------------------

    def test_a_disk_that_takes_long_is_waited_for_though_it_does_not_show(self, cloud):
        cloud.settings(disk_seconds=500.0)
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and row_of(out)["state"] == "available" and len(cloud.disks()) == 1

    def test_a_run_while_disks_are_made_asks_with_the_same_token(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        cloud.settings(disk_seconds=100.0)
        first = cloud.restore(*copies)
        second = cloud.restore(*copies, wait=True)
        assert not second.failed and len(cloud.disks()) == 3, second.text
        assert [r["disk_id"] for r in first["disks"]] == [r["disk_id"] for r in second["disks"]]

    def test_a_disk_that_never_shows_has_failed(self, cloud):
        bad, good = cloud.copy(), cloud.copy()
        cloud.settings(disks_never_made_of=[bad])
        started = cloud.clock.monotonic()
        out = cloud.restore(bad, good, wait=True)
        assert out.failure()["kind"] == "failed_copy" and "CloudAudit" in out["msg"]
        assert 1200 <= cloud.clock.monotonic() - started < 1400, (
            "requested twice, because a token may name a deleted one"
        )
        assert cloud.calls[cloud.make_action] == 3 and len(cloud.disks()) == 1

    # -- the client token (api-facts: cbs-disk-token) --------------------------------------------------

    def test_lost_answers_are_asked_for_again_soon_with_the_same_token(self, cloud):
        cloud.set_faults({"action": cloud.make_action, "fault": "drop", "times": 2})
        started = cloud.clock.monotonic()
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and row_of(out)["action"] == "created" and len(cloud.disks()) == 1
        assert cloud.clock.monotonic() - started < 40

    def test_a_lost_answer_makes_no_second_disk_though_it_does_not_show_for_long(self, cloud):
        cloud.settings(disk_seconds=100.0)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer", "times": 2})
        out = cloud.restore(*[cloud.copy() for _n in range(3)], wait=True)
        assert not out.failed and len(cloud.disks()) == 3 and len(cloud.server.tokens) == 3

    def test_refused_tokens_are_waited_for_once(self, cloud):
        """The expiry is one of the tags, so a later run sends a different request with the same token."""
        copy = cloud.copy()
        for _n in range(3):
            made = cloud.restore(copy, wait=True, expires_after_hours=6)
            assert not made.failed and row_of(made)["action"] == "created"
            cloud.restore(copy, wait=True, state="absent")
            cloud.clock.sleep(60)
        started, asked = cloud.clock.monotonic(), cloud.calls[cloud.make_action]
        out = cloud.restore(copy, wait=True, expires_after_hours=6)
        assert not out.failed and len(cloud.disks()) == 1
        assert cloud.calls[cloud.make_action] - asked == 4 and 600 <= cloud.clock.monotonic() - started < 640

    @pytest.mark.parametrize("seconds", [100.0, 500.0])
    def test_a_refused_token_may_be_of_a_disk_that_does_not_show_yet(self, cloud, seconds):
        copy = cloud.copy()
        cloud.settings(disk_seconds=seconds)
        first = cloud.restore(copy, expires_after_hours=6)
        cloud.clock.sleep(5)
        out = cloud.restore(copy, wait=True, expires_after_hours=6)
        assert not out.failed and out["disk_id"] == first["disk_id"] and len(cloud.disks()) == 1

    @pytest.mark.parametrize("seconds", [2.0, 60.0])
    @pytest.mark.parametrize("wait", [True, False])
    def test_a_second_disk_is_found_if_the_service_ignores_the_token(self, cloud, seconds, wait):
        """The documentation says that the same token makes no second disk, but nobody has recorded it."""
        copy = cloud.copy()
        cloud.settings(ignores_tokens=True, disk_seconds=seconds)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.restore(copy, wait=wait)
        assert not out.failed, out.text
        cloud.clock.sleep(120)
        is_double = seconds > cloud.adapter.doubt_seconds
        assert cloud.calls[cloud.make_action] == 1 + is_double
        # A run that waits takes its second disk back; one that does not leaves it to the next run, which names it.
        assert len(cloud.disks()) == (2 if is_double and not wait else 1)
        again = cloud.restore(copy, wait=True)
        warnings = [text for text in map(str, again.result.get("warnings", ())) if "more than one disk" in text]
        assert not again.failed and [copy in text for text in warnings] == ([True] if is_double and not wait else [])
        gone = cloud.restore(copy, wait=True, state="absent")
        assert not gone.failed and not cloud.disks()

    @pytest.mark.parametrize("kind", [None, "ENCRYPT_V1", "ENCRYPT_V2"])
    def test_an_encrypted_disk_has_the_generation_that_is_asked(self, cloud, kind):
        out = cloud.restore(cloud.copy(), wait=True, encrypted=True, encrypt_type=kind or ...)
        (disk,) = cloud.disks()
        assert not out.failed and disk.encrypted and disk.encrypt_type == (kind or "")
        refused = cloud.restore(cloud.copy(), encrypt_type="ENCRYPT_V2")
        assert refused.failed and "encrypt_type needs encrypted: true" in refused["msg"] and len(cloud.disks()) == 1

    def test_a_snapshot_of_a_system_disk_fails_alone_before_any_call_for_it(self, cloud):
        system, good = cloud.copy(usage="SYSTEM_DISK"), [cloud.copy() for _n in range(3)]
        dry = cloud.restore(system, *good, check=True, wait=True)
        assert dry.failed and dry["counts"]["created"] == 3 and not cloud.disks(), dry.text
        out = cloud.restore(good[0], system, *good[1:], wait=True)
        assert out.failure()["snapshot_id"] == system and out.failure()["kind"] == "refused"
        assert "belongs to a system disk" in out.failure()["message"] and "image" in out.failure()["hint"]
        assert len(cloud.disks()) == out["counts"]["created"] == 3 and cloud.calls[cloud.make_action] == 3
        assert [row["state"] for row in out["disks"]] == ["available", "absent", "available", "available"]

    def test_a_size_out_of_step_is_refused_before_any_write(self, cloud):
        out = cloud.restore(cloud.copy(size=40), size_gib=45, wait=True)
        assert out.failed and "steps of 10" in out["msg"] and not cloud.disks()

    def test_a_disk_is_deleted_from_the_recycle_bin_too(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        cloud.settings(recycles=True)
        cloud.restore(*copies, wait=True)
        out = cloud.restore(*copies, state="absent", wait=True)
        assert not out.failed and out["counts"]["deleted"] == 3 and not cloud.disks(), out.text

    def test_a_disk_that_remains_in_the_recycle_bin_is_reported(self, cloud):
        copy = cloud.copy()
        cloud.settings(recycles=True)
        first = cloud.restore(copy, wait=True)
        cloud.set_faults({"action": "TerminateDisks", "fault": "throttle", "nth": list(range(2, 99))})
        out = cloud.restore(copy, state="absent", wait=True, wait_timeout=120)
        assert out.failed and out["changed"] and row_of(out)["disk_id"] == first["disk_id"], out.text
        assert {f["disk_id"] for f in out["failures"]} == {first["disk_id"]} and len(out["failures"]) == 1

    def test_a_disk_in_the_recycle_bin_does_not_count(self, cloud):
        copy = cloud.copy()
        cloud.settings(recycles=True)
        first = cloud.restore(copy, wait=True)
        cloud.restore(copy, state="absent")
        again = cloud.restore(copy, wait=True)
        assert not again.failed and row_of(again)["action"] == "created" and again["disk_id"] != first["disk_id"]
        assert len(cloud.disks()) == 2
        out = cloud.restore(copy, state="absent", wait=True)
        assert not out.failed and not cloud.disks()

    def test_an_attached_disk_does_not_stop_other_deletions(self, cloud):
        copies = [cloud.copy() for _n in range(5)]
        cloud.restore(*copies, wait=True)
        disk = cloud.disks()[2]
        cloud.server.control.script = lambda action, _region: action == "TerminateDisks" and cloud.attach(disk) and None
        out = cloud.restore(*copies, state="absent", wait=True)
        assert [f["code"] for f in out["failures"]] == ["ResourceUnavailable.Attached"]
        assert [d.id for d in cloud.disks()] == [disk.id] and out["counts"]["deleted"] == 4

    def test_deleting_disks_frees_the_tag_values_that_only_they_had(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        assert not cloud.restore(*copies, wait=True, expires_after_hours=6).failed
        cloud.restore(*copies[:2], state="absent", wait=True)
        kept = {pair for pair in cloud.server._account_tags() if pair[0].startswith("dr-restore:")}
        assert {value for key, value in kept if key == "dr-restore:snapshot-id"} == {copies[2]}
        out = cloud.restore(copies[2], state="absent", wait=True)
        assert not out.failed and out["api_calls"]["DeleteTags"] == 1
        assert not {pair for pair in cloud.server.kept_tags if pair[0].startswith("dr-restore:")}
