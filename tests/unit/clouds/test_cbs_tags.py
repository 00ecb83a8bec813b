# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of copies on CBS, which a service of its own keeps (api-facts: cbs-tag-service)."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.loop import Loop

from tests.support.estates import PROVENANCE


def test_tags_come_right_after_the_copy(cbs):
    disk = cbs.disk()
    source = cbs.snapshot(disk, env="prod")
    out = cbs.run(source, tags={"team": "dr"}, copy_tags=True)
    copy = cbs.copies()[0]
    assert copy.tags == {
        "team": "dr",
        "env": "prod",
        "dr-copy:source-snapshot-id": source,
        "dr-copy:source-region": "ap-guangzhou",
        "dr-copy:source-disk-id": disk,
        "dr-copy:source-created-at": "2026-11-21T01:00:00Z",
    }
    assert out.copy()["tags"] == copy.tags and not cbs.server.stray_tags


def test_more_than_ten_tags_take_several_calls_with_provenance_last(cbs):
    source = cbs.snapshot()
    tags = {f"k{n:02}": "v" for n in range(25)}
    cbs.refuse("TagResources", "InvalidParameter", nth=list(range(3, 40)))
    out = cbs.run(source, tags=tags, wait=True)
    assert out.failed and out.copy()["state"] == "completed" and not PROVENANCE & set(cbs.copies()[0].tags)
    cbs.set_faults()
    out = cbs.run(source, tags=tags, wait=True)
    assert out.copy()["action"] == "updated" and set(cbs.copies()[0].tags) == {*tags, *PROVENANCE}


IN_ANSWER = [False, True]


def used_up(cbs, *keys, **settings):
    """Let the account have as many values of these tag keys as it may; without keys, as many keys."""
    cbs.server.kept_tags |= {(key, f"old-{n}") for key in keys or ("old",) for n in range(40)}
    cbs.settings(**({"tag_values": 40} if keys else {"tag_keys": 1}), **settings)


def about_quota(out):
    return [text for text in map(str, out.result.get("warnings", ())) if "quota" in text]


GROWING = ("dr-copy:source-snapshot-id", "dr-copy:source-created-at")


@pytest.mark.parametrize("in_answer", IN_ANSWER)
def test_a_quota_of_tag_values_is_a_warning_and_the_copy_is_ours(cbs, in_answer):
    disks = [cbs.disk() for _n in range(12)]
    sources = [cbs.snapshot(disk, env="prod") for disk in disks]
    used_up(cbs, *GROWING, tag_quota_in_answer=in_answer)
    options = {"tags": {"team": "dr"}, "copy_tags": True, "wait": True}
    out = cbs.run(*sources, **options)
    assert not out.failed and out["counts"]["created"] == 12, out.text
    (warning,) = about_quota(out)
    assert "LimitExceeded.TagValue" in warning and all(key in warning for key in GROWING)
    for copy, disk in zip(cbs.copies(), disks):
        assert copy.tags == {
            "team": "dr",
            "env": "prod",
            "dr-copy:source-region": "ap-guangzhou",
            "dr-copy:source-disk-id": disk,
        }
    # The name has what the tags lack, so retention continues.
    for row in cbs.info("ap-beijing")["snapshots"]:
        source = sources[disks.index(row["source"]["disk_id"])]
        assert row["source"] == {
            "snapshot_id": source,
            "region": "ap-guangzhou",
            "disk_id": row["source"]["disk_id"],
            "created_at": "2026-11-21T01:00:00Z",
            "managed": True,
        }
    assert cbs.run(*sources, state="absent", wait=True)["counts"]["deleted"] == 12 and not cbs.copies()


