# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only EBS can do or refuse (api-facts: ebs-copy-call)."""

from __future__ import annotations

import re
from types import SimpleNamespace

import botocore
import botocore.session
import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import LOWEST_SDK, AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_rules import keys_differ
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.errors import translated
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.user_agent import NAME, VERSION
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Ambiguous
from botocore import exceptions as boto_errors
from botocore.parsers import ResponseParserError

from tests.simulator.aws import ec2
from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends
from tests.support.harness import run_module

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OUTPOST = "arn:aws:outposts:eu-west-1:123456789012:outpost/op-0123456789abcdef0"


# -- one request per copy call -----------------------------------------------------------------------


@pytest.mark.parametrize("retries", [{"max_attempts": 10}, {"total_max_attempts": 9, "mode": "adaptive"}])
def test_the_users_retries_never_repeat_a_copy_call(ebs, retries):
    source = ebs.snapshot()
    ebs.set_faults({"action": "CopySnapshot", "fault": "lose_answer", "nth": [1]})
    out = ebs.run(source, wait=True, aws_config={"retries": retries, "read_timeout": 30})
    assert not out.failed and ebs.calls["CopySnapshot"] == 1 and len(ebs.copies()) == 1


@pytest.mark.parametrize(("given", "used"), [({}, 10), ({"connect_timeout": 3}, 3), ({"read_timeout": 30}, 10)])
def test_a_connection_is_waited_for_as_long_as_the_user_says(ebs, monkeypatch, given, used):
    waited = set()

    def make_client(self, service, real=AwsModule.make_client, **options):
        client = real(self, service, **options)
        waited.update([client.meta.config.connect_timeout] if service == "ec2" else [])
        return client

    monkeypatch.setattr(AwsModule, "make_client", make_client)
    assert not ebs.run(ebs.snapshot(), wait=True, aws_config=given).failed
    assert waited == {used}


def test_environment_retries_never_repeat_a_copy_call(ebs, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    ebs.set_faults({"action": "CopySnapshot", "fault": "error_after", "nth": [1]})
    out = ebs.run(ebs.snapshot(), wait=True)
    assert not out.failed and ebs.calls["CopySnapshot"] == 1 and len(ebs.copies()) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"profile": "nobody", "access_key": ..., "secret_key": ...}, "nobody"),
        ({"profile": "nobody"}, "profile"),
    ],
)
def test_an_option_that_amazon_aws_refuses_still_returns_all_keys(ebs, options, word):
    out = ebs.run(ebs.snapshot(), **options)
    assert out.failed and word in out["msg"] and out["counts"]["failed"] == 1 and out.copy()["state"] == "absent"
    assert out.failure()["kind"] == "credentials" and "Traceback" not in out.text and not ebs.calls


def test_a_run_without_credentials_fails_with_kind_credentials(ebs):
    out = ebs.run(ebs.snapshot(), access_key=..., secret_key=...)
    assert out.failed and out["failures"][0]["kind"] == "credentials"


# -- provenance and tags -----------------------------------------------------------------------------


def test_provenance_is_set_in_the_copy_call_itself(ebs):
    disk = ebs.disk()
    source = ebs.snapshot(disk)
    out = ebs.run(source)
    assert ebs.calls["CreateTags"] == 0
    assert (
        ebs.tags_of(ebs.copies()[0])
        == out.copy()["tags"]
        == {
            "dr-copy:source-snapshot-id": source,
            "dr-copy:source-region": "us-east-1",
            "dr-copy:source-disk-id": disk,
            "dr-copy:source-created-at": "2026-11-21T01:00:00Z",
        }
    )


def test_provenance_wins_over_tags_and_tags_over_carried_ones(ebs):
    source = ebs.snapshot(**{"a": "source", "b": "source", "dr-copy:source-region": "elsewhere"})
    ebs.run(source, copy_tags=True, tags={"b": "user", "dr-copy:source-region": "nowhere"}, name="{snapshot_id}")
    tags = ebs.tags_of(ebs.copies()[0])
    assert (tags["a"], tags["b"], tags["dr-copy:source-region"], tags["Name"]) == (
        "source",
        "user",
        "us-east-1",
        source,
    )


def test_carried_tags_that_find_no_room_are_left_out_with_a_warning(ebs):
    source = ebs.snapshot(**{f"key{n}": "v" for n in range(49)})
    out = ebs.run(source, copy_tags=True, tags={"mine": "1"})
    assert not out.failed and len(ebs.tags_of(ebs.copies()[0])) == 50 and "no room" in out.text


def test_tags_of_existing_copies_are_updated_and_purged_with_care(ebs):
    source = ebs.snapshot(carried="yes")
    copy = ebs.create_our_copy(source)
    ebs.set_tags(copy, old="1", carried="yes", Name="kept")
    out = ebs.run(source, tags={"new": "1"}, purge_tags=True, copy_tags=True, name="another", check=True)
    assert out.copy()["action"] == "updated" and "new" not in ebs.tags_of(copy)
    out = ebs.run(source, tags={"new": "1"}, purge_tags=True, copy_tags=True, name="another")
    tags = ebs.tags_of(copy)
    assert out["changed"] and out.copy()["action"] == "updated" and out.copy()["tags"] == tags
    assert "old" not in tags and tags["carried"] == "yes" and tags["Name"] == "kept" and tags["new"] == "1"
    assert tags["dr-copy:source-snapshot-id"] == source
    assert not ebs.run(source, tags={"new": "1"}, purge_tags=True, copy_tags=True, name="another")["changed"]


