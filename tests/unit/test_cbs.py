# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only CBS can do or refuse (api-facts: cbs-copy-call)."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_answers import (
    deadline_text,
    parse_cbs_time,
)

from tests.simulator.tencent import REGIONS, ApiError

PROVENANCE = {
    "dr-copy:source-snapshot-id",
    "dr-copy:source-region",
    "dr-copy:source-disk-id",
    "dr-copy:source-created-at",
}

# -- one call, mixed answers -----------------------------------------------------------------------------


def test_one_call_asks_for_all_destinations_that_lack_a_copy(cbs):
    source = cbs.snapshot()
    cbs.our_copy(source, "ap-shanghai")
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai", "na-ashburn"], wait=True)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == 1
    assert [r["action"] for r in out["copies"]] == ["created", "none", "created"]


def test_each_destination_has_its_own_answer(cbs):
    source = cbs.snapshot()
    cbs.settings(refused_regions={"ap-shanghai": "InsufficientSnapshotQuota"}, silent_regions=["na-ashburn"])
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai", "na-ashburn"], wait=True)
    assert [r["action"] for r in out["copies"]] == ["created", "none", "created"]
    failure = out.failure()
    assert failure["region"] == "ap-shanghai" and failure["kind"] == "refused" and failure["request_id"]
    assert failure["code"] == "InsufficientSnapshotQuota" and "quota" in failure["hint"]
    # The region that the answer did not mention was in doubt: the run looked for the copy, and did not call again.
    assert cbs.calls["CopySnapshotCrossRegions"] == 1 and len(cbs.copies("na-ashburn")) == 1


def test_an_unknown_region_fails_alone(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-nowhere"], wait=True)
    assert [row["action"] for row in out["copies"]] == ["created", "none"]
    failure = out.failure()
    assert (failure["region"], failure["code"]) == ("ap-nowhere", "UnsupportedRegion") and "name" in failure["hint"]
    info = cbs.info("ap-nowhere")
    assert info.failed and "ap-nowhere" in info["msg"]


def test_a_call_that_is_refused_as_a_whole_is_made_for_each_destination(cbs):
    source = cbs.snapshot()
    cbs.refuse("CopySnapshotCrossRegions", "InvalidParameterValue", times=1)
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai"], wait=True)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == 3


@pytest.mark.parametrize("kind", ["charset", "no_result_set", "no_snapshot_id"])
def test_an_answer_that_says_nothing_is_no_success_and_makes_no_second_copy(cbs, kind):
    sources = [cbs.snapshot() for _n in range(3)]
    cbs.faults({"action": "CopySnapshotCrossRegions", "fault": kind, "times": 2})
    out = cbs.run(*sources, wait=True)
    assert not out.failed and len(cbs.copies()) == 3 and out["counts"]["created"] == 3


def test_a_read_whose_error_the_sdk_does_not_see_is_repeated(cbs):
    source = cbs.snapshot()
    cbs.our_copy(source)
    cbs.faults({"action": "DescribeSnapshots", "fault": "charset", "times": 2})
    out = cbs.run(source)
    assert not out.failed and not out["changed"]
    cbs.faults({"action": "DescribeSnapshots", "fault": "no_result_set"})
    out = cbs.run(source)
    assert out.failure()["kind"] == "connection" and not cbs.calls["CopySnapshotCrossRegions"]


def test_a_copy_that_another_client_makes_is_waited_for_and_adopted(cbs):
    source = cbs.snapshot()
    copy = cbs.foreign_copy(source, seconds=60)
    copy.visible_at = cbs.clock.monotonic() + 25
    out = cbs.run(source, wait=True)
    assert (out.copy()["action"], out.copy()["snapshot_id"]) == ("adopted", copy.id) and not out["changed"]
    assert len(cbs.copies()) == 1 and not copy.tags


def test_another_runs_copy_that_never_shows_is_reported_at_the_deadline(cbs):
    source = cbs.snapshot()
    cbs.foreign_copy(source, seconds=1000).visible_at = cbs.clock.monotonic() + 1000
    out = cbs.run(source, wait=True, wait_timeout=60)
    failure = out.failure()
    assert (failure["kind"], failure["code"]) == ("busy", "ResourceInUse.CopySnapshotConflict") and failure["hint"]


def test_a_call_that_conflicts_as_a_whole_is_made_for_each_destination(cbs):
    source = cbs.snapshot()
    cbs.refuse("CopySnapshotCrossRegions", "ResourceInUse.CopySnapshotConflict", times=1)
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai"], wait=True)
    assert out["counts"]["created"] == 2 and cbs.calls["CopySnapshotCrossRegions"] == 3


def test_a_copy_made_after_somebody_elses_has_failed_counts_as_created(cbs):
    source = cbs.snapshot()
    cbs.foreign_copy(source, seconds=20, failure="no").visible_at = cbs.clock.monotonic() + 1000
    out = cbs.run(source, wait=True)
    assert out.copy()["action"] == "created" and out["changed"]


def test_our_own_lost_call_that_conflicts_later_counts_as_created(cbs):
    source = cbs.snapshot()
    cbs.settings(visible_after=14.0, copy_seconds=100.0)
    cbs.faults({"action": "CopySnapshotCrossRegions", "fault": "lose_answer", "nth": [1]})
    out = cbs.run(source, wait=True)
    assert out.copy()["action"] == "created" and out["changed"] and len(cbs.copies()) == 1


# -- whose copy it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "counts", "ours"),
    [
        ("copy-of-{id}", True, True),
        ("nightly [{id}]", True, True),
        ("from snap-aaaaaaaa [{id}]", True, True),
        ("dr-{id} [{id}]", True, True),
        ("dr-{id}", True, False),
        ("Copied {id} from ap-guangzhou", True, False),
        ("Copied [{id} from Guangzhou", True, False),
        ("{id}", True, False),
        ("copy-of-{id}9", False, False),
        ("x{id}", False, False),
        ("{id} snap-aaaaaaaa", False, False),
        ("nightly", False, False),
    ],
)
def test_a_name_shows_the_source(cbs, name, counts, ours):
    source = cbs.snapshot()
    copy = cbs.our_copy(source, name=name.format(id=source), tagged=False)
    out = cbs.run(source, name="dr-{snapshot_id}", tags={"team": "dr"}, wait=True)
    assert (out.copy()["snapshot_id"] == copy.id) is counts and not out.failed
    assert bool(copy.tags) is ours and set(copy.tags) == ({"team", *PROVENANCE} if ours else set())