@pytest.mark.parametrize("in_answer", IN_ANSWER)
def test_the_second_run_says_the_same_and_does_not_hammer_the_tag_service(cbs, in_answer):
    sources = [cbs.snapshot() for _n in range(30)]
    used_up(cbs, *GROWING, tag_quota_in_answer=in_answer)
    first = cbs.run(*sources, wait=True)
    assert not first.failed
    assert first["api_calls"]["TagResources"] <= 30 + 5, "one call a copy, and those that show which tags are refused"
    again = cbs.run(*sources, wait=True)
    assert not again.failed and not again["changed"] and again["api_calls"]["TagResources"] == 3
    assert about_quota(first) == about_quota(again) != []
    assert [row["action"] for row in again["copies"]] == ["none"] * 30
    # Once there is room again, the next run completes the tags.
    cbs.settings(tag_values=None)
    out = cbs.run(*sources, wait=True)
    assert out["counts"]["updated"] == 30 and all(set(copy.tags) == PROVENANCE for copy in cbs.copies())
    assert not cbs.run(*sources, wait=True)["changed"]


def test_a_quota_of_tag_keys_is_a_warning_too(cbs):
    source = cbs.snapshot()
    used_up(cbs)
    out = cbs.run(source, wait=True)
    assert not out.failed and "LimitExceeded.TagKey" in str(out.result["warnings"]) and not cbs.copies()[0].tags
    again = cbs.run(source, wait=True)
    assert not again.failed and not again["changed"] and again.result["warnings"] == out.result["warnings"]
    assert cbs.run(source, state="absent", wait=True)["counts"]["deleted"] == 1


@pytest.mark.parametrize("in_answer", IN_ANSWER)
def test_a_requested_tag_that_a_quota_refuses_is_a_failure(cbs, in_answer):
    sources = [cbs.snapshot() for _n in range(12)]
    used_up(cbs, "team", tag_quota_in_answer=in_answer)
    options = {"tags": {"team": "dr", "env": "prod"}, "wait": True}
    out = cbs.run(*sources, **options)
    assert len(out["failures"]) == 12 and out["counts"]["created"] == 12 and out["api_calls"]["TagResources"] <= 12 + 7
    failure = out["failures"][0]
    assert (failure["kind"], failure["code"]) == ("refused", "LimitExceeded.TagValue") and "quota" in failure["hint"]
    # Everything else is set, so the copies are found and recognized as ours.
    assert all(set(copy.tags) == {*PROVENANCE, "env"} for copy in cbs.copies())
    again = cbs.run(*sources, **options)
    assert len(again["failures"]) == 12 and not again["changed"] and again["api_calls"]["TagResources"] <= 2
    # An existing value needs no room.
    options["tags"]["team"] = "old-7"
    assert not cbs.run(*sources, **options).failed


def test_a_refused_tag_does_not_hold_up_provenance_that_another_run_may_be_writing(cbs):
    source = cbs.snapshot()
    cbs.refuse("TagResources", "UnauthorizedOperation")
    assert cbs.run(source, wait=True).failed and not cbs.copies()[0].tags
    cbs.set_faults()
    cbs.server.kept_tags |= {(key, "old") for key in PROVENANCE}
    cbs.settings(tag_keys=len(PROVENANCE))
    out = cbs.run(source, tags={"mine": "x"}, wait=True)
    assert [(failure["kind"], failure["code"]) for failure in out["failures"]] == [("refused", "LimitExceeded.TagKey")]
    assert set(cbs.copies()[0].tags) == PROVENANCE and out.copy()["action"] == "updated"


def pairs_of(cbs):
    return {pair for pair in cbs.server._account_tags() if pair[0] in GROWING}


@pytest.mark.parametrize("together", [True, False])
def test_deleting_copies_frees_the_tag_values_that_only_they_had(cbs, together):
    cbs.settings(deletes_after=8.0, deletes_tags_together=together)
    regions = ["ap-beijing", "ap-shanghai"]
    sources = [cbs.snapshot(age_hours=n) for n in range(1, 9)]
    assert not cbs.run(*sources, destination_regions=regions, wait=True).failed
    out = cbs.run(*sources[:6], state="absent", destination_regions=regions, wait=True)
    assert not out.failed and out["counts"]["deleted"] == 12
    assert out["api_calls"]["DeleteTags"] == 2, "twelve values, ten a call"
    assert {value for key, value in pairs_of(cbs) if key == GROWING[0]} == {*sources[6:]}
    assert len(pairs_of(cbs)) == 4
    # The tags of another region's copies remain, and the rest is deleted.
    held = cbs.create_our_copy(sources[6], "ap-chengdu")
    out = cbs.run(*sources[6:], state="absent", destination_regions=regions, wait=True)
    assert not out.failed and out["api_calls"]["DeleteTags"] == 5, "one call of four, and each alone"
    assert pairs_of(cbs) == {(key, held.tags[key]) for key in GROWING}
    assert {key for key, _value in cbs.server.kept_tags} - {*GROWING} == PROVENANCE - {*GROWING}