def test_many_copies_with_the_same_change_are_tagged_in_one_call(ebs):
    sources = ebs.create_copied_snapshots(30)
    out = ebs.run(*sources, tags={"team": "dr"})
    assert out["counts"]["updated"] == 30 and ebs.calls["CreateTags"] == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"tags": {"aws:owner": "x"}}, "aws:owner"),
        ({"tags": {"k" * 129: "x"}}, "129"),
        ({"tags": {"k": "v" * 257}}, "257"),
        ({"tags": {f"k{n}": "v" for n in range(47)}}, "46"),
        ({"tags": {f"k{n}": "v" for n in range(46)}, "name": "n"}, "45"),
        ({"tags": {"Name": "x"}, "name": "n"}, "cannot be combined"),
        ({"name": "n" * 257}, "257"),
        ({"description": "d" * 256}, "256"),
        ({"completion_duration_minutes": 20}, "20"),
        ({"completion_duration_minutes": 3000}, "3000"),
        ({"kms_key_id": "alias/dr", "encrypted": False}, "encrypted"),
        ({"kms_key_id": "alias/dr"}, "encrypted"),
        ({"kms_key_id": KEY.replace("eu-west-1", "us-east-1"), "encrypted": True}, "us-east-1"),
        (
            {"kms_key_id": KEY.replace("key/", "alias/").replace("eu-west-1", "eu-west-2"), "encrypted": True},
            "eu-west-2",
        ),
        ({"kms_key_id": "arn:aws:s3:::bucket", "encrypted": True}, "KMS"),
        ({"source_region": "mars-north-1"}, "mars-north-1"),
        ({"endpoint_url": "ftp://host"}, "endpoint_url: 'ftp://host' is not a valid address"),
        ({"endpoint_url": "https://{host}"}, "endpoint_url: 'https://{host}' is not a valid address"),
        ({"endpoint_url": "localhost:5000"}, "endpoint_url: 'localhost:5000' is not a valid address"),
        ({"endpoint_url": "https://ec2.{zone}.example"}, "endpoint_url: "),
        ({"destination_regions": ["eu-west-1", "eu-wset-1"]}, "eu-wset-1"),
        ({"destination_outpost_arn": OUTPOST.replace("eu-west-1", "us-east-1")}, "destination_outpost_arn"),
        ({"destination_outpost_arn": "op-1"}, "destination_"),
        ({"destination_availability_zone": "us-west-2-lax-1a"}, "us-west-2-lax-1a"),
        ({"destination_availability_zone": "eu-west-1a"}, "eu-west-1a"),
        ({"destination_availability_zone": "eu-west-1-lon-1a"}, "source_region must be eu-west-1"),
        ({"destination_outpost_arn": OUTPOST, "encrypted": True}, "source_region must be eu-west-1"),
        ({"destination_outpost_arn": OUTPOST, "source_region": "eu-west-1"}, "set encrypted: true"),
        (
            {
                "destination_availability_zone": "eu-west-1-lon-1a",
                "source_region": "eu-west-1",
                "completion_duration_minutes": 30,
            },
            "completion_duration_minutes cannot be combined with destination_availability_zone",
        ),
    ],
)
def test_bad_input_is_named_and_nothing_called(ebs, options, word):
    out = ebs.run(ebs.snapshot(), **options)
    assert out.failed and word in out["msg"], out["msg"]
    assert not ebs.calls and not ebs.copies()


def test_several_faults_come_in_one_message(ebs):
    out = ebs.run("snap-1", tags={"aws:x": "1"}, completion_duration_minutes=20, kms_key_id="alias/x", wait_timeout=-1)
    for word in ("snap-1", "aws:x", "completion_duration_minutes", "kms_key_id", "wait_timeout"):
        assert word in out["msg"]


# -- encryption, places, time-based copies -------------------------------------------------------------


def test_the_users_own_words_to_aws_are_sent_too(ebs):
    ebs.run(ebs.snapshot(), aws_config={"user_agent_extra": "night/7"})
    assert all(agent.endswith(f" {NAME}/{VERSION} night/7") for agent in ebs.server.control.agents)


@pytest.mark.parametrize("key", ["11111111-2222-3333-4444-555555555555", "alias/dr", KEY])
def test_a_key_is_given_as_id_alias_or_arn(ebs, key):
    source = ebs.snapshot()
    out = ebs.run(source, encrypted=True, kms_key_id=key, wait=True)
    assert out.copy()["encrypted"] and ":eu-west-1:" in ebs.copies()[0].kms_key_id
    assert not ebs.run(source, encrypted=True, kms_key_id=key)["changed"]


def test_a_wrong_key_is_reported_with_the_state_message_at_once(ebs):
    ebs.settings(keys_of_kms={"alias/gone": "unusable"}, copy_seconds=600.0)
    started = ebs.clock.monotonic()
    out = ebs.run(ebs.snapshot(), encrypted=True, kms_key_id="alias/gone", wait=True)
    assert out.failure()["kind"] == "failed_copy" and "Given key ID is not accessible" in out["msg"]
    assert "kms:" in out.failure()["hint"] and ebs.clock.monotonic() - started < 5


def test_encryption_by_default_in_the_destination_fits(ebs):
    source = ebs.snapshot()
    ebs.settings(encryption_by_default=["eu-west-1"])
    assert ebs.run(source, wait=True).copy()["encrypted"]
    assert not ebs.run(source, encrypted=True)["changed"]


