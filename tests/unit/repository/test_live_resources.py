# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a live run writes and deletes, and the calls with which the simulated clouds create disks."""

from __future__ import annotations

import importlib
import json

import pytest
from tencentcloud.cbs.v20170312 import models

from tests.clouds import CLOUDS
from tests.live.clean import Unmarked, _request_deletion
from tests.live.mark import Mark, Thing
from tests.live.probes import NO_RUN, PROBES, answers_of_run, list_facts, probes_on, unverified_facts
from tests.live.results import Results
from tests.live.sanitize import Sanitizer
from tests.simulator.alibaba.ecs import Ecs
from tests.simulator.alibaba.ecs_disks import EcsDisks
from tests.simulator.alibaba.ens import Ens
from tests.simulator.alibaba.ens_disks import EnsDisks
from tests.simulator.tencent.cbs import Cbs
from tests.simulator.tencent.cbs_disks import CbsDisks

ACCOUNT, UIN = "123456789012", "100000000001"


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        (f"User: arn:aws:iam::{ACCOUNT}:user/alice is not authorized", ("alice", ACCOUNT)),
        (f"on resource: arn:aws:kms:eu-west-1:{ACCOUNT}:key/0aa1", (ACCOUNT,)),
        (f"qcs::cam::uin/{UIN}:uin/{UIN} and qcs::cvm:ap-beijing:uin/{UIN}:snapshot/snap-1", (UIN,)),
        ("acs:ram::1234567890123456:user/alice, or 1234567890123456 alone", ("alice", "1234567890123456")),
        (
            "key AKIAIOSFODNN7EXAMPLE or LTAI5tABCDEFGHIJKLMNOPQR or AKIDz8krbsJ5yKBZQpn74WFkmLPx3",
            ("AKIA", "LTAI", "AKID"),
        ),
        ("https://ecs/?AccessKeyId=abc&Signature=x%2Fy%3D&SecurityToken=CAIS", ("abc", "x%2Fy", "CAIS")),
        ("ask alice@example.com; Encoded authorization failure message: qwErTy-1", ("alice", "qwErTy")),
        ("my own secret is hunter2-hunter2", ("hunter2",)),
    ],
)
def test_no_account_key_or_name_is_written(given, hidden):
    sanitizer = Sanitizer({"AWS_SECRET_ACCESS_KEY": "hunter2-hunter2", "AWS_REGION": "us-east-1"})
    written = sanitizer.text(given)
    assert not [word for word in hidden if word in written]
    harmless = "snap-0aa11bb22cc33dd44 in us-east-1 at 0.3 s"
    assert sanitizer.text(harmless) == harmless


def test_a_recorded_answer_keeps_keys_and_types_and_what_the_service_does(tmp_path):
    results = Results(tmp_path, Sanitizer({}), show=lambda line: None)
    answer = {
        "SnapshotId": "snap-0aa11bb22cc33dd44",
        "VolumeId": "vol-ffffffff",
        "OwnerId": ACCOUNT,
        "State": "pending",
        "Progress": "0%",
        "VolumeSize": 1,
        "Encrypted": False,
        "KmsKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0aa1",
        "ProjectId": 1159375,
        "Description": "",
        "Tags": [{"Key": "dr-copy-live", "Value": "0123456789"}, {"Key": "team", "Value": "alice"}],
        "StartTime": "2026-11-22T10:51:18+00:00",
        "Images": None,
    }
    results.record_answer("copy_pending", "DescribeSnapshots", "snapshot", answer, ours={"dr-copy-live", "0123456789"})
    results.write("ebs")
    item = json.loads((tmp_path / "recorded" / "copy_pending.json").read_text())
    shown = item["snapshot"]
    assert [type(value) for value in shown.values()] == [type(value) for value in answer.values()]
    kept = {"State", "Progress", "VolumeSize", "Encrypted", "Description", "StartTime", "Images", "VolumeId"}
    assert {key for key in answer if shown[key] == answer[key]} == kept
    assert shown["Tags"] == [
        {"Key": "dr-copy-live", "Value": "0123456789"},
        {"Key": "<replaced>", "Value": "<replaced>"},
    ]
    assert shown["SnapshotId"].startswith("snap-") and len(shown["SnapshotId"]) == len(answer["SnapshotId"])
    assert item["source"]["kind"] == "recorded" and item["call"] == "DescribeSnapshots"