@pytest.mark.parametrize(("seconds", "kept"), [(20.0, 2), (0.0, 0)])
def test_a_run_that_waits_for_no_deletion_asks_once_for_its_tag_values(cbs, seconds, kept):
    source = cbs.snapshot()
    cbs.run(source, wait=True)
    cbs.settings(deletes_after=seconds)
    out = cbs.run(source, state="absent")
    assert not out.failed and out["api_calls"]["DeleteTags"] == 1 and len(pairs_of(cbs)) == kept


@pytest.mark.parametrize("kind", ["denied", "throttle", "unavailable", "drop"])
def test_tag_values_that_cannot_be_freed_fail_nothing(cbs, kind):
    sources = [cbs.snapshot(age_hours=n) for n in range(1, 20)]
    cbs.run(*sources, wait=True)
    if kind == "denied":
        cbs.settings(denied=["DeleteTags"])
    else:
        cbs.set_faults({"action": "DeleteTags", "fault": kind})
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 19 and not out.result.get("warnings")
    assert out["api_calls"]["DeleteTags"] <= (1 if kind == "denied" else 10) and cbs.clock.monotonic() - started < 60


def test_remaining_copies_keep_their_tag_values(cbs):
    source = cbs.snapshot()
    for _n in range(3):
        cbs.create_our_copy(source)
    out = cbs.run(source, remove_duplicates=True, wait=True)
    assert out["counts"]["deleted"] == 2 and "DeleteTags" not in out["api_calls"]
    kept = cbs.create_our_copy(source)
    gone = next(copy for copy in cbs.copies() if copy is not kept)
    out = cbs.run(source, state="absent", copy_ids=[gone.id], wait=True)
    assert out["counts"]["deleted"] == 1 and "DeleteTags" not in out["api_calls"]


def test_a_tag_policy_is_named_by_its_hint(cbs):
    source = cbs.snapshot()
    cbs.refuse("TagResources", "FailedOperation.PolicyEnforcedInvalid")
    out = cbs.run(source, wait=True)
    assert out.failed and "tag policy" in out.failure()["hint"] and out.copy()["state"] == "completed"


def test_existing_copies_are_tagged_ten_at_a_time(cbs):
    sources = cbs.create_copied_snapshots(25)
    out = cbs.run(*sources, tags={"team": "dr"})
    assert out["counts"]["updated"] == 25 and cbs.calls["TagResources"] == 3
    out = cbs.run(*sources, tags={}, purge_tags=True)
    assert out["counts"]["updated"] == 25 and all(set(c.tags) == PROVENANCE for c in cbs.copies())


def test_a_resource_that_cannot_be_tagged_fails_alone_and_the_copy_remains(cbs):
    one, two = cbs.snapshot(), cbs.snapshot()
    bad, good = cbs.create_our_copy(one), cbs.create_our_copy(two)
    cbs.settings(untaggable={bad.id: "FailedOperation.TagAttachedQuota"})
    out = cbs.run(one, two, tags={"team": "dr"})
    failure = out.failure()
    assert (failure["snapshot_id"], failure["code"]) == (bad.id, "FailedOperation.TagAttachedQuota")
    assert [r["state"] for r in out["copies"]] == ["completed"] * 2 and good.tags["team"] == "dr"