def test_a_copy_that_is_not_encrypted_does_not_fit(ebs):
    source = ebs.snapshot()
    plain = ebs.create_our_copy(source)
    refused = ebs.run(source, encrypted=True)
    assert refused.failure()["kind"] == "mismatch" and "replace_mismatched" in refused.failure()["hint"]
    assert refused.copy()["snapshot_id"] is None and refused.copy()["action"] == "none"
    out = ebs.run(source, encrypted=True, replace_mismatched=True, wait=True)
    assert out.copy()["action"] == "replaced" and out.copy()["encrypted"]
    assert [c.id for c in ebs.copies()] == [out["snapshot_id"]] != [plain.id]


def test_a_misfit_is_deleted_only_once_the_new_copy_is_complete(ebs):
    source = ebs.snapshot()
    plain = ebs.create_our_copy(source)
    ebs.clock.sleep(1)
    ebs.run(source, encrypted=True, replace_mismatched=True)
    assert plain.id in {c.id for c in ebs.copies()} and len(ebs.copies()) == 2
    out = ebs.run(source, encrypted=True, replace_mismatched=True, wait=True)
    assert len(ebs.copies()) == 1 and out["changed"] and ebs.copies()[0].encrypted
    assert not ebs.run(source, encrypted=True, replace_mismatched=True, wait=True)["changed"]


def test_somebody_elses_misfit_is_kept(ebs):
    source = ebs.snapshot()
    plain = ebs.create_foreign_copy(source)
    out = ebs.run(source, encrypted=True, replace_mismatched=True, wait=True)
    assert not out.failed and plain.id in {c.id for c in ebs.copies()} and len(ebs.copies()) == 2


def test_another_key_does_not_fit_only_where_the_arn_is_given(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source, encrypted=True, kms_key_id=KEY.replace("1111", "9999"))
    assert ebs.run(source, encrypted=True, kms_key_id=KEY).failure()["kind"] == "mismatch"
    assert not ebs.run(source, encrypted=True, kms_key_id="alias/dr").failed


def test_a_copy_on_an_outpost_is_a_copy_there_and_nowhere_else(ebs):
    source = ebs.snapshot(region="eu-west-1")
    outpost = {"destination_outpost_arn": OUTPOST, "source_region": "eu-west-1", "encrypted": True}
    there = ebs.run(source, **outpost, wait=True)["snapshot_id"]
    in_region = ebs.run(source, source_region="eu-west-1", wait=True)["snapshot_id"]
    assert there != in_region and not ebs.run(source, **outpost)["changed"]
    assert ebs.run(source, source_region="eu-west-1")["duplicates"] == []
    ebs.run(source, source_region="eu-west-1", state="absent")
    assert [c.id for c in ebs.copies()] == [there]
    assert not ebs.run(source, destination_outpost_arn=OUTPOST, source_region="eu-west-1", state="absent").failed
    assert not ebs.copies()


def test_a_local_zone_is_a_place_of_its_own(ebs):
    source = ebs.snapshot(region="us-west-2")
    here = {"source_region": "us-west-2", "destination_regions": ["us-west-2"]}
    options = {**here, "destination_availability_zone": "us-west-2-lax-1a"}
    assert ebs.run(source, **options)["changed"] and not ebs.run(source, **options)["changed"]
    assert ebs.run(source, **here)["changed"]
    assert {c.zone for c in ebs.copies("us-west-2")} == {"us-west-2-lax-1a", None}


def test_a_time_based_copy_is_requested_with_its_duration(ebs):
    ebs.run(ebs.snapshot(), completion_duration_minutes=45)
    assert ebs.copies()[0].minutes == 45


# -- whose copy it is ------------------------------------------------------------------------------------


def test_the_console_of_another_region_made_no_copy_of_ours(ebs):
    source = ebs.snapshot()
    ebs.create_foreign_copy(source).description = f"[Copied {source} from ap-south-1]"
    assert ebs.run(source)["changed"] and len(ebs.copies()) == 2


def test_a_snapshot_shared_by_another_account_is_no_copy(ebs):
    source = ebs.snapshot()
    shared = ebs.create_foreign_copy(source)
    shared.owner_id = "999999999999"
    shared.create_volume_permission_userids.add("123456789012")
    out = ebs.run(source, wait=True)
    assert out["changed"] and out["snapshot_id"] != shared.id
    assert shared.id not in {s["snapshot_id"] for s in ebs.info("eu-west-1")["snapshots"]}


def test_an_ordinary_snapshot_with_our_tags_is_never_deleted(ebs):
    source = ebs.snapshot()
    ordinary = ebs.snapshot(
        region="eu-west-1", **{"dr-copy:source-snapshot-id": source, "dr-copy:source-region": "us-east-1"}
    )
    out = ebs.run(source, state="absent")
    assert out.failed and ordinary in ebs.server.snapshots("eu-west-1")


def test_a_source_that_another_account_shares_is_copied_with_a_warning(ebs):
    source = ebs.snapshot(env="prod")
    ebs.get(source).owner_id = "999999999999"
    ebs.get(source).create_volume_permission_userids.add("123456789012")
    out = ebs.run(source, copy_tags=True, wait=True)
    assert not out.failed and "another account" in out.text and "env" not in ebs.tags_of(ebs.copies()[0])
    ebs.run(source, state="absent")
    out = ebs.run(source, copy_tags=True, source_tags={source: {"env": "prod"}})
    assert "another account" not in out.text and ebs.tags_of(ebs.copies()[0])["env"] == "prod"