def test_a_name_that_the_sources_own_data_complete_is_ours(cbs):
    source = cbs.snapshot(Name="database")
    copy = cbs.our_copy(source, name=f"database [{source}]", tagged=False)
    options = {"name": "{source_name}"}
    assert cbs.run(source, **options).copy()["action"] == "updated" and set(copy.tags) == PROVENANCE
    again = cbs.run(source, **options)
    assert not again["changed"]
    copy.tags.clear()
    assert cbs.run(source, state="absent", **options)["counts"]["deleted"] == 1


def test_an_ordinary_snapshot_with_the_id_in_its_name_is_no_copy(cbs):
    source = cbs.snapshot()
    cbs.get(cbs.snapshot(region="ap-beijing"), "ap-beijing").name = f"copy-of-{source}"
    assert cbs.run(source, wait=True).copy()["action"] == "created"


def test_a_tag_decides_over_a_name(cbs):
    source, other = cbs.snapshot(), cbs.snapshot()
    copy = cbs.our_copy(source, name=f"copy-of-{other}")
    out = cbs.run(source, other, wait=True)
    assert out["copies"][0]["snapshot_id"] == copy.id and out["copies"][1]["action"] == "created"


def test_a_snapshot_shared_by_another_account_is_no_copy_of_ours(cbs):
    source = cbs.snapshot()
    cbs.our_copy(source).shared = True
    assert cbs.run(source, wait=True).copy()["action"] == "created"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, "copy [{id} {disk} 20261121T010000Z]"),
        ("", "copy [{id} {disk} 20261121T010000Z]"),
        ("nightly", "nightly [{id} {disk} 20261121T010000Z]"),
        ("n" * 13, "nnnnnnnnnnnnn [{id} {disk} 20261121T010000Z]"),
        ("n" * 14, "nnnnnnnnnnnnnn [{id}]"),
        ("dr {snapshot_id}", "dr {id} [{id}]"),
        ("{snapshot_id}", "{id} [{id} {disk} 20261121T010000Z]"),
        ("copy-of-{snapshot_id}", "copy-of-{id} [{id}]"),
        ("nightly [{snapshot_id}]", "nightly [{id} {disk} 20261121T010000Z]"),
        ("{snapshot_id} of snap-aaaaaaaa", "{id} of snap-aaaaaaaa [{id}]"),
        ("{snapshot_id}9", "{id}9 [{id}]"),
    ],
)
def test_every_name_ends_in_the_source(cbs, given, made):
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    options = {} if given is None else {"name": given}
    planned = cbs.run(source, check=True, **options).copy()["name"]
    assert cbs.run(source, wait=True, **options).copy()["name"] == planned == made.format(id=source, disk=disk)
    assert not cbs.run(source, **options)["changed"]