def test_tags_that_were_accepted_but_do_not_show_are_reported(cbs):
    source = cbs.snapshot()
    cbs.settings(deaf_tags=True)
    out = cbs.run(source, tags={"team": "dr"}, wait=True)
    assert out.failed and "but does not show this change: team" in out["msg"] and out.copy()["state"] == "completed"
    cbs.settings(deaf_tags=False)
    assert cbs.run(source, tags={"team": "dr"}).copy()["action"] == "updated"


def test_tags_whose_removal_was_accepted_but_does_not_show_are_reported(cbs):
    source = cbs.snapshot()
    cbs.run(source, tags={"old": "1"}, wait=True)
    cbs.settings(deaf_tags=True)
    out = cbs.run(source, tags={}, purge_tags=True, wait=True)
    assert out.failed and "does not show this change: old" in out["msg"]
    cbs.settings(deaf_tags=False)
    out = cbs.run(source, tags={}, purge_tags=True, wait=True)
    assert not out.failed and "old" not in cbs.copies()[0].tags


def test_credentials_that_expire_while_tagging_end_it_with_one_call(cbs):
    sources = [cbs.snapshot(**{"site": str(n)}) for n in range(12)]
    cbs.set_faults({"action": "TagResources", "fault": "expire"})
    out = cbs.run(*sources, copy_tags=True, wait=True)
    assert out.failed and cbs.calls["TagResources"] <= 2
    assert {failure["kind"] for failure in out["failures"]} == {"credentials"}


def test_regions_with_names_of_their_own_get_calls_of_their_own(cbs):
    regions = ["ap-beijing", "ap-shanghai"]
    out = cbs.run(cbs.snapshot(), destination_regions=regions, name="to-{destination_region}", wait=True)
    assert cbs.calls["CopySnapshotCrossRegions"] == 2
    assert [row["name"].split()[0] for row in out["copies"]] == [f"to-{region}" for region in regions]


def test_a_call_that_was_throttled_is_made_again_as_one(cbs):
    regions = ["ap-beijing", "ap-shanghai", "ap-chengdu", "na-ashburn"]
    cbs.set_faults({"action": "CopySnapshotCrossRegions", "fault": "throttle", "times": 1})
    out = cbs.run(cbs.snapshot(), destination_regions=regions, wait=True)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == 2


def test_an_item_without_a_code_is_in_doubt(cbs, monkeypatch):
    begin = cbs.server.CopySnapshotCrossRegions

    def silent(given, region):
        answer = begin(given, region)
        for item in answer["SnapshotCopyResultSet"]:
            del item["Code"]
        return answer

    monkeypatch.setattr(cbs.server, "CopySnapshotCrossRegions", silent)
    out = cbs.run(cbs.snapshot(), wait=True)
    assert not out.failed and len(cbs.copies()) == 1


def test_late_tags_are_waited_for_with_and_without_wait(cbs):
    source = cbs.snapshot()
    cbs.settings(tags_visible_after=6.0)
    for wait in (True, False):
        out = cbs.run(source, destination_regions=["ap-beijing" if wait else "ap-shanghai"], wait=wait)
        assert not out.failed, out["msg"]


def marked(cbs, source, plan, **options):
    """Copy as a plan of the role does, with its mark."""
    return cbs.run(source, copy_tags=True, source_tags={source: {"dr-copy:plan": plan}}, **options)


@pytest.mark.parametrize(("seconds", "late"), [(0.0, 20.0), (60.0, 20.0)])
def test_a_mark_that_shows_late_is_not_rewritten_by_another_plan(cbs, seconds, late):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, seconds=seconds, name=f"copy-of-{source}")
    copy.tags["dr-copy:plan"] = "alpha"
    started = cbs.clock.monotonic()
    copy.changes = [(started + late, {})]
    out = marked(cbs, source, "beta", wait=True)
    assert not out.failed and copy.tags["dr-copy:plan"] == "alpha"
    assert cbs.clock.monotonic() - started < max(seconds, late) + 15