def test_an_archived_source_fails_alone(ebs):
    archived, good = ebs.snapshot(), ebs.snapshot()
    ebs.get(archived).storage_tier = "archive"
    out = ebs.run(archived, good)
    assert out.failure()["kind"] == "refused" and "archived" in out["msg"] and ebs.calls["CopySnapshot"] == 1
    assert "72 hours" in out.failure()["hint"]


def test_an_archived_copy_counts_as_a_copy_and_is_reported(ebs):
    source = ebs.snapshot()
    copy = ebs.create_our_copy(source)
    copy.storage_tier = "archive"
    out = ebs.run(source, wait=True)
    assert not out.failed and not out["changed"] and out["snapshot_id"] == copy.id and len(ebs.copies()) == 1
    (row,) = ebs.info("eu-west-1")["snapshots"]
    assert "archived" in row["obstacle"] and row["traits"] == ["archived"] and row["state"] == "completed"
    copy.restored_until = ebs.clock.utc()
    (row,) = ebs.info("eu-west-1")["snapshots"]
    assert (row["obstacle"], row["traits"]) == (None, []), "restored for a time, it can be used"


def test_a_source_in_a_local_zone_leaves_its_region_never(ebs):
    local, good = ebs.snapshot(), ebs.snapshot()
    ebs.get(local).zone = "us-east-1-bos-1a"
    rows = {row["snapshot_id"]: row for row in ebs.info(ebs.source)["snapshots"]}
    assert "us-east-1-bos-1a" in rows[local]["obstacle"] and rows[good]["obstacle"] is None
    out = ebs.run(local, good, wait=True)
    assert out.failure()["source_snapshot_id"] == local and "us-east-1-bos-1a" in out["msg"]
    assert ebs.calls["CopySnapshot"] == 1 and out["counts"]["created"] == 1
    home = ebs.run(local, wait=True, destination_regions=[ebs.source])
    assert not home.failed and home["counts"]["created"] == 1, home.text


@pytest.mark.parametrize(
    ("source", "destination"),
    [("us-east-1", "cn-north-1"), ("cn-north-1", "us-gov-west-1"), ("us-gov-east-1", "eu-west-1")],
)
@pytest.mark.parametrize("check", [True, False])
def test_regions_of_two_partitions_are_refused_by_name(ebs, source, destination, check):
    given = {"source_region": source, "destination_regions": [destination, source], "state": "present"}
    out = ebs.run("snap-0aa11bb22cc33dd44", check=check, **given)
    assert out.failed and source in out["msg"] and destination in out["msg"] and "partition" in out["msg"]
    assert not ebs.calls
    given = {"copies": [{"snapshot_id": "snap-0aa11bb22cc33dd44", "source_region": source}], "region": destination}
    compared = run_module("ebs_snapshot_compare", {**given, **ebs.connection()}, ebs.clock)
    assert compared.failed and "partition" in compared["msg"] and not ebs.calls


# -- permission, deleting, moving over ---------------------------------------------------------------------


def test_check_mode_asks_aws_once_per_destination(ebs):
    sources = [ebs.snapshot() for _n in range(5)]
    out = ebs.run(*sources, destination_regions=["eu-west-1", "eu-central-1"], check=True)
    assert not out.failed and ebs.calls["CopySnapshot"] == 2 and not ebs.copies()
    assert out["counts"]["created"] == 10 and {r["state"] for r in out["copies"]} == {"planned"}


def test_check_mode_reports_a_missing_permission(ebs):
    ebs.settings(denied=["CopySnapshot"])
    out = ebs.run(ebs.snapshot(), check=True)
    assert out.failed and out.failure()["code"] == "UnauthorizedOperation" and "ec2:CopySnapshot" in out["msg"]
    assert out.failure()["kind"] == "credentials" and not out["changed"]
    assert ebs.run(ebs.snapshot()).failure()["code"] == "UnauthorizedOperation"


def test_a_copy_in_use_is_reported_and_the_others_go(ebs):
    source, other = ebs.snapshot(), ebs.snapshot()
    used = ebs.create_our_copy(source)
    ebs.create_our_copy(other)
    ebs.settings(in_use=[used.id])
    out = ebs.run(source, other, state="absent")
    assert out.failure()["code"] == "InvalidSnapshot.InUse" and out.failure()["hint"]
    assert [c.id for c in ebs.copies()] == [used.id] and out["changed"]


def test_totals_are_refusals(ebs):
    ebs.settings(snapshot_limit=0)
    out = ebs.run(ebs.snapshot(), wait=True)
    assert out.failure()["kind"] == "refused" and out.failure()["code"] == "SnapshotLimitExceeded"


def test_the_task_of_the_old_module_works_unchanged(ebs):
    source = ebs.snapshot()
    old = {"region": "eu-west-1", "source_snapshot_id": source, "snapshot_ids": ..., "destination_regions": ...}
    out = ebs.run(
        **old, encrypted=True, kms_key_id=KEY, wait=True, wait_timeout=1200, description="", tags={"Name": "copy"}
    )
    assert out["changed"] and out["snapshot_id"] == ebs.copies()[0].id and not ebs.run(**old)["changed"]


def test_the_connections_region_may_equal_the_source_with_a_warning(ebs):
    out = ebs.run(ebs.snapshot(), destination_regions=..., region="us-east-1")
    assert not out.failed and "also source_region" in out.text and len(ebs.copies("us-east-1")) == 1


# -- few calls -------------------------------------------------------------------------------------------


def test_sources_are_read_in_batches(ebs):
    sources = [ebs.snapshot() for _n in range(250)]
    ebs.run(*sources, check=True)
    assert ebs.calls["DescribeSnapshots"] <= 4


