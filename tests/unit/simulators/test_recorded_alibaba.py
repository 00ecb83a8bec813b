# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real answers of ECS and ENS: the parsers accept them, the simulators match them, and requests fit the SDK."""

from __future__ import annotations

import importlib
import json

import pytest
from aliyunsdkcore.client import AcsClient
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba import ecs_answers, ens_answers
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens import EnsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import CopyError
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import Evidence, Provenance

from tests.recorded import recorded, shape
from tests.simulator.alibaba.ecs import Ecs
from tests.simulator.alibaba.ens import Ens
from tests.simulator.alibaba.service import SYSTEM
from tests.support.estates import service_of

CLOUDS = {"ecs": (EcsCloud, Ecs), "ens": (EnsCloud, Ens)}


@pytest.fixture
def estate(request, cloud):
    return request.getfixturevalue(cloud)


def items(part):
    return [(cloud, name) for cloud in CLOUDS for name in recorded(cloud, part)]


# -- parsers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cloud", "name"), items("snapshot"))
def test_a_recorded_snapshot_is_understood(cloud, name):
    item = recorded(cloud)[name]
    shown, becomes = item["snapshot"], dict(item["becomes"])
    made = (
        ecs_answers.snapshot_of(shown, shown.get("RegionId", ""))
        if cloud == "ecs"
        else ens_answers.snapshot_of(shown, "")
    )
    if becomes.get("source"):
        becomes["source"] = Provenance(**becomes["source"])
    if "evidence" in becomes:
        becomes["evidence"] = Evidence[becomes["evidence"]]
    for field, value in becomes.items():
        assert getattr(made, field) == value, (field, item.get("note"))
    assert made.created_at and made.created_at.tzinfo and made.name == shown["SnapshotName"]


@pytest.mark.parametrize(("cloud", "name"), items("disk"))
def test_a_recorded_disk_is_understood(cloud, name):
    item = recorded(cloud)[name]
    answers = ecs_answers if cloud == "ecs" else ens_answers
    made = answers.disk_of(item["disk"], item["becomes"].get("region", ""))
    for field, value in item["becomes"].items():
        assert getattr(made, field) == value, (field, item.get("note"))


@pytest.mark.parametrize(("cloud", "name"), items("error"))
def test_a_recorded_error_has_the_expected_class(estate, cloud, name):
    item = recorded(cloud)[name]
    answer, becomes = item["error"], item["becomes"]
    estate.set_faults({"action": item["call"], "fault": "refuse", **answer})
    service = service_of(estate)
    with pytest.raises(CopyError) as failed:
        service.write(item["call"], "cn-hangzhou", "Trying")
    error = failed.value
    assert (error.kind, type(error).__name__) == (becomes["kind"], becomes["class"]), item.get("note")
    assert error.code == answer["code"] and error.request_id
    assert becomes.get("hint", "") in (error.hint or "")
    if "without" in becomes:
        assert becomes["without"] not in error.message
    else:
        assert answer["message"] in error.message


# -- the simulators --------------------------------------------------------------------------------------


def in_the_phase_of(name, estate):
    """Create a snapshot on a simulator like the recorded one of this name, and return it."""
    source = estate.snapshot(k="v")
    if name == "ordinary":
        estate.get(source).retention_days = 30
        return estate.get(source)
    estate.get(source).encrypted = "encrypted" in name
    copy = estate.create_our_copy(source, seconds=0 if "completed" in name or "encrypted" in name else 100)
    if "failed" in name:
        copy.failure = "no"
        estate.clock.sleep(200)
    if "deleting" in name:
        copy.forced_state = "deleting"
    return copy


def shown_by(estate, snapshot):
    """Read a snapshot over HTTP, unparsed."""
    service = service_of(estate)
    if estate.adapter is EcsCloud:
        answer = service.read("DescribeSnapshots", snapshot.region, "Trying", SnapshotIds=[snapshot.id])
        return answer["Snapshots"]["Snapshot"][0]
    return service.read("DescribeSnapshots", "cn-hangzhou", "Trying", SnapshotId=snapshot.id)["Snapshots"][0]


def types_of(facts):
    """Return keys and types; for a nested list only that it is one, because it may be empty."""
    return {
        key: dict.fromkeys(value, "list") if isinstance(value, dict) else shape(value) for key, value in facts.items()
    }


def check_match(shown, cloud, name, part):
    """Check that each key and type of the recording is there, and nothing that no recording has."""
    item, everything = recorded(cloud)[name][part], {}
    for other in recorded(cloud, part).values():
        everything.update(types_of(other[part]))
    made = types_of(shown)
    assert {key: made.get(key) for key in item} == types_of(item)
    assert made.items() <= everything.items(), set(made) - set(everything)
    if "Tags" in item:
        tags, wanted = (next(iter(facts["Tags"].values())) for facts in (shown, item))
        assert tags and (not wanted or set(tags[0]) == set(wanted[0]))