def test_tags_that_a_killed_run_did_not_set_are_set_later(cbs):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, tagged=False, name=f"copy-of-{source}")
    started = cbs.clock.monotonic()
    out = marked(cbs, source, "beta", wait=True)
    assert not out.failed and copy.tags["dr-copy:plan"] == "beta" and out.copy()["action"] == "updated"
    assert cbs.clock.monotonic() - started < cbs.adapter.doubt_seconds + 15
    copy.tags.clear()
    started = cbs.clock.monotonic()
    assert not marked(cbs, source, "beta", wait=True).failed and copy.tags["dr-copy:plan"] == "beta"
    assert cbs.clock.monotonic() - started < 1


def test_check_mode_predicts_the_tags_of_a_copy_whose_run_was_killed(cbs):
    """Check mode writes nothing, so it has nothing to wait for."""
    source = cbs.snapshot()
    cbs.create_our_copy(source, tagged=False, name=f"copy-of-{source}")
    planned = marked(cbs, source, "beta", wait=True, check=True)
    assert planned["changed"] and planned.copy()["action"] == "updated"
    assert marked(cbs, source, "beta", wait=True).copy()["action"] == "updated"


def test_a_run_of_little_time_gives_a_killed_runs_copy_its_tags_before_the_time_is_over(cbs):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, tagged=False, name=f"copy-of-{source}")
    started = cbs.clock.monotonic()
    assert not marked(cbs, source, "beta", wait=True, wait_timeout=12).failed
    assert copy.tags["dr-copy:plan"] == "beta" and 5 <= cbs.clock.monotonic() - started < 12


def test_a_busy_tag_service_does_not_hold_up_the_copies(cbs):
    sources = [cbs.snapshot() for _n in range(10)]
    cbs.set_faults({"action": "TagResources", "fault": "throttle", "times": 8})
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, wait=True)
    assert not out.failed and all(set(c.tags) == PROVENANCE for c in cbs.copies())
    assert max(c.started for c in cbs.copies()) - started < 2


def test_tags_that_no_waiting_helps_are_reported_and_put_right_by_the_next_run(cbs):
    source = cbs.snapshot()
    cbs.set_faults({"action": "TagResources", "fault": "throttle"})
    out = cbs.run(source, wait=True, wait_timeout=30)
    assert out.failed and out.failure()["kind"] == "timeout" and "tags" in out["msg"]
    assert out.copy()["state"] == "completed"
    cbs.set_faults()
    assert cbs.run(source).copy()["action"] == "updated" and set(cbs.copies()[0].tags) == PROVENANCE


def test_nothing_is_guessed_of_a_copy_without_tags_whose_source_is_gone(cbs):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, name=f"copy-of-{source}", tagged=False)
    cbs.forget(source)
    assert not cbs.run(source)["changed"] and not copy.tags
    # So a wrong source_region does not hide the copy from the run with the right one.
    assert not cbs.run(source, source_region="ap-chengdu")["changed"]
    assert cbs.run(source).copy()["snapshot_id"] == copy.id and len(cbs.copies()) == 1
    assert cbs.run(source, tags={"team": "dr"})["changed"] and set(copy.tags) == {"team"}


def test_a_batch_that_fails_for_a_copy_is_not_followed_by_its_provenance(cbs):
    source = cbs.snapshot(**{f"k{n:02}": "v" for n in range(20)})
    cbs.settings(copy_seconds=0.0)
    serve, failed = cbs.server.TagResources, []

    def once(given, region):
        if not failed:
            failed.append(given)
            return {
                "FailedResources": [{"Resource": given["ResourceList"][0], "Code": "FailedOperation", "Message": "no"}]
            }
        return serve(given, region)

    cbs.server.TagResources = once
    try:
        assert cbs.run(source, copy_tags=True, wait=True).failed
    finally:
        del cbs.server.TagResources
    assert not cbs.copies()[0].tags
    assert cbs.run(source, copy_tags=True, wait=True)["changed"] and len(cbs.copies()[0].tags) == 24


def test_many_copies_are_tagged_though_the_service_throttles(cbs):
    sources = cbs.create_copied_snapshots(200)
    cbs.set_faults({"action": "TagResources", "fault": "throttle", "share": 0.2})
    out = cbs.run(*sources, tags={"team": "dr"})
    assert out["counts"]["updated"] == 200 and cbs.calls["TagResources"] < 40