# -- odd days ----------------------------------------------------------------------------------------


def test_an_empty_place_is_the_region(ebs):
    source = ebs.snapshot()
    options = {"destination_availability_zone": "", "destination_outpost_arn": "", "kms_key_id": ""}
    assert ebs.run(source, **options)["changed"] and not ebs.run(source, **options)["changed"]


@pytest.mark.parametrize(
    "error", [boto_errors.SSLError, boto_errors.ProxyConnectionError, boto_errors.ReadTimeoutError]
)
def test_an_error_after_sending_is_ambiguous(error):
    assert isinstance(translated(error(endpoint_url="x", proxy_url="x", error="x"), "Copying"), Ambiguous)


def test_a_message_quotes_the_beginning_of_a_proxys_page():
    page = f"Unable to parse response, invalid XML received:\n{'<html>' * 5000}"
    error = translated(ResponseParserError(page), "Copying")
    assert isinstance(error, Ambiguous) and "invalid XML received:\n<html>" in str(error) and len(str(error)) < 400


def test_a_missing_permission_for_one_snapshot_stops_no_other(ebs):
    sources = [ebs.snapshot() for _n in range(3)]
    refusal = {"fault": "refuse", "code": "UnauthorizedOperation", "status": 403, "nth": [1]}
    ebs.set_faults({"action": "CopySnapshot", **refusal})
    out = ebs.run(*sources, wait=True)
    assert out.failure()["kind"] == "credentials" and out.failure()["source_snapshot_id"] == sources[0]
    assert len(ebs.copies()) == 2


def test_a_copy_that_cannot_be_tagged_does_not_stop_the_others(ebs):
    full, roomy = ebs.snapshot(), ebs.snapshot()
    copies = [ebs.create_our_copy(full), ebs.create_our_copy(roomy)]
    ebs.set_tags(copies[0], **{f"k{n}": "v" for n in range(46)})
    out = ebs.run(full, roomy, tags={"team": "dr"})
    assert out.failure()["code"] == "TagLimitExceeded" and out.failure()["source_snapshot_id"] == full
    assert ebs.tags_of(copies[1])["team"] == "dr" and out["counts"]["updated"] == 1


def test_purging_makes_room_first(ebs):
    source = ebs.snapshot()
    copy = ebs.create_our_copy(source)
    ebs.set_tags(copy, **{f"k{n}": "v" for n in range(46)})
    assert not ebs.run(source, tags={"team": "dr"}, purge_tags=True).failed and len(ebs.tags_of(copy)) == 5


def test_check_mode_predicts_that_a_misfit_is_deleted_once_the_new_copy_is_complete(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source)
    ebs.clock.sleep(1)
    ebs.run(source, encrypted=True, replace_mismatched=True)
    options = {"encrypted": True, "replace_mismatched": True, "wait": True}
    predicted = ebs.run(source, **options, check=True)
    real = ebs.run(source, **options)
    assert predicted["changed"] and real["changed"]
    assert predicted["counts"]["deleted"] == real["counts"]["deleted"] == 1


def test_a_dry_run_that_is_throttled_waits_and_one_that_is_refused_fails_alone(ebs):
    sources = [ebs.snapshot() for _n in range(2)]
    ebs.set_faults({"action": "CopySnapshot", "fault": "throttle", "times": 3})
    assert not ebs.run(*sources, check=True, **ebs.quick_reads).failed
    ebs.refuse("CopySnapshot", "InvalidParameterValue")
    out = ebs.run(*sources, check=True)
    assert [r["state"] for r in out["copies"]] == ["absent", "planned"] and len(out["failures"]) == 1


def test_duplicates_of_each_kind_of_encryption_are_removed(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source)
    for _n in range(2):
        ebs.create_our_copy(source, encrypted=True, kms_key_id=KEY)
    out = ebs.run(source, remove_duplicates=True)
    assert out["counts"]["deleted"] == 1 and len(ebs.copies()) == 2
    assert not ebs.run(source, remove_duplicates=True)["changed"]


@pytest.mark.parametrize(
    "options",
    [{"source_tags": {"snap-0123456789abcdef0": "x"}}, {"aws_config": {"foo": 1}}, {"tags": {"a": None, "b": 1}}],
)
def test_odd_values_are_reported_plainly(ebs, options):
    out = ebs.run(ebs.snapshot(), **options)
    assert "Unexpected" not in out.text and "Traceback" not in out.text


@pytest.mark.parametrize(
    "given", [{"foo": 1}, {"retries": {"max_attempts": -1}}, {"retries": {"mode": "x"}}, {"user_agent_extra": 5}]
)
def test_settings_that_botocore_refuses_are_bad_input(ebs, given):
    out = ebs.run(ebs.snapshot(), wait=True, aws_config=given)
    assert out.failed and "aws_config: " in out["msg"] and "report" not in out["msg"]


def test_an_unknown_profile_in_the_environment_is_reported_plainly(ebs, monkeypatch):
    source = ebs.snapshot()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    out = ebs.run(source, access_key=..., secret_key=...)
    assert out.failed and "Unexpected" not in out["msg"] and "nobody" in out["msg"]


def test_empty_filters_of_the_info_module_are_ignored(ebs):
    ebs.snapshot()
    shown = ebs.info("us-east-1", disk_ids=[], snapshot_ids=[], copies_from=[])
    assert len(shown["disks"]) == len(shown["snapshots"]) == 1


