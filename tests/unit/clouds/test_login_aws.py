# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role that the modules for AWS assume."""

from __future__ import annotations

import pytest

from tests.support.harness import run_module

ROLE = "arn:aws:iam::123456789012:role/copies"


def test_a_role_is_assumed_with_its_external_id(ebs):
    ebs.settings(roles={ROLE: {"external_id": "ours"}})
    source = ebs.snapshot(ebs.disk(**{"dr-copy": "true"}))
    role = {"assume_role_arn": ROLE, "assume_role_external_id": "ours", "assume_role_session_name": "nightly"}
    out = ebs.run(source, wait=True, **role)
    assert not out.failed and out["api_calls"]["AssumeRole"] == ebs.calls["AssumeRole"] == 1
    assert ebs.info("us-east-1", disk_tags={"dr-copy": "*"}, **role)["snapshots"]
    given = {"snapshot_ids": [source], "account_id": "210987654321", "region": "us-east-1", **ebs.connection(), **role}
    assert run_module("ebs_snapshot_share", given, ebs.clock)["changed"]


def test_a_role_of_another_account_copies_to_that_account(ebs):
    role = ROLE.replace("123456789012", "210987654321")
    ebs.settings(roles={role: {}})
    source = ebs.snapshot()
    ebs.get(source).create_volume_permission_userids.add("210987654321")
    out = ebs.run(source, assume_role_arn=role, copy_tags=True, wait=True)
    assert not out.failed and not ebs.copies() and "another account" in out.text
    assert not ebs.run(source, assume_role_arn=role)["changed"]


@pytest.mark.slow
def test_a_session_that_ends_in_the_middle_of_a_wait_is_renewed(ebs):
    ebs.settings(roles={ROLE: {}}, session_seconds=3600.0, copy_seconds=9000.0)
    out = ebs.run(ebs.snapshot(), assume_role_arn=ROLE, wait=True, wait_timeout=12000)
    assert not out.failed and out.copy()["state"] == "completed"
    assert 3 <= ebs.calls["AssumeRole"] <= 5, "each hour, and not at each call"


@pytest.mark.slow
def test_a_renewal_that_fails_for_a_moment_harms_nothing(ebs):
    ebs.settings(roles={ROLE: {}}, session_seconds=3600.0, copy_seconds=9000.0)
    ebs.set_faults({"action": "AssumeRole", "fault": "drop", "nth": [2, 3, 4]})
    out = ebs.run(ebs.snapshot(), assume_role_arn=ROLE, wait=True, wait_timeout=12000, **ebs.quick_reads)
    assert not out.failed and out.copy()["state"] == "completed" and len(ebs.copies()) == 1


@pytest.mark.parametrize("external_id", [None, "theirs"])
def test_a_role_that_may_not_be_assumed_is_reported_in_the_words_of_aws(ebs, external_id):
    ebs.settings(roles={ROLE: {"external_id": "ours"}})
    source = ebs.snapshot()
    out = ebs.run(source, assume_role_arn=ROLE, assume_role_external_id=external_id)
    failure = out.failure()
    assert failure["kind"] == "credentials" and failure["code"] == "AccessDenied" and ROLE in failure["message"]
    assert "not authorized to perform: sts:AssumeRole" in failure["message"] and "external ID" in failure["hint"]
    assert not ebs.copies() and not ebs.calls["CopySnapshot"]


def test_no_role_is_assumed_without_base_credentials(ebs):
    out = ebs.run(ebs.snapshot(), assume_role_arn=ROLE, access_key=..., secret_key=...)
    assert out.failed and out["failures"][0]["kind"] == "credentials" and "Unexpected" not in out.text


def test_an_empty_role_is_none(ebs):
    out = ebs.run(ebs.snapshot(), assume_role_arn="", assume_role_external_id="", assume_role_session_name="")
    assert not out.failed and not ebs.calls["AssumeRole"]


@pytest.mark.parametrize("name", ["access_key", "secret_key", "session_token"])
def test_a_line_break_in_a_key_is_named_and_not_called_a_network_problem(ebs, name):
    out = ebs.run(ebs.snapshot(), **{**ebs.connection(), name: "secretvalue123\n"})
    failure = out.failure()
    assert failure["kind"] == "credentials" and f"The {name} set by" in failure["message"] and failure["hint"]
    assert "secretvalue123" not in out.text and not ebs.calls["DescribeSnapshots"]