def test_the_copy_of_a_copy_is_named_after_the_first_disk(cbs):
    disk = cbs.disk()
    first = cbs.our_copy(cbs.snapshot(disk))
    out = cbs.run(first.id, source_region="ap-beijing", destination_regions=["ap-shanghai"], wait=True)
    assert out.copy()["name"] == f"copy [{first.id} {disk} 20261121T020000Z]"


def sources_shown(cbs, *copies):
    rows = {row["snapshot_id"]: row["source"] for row in cbs.info("ap-beijing")["snapshots"]}
    return [rows[copy.id] for copy in copies]


def test_a_name_shows_disk_and_time_if_tags_do_not(cbs):
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    whole = f"nightly [{source} {disk} 20261121T010000Z]"
    copies = [cbs.our_copy(source, name=name, tagged=False) for name in (whole, f"nightly [{source}]", "x")]
    copies[0].tags = {"dr-copy:source-region": "ap-guangzhou", "dr-copy:source-created-at": "2026-11-21T00:30:00Z"}
    shown, short, nothing = sources_shown(cbs, *copies)
    # A tag takes precedence over a name; each is read by itself.
    assert shown == {
        "snapshot_id": source,
        "region": "ap-guangzhou",
        "disk_id": disk,
        "created_at": "2026-11-21T00:30:00Z",
        "managed": True,
    }
    assert (short["snapshot_id"], short["disk_id"], short["managed"]) == (source, None, False) and nothing is None
    copies[0].tags = {}
    (shown,) = sources_shown(cbs, copies[0])
    assert shown == {**shown, "region": None, "created_at": "2026-11-21T01:00:00Z", "managed": True}
    other = cbs.snapshot()
    copies[0].tags = {"dr-copy:source-snapshot-id": other}
    (shown,) = sources_shown(cbs, copies[0])
    assert shown == {**shown, "snapshot_id": other, "disk_id": None, "created_at": None}, (
        "the name is of another source"
    )


def test_a_copy_that_its_name_alone_shows_is_listed_by_region_and_disk(cbs):
    """Its name has no room for the region, so a copy that may be from there is not omitted."""
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    named = cbs.our_copy(source, name=f"nightly [{source} {disk} 20261121T010000Z]", tagged=False)
    tagged = cbs.our_copy(cbs.snapshot())
    listed = cbs.info("ap-beijing", copies_from=["ap-guangzhou"])["snapshots"]
    assert {row["snapshot_id"] for row in listed} == {named.id, tagged.id}
    listed = cbs.info("ap-beijing", copies_from=["ap-chengdu"], source_disk_ids=[disk])["snapshots"]
    assert [row["snapshot_id"] for row in listed] == [named.id]
    assert cbs.info("ap-beijing", source_disk_ids=["disk-aaaaaaaa"])["snapshots"] == []


@pytest.mark.parametrize("ending", ["disk-aaaaaaaa 20261321T010000Z", "disk-aaaaaaaa", "disk-AAAA 20261121T010000Z"])
def test_a_name_ending_that_is_not_ours_shows_no_time(cbs, ending):
    source = cbs.snapshot()
    (shown,) = sources_shown(cbs, cbs.our_copy(source, name=f"x [{source} {ending}]", tagged=False))
    assert (shown["snapshot_id"], shown["created_at"], shown["managed"]) == (source, None, False)


def test_a_name_that_does_not_fit_with_its_ending_is_refused_with_the_room_that_is_left(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, name="n" * 45)
    assert out.failed and "at most 44" in out["msg"] and not cbs.calls
    assert not cbs.run(source, name="n" * 44, wait=True).failed and len(cbs.copies()[0].name) == 60


# -- tags ------------------------------------------------------------------------------------------------


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
    cbs.refuse("TagResources", "InvalidParameter", nth=[3])
    out = cbs.run(source, tags=tags, wait=True)
    assert out.failed and out.copy()["state"] == "completed" and not PROVENANCE & set(cbs.copies()[0].tags)
    cbs.faults()
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
    held = cbs.our_copy(sources[6], "ap-chengdu")
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
        cbs.faults({"action": "DeleteTags", "fault": kind})
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 19 and not out.result.get("warnings")
    assert out["api_calls"]["DeleteTags"] <= (1 if kind == "denied" else 10) and cbs.clock.monotonic() - started < 60