#: The documentation writes the answers of ENS in two ways; the simulator uses one.
SHOWN = [row for row in items("snapshot") if row != ("ens", "copy-completed-capital")]


@pytest.mark.parametrize(("cloud", "name"), SHOWN)
def test_the_simulator_shows_a_snapshot_as_the_service_does(estate, cloud, name):
    shown = shown_by(estate, in_the_phase_of(name, estate))
    wanted = recorded(cloud)[name]["snapshot"]
    check_match(shown, cloud, name, "snapshot")
    assert shown["Status"] == wanted["Status"]
    for key in ("SourceSnapshotId", "SourceRegionId", "SourceEnsRegionId"):
        assert bool(shown.get(key)) == bool(wanted.get(key)), key
    if name == "copy-encrypted-service-key":
        assert not shown["KMSKeyId"]


@pytest.mark.parametrize(("cloud", "name"), items("disk"))
def test_the_simulator_shows_a_disk_as_the_service_does(estate, cloud, name):
    disk_id = estate.disk(env="prod")
    wanted = recorded(cloud)[name]["disk"]
    estate.server.account.disks[estate.source][disk_id].attached_to = wanted["InstanceId"]
    service = service_of(estate)
    answer = service.read("DescribeDisks", estate.source if cloud == "ecs" else "cn-hangzhou", "Trying")
    shown = answer["Disks"]["Disk" if cloud == "ecs" else "Disks"][0]
    check_match(shown, cloud, name, "disk")
    assert (shown["Status"], shown["InstanceId"]) == (wanted["Status"], wanted["InstanceId"])


def test_errors_have_the_form_of_the_services(ecs):
    ecs.set_faults({"action": "DescribeSnapshots", "fault": "throttle"})
    bodies = []
    answer = ecs.server._error

    def noting(code, message, status):
        made = answer(code, message, status)
        bodies.append(json.loads(made.get_data()))
        return made

    ecs.server.app._error = noting
    ecs.run(ecs.snapshot(), wait_timeout=1)
    ecs.server.app._error = answer
    assert set(bodies[0]) == {"RequestId", "HostId", "Code", "Message", "Recommend"}


# -- requests --------------------------------------------------------------------------------------------

#: Parameters without a setter in the request classes, and why they are sent nevertheless.
WITHOUT_SETTER = {
    "RegionId",  # the client adds it
    "InstanceBillingCycle",  # newer than the class (api-facts: ens-billing-cycle)
}


def setter_of(parameter):
    """Return the name of the setter of a parameter: lists are set as a whole, with a plural name."""
    first, *rest = parameter.split(".")
    return f"set_{first}s" if rest else f"set_{first}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_simulator_takes_what_the_request_classes_have(cloud):
    package = {"ecs": "aliyunsdkecs.request.v20140526", "ens": "aliyunsdkens.request.v20171110"}[cloud]
    for action, parameters in CLOUDS[cloud][1].parameters.items():
        kind = getattr(importlib.import_module(f"{package}.{action}Request"), f"{action}Request")
        for parameter in parameters - WITHOUT_SETTER:
            assert hasattr(kind, setter_of(parameter)), (action, parameter)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_request_is_one_that_its_class_knows(estate, cloud, monkeypatch):
    sent = []
    send = AcsClient.do_action_with_exception

    def noting(client, request):
        sent.append((request, dict(request.get_query_params())))
        return send(client, request)

    monkeypatch.setattr(AcsClient, "do_action_with_exception", noting)
    disk = estate.disk(**{"dr-copy": "true"})
    source = estate.snapshot(disk)
    own = {"encrypted": True, "kms_key_id": "k-1", "retention_days": 3, "tags": {"a": "b"}, "copy_tags": True}
    billing = {"instance_billing_cycle": "Day"}
    assert not estate.run(source, wait=True, **(own if cloud == "ecs" else billing)).failed
    if cloud == "ecs":
        assert not estate.run(source, tags={"c": "d"}, purge_tags=True).failed
        assert not estate.run(estate.snapshot(), wait=True, lock_days=1).failed
        estate.snapshot()
        assert not estate.info(estate.source, sets=True).failed
    assert not estate.info(estate.source, disk_tags={"dr-copy": "*"}).failed
    assert not estate.info(estate.source, disk_ids=[disk]).failed
    assert not estate.run(source, state="absent", wait=True).failed
    actions = {request.get_action_name() for request, _given in sent}
    assert actions == set(CLOUDS[cloud][1].parameters), "and nothing else is simulated"
    for request, given in sent:
        for parameter in set(given) - SYSTEM - WITHOUT_SETTER:
            assert hasattr(request, setter_of(parameter)), (request.get_action_name(), parameter)