def test_old_copies_that_wait_for_tags_do_not_hold_up_new_ones(cbs):
    old, new = cbs.snapshot(), cbs.snapshot()
    cbs.create_our_copy(old)
    cbs.set_faults({"action": "TagResources", "fault": "throttle"})
    started = cbs.clock.monotonic()
    out = cbs.run(old, new, tags={"team": "dr"}, wait=True, wait_timeout=60)
    assert out["copies"][1]["state"] == "completed" and cbs.copies()[1].started - started < 1
    assert {f["kind"] for f in out["failures"]} == {"timeout"} and "RequestLimitExceeded" not in out["copies"][0][
        "tags"
    ]


@pytest.mark.parametrize("kind", ["expire", "empty_unavailable"])
def test_tags_that_nobody_can_look_at_end_the_run_in_time(cbs, kind):
    source = cbs.snapshot()
    cbs.create_our_copy(source)
    started = cbs.clock.monotonic()
    cbs.set_faults({"action": "DescribeSnapshots", "fault": kind, "nth": list(range(2, 500))})
    out = cbs.run(source, tags={"team": "dr"})
    assert out.failed and out["changed"] and cbs.clock.monotonic() - started <= (10 if kind == "expire" else 3600)
    assert out.failure()["kind"] == ("credentials" if kind == "expire" else "timeout")


def test_a_resource_that_is_busy_is_waited_for(cbs):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source)
    cbs.settings(untaggable={copy.id: "FailedOperation.ResourceTagProcessing"})
    cbs.at(cbs.clock.monotonic() + 60, lambda: cbs.settings(untaggable={}))
    assert cbs.run(source, tags={"team": "dr"}).copy()["action"] == "updated" and copy.tags["team"] == "dr"


def test_rows_show_the_tags_that_are_there(cbs):
    source = cbs.snapshot()
    cbs.settings(copy_seconds=0.0)
    cbs.set_faults({"action": "CopySnapshotCrossRegions", "fault": "lose_answer", "nth": [1]})
    assert set(cbs.run(source, wait=True).copy()["tags"]) == PROVENANCE
    cbs.settings(untaggable={cbs.copies()[0].id: "FailedOperation"})
    out = cbs.run(source, tags={"team": "dr"}, retention_days=9)
    assert out.failed and set(out.copy()["tags"]) == PROVENANCE and out["changed"]


def test_a_full_quota_and_a_throttled_tag_service_do_not_make_the_run_spin(cbs, monkeypatch):
    """The run pauses until the service may be called, although a quota has refused a tag of the same copies before."""
    sources = [cbs.snapshot() for _n in range(3)]
    for source in sources:
        cbs.create_our_copy(source, tagged=False, name=f"copy-of-{source}")
    used_up(cbs, "team")
    cbs.set_faults({"action": "TagResources", "fault": "throttle", "nth": list(range(2, 6))})
    passes, real = Counter(), Loop._act

    def act(loop):
        passes[cbs.clock.monotonic()] += 1
        assert passes[cbs.clock.monotonic()] < 100, "the run passes again and again without a pause"
        return real(loop)

    monkeypatch.setattr(Loop, "_act", act)
    out = cbs.run(*sources, tags={"team": "dr"}, wait=True)
    assert len(out["failures"]) == 3 and all(set(copy.tags) == PROVENANCE for copy in cbs.copies()), out.text


def test_tags_that_were_set_before_a_call_was_refused_are_reported(cbs):
    """A call has ten tags. The refusal of the second call does not undo the first one."""
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source)
    cbs.refuse("TagResources", "InvalidParameter", nth=list(range(2, 40)))
    out = cbs.run(source, tags={f"k{number:02}": "v" for number in range(14)}, wait=True, wait_timeout=300)
    new = {key for key in cbs.tags_of(copy) if key.startswith("k")}
    assert out.failed and out["changed"] and len(new) == 10
    assert new <= set(out.copy()["tags"]) and out.failure()["snapshot_id"] == copy.id