def test_a_lost_answer_to_a_tag_call_for_many_is_one_attempt(ebs):
    sources = ebs.create_copied_snapshots(20)
    ebs.set_faults({"action": "CreateTags", "fault": "lose_answer", "nth": [1]})
    out = ebs.run(*sources, tags={"team": "dr"})
    assert not out.failed and out["counts"]["updated"] == 20 and ebs.calls["CreateTags"] == 1


def test_a_withdrawal_that_is_refused_leaves_both_and_fails_nothing(ebs):
    source = ebs.snapshot()
    ebs.settings(copy_seconds=60.0, denied=["DeleteSnapshot"])
    rival = ebs.create_our_copy(source, seconds=60)
    ebs.hide(rival, seconds=2)
    ebs.clock.sleep(1.5)
    out = ebs.run(source, wait=True)
    assert not out.failed and len(ebs.copies()) == 2 and ebs.calls["DeleteSnapshot"] == 1
    assert [d["snapshot_id"] for d in out["duplicates"]] == [rival.id] and out["snapshot_id"] != rival.id


# -- as recorded on the real service ---------------------------------------------------------------------


def test_the_hint_about_a_mismatch_names_the_option_that_is_missing(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source)
    given = {"encrypted": True, "wait": True, "create": False}
    hints = [ebs.run(source, replace_mismatched=replace, **given).failure()["hint"] for replace in (False, True)]
    assert "replace_mismatched" in hints[0] and "create: false" in hints[1]


def test_an_ordinary_snapshot_is_no_copy(ebs):
    disk = ebs.disk(**{"dr-copy": "true"})
    source = ebs.snapshot(disk)
    shown = ebs.info("us-east-1", disk_tags={"dr-copy": "*"}, latest=True)["snapshots"]
    assert [(s["snapshot_id"], s["disk_id"], s["source"]) for s in shown] == [(source, disk, None)]


def test_a_snapshot_without_a_time_is_not_the_newest(ebs, monkeypatch):
    """AWS calls the time optional (api-facts: optional-members)."""
    disk, real = ebs.disk(), ec2.shown
    dated, timeless = ebs.snapshot(disk, 2), ebs.snapshot(disk, 1)

    def shown(snapshot, tags):
        return {k: v for k, v in real(snapshot, tags).items() if k != "StartTime" or snapshot.id != timeless}

    monkeypatch.setattr(ec2, "shown", shown)
    newest = ebs.info("us-east-1", disk_ids=[disk], latest=True)["snapshots"]
    assert [(s["snapshot_id"], s["created_at"] is None) for s in newest] == [(dated, False)]


def test_a_copy_that_shows_the_volume_of_its_source_counts_and_is_never_deleted(ebs, monkeypatch):
    """AWS calls the volume ID of a copy arbitrary (api-facts: ebs-copy-mark)."""
    source = ebs.snapshot()
    volume, real = ebs.get(source).volume.id, ec2.shown
    monkeypatch.setattr(ec2, "shown", lambda snapshot, tags: {**real(snapshot, tags), "VolumeId": volume})
    copy_id = ebs.run(source, wait=True)["snapshot_id"]
    again = ebs.run(source, wait=True, tags={"env": "prod"})
    assert again["snapshot_id"] == copy_id and again.copy()["action"] == "updated" and len(ebs.copies()) == 1
    assert not ebs.run(source, wait=True, tags={"env": "prod"})["changed"]
    left = ebs.run(source, state="absent")
    assert left.failed and left["counts"]["deleted"] == 0 and len(ebs.copies()) == 1
    assert "because only its tags show that it is a copy" in left.failure()["message"] and left.failure()["hint"]


@pytest.mark.parametrize("volume", ["vol-ffff", "vol-ffffffff"])
def test_others_copies_in_progress_take_room_whatever_the_length_of_their_volume_id(ebs, monkeypatch, volume):
    ebs.settings(copy_seconds=60.0)
    real = ec2.shown
    monkeypatch.setattr(ec2, "shown", lambda snapshot, tags: {**real(snapshot, tags), "VolumeId": volume})
    for _n in range(2):
        ebs.create_foreign_copy(ebs.snapshot(), seconds=90.0)
    out = ebs.run(*[ebs.snapshot() for _n in range(6)], max_in_flight=4, wait=False, wait_timeout=30)
    assert out["counts"]["created"] == 2


def test_a_pending_copy_shows_no_reason_no_size_and_no_mismatched_key(ebs):
    source = ebs.snapshot()
    ebs.settings(copy_seconds=100.0)
    ebs.run(source, encrypted=True)
    shown = ebs.info("eu-west-1")["snapshots"][0]
    assert (shown["state"], shown["size_gib"], shown["encrypted"]) == ("pending", None, True)
    assert "Metadata" not in ebs.run(source, encrypted=True).text


def test_a_new_copy_whose_key_does_not_show_yet_is_no_duplicate_of_the_misfit(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source, encrypted=True, kms_key_id=KEY.replace("1111", "9999"))
    out = ebs.run(source, encrypted=True, kms_key_id=KEY, replace_mismatched=True)
    assert out.copy()["action"] == "replaced" and out["duplicates"] == [] and "more than one copy" not in out.text


def test_an_alias_that_a_pending_copy_shows_is_no_other_key(ebs):
    source = ebs.snapshot()
    ebs.create_our_copy(source, seconds=100, encrypted=True, kms_key_id=KEY, asked_key="alias/dr")
    out = ebs.run(source, encrypted=True, kms_key_id=KEY, wait=True)
    assert not out.failed and out.copy()["action"] == "adopted"


