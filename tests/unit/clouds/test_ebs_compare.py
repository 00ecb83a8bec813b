# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks of copies compared with those of their sources, through the EBS direct APIs."""

from __future__ import annotations

import json

import pytest

from tests.support.harness import run_module

#: The simulated snapshots have this many written blocks of 512 KiB, every third one up to this index.
FEW = {"blocks_up_to": 30}
WRITTEN = range(0, 30, 3)


@pytest.fixture
def cloud(ebs_disks):
    ebs_disks.settings(**FEW)
    return ebs_disks


def pair(cloud):
    source = cloud.snapshot()
    return source, cloud.create_our_copy(source).id


def compared(cloud, *pairs, **options):
    copies = [
        {"snapshot_id": copy, "source_snapshot_id": source, "source_region": cloud.source} for source, copy in pairs
    ]
    given = {"copies": copies, "region": cloud.destination, **cloud.connection(), **cloud.quick_reads, **options}
    return run_module("ebs_snapshot_compare", given, cloud.clock)


def row_of(out):
    (row,) = out["comparisons"]
    return row


def test_a_copy_has_the_blocks_of_its_source(cloud):
    source, copy = pair(cloud)
    out = compared(cloud, (source, copy), blocks=4)
    assert not out.failed and not out["changed"], out.text
    row = row_of(out)
    assert (row["snapshot_id"], row["source_snapshot_id"]) == (copy, source)
    assert (row["blocks"], row["compared"], row["note"], row["error"]) == (4, True, None, None)
    assert out["api_calls"] == {"GetSnapshotBlock": 8, "ListSnapshotBlocks": 3}
    everything = row_of(compared(cloud, (source, copy), blocks=1000))
    assert everything["blocks"] == len(WRITTEN), "each block once"


def test_a_block_that_differs_fails_and_is_named(cloud):
    good, (source, copy) = pair(cloud), pair(cloud)
    cloud.settings(broken_blocks={copy: [12]})
    out = compared(cloud, good, (source, copy), blocks=10)
    failure = out.failure()
    assert out.failed and failure["kind"] == "mismatch" and failure["hint"], out.text
    assert (failure["snapshot_id"], failure["source_snapshot_id"]) == (copy, source)
    assert f"{copy} in eu-west-1 differs in the block 12 from its source {source} in us-east-1" in out["msg"]
    assert [row["compared"] for row in out["comparisons"]] == [True, None]
    assert out["comparisons"][1]["error"] == failure


@pytest.mark.parametrize(("of_the_copy", "words"), [(True, "lacks the block 21"), (False, "has the block 21")])
def test_a_block_that_one_of_both_lacks_fails_and_is_named(cloud, of_the_copy, words):
    source, copy = pair(cloud)
    cloud.settings(missing_blocks={copy if of_the_copy else source: [21, 24]})
    out = compared(cloud, (source, copy), blocks=1)
    assert out.failure()["kind"] == "mismatch" and words in out["msg"]


def test_only_blocks_that_both_listings_show_are_compared(cloud, monkeypatch):
    """Pages may be of different lengths, so one listing may go further than the other (api-facts: ebs-blocks)."""
    comparing = "ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_comparing"
    monkeypatch.setattr(f"{comparing}.PAGE", 100)
    source, copy = pair(cloud)
    cloud.settings(blocks_up_to=1200, block_page_sizes={copy: 99}, broken_blocks={copy: list(range(1200))})
    for _n in range(12):
        out = compared(cloud, (source, copy), blocks=1)
        assert out.failed and out.failure()["kind"] == "mismatch", out.text


@pytest.mark.slow
def test_random_windows_of_a_large_snapshot_are_compared(cloud, monkeypatch):
    comparing = "ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_comparing"
    cloud.settings(blocks_up_to=16384)
    monkeypatch.setattr(f"{comparing}.PAGE", 200)
    source, copy = pair(cloud)
    row = row_of(compared(cloud, (source, copy), blocks=12))
    assert (row["blocks"], row["compared"]) == (12, True)
    cloud.settings(broken_blocks={copy: list(range(16384))})
    assert "differs in the block" in compared(cloud, (source, copy), blocks=1)["msg"]
    cloud.settings(broken_blocks={}, missing_blocks={copy: list(range(8000, 16384))})
    assert "lacks the block" in compared(cloud, (source, copy), blocks=16)["msg"]


def test_a_large_snapshot_with_its_data_in_one_corner_is_read_there(cloud, monkeypatch):
    comparing = "ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_comparing"
    monkeypatch.setattr(f"{comparing}.PAGE", 100)
    cloud.settings(blocks_up_to=600)
    row = row_of(compared(cloud, pair(cloud), blocks=3))
    assert (row["blocks"], row["compared"]) == (3, True)


def test_a_copy_of_a_deleted_source_is_reported_as_not_comparable(cloud):
    source, copy = pair(cloud)
    cloud.forget(source)
    out = compared(cloud, (source, copy))
    row = row_of(out)
    assert not out.failed and (row["blocks"], row["compared"]) == (10, False)
    assert source in row["note"] and "does not exist" in row["note"] and "not compared" in row["note"]
    unknown = {"copies": [{"snapshot_id": copy}], "region": cloud.destination, **cloud.connection()}
    row = row_of(run_module("ebs_snapshot_compare", unknown, cloud.clock))
    assert row["compared"] is False and "its source is unknown" in row["note"]