def test_remaining_copies_keep_their_tag_values(cbs):
    source = cbs.snapshot()
    for _n in range(3):
        cbs.our_copy(source)
    out = cbs.run(source, remove_duplicates=True, wait=True)
    assert out["counts"]["deleted"] == 2 and "DeleteTags" not in out["api_calls"]
    kept = cbs.our_copy(source)
    gone = next(copy for copy in cbs.copies() if copy is not kept)
    out = cbs.run(source, state="absent", copy_ids=[gone.id], wait=True)
    assert out["counts"]["deleted"] == 1 and "DeleteTags" not in out["api_calls"]


def test_a_tag_policy_is_named_by_its_hint(cbs):
    source = cbs.snapshot()
    cbs.refuse("TagResources", "FailedOperation.PolicyEnforcedInvalid")
    out = cbs.run(source, wait=True)
    assert out.failed and "tag policy" in out.failure()["hint"] and out.copy()["state"] == "completed"


def test_existing_copies_are_tagged_ten_at_a_time(cbs):
    sources = cbs.copied(25)
    out = cbs.run(*sources, tags={"team": "dr"})
    assert out["counts"]["updated"] == 25 and cbs.calls["TagResources"] == 3
    out = cbs.run(*sources, tags={}, purge_tags=True)
    assert out["counts"]["updated"] == 25 and all(set(c.tags) == PROVENANCE for c in cbs.copies())


def test_a_resource_that_cannot_be_tagged_fails_alone_and_the_copy_stays(cbs):
    one, two = cbs.snapshot(), cbs.snapshot()
    bad, good = cbs.our_copy(one), cbs.our_copy(two)
    cbs.settings(untaggable={bad.id: "FailedOperation.TagAttachedQuota"})
    out = cbs.run(one, two, tags={"team": "dr"})
    failure = out.failure()
    assert (failure["snapshot_id"], failure["code"]) == (bad.id, "FailedOperation.TagAttachedQuota")
    assert [r["state"] for r in out["copies"]] == ["completed"] * 2 and good.tags["team"] == "dr"


def test_tags_that_were_accepted_but_do_not_show_are_reported(cbs):
    source = cbs.snapshot()
    cbs.settings(deaf_tags=True)
    out = cbs.run(source, tags={"team": "dr"}, wait=True)
    assert out.failed and "but does not show the change: team" in out["msg"] and out.copy()["state"] == "completed"
    cbs.settings(deaf_tags=False)
    assert cbs.run(source, tags={"team": "dr"}).copy()["action"] == "updated"


def test_tags_whose_removal_was_accepted_but_does_not_show_are_reported(cbs):
    source = cbs.snapshot()
    cbs.run(source, tags={"old": "1"}, wait=True)
    cbs.settings(deaf_tags=True)
    out = cbs.run(source, tags={}, purge_tags=True, wait=True)
    assert out.failed and "does not show the change: old" in out["msg"]
    cbs.settings(deaf_tags=False)
    out = cbs.run(source, tags={}, purge_tags=True, wait=True)
    assert not out.failed and "old" not in cbs.copies()[0].tags


def test_credentials_that_expire_while_tagging_end_it_with_one_call(cbs):
    sources = [cbs.snapshot(**{"site": str(n)}) for n in range(12)]
    cbs.faults({"action": "TagResources", "fault": "expire"})
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
    cbs.faults({"action": "CopySnapshotCrossRegions", "fault": "throttle", "times": 1})
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


def test_tags_that_show_late_are_waited_for(cbs):
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
    copy = cbs.our_copy(source, seconds=seconds, name=f"copy-of-{source}")
    copy.tags["dr-copy:plan"] = "alpha"
    started = cbs.clock.monotonic()
    copy.changes = [(started + late, {})]
    out = marked(cbs, source, "beta", wait=True)
    assert not out.failed and copy.tags["dr-copy:plan"] == "alpha"
    assert cbs.clock.monotonic() - started < max(seconds, late) + 15


def test_a_copy_whose_run_was_cut_off_before_its_tags_gets_them_once_none_can_be_on_their_way(cbs):
    source = cbs.snapshot()
    copy = cbs.our_copy(source, tagged=False, name=f"copy-of-{source}")
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
    cbs.our_copy(source, tagged=False, name=f"copy-of-{source}")
    planned = marked(cbs, source, "beta", wait=True, check=True)
    assert planned["changed"] and planned.copy()["action"] == "updated"
    assert marked(cbs, source, "beta", wait=True).copy()["action"] == "updated"


