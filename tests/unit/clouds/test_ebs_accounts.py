# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of another AWS account: copying them, and sharing them."""

from __future__ import annotations

from datetime import timedelta

from tests.support.harness import run_module

# -- sources of another account --------------------------------------------------------------------------


def just_shared(ebs, seconds):
    source = ebs.snapshot()
    ebs.settings(shared_after=float(seconds))
    ebs.get(source).owner_id = "999999999999"
    ebs.get(source).create_volume_permission_userids.add("123456789012")
    ebs.get(source).__dict__["shared_since"] = {"123456789012": ebs.clock.monotonic()}
    return source


def test_a_source_that_was_just_shared_is_asked_for_again(ebs):
    source = just_shared(ebs, 40)
    out = ebs.run(source, source_tags={source: {}}, wait=True)
    assert not out.failed and len(ebs.copies()) == 1


def test_a_missing_source_is_read_for_a_minute_only_if_somebody_may_share_it(ebs):
    source = just_shared(ebs, 1000)
    started = ebs.clock.monotonic()
    out = ebs.run(source, ebs.unknown_id, source_tags={source: {}}, wait=True)
    assert {f["kind"] for f in out["failures"]} == {"not_found"} and not ebs.copies()
    assert 60 <= ebs.clock.monotonic() - started < 70
    started = ebs.clock.monotonic()
    assert ebs.run(ebs.unknown_id, wait=True).failed and ebs.clock.monotonic() - started < 6
    started = ebs.clock.monotonic()
    assert ebs.run(source, source_tags={source: {}}, check=True).failed and ebs.clock.monotonic() - started < 6


def test_a_source_that_is_shared_late_delays_no_other(ebs):
    late, ready = just_shared(ebs, 40), ebs.snapshot()
    out = ebs.run(late, ready, source_tags={late: {}, ready: {}}, wait=True)
    started = {copy.source_id: copy.start_time for copy in ebs.copies()}
    assert not out.failed and started.keys() == {late, ready}
    assert started[late] - started[ready] > timedelta(seconds=30)


def test_public_sources_are_found_last(ebs):
    source = ebs.snapshot()
    ebs.get(source).owner_id = "999999999999"
    ebs.get(source).create_volume_permission_groups.add("all")
    assert not ebs.run(source, wait=True).failed and len(ebs.copies()) == 1


# -- sharing -----------------------------------------------------------------------------------------------


def share(ebs, *sources, **options):
    given = {"snapshot_ids": list(sources), "account_id": "210987654321", "region": "us-east-1"}
    return run_module("ebs_snapshot_share", {**given, **ebs.connection(), **options}, ebs.clock)


def test_sharing_waits_as_long_as_it_is_asked_to(ebs):
    sources = [ebs.snapshot() for _n in range(3)]
    ebs.set_faults({"action": "ModifySnapshotAttribute", "fault": "throttle", "times": 1000})
    started = ebs.clock.monotonic()
    out = share(ebs, *sources, wait_timeout=400)
    assert out.failed and 300 < ebs.clock.monotonic() - started <= 400
    assert out["failures"][0]["kind"] == "busy" and "wait_timeout" in out["failures"][0]["hint"]
    ebs.set_faults({"action": "ModifySnapshotAttribute", "fault": "throttle", "times": 40})
    assert [s["changed"] for s in share(ebs, *sources, wait_timeout=4000)["shared"]] == [True] * 3
    assert "wait_timeout" in share(ebs, *sources, wait_timeout=-1)["msg"]


def test_sharing_that_is_refused_is_reported_in_the_words_of_aws(ebs):
    sources = [ebs.snapshot() for _n in range(12)]
    ebs.refuse("ModifySnapshotAttribute", "UnauthorizedOperation")
    out = share(ebs, *sources)
    assert out.failed and len(out["failures"]) == 12
    assert ".." not in out["msg"] and "[UnauthorizedOperation, request " in out["msg"]
    assert out["msg"].count("Grant ec2:ModifySnapshotAttribute") == 1 and "2 more are listed in failures" in out["msg"]