def test_a_copy_without_a_block_and_without_a_source_proves_nothing(cloud):
    source, copy = pair(cloud)
    cloud.settings(blocks_up_to=0)
    row = row_of(compared(cloud, (source, copy)))
    assert (row["blocks"], row["compared"]) == (0, True) and "nothing was read" in row["note"]
    cloud.forget(source)
    assert "nothing was read" in compared(cloud, (source, copy)).failure()["message"]


def test_a_listing_of_blocks_that_does_not_end_is_a_failure(cloud):
    source, copy = pair(cloud)

    def repeat(action, answer):
        if action == "ListSnapshotBlocks":
            page = {"Blocks": [], "NextToken": "MA==", "VolumeSize": 1, "BlockSize": 524288}
            answer.set_data(json.dumps(page).encode())

    cloud.server.control.trim = repeat
    out = compared(cloud, (source, copy), wait_timeout=60)
    assert out.failure()["kind"] == "connection" and "do not end" in out["msg"]


def test_a_source_that_cannot_be_asked_is_a_failure(cloud):
    source, copy = pair(cloud)
    cloud.set_faults({"action": "ListSnapshotBlocks", "region": cloud.source, "fault": "unavailable"})
    out = compared(cloud, (source, copy), wait_timeout=600)
    assert out.failure()["kind"] == "connection" and source in out["msg"] and row_of(out)["compared"] is None


def test_the_failure_names_the_missing_rights(cloud):
    cloud.settings(denied=["GetSnapshotBlock"])
    out = compared(cloud, pair(cloud))
    assert out.failure()["kind"] == "credentials" and "ebs:GetSnapshotBlock" in out.failure()["hint"]


@pytest.mark.parametrize("of", ["copy", "source"])
@pytest.mark.parametrize("key", ["undescribable", "unusable", "disabled"])
def test_a_key_that_the_caller_may_not_use_is_a_failure_and_never_a_source_that_is_gone(cloud, of, key):
    arn = f"arn:aws:kms:{cloud.destination if of == 'copy' else cloud.source}:123456789012:key/1111"
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source).id
    encrypted = cloud.get(copy, cloud.destination) if of == "copy" else cloud.get(source)
    vars(encrypted).update(encrypted=True, kms_key_id=arn)
    cloud.settings(keys_of_kms={arn: key})
    started = cloud.clock.monotonic()
    out = compared(cloud, (source, copy))
    failure, row = out.failure(), row_of(out)
    assert out.failed and failure["kind"] in ("refused", "credentials") and row["compared"] is None, out.text
    assert "kms:DescribeKey and kms:Decrypt" in failure["hint"] and not row["note"] and row["blocks"] == 0
    assert cloud.clock.monotonic() - started < 10, "waiting helps no key"
    if key == "undescribable":
        assert failure["code"] == "ResourceNotFoundException" and "DEPENDENCY_RESOURCE_NOT_FOUND" in failure["message"]


def test_a_not_found_error_without_a_reason_is_a_refusal(cloud):
    source, copy = pair(cloud)
    fault = {"action": "ListSnapshotBlocks", "region": cloud.source, "fault": "refuse"}
    cloud.set_faults({**fault, "code": "ResourceNotFoundException", "message": "It does not exist.", "status": 404})
    out = compared(cloud, (source, copy))
    assert out.failure()["kind"] == "refused" and row_of(out)["compared"] is None, out.text


def test_a_copy_that_shows_late_is_waited_for_and_one_that_is_gone_is_not_found(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source, seconds=1).id
    cloud.clock.sleep(2)
    cloud.settings(blocks_shown_after=30.0, empty_page_first=True)
    assert row_of(compared(cloud, (source, copy)))["compared"] is True
    gone = compared(cloud, (source, cloud.unknown_id))
    assert gone.failure()["kind"] == "not_found" and cloud.unknown_id in gone["msg"]


@pytest.mark.parametrize("kind", ["throttle", "drop", "unavailable", "lose_answer", "broken_answer"])
def test_faulty_calls_do_not_falsify_the_report(cloud, kind):
    source, copy = pair(cloud)
    cloud.set_faults({"fault": kind, "every": 4})
    out = compared(cloud, (source, copy), blocks=6)
    assert not out.failed and row_of(out)["blocks"] == 6, out.text
    cloud.settings(broken_blocks={copy: list(WRITTEN)})
    again = compared(cloud, (source, copy), blocks=6)
    assert again.failure()["kind"] == "mismatch", again.text


def test_bad_input_is_refused_in_one_message_before_any_call(cloud):
    given = {"copies": [{"snapshot_id": "x", "source_region": "nowhere"}], "blocks": 0, "wait_timeout": 0}
    out = run_module("ebs_snapshot_compare", {**given, "region": "eu-west-1", **cloud.connection()}, cloud.clock)
    for word in ("copies.snapshot_id", "copies.source_region", "blocks", "wait_timeout"):
        assert word in out["msg"]
    assert out.failed and not cloud.calls
    assert not compared(cloud)["comparisons"]