def test_a_run_mark_is_recognized_exactly():
    mark = Mark("0123456789")
    assert Thing("disk", "r", "d-1", tags=mark.tags).run == mark.run
    assert Thing("snapshot", "r", "s-1", f"{mark.name} [snap-1]", named=True).run == mark.run
    for name in ("dr-copy-live", "dr-copy-live-mine", "dr-copy-live-0123456789abc", f"my {mark.name}"):
        assert Thing("snapshot", "r", "s-1", name, named=True).run is None, name
    assert Thing("snapshot", "r", "s-1", mark.name, {"dr-copy-live": "mine"}).run is None
    with pytest.raises(Unmarked):
        _request_deletion(None, Thing("disk", "r", "d-1", "dr-copy-live", {"dr-copy-live": ""}), None)
    attached = Thing("disk", "r", "d-1", tags=mark.tags, attached_to="i-1")
    assert "left" in _request_deletion(None, attached, None)


@pytest.mark.parametrize(
    ("made", "plain", "package"),
    [
        (EcsDisks, Ecs, "aliyunsdkecs.request.v20140526"),
        (EnsDisks, Ens, "aliyunsdkens.request.v20171110"),
    ],
)
def test_the_simulated_calls_have_the_parameters_of_alibabas_sdk(made, plain, package):
    for action in made.parameters.keys() - plain.parameters.keys():
        request = getattr(importlib.import_module(f"{package}.{action}Request"), f"{action}Request")
        setters = {name.removeprefix("set_") for name in dir(request) if name.startswith("set_")}
        # The setter of a list has a plural name.
        known = {name.removesuffix(".N") + "s" * name.endswith(".N") for name in made.parameters[action]}
        # The SDK lacks a setter for the billing cycle of an ENS disk (api-facts: ens-billing-cycle).
        assert known - setters <= {"InstanceBillingCycle"}, action


def test_the_simulated_calls_have_the_parameters_of_tencents_sdk():
    for action in CbsDisks.actions.keys() - Cbs.actions.keys():
        known = {name.removeprefix("_") for name in vars(getattr(models, f"{action}Request")())}
        assert set(CbsDisks.actions[action][2]) <= known, action


def test_each_unverified_fact_has_a_probe_or_a_reason_why_no_run_settles_it():
    facts = set(unverified_facts())
    missing = sorted(facts - PROBES.keys() - NO_RUN.keys())
    assert not missing, (
        f"Unverified in docs/development/api-facts.md: {', '.join(missing)}. Add a line for each to PROBES in "
        "tests/live/probes.py (what a run sees of it, on which clouds), or to NO_RUN there (why no run verifies it)."
    )
    known = sorted((PROBES.keys() | NO_RUN.keys()) - facts)
    assert not known, f"No longer unverified: {', '.join(known)}. Take the line out of tests/live/probes.py."
    assert not PROBES.keys() & NO_RUN.keys()
    assert all(probe.subjects and set(probe.clouds) <= set(CLOUDS) for probe in PROBES.values())


def test_the_list_of_facts_names_each_with_its_clouds():
    lines = list_facts()
    for fact in unverified_facts():
        (line,) = [line for line in lines if line.startswith(f"  {fact} (")]
        clouds = [cloud for cloud in CLOUDS if fact in probes_on(cloud)]
        assert f"({', '.join(clouds) or 'no run'})" in line
        for cloud in clouds:
            assert any(line.startswith(f"make live CLOUD={cloud} verifies: ") and fact in line for line in lines)


def test_an_unverified_fact_is_answered_by_what_a_run_saw_or_is_open():
    seen = answers_of_run(
        "ens", [("lag until a copy shows", "nowhere documented", "0.3 s"), ("a page of 50", "", "taken")]
    )
    assert seen["read-lag"] == "lag until a copy shows: 0.3 s"
    assert seen["page-gaps"] == "no answer in this run" and "ecs-source-disk" not in seen