def test_a_run_of_little_time_gives_a_killed_runs_copy_its_tags_before_the_time_is_over(cbs):
    source = cbs.snapshot()
    copy = cbs.our_copy(source, tagged=False, name=f"copy-of-{source}")
    started = cbs.clock.monotonic()
    assert not marked(cbs, source, "beta", wait=True, wait_timeout=12).failed
    assert copy.tags["dr-copy:plan"] == "beta" and 5 <= cbs.clock.monotonic() - started < 12


def test_a_busy_tag_service_does_not_hold_up_the_copies(cbs):
    sources = [cbs.snapshot() for _n in range(10)]
    cbs.faults({"action": "TagResources", "fault": "throttle", "times": 8})
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, wait=True)
    assert not out.failed and all(set(c.tags) == PROVENANCE for c in cbs.copies())
    assert max(c.started for c in cbs.copies()) - started < 2


def test_tags_that_no_waiting_helps_are_reported_and_put_right_by_the_next_run(cbs):
    source = cbs.snapshot()
    cbs.faults({"action": "TagResources", "fault": "throttle"})
    out = cbs.run(source, wait=True, wait_timeout=30)
    assert out.failed and out.failure()["kind"] == "timeout" and "tags" in out["msg"]
    assert out.copy()["state"] == "completed"
    cbs.faults()
    assert cbs.run(source).copy()["action"] == "updated" and set(cbs.copies()[0].tags) == PROVENANCE


def test_nothing_is_guessed_of_a_copy_without_tags_whose_source_is_gone(cbs):
    source = cbs.snapshot()
    copy = cbs.our_copy(source, name=f"copy-of-{source}", tagged=False)
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
    sources = cbs.copied(200)
    cbs.faults({"action": "TagResources", "fault": "throttle", "share": 0.2})
    out = cbs.run(*sources, tags={"team": "dr"})
    assert out["counts"]["updated"] == 200 and cbs.calls["TagResources"] < 40


def test_old_copies_that_wait_for_tags_do_not_hold_up_new_ones(cbs):
    old, new = cbs.snapshot(), cbs.snapshot()
    cbs.our_copy(old)
    cbs.faults({"action": "TagResources", "fault": "throttle"})
    started = cbs.clock.monotonic()
    out = cbs.run(old, new, tags={"team": "dr"}, wait=True, wait_timeout=60)
    assert out["copies"][1]["state"] == "completed" and cbs.copies()[1].started - started < 1
    assert {f["kind"] for f in out["failures"]} == {"timeout"} and "RequestLimitExceeded" not in out["copies"][0][
        "tags"
    ]


@pytest.mark.parametrize("kind", ["expire", "empty_unavailable"])
def test_tags_that_nobody_can_look_at_end_the_run_in_time(cbs, kind):
    source = cbs.snapshot()
    cbs.our_copy(source)
    started = cbs.clock.monotonic()
    cbs.faults({"action": "DescribeSnapshots", "fault": kind, "nth": list(range(2, 500))})
    out = cbs.run(source, tags={"team": "dr"})
    assert out.failed and out["changed"] and cbs.clock.monotonic() - started <= (10 if kind == "expire" else 3600)
    assert out.failure()["kind"] == ("credentials" if kind == "expire" else "timeout")


def test_a_resource_that_is_busy_is_waited_for(cbs):
    source = cbs.snapshot()
    copy = cbs.our_copy(source)
    cbs.settings(untaggable={copy.id: "FailedOperation.ResourceTagProcessing"})
    cbs.at(cbs.clock.monotonic() + 60, lambda: cbs.settings(untaggable={}))
    assert cbs.run(source, tags={"team": "dr"}).copy()["action"] == "updated" and copy.tags["team"] == "dr"


def test_rows_show_the_tags_that_are_there(cbs):
    source = cbs.snapshot()
    cbs.settings(copy_seconds=0.0)
    cbs.faults({"action": "CopySnapshotCrossRegions", "fault": "lose_answer", "nth": [1]})
    assert set(cbs.run(source, wait=True).copy()["tags"]) == PROVENANCE
    cbs.settings(untaggable={cbs.copies()[0].id: "FailedOperation"})
    out = cbs.run(source, tags={"team": "dr"}, retention_days=9)
    assert out.failed and set(out.copy()["tags"]) == PROVENANCE and out["changed"]


# -- retention -------------------------------------------------------------------------------------------