@pytest.mark.parametrize(
    ("asked", "shown", "differ"),
    [
        (KEY, KEY, False),
        (KEY, KEY.replace("1111", "9999"), True),
        (KEY, "alias/aws/ebs", False),
        (KEY, KEY.replace("key/", "alias/"), False),
        (KEY, None, False),
        ("alias/dr", "alias/dr", False),
        ("alias/dr", "alias/aws/ebs", True),
        ("alias/dr", KEY, False),
        ("11111111-2222-3333-4444-555555555555", KEY.replace("1111", "9999"), False),
    ],
)
def test_keys_differ_only_if_both_have_the_same_form(asked, shown, differ):
    assert keys_differ(asked, shown) is differ


@pytest.mark.parametrize("source", ["invisible", "unfinished"])
def test_an_unusable_source_that_copy_snapshot_accepts_becomes_a_failed_copy(ebs, source):
    made = ebs.snapshot()
    hide = ebs.forget if source == "invisible" else ebs.make_unfinished
    ebs.server.control.script = lambda action, _region: hide(made) if action == "CopySnapshot" else None
    out = ebs.run(made, wait=True)
    words = "Source snapshot is not found" if source == "invisible" else "Source snapshot is not complete"
    assert out.failure()["kind"] == "failed_copy" and words in out["msg"] and "source_region" in out.failure()["hint"]


@pytest.mark.parametrize("what", ["disabled", "invalid", "undescribable"])
def test_a_refused_key_fails_each_copy_without_stopping_the_others(ebs, what):
    sources = [ebs.snapshot() for _n in range(3)]
    ebs.settings(keys_of_kms={"alias/dr": what})
    out = ebs.run(*sources, encrypted=True, kms_key_id="alias/dr", wait=True)
    assert len(out["failures"]) == ebs.calls["CopySnapshot"] == 3 and not ebs.copies()
    kind = "credentials" if what == "undescribable" else "refused"
    assert {f["kind"] for f in out["failures"]} == {kind} and "alias/dr" in out["msg"]
    if what == "undescribable":
        assert "kms:DescribeKey" in out["failures"][0]["hint"]
        assert not any("access_key" in str(f) for f in out["failures"])


def test_an_sdk_that_drops_what_identifies_a_copy_is_refused_before_any_call(ebs, monkeypatch):
    source = ebs.snapshot()
    monkeypatch.setattr(botocore, "__version__", "1.35.99")
    out = ebs.run(source)
    assert out.failed and not ebs.calls and f"must be {LOWEST_SDK} or newer" in out["msg"], out.text
    assert f"boto3>={LOWEST_SDK}" in out["msg"] and "Traceback" not in out.text


def test_refusals_that_differ_only_in_their_blob_are_reported_as_one(ebs):
    sources = [ebs.snapshot() for _n in range(4)]
    ebs.settings(denied=["CopySnapshot"])
    out = ebs.run(*sources)
    words = {f["message"].replace(f["source_snapshot_id"], "it") for f in out["failures"]}
    assert len(out["failures"]) == 4 and len(words) == 1 and "ec2:CopySnapshot" in words.pop()
    hints = {
        re.search(r"decode-authorization-message --encoded-message (\S{60,})$", f["hint"]) for f in out["failures"]
    }
    assert len({hint[1] for hint in hints}) == 4, "each is passed on to whoever may decode it"


@pytest.mark.parametrize(
    "code", ["PendingSnapshotLimitExceeded", "ConcurrentSnapshotLimitExceeded", "RequestThrottled"]
)
def test_a_copy_waits_until_a_limit_allows_it(ebs, code):
    ebs.refuse("CopySnapshot", code, times=3)
    assert not ebs.run(ebs.snapshot(), wait=True).failed and len(ebs.copies()) == 1


def test_tags_that_somebody_else_is_writing_are_set_after_that(ebs):
    source = ebs.snapshot()
    copy = ebs.create_our_copy(source)
    ebs.refuse("CreateTags", "ConcurrentTagAccess", times=2)
    assert not ebs.run(source, tags={"team": "dr"}).failed and ebs.tags_of(copy)["team"] == "dr"


@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "refuse", "code": "InvalidAction"}])
def test_the_account_is_not_needed_where_sts_cannot_be_reached(ebs, fault):
    """An address that serves only EC2 does not know the action."""
    ebs.set_faults({"action": "GetCallerIdentity", **fault})
    disk = ebs.disk(**{"dr-copy": "true"})
    source, shared = ebs.snapshot(disk), ebs.snapshot()
    ebs.get(shared).owner_id = "999999999999"
    ebs.get(shared).create_volume_permission_userids.add("123456789012")
    out = ebs.run(source, shared, copy_tags=True, wait=True)
    assert not out.failed and len(ebs.copies()) == 2 and "sts:GetCallerIdentity" in out.text
    assert "another account" in out.text, "whose the shared one is, is known all the same"
    assert not ebs.run(source)["changed"] and ebs.run(source, state="absent")["counts"]["deleted"] == 1
    assert ebs.info("us-east-1", disk_ids=[disk])["snapshots"][0]["snapshot_id"] == source


# -- what this run does not know yet, and what an earlier one did not know -----------------------------------


def test_a_copy_that_lacks_its_sources_disk_and_time_gets_them_from_the_source(ebs):
    source = ebs.snapshot()
    copy, complete = ebs.create_our_copy(source), ebs.tags_of(ebs.create_our_copy(source))
    ebs.forget(ebs.copies()[1].id, ebs.destination)
    for key in ("dr-copy:source-disk-id", "dr-copy:source-created-at"):
        del copy.ec2_backend.tags[copy.id][key]
    out = ebs.run(source)
    assert out.copy()["action"] == "updated" and ebs.tags_of(copy) == complete == out.copy()["tags"]
    assert not ebs.run(source)["changed"]


