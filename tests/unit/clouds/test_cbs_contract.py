# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every copy module, on CBS."""

from __future__ import annotations

from tests.unit.contracts.copying import CopyContract


class TestCbs(CopyContract):
    on = "cbs"

    # -- CBS has no failed state: a copy that fails is gone (promises: failed-copies) ----------------------

    def test_a_copy_that_fails_is_reported_at_once_with_the_reason(self, cloud):
        bad, good = cloud.snapshot(), cloud.snapshot()
        cloud.settings(fail_copies_of={bad: "nobody learns it"}, copy_seconds=50.0)
        started = cloud.clock.monotonic()
        out = cloud.run(bad, wait=True)
        assert cloud.clock.monotonic() - started < 130
        assert out.failure()["kind"] == "failed_copy" and out.copy()["state"] == "absent"
        assert "no longer shown" in out["msg"] and "CloudAudit" in out["msg"]
        out = cloud.run(bad, good, wait=True)
        assert [r["state"] for r in out["copies"]] == ["absent", "completed"] and len(cloud.copies()) == 1

    def test_a_failed_copy_is_replaced_by_the_next_run(self, cloud):
        source = cloud.snapshot()
        cloud.settings(fail_copies_of={source: "nobody learns it"})
        assert cloud.run(source, wait=True).failed
        cloud.settings(fail_copies_of={})
        out = cloud.run(source, wait=True)
        assert out.copy()["action"] == "created" and len(cloud.copies()) == 1

    def test_a_copy_that_never_shows_has_failed_after_two_minutes(self, cloud):
        source = cloud.snapshot()
        cloud.settings(visible_after=1000.0)
        started = cloud.clock.monotonic()
        out = cloud.run(source, wait=True)
        assert out.failure()["kind"] == "failed_copy" and 120 <= cloud.clock.monotonic() - started <= 140

    def test_somebody_elses_failed_copy_is_kept(self, cloud):
        """CBS shows no failed copy; a copy in the recycle bin does not count, and remains there."""
        source = cloud.snapshot()
        recycled = cloud.create_foreign_copy(source)
        recycled.forced_state = "recycled"
        out = cloud.run(source, wait=True)
        assert out.copy()["action"] == "created" and len(cloud.copies()) == 2

    def test_check_mode_writes_nothing_and_predicts_the_run(self, cloud):
        there, missing, cut_off = cloud.snapshot(), cloud.snapshot(), cloud.snapshot()
        cloud.create_our_copy(there)
        cloud.create_our_copy(cut_off, name=f"copy-of-{cut_off}", tagged=False)
        options = {"wait": True, "diff": True, "retention_days": 9}
        predicted = cloud.run(there, missing, cut_off, check=True, **options)
        assert set(cloud.calls) == {"DescribeSnapshots"}
        assert [r["state"] for r in predicted["copies"]] == ["completed", "planned", "completed"]
        assert [r["action"] for r in predicted["copies"]] == ["updated", "created", "updated"]
        real = cloud.run(there, missing, cut_off, **options)
        assert [r["action"] for r in predicted["copies"]] == [r["action"] for r in real["copies"]]
        assert len(predicted["diff"]["after"]["copies"]) == len(real["diff"]["after"]["copies"]) == 3
        assert {k: predicted["counts"][k] for k in ("created", "updated")} == {"created": 1, "updated": 2}
        assert real["counts"]["updated"] == 2
        rerun = cloud.run(there, missing, cut_off, check=True, **options)
        assert not rerun["changed"] and rerun["diff"]["after"]["copies"] == []