def test_an_expiry_is_set_once_on_a_complete_copy(cbs):
    source = cbs.snapshot()
    cbs.settings(copy_seconds=60.0)
    out = cbs.run(source, retention_days=30, wait=True)
    copy = cbs.copies()[0]
    assert not out.failed and copy.deadline == copy.created + timedelta(days=30)
    assert cbs.calls["ModifySnapshotAttribute"] == 1
    assert not cbs.run(source, retention_days=60)["changed"] and copy.deadline == copy.created + timedelta(days=30)


def test_a_run_that_does_not_wait_leaves_the_expiry_to_the_next_run_and_warns(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, retention_days=30)
    assert "next run" in str(out["warnings"]) and cbs.copies()[0].deadline is None
    cbs.clock.sleep(10)
    out = cbs.run(source, retention_days=30)
    assert out.copy()["action"] == "updated" and cbs.copies()[0].deadline


def test_an_expiry_that_is_near_or_past_is_not_set(cbs):
    source, foreign = cbs.snapshot(), cbs.snapshot()
    copy, other = cbs.our_copy(source), cbs.foreign_copy(foreign)
    copy.created -= timedelta(days=29, hours=1)
    out = cbs.run(source, foreign, retention_days=30)
    assert not out["changed"] and copy.deadline is None and other.deadline is None
    assert "less than a day ahead" in str(out["warnings"]) and copy.id in str(out["warnings"])


def test_an_ordinary_snapshot_with_our_tags_gets_no_expiry(cbs):
    source = cbs.snapshot()
    stray = cbs.get(cbs.snapshot(region="ap-beijing"), "ap-beijing")
    stray.tags.update({"dr-copy:source-snapshot-id": source, "dr-copy:source-region": "ap-guangzhou"})
    cbs.run(source, retention_days=30)
    assert stray.deadline is None


def test_a_name_of_ones_own_is_remembered_while_tags_show_late(cbs):
    source = cbs.snapshot()
    cbs.settings(tags_visible_after=6.0)
    cbs.run(source, name="dr-{snapshot_id}", retention_days=30, wait=True)
    assert cbs.copies()[0].deadline


def test_check_mode_predicts_the_expiry_of_a_copy_in_progress(cbs):
    source = cbs.snapshot()
    cbs.our_copy(source, seconds=30)
    predicted = cbs.run(source, retention_days=9, wait=True, check=True)
    assert predicted["changed"] and cbs.run(source, retention_days=9, wait=True)["changed"]
    assert not cbs.run(source, retention_days=9, wait=True, check=True)["changed"]


def test_answers_have_chinas_times_and_requests_name_the_zone():
    moment = datetime(2026, 11, 20, 20, 30, tzinfo=timezone.utc)
    assert parse_cbs_time("2026-11-21 04:30:00") == moment and deadline_text(moment) == "2026-11-20T20:30:00+00:00"
    assert parse_cbs_time("") is parse_cbs_time(None) is parse_cbs_time("soon") is None
    assert parse_cbs_time("0001-01-01 00:00:00") is None


def test_a_time_in_the_future_is_warned_of(cbs):
    source = cbs.snapshot(age_hours=0)
    cbs.our_copy(source)
    assert "warnings" not in cbs.run(source).result
    cbs.settings(zone_hours=9)
    assert "in the future" in str(cbs.run(source)["warnings"])
    assert "in the future" in str(cbs.info("ap-beijing")["warnings"])


# -- killed in between -----------------------------------------------------------------------------------


class ProcessKilled(BaseException):
    """The process was killed."""


@pytest.mark.parametrize("before", ["change_tags", "set_expiry"])
def test_the_next_run_completes_a_copy_whose_run_was_killed(cbs, monkeypatch, before):
    source = cbs.snapshot(env="prod")
    options = {"tags": {"team": "dr"}, "copy_tags": True, "retention_days": 30, "wait": True}

    def killed(*_arguments):
        raise ProcessKilled

    with monkeypatch.context() as patched, pytest.raises(ProcessKilled):
        patched.setattr(cbs.adapter, before, killed)
        cbs.run(source, **options)
    copy = cbs.copies()[0]
    assert bool(copy.tags) is (before == "set_expiry") and copy.deadline is None
    cbs.clock.sleep(10)
    out = cbs.run(source, **options)
    assert out.copy()["action"] == "updated" and len(cbs.copies()) == 1
    assert set(copy.tags) == {"team", "env", *PROVENANCE} and copy.deadline
    assert not cbs.run(source, **options)["changed"]


# -- deleting --------------------------------------------------------------------------------------------