def test_a_copy_without_marks_and_source_is_not_changed(ebs):
    source = ebs.snapshot()
    copy = ebs.create_our_copy(source)
    del copy.ec2_backend.tags[copy.id]["dr-copy:source-disk-id"]
    ebs.forget(source)
    out = ebs.run(source)
    assert not out.failed and not out["changed"] and out.copy()["state"] == "completed"


def test_encryption_by_a_regions_default_is_unknown_until_the_copy_shows_it(ebs):
    source = ebs.snapshot()
    ebs.settings(copy_seconds=30.0)
    assert ebs.run(source, check=True).copy()["encrypted"] is None
    assert ebs.run(source).copy()["encrypted"] is None
    assert ebs.run(source, wait=True).copy()["encrypted"] is False
    assert ebs.run(ebs.snapshot(), encrypted=True, check=True).copy()["encrypted"] is True


def test_a_disk_shows_its_instance_and_device(ebs):
    free, used = ebs.disk(**{"dr-copy": "true"}), ebs.disk(**{"dr-copy": "true"})
    volume = ec2_backends[ACCOUNT][ebs.source].volumes[used]
    volume.attachment = SimpleNamespace(
        instance=SimpleNamespace(id="i-0cc11dd22ee33ff44"), device="/dev/sdf", volume=volume, status="attached"
    )
    disks = {disk["disk_id"]: disk for disk in ebs.info(ebs.source, disk_tags={"dr-copy": "true"})["disks"]}
    assert [(disks[i]["attached_to"], disks[i]["device"]) for i in (free, used)] == [
        (None, None),
        ("i-0cc11dd22ee33ff44", "/dev/sdf"),
    ]


@pytest.mark.parametrize("under_way", [0, 1])
def test_many_snapshots_of_one_disk_leave_room_for_other_disks(ebs, under_way):
    """AWS makes the copies of one disk one after the other: several at once only take up room."""
    disks = [ebs.disk() for _n in range(4)]
    many = [ebs.snapshot(disks[0], age_hours=9 - n) for n in range(6)]
    others = [ebs.snapshot(disk) for disk in disks[1:]]
    ebs.settings(copy_seconds=100.0)
    for source in many[:under_way]:
        ebs.create_our_copy(source, seconds=100.0)
    out = ebs.run(*many, *others, wait=True, max_in_flight=4, wait_timeout=3600)
    assert not out.failed, out.text
    began = [(round(copy._started), ebs.get(copy.source_id).volume.id) for copy in ebs.copies()]
    first = min(at for at, _disk in began)
    assert {disk for at, disk in began if at - first < 50} == {*disks}, "each disk has one of the first four"
    starts = {copy.source_id: copy._started for copy in ebs.copies()}
    of_one = [round(starts[source]) for source in many]
    assert of_one == sorted(of_one), "older ones first, so that each is incremental"


# -- archived copies -------------------------------------------------------------------------------------


def archived_and_restorable(ebs, **facts):
    """Return two of our copies of one source, the older one archived, unless ``facts`` say otherwise."""
    source = ebs.snapshot()
    older = ebs.create_our_copy(source)
    ebs.clock.sleep(60)
    return source, older, ebs.create_our_copy(source, **facts)


def test_a_duplicate_is_kept_if_its_survivor_is_archived(ebs):
    source, archived, restorable = archived_and_restorable(ebs)
    archived.storage_tier = "archive"
    out = ebs.run(source, remove_duplicates=True, wait=True)
    assert not out.failed and {copy.id for copy in ebs.copies()} == {archived.id, restorable.id}
    restorable.storage_tier = "archive"
    ebs.run(source, remove_duplicates=True, wait=True)
    assert {copy.id for copy in ebs.copies()} == {archived.id}, "both take hours"


def test_a_misfit_is_kept_if_what_replaces_it_is_archived(ebs):
    source, plain, encrypted = archived_and_restorable(ebs, encrypted=True)
    encrypted.storage_tier = "archive"
    options = {"encrypted": True, "replace_mismatched": True, "wait": True}
    assert not ebs.run(source, **options).failed and {c.id for c in ebs.copies()} == {plain.id, encrypted.id}
    encrypted.storage_tier = "standard"
    assert not ebs.run(source, **options).failed and {c.id for c in ebs.copies()} == {encrypted.id}


def test_a_survivor_that_was_archived_is_none(ebs):
    """Somebody archives it between the listing of the role and the deletion."""
    source, older, newer = archived_and_restorable(ebs)
    newer.storage_tier = "archive"
    given = {"state": "absent", "copy_ids": [older.id], "survivors": {older.id: newer.id}}
    out = ebs.run(source, **given)
    assert out.failed and newer.id in out["msg"] and "is archived" in out["msg"] and len(ebs.copies()) == 2
    older.storage_tier = "archive"
    assert not ebs.run(source, **given).failed and [copy.id for copy in ebs.copies()] == [newer.id]


def test_botocore_has_the_attributes_that_the_adapter_sets():
    """They are not public (api-facts: ebs-sdk-internals). The loader is shared, so that EC2's model is read once."""
    assert botocore.session.create_loader(None) is botocore.session.create_loader(None)
    made = botocore.session.Session().create_client(
        "ec2", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert hasattr(made._request_signer, "_credentials")
    assert callable(made._endpoint._response_parser_factory.set_parser_defaults)