def test_a_copy_that_cannot_be_deleted_does_not_stop_the_others(cbs):
    sources = [cbs.snapshot() for _n in range(5)]
    copies = [cbs.our_copy(source) for source in sources]
    cbs.settings(in_use=[copies[2].id])
    out = cbs.run(*sources, state="absent")
    failure = out.failure()
    assert (failure["snapshot_id"], failure["code"]) == (copies[2].id, "UnsupportedOperation.SnapshotHasBindedImage")
    assert out["counts"]["deleted"] == 4 and [c.id for c in cbs.copies()] == [copies[2].id]


@pytest.mark.parametrize("times", [1, 8])
def test_a_busy_copy_is_waited_for_and_does_not_delay_the_others(cbs, monkeypatch, times):
    sources = [cbs.snapshot() for _n in range(5)]
    busy = [cbs.our_copy(source) for source in sources][2]
    delete, refused, done = cbs.server.DeleteSnapshots, [], []

    def refusing(given, region):
        if busy.id in given["SnapshotIds"] and (len(given["SnapshotIds"]) > 1 or len(refused) < times):
            refused.append(given["SnapshotIds"])
            raise ApiError("ResourceInUse.DiskRollbacking", "The snapshot is being rolled back.")
        done.append((given["SnapshotIds"], cbs.clock.monotonic()))
        return delete(given, region)

    monkeypatch.setattr(cbs.server, "DeleteSnapshots", refusing)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent")
    assert not out.failed and out["counts"]["deleted"] == 5 and not cbs.copies()
    assert all(at - started < 2 for ids, at in done if ids != [busy.id])


def test_a_batch_is_one_call(cbs):
    sources = cbs.copied(20)
    assert cbs.run(*sources, state="absent")["counts"]["deleted"] == 20 and cbs.calls["DeleteSnapshots"] == 1


# -- bad input, pace, size -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"name": "n" * 61}, "name"),
        ({"tags": {"k": ""}}, "'k'"),
        ({"tags": {"k": None}}, "'k'"),
        ({"tags": {"qcs:x": "1"}}, "qcs:x"),
        ({"tags": {"project": "1"}}, "project"),
        ({"tags": {"k" * 128: "1"}}, "127"),
        ({"tags": {"k": "v" * 256}}, "255"),
        ({"tags": {"k": "a|b"}}, "'k'"),
        ({"tags": {" k": "v"}}, "' k'"),
        ({"tags": {f"k{n}": "v" for n in range(47)}}, "46"),
        ({"retention_days": 0}, "retention_days"),
        ({"destination_regions": ["ap-guangzhou"]}, "source region"),
        ({"destination_regions": ["Beijing"]}, "Beijing"),
        ({"snapshot_ids": ["snap-0123456789abcdef0"]}, "snap-0123456789abcdef0"),
        ({"snapshot_ids": ["snap-ABCDEFGH"]}, "snap-ABCDEFGH"),
    ],
)
def test_bad_input_is_named_and_nothing_called(cbs, options, word):
    out = cbs.run(cbs.snapshot(), **options)
    assert out.failed and word in out["msg"] and not cbs.calls


def test_the_services_calls_a_second_are_kept_to(cbs):
    sources = [cbs.snapshot() for _n in range(100)]
    cbs.settings(rate_limit=20)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, wait=True, max_in_flight=100)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == cbs.calls["TagResources"] == 100
    assert max(c.started for c in cbs.copies()) - started <= 6


def test_pacing_sends_no_write_after_the_deadline(cbs):
    out = cbs.run(*[cbs.snapshot() for _n in range(45)], wait_timeout=1, max_in_flight=100)
    assert out.failed and cbs.calls["CopySnapshotCrossRegions"] == 20
    assert {f["kind"] for f in out["failures"]} <= {"busy", "timeout"}


def test_no_copy_is_started_after_the_deadline_if_the_service_is_slow(cbs):
    source = cbs.snapshot()
    cbs.settings(latency=2.0)
    cbs.refuse("CopySnapshotCrossRegions", "InvalidParameterValue", times=1)
    started = cbs.clock.monotonic()
    regions = sorted({*REGIONS} - {cbs.source})[:10]
    cbs.run(source, destination_regions=regions, wait_timeout=30)
    assert max(c.started for region in regions for c in cbs.copies(region)) - started <= 32


def test_expired_credentials_are_not_tried_for_each_destination(cbs):
    cbs.faults({"action": "CopySnapshotCrossRegions", "fault": "expire"})
    cbs.run(cbs.snapshot(), destination_regions=["ap-beijing", "ap-shanghai", "ap-chengdu"])
    assert cbs.calls["CopySnapshotCrossRegions"] == 1


def test_an_id_that_makes_the_service_refuse_them_all_is_left_out(cbs):
    good = cbs.snapshot()
    cbs.refuse("DescribeSnapshots", "InvalidSnapshotId.NotFound", nth=[2])
    out = cbs.run(good, cbs.unknown_id, wait=True)
    assert [r["state"] for r in out["copies"]] == ["completed", "absent"] and out.failure()["kind"] == "not_found"


def test_a_listing_that_changes_meanwhile_hides_no_copy(cbs, monkeypatch):
    for _n in range(150):
        cbs.snapshot(region="ap-beijing")
    source = cbs.snapshot()
    copy = cbs.our_copy(source)
    serve = cbs.server.DescribeSnapshots
    seen = []

    def changing(given, region):
        answer = serve(given, region)
        if given.get("Offset") == 0 and region == "ap-beijing" and not seen:
            seen.append(cbs.snapshot(region="ap-beijing", age_hours=9))
        return answer

    monkeypatch.setattr(cbs.server, "DescribeSnapshots", changing, raising=False)
    assert cbs.run(source).copy()["snapshot_id"] == copy.id and cbs.calls["DescribeSnapshots"] == 2


# -- without the SDK --------------------------------------------------------------------------------------

WITHOUT_SDK = """
import sys
sys.modules.update({"tencentcloud": None})
from tests.simulator.clock import FakeClock
from tests.unit.harness import run_module
given = {"snapshot_ids": [], "source_region": "ap-beijing", "destination_regions": "ap-shanghai"}
out = run_module("cbs_snapshot_copy", given, FakeClock())
assert out.failed and "tencentcloud-sdk-python-cbs" in out["msg"] and out["copies"] == [], out.text
"""


def test_a_missing_sdk_is_named():
    done = subprocess.run([sys.executable, "-c", WITHOUT_SDK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# -- what takes effect later -----------------------------------------------------------------------------


def test_the_simulator_shows_a_deleted_copy_for_a_while(cbs):
    copy = cbs.our_copy(cbs.snapshot())
    cbs.settings(deletes_after=40.0)
    assert not cbs.run(copy.source_id, state="absent").failed
    assert [s["snapshot_id"] for s in cbs.info("ap-beijing")["snapshots"]] == [copy.id]
    cbs.clock.sleep(41)
    assert not cbs.info("ap-beijing")["snapshots"] and not cbs.copies()


def test_a_deleted_copy_is_looked_for_until_it_is_gone(cbs):
    sources = cbs.copied(3)
    cbs.settings(deletes_after=40.0)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 3 and not cbs.copies()
    assert 40 <= cbs.clock.monotonic() - started < 80 and cbs.calls["DeleteSnapshots"] == 1


def test_a_copy_that_does_not_go_by_the_deadline_is_reported(cbs):
    copy = cbs.our_copy(cbs.snapshot())
    cbs.settings(deletes_after=4000.0)
    failure = cbs.run(copy.source_id, state="absent", wait=True, wait_timeout=60).failure()
    assert failure["kind"] == "timeout" and failure["snapshot_id"] == copy.id and failure["hint"]


def test_tags_that_show_very_late_are_waited_for_until_the_deadline(cbs):
    source = cbs.snapshot()
    cbs.settings(tags_visible_after=600.0)
    out = cbs.run(source, tags={"team": "dr"}, wait=True)
    assert not out.failed and out.copy()["tags"]["team"] == "dr" and cbs.calls["TagResources"] == 1


# -- snapshots with traits -------------------------------------------------------------------------------


def test_an_instant_snapshot_is_copied_and_reported(cbs):
    source = cbs.snapshot()
    cbs.get(source).mode = "INSTANT_SNAPSHOT"
    out = cbs.run(source, wait=True)
    assert not out.failed and source in str(out["warnings"]) and "instant" in str(out["warnings"])
    assert "warnings" not in cbs.run(cbs.snapshot(), wait=True).result


@pytest.mark.parametrize(
    ("facts", "trait"),
    [
        ({"usage": "SYSTEM_DISK"}, "system_disk"),
        ({"locked": True}, "locked"),
        ({"mode": "INSTANT_SNAPSHOT"}, "instant"),
    ],
)
def test_the_traits_of_a_snapshot_are_shown(cbs, facts, trait):
    vars(cbs.get(cbs.snapshot())).update(facts)
    (row,) = cbs.info(cbs.source)["snapshots"]
    assert row["traits"] == [trait] and row["obstacle"] is None
