# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CBS as recorded and documented: the parsers, the errors, the simulator and every request are compared with it.

Nobody has recorded an error of a copy: the messages of documented ones are those of the documentation.
"""

from __future__ import annotations

import importlib
import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.paging import items_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_answers import (
    disk_of,
    snapshot_of,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.errors import failure
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from tests.recorded import recorded
from tests.support.tencent_requests import call

SNAPSHOTS, DISKS = recorded("cbs", "snapshot"), recorded("cbs", "disk")
ERRORS, ANSWERS = recorded("cbs", "error"), recorded("cbs", "answer")
MODELS = {"cbs": "v20170312", "tag": "v20180813", "sts": "v20180813"}


def sdk(service):
    return importlib.import_module(f"tencentcloud.{service}.{MODELS[service]}.models")


# -- parsers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_snapshot_of_an_answer_is_converted(name):
    item = SNAPSHOTS[name]
    snapshot = snapshot_of(item["snapshot"], "ap-beijing")
    source = snapshot.source and {"snapshot_id": snapshot.source.snapshot_id, "region": snapshot.source.region}
    facts = {
        **vars(snapshot),
        "state": snapshot.state.value,
        "created_at": iso_utc(snapshot.created_at),
        "expires_at": iso_utc(snapshot.expires_at),
        "traits": list(snapshot.traits),
        "source": source,
        "ours": snapshot.ours,
    }
    assert {key: facts[key] for key in item["becomes"]} == item["becomes"]


@pytest.mark.parametrize("name", DISKS)
def test_a_disk_of_an_answer_is_converted(name):
    disk = disk_of(DISKS[name]["disk"], "ap-singapore")
    assert {key: vars(disk)[key] for key in DISKS[name]["becomes"]} == DISKS[name]["becomes"]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_becomes_its_class(name):
    error = ERRORS[name]["error"]
    made = failure(error["code"], error["message"], "Trying", "the-request")
    assert (made.kind, type(made).__name__) == (ERRORS[name]["becomes"]["kind"], ERRORS[name]["becomes"]["class"])
    assert made.code == error["code"] and made.request_id == "the-request"
    # CBS begins messages with the end of the request ID, which would make equal failures differ.
    assert made.message == "Trying: " + re.sub(r"^\(\w{12}\)", "", error["message"])


@pytest.mark.parametrize(
    "name", ["no_payment_right", "not_certified", "no_copying", "operation_not_supported", "resource_not_supported"]
)
def test_an_error_that_no_cam_permission_solves_has_a_hint_without_cam(name):
    error = ERRORS[f"error_{name}"]["error"]
    hint = failure(error["code"], error["message"], "Trying", None).hint
    assert hint and "CAM" not in hint


def test_the_right_to_pay_is_named_by_its_preset_policy():
    error = ERRORS["error_no_payment_right"]["error"]
    assert "QcloudCVMFinanceAccess" in failure(error["code"], error["message"], "Trying", None).hint


def test_a_listing_beyond_its_end_is_empty():
    assert items_of(ANSWERS["listing_beyond_its_end"]["answer"], "DiskSet", activity="Listing") == []


# -- the simulator -----------------------------------------------------------------------------------------


def simulated(cbs):
    """Create a snapshot of each phase and kind; return what the simulator shows, by the names of the recordings."""
    settings = {
        "copy_in_progress": {"started": cbs.clock.monotonic() - 40, "duration": 100.0},
        "copy_being_checked": {"started": cbs.clock.monotonic() - 95, "duration": 100.0},
        "copy_in_recycle_bin": {"forced_state": "recycled"},
        "snapshot_being_made": {"started": cbs.clock.monotonic() - 50, "duration": 100.0},
        "snapshot_of_system_disk": {"usage": "SYSTEM_DISK"},
        "snapshot_encrypted": {"encrypted": True},
        "snapshot_shared": {"shared": True},
        "snapshot_locked": {"locked": True},
        "snapshot_instant": {"mode": "INSTANT_SNAPSHOT"},
        "snapshot_with_deadline": {"deadline": cbs.clock.utc()},
    }
    # The simulator serves one edition, and never rolls a disk back.
    names = set(SNAPSHOTS) - {"snapshot_null_deadline", "snapshot_rolling_back"}
    shown = {}
    for name in names:
        made = (
            cbs.create_foreign_copy(cbs.snapshot()) if name.startswith("copy") else cbs.get(cbs.snapshot(), cbs.source)
        )
        vars(made).update(settings.get(name, {}))
        shown[name] = call(cbs, "DescribeSnapshots", made.region, SnapshotIds=[made.id])["SnapshotSet"][0]
    disk = cbs.disk(team="dr")
    cbs.server.account.disks[cbs.source][disk].attached_to = "ins-cc99dd00"
    shown["disk_attached"] = call(cbs, "DescribeDisks", DiskIds=[disk])["DiskSet"][0]
    shown["disk_unattached"] = call(cbs, "DescribeDisks", DiskIds=[cbs.disk()])["DiskSet"][0]
    return shown


def types_in(item, path=""):
    """Return the type of each key, nested ones too; for lists, of their items."""
    found = {}
    for key, value in item.items():
        found[path + key] = type(value).__name__
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            found |= types_in(inner, f"{path}{key}.")
    return found


def test_the_simulator_shows_each_phase_as_it_is(cbs):
    for name, shown in simulated(cbs).items():
        item = {**SNAPSHOTS, **DISKS}[name]
        becomes, read = item["becomes"], disk_of if name in DISKS else snapshot_of
        facts = vars(read(shown, "ap-beijing"))
        for key in {"state", "provider_state", "is_copy", "owned", "encrypted", "traits", "attached_to"} & set(becomes):
            value = list(facts[key]) if key == "traits" else getattr(facts[key], "value", facts[key])
            assert value == becomes[key], (name, key)


def test_the_simulator_shows_every_key_and_type_of_a_real_answer(cbs):
    items = {name: item.get("snapshot") or item["disk"] for name, item in {**SNAPSHOTS, **DISKS}.items()}
    ever = {}
    for item in items.values():
        for path, kind in types_in(item).items():
            ever.setdefault(path, set()).add(kind)
    for name, shown in simulated(cbs).items():
        real, made = types_in(items[name]), types_in(shown)
        assert set(real) <= set(made), (name, set(real) - set(made))
        is_recorded = {**SNAPSHOTS, **DISKS}[name]["source"]["kind"] == "recorded"
        # Prepaid disks have a deadline; those of the simulator are billed by the hour.
        prepaid = {"DifferDaysOfDeadline"} if name == "disk_unattached" else set()
        for path, kind in real.items():
            allowed = {kind} if is_recorded and path not in prepaid else ever[path]
            assert made[path] in allowed, (name, path, made[path])


def test_the_simulator_shows_nothing_that_real_answers_never_have(cbs):
    known = {
        path for item in recorded("cbs").values() for path in types_in(item.get("snapshot") or item.get("disk") or {})
    }
    for kind in ("Snapshot", "Disk", "Placement", "Tag"):
        prefix = {"Placement": "Placement.", "Tag": "Tags."}.get(kind, "")
        known |= {prefix + key for key in vars(sdk("cbs").__dict__[kind]) if not key.startswith("_")}
    for name, shown in simulated(cbs).items():
        assert set(types_in(shown)) <= known, (name, set(types_in(shown)) - known)


@pytest.mark.parametrize("name", ["copy_call_accepted", "delete_call_accepted", "listing_beyond_its_end"])
def test_the_simulator_answers_calls_as_the_service(cbs, name):
    source = cbs.snapshot()
    given = {
        "CopySnapshotCrossRegions": {"SnapshotId": source, "DestinationRegions": ["ap-beijing"]},
        "DeleteSnapshots": {"SnapshotIds": [source]},
        "DescribeDisks": {"Offset": 20},
    }
    action = ANSWERS[name]["call"]
    assert types_in(call(cbs, action, **given[action])) == types_in(ANSWERS[name]["answer"])


def test_a_listing_of_nothing_is_null(cbs):
    assert call(cbs, "DescribeSnapshots", "ap-tokyo")["SnapshotSet"] is None
    out = cbs.info("ap-tokyo")
    assert not out.failed and out["snapshots"] == out["disks"] == []


def test_the_simulator_begins_its_words_as_cbs(cbs):
    for _n in range(2):
        out = cbs.run(cbs.unknown_id, cbs.snapshot(), destination_regions=["ap-beijing"], state="present")
    assert not re.search(r"\(\w{12}\)", out.text)
    copy = cbs.create_our_copy(cbs.snapshot())
    cbs.settings(in_use=[copy.id])
    assert "An image uses" in cbs.run(copy.source_id, state="absent").failure()["message"]
    assert not re.search(r"\([0-9a-f]{12}\)", cbs.run(copy.source_id, state="absent").text)


# -- requests ----------------------------------------------------------------------------------------------


@pytest.fixture
def requests(cbs, monkeypatch):
    """Return every request that reaches the simulator: service, action, body."""
    seen, parameters = [], cbs.server._parameters

    def noted(action, request):
        given = parameters(action, request)
        seen.append((cbs.server.actions[action][0], action, given))
        return given

    monkeypatch.setattr(cbs.server, "_parameters", noted)
    return seen


def problem(value, wanted):
    """Return what is wrong with a value, by the type that the SDK's model documents."""
    if wanted.startswith("list of "):
        if not isinstance(value, list):
            return f"{value!r} is no list"
        return next(filter(None, (problem(item, wanted[8:]) for item in value)), None)
    kinds = {"str": str, "int": int, "bool": bool}
    if wanted in kinds:
        return None if value.__class__ is kinds[wanted] else f"{value!r} is no {wanted}"
    return None if isinstance(value, dict) else f"{value!r} is no {wanted}"


def held_against(model, given):
    types = dict(re.findall(r":type (\w+): (.+)", model.__init__.__doc__))
    for name, value in given.items():
        assert isinstance(getattr(model, name, None), property), f"{model.__name__} has no {name}"
        assert not problem(value, types[name]), (model.__name__, name, problem(value, types[name]))


def test_every_request_is_one_that_the_sdk_knows(cbs, requests):
    arn = "qcs::cam::uin/100000000001:roleName/dr"
    cbs.settings(roles={arn: {}}, external_ids={arn: "outer"})
    disk = cbs.disk(role="db")
    source = cbs.snapshot(disk, env="prod")
    given = {"tags": {"a": "b"}, "copy_tags": True, "retention_days": 9, "wait": True}
    assert not cbs.run(source, **given).failed
    assert not cbs.run(source, tags={}, purge_tags=True, wait=True).failed
    assert not cbs.run(source, state="absent", wait=True).failed
    assert not cbs.run(source, name="x", assume_role_arn=arn, assume_role_external_id="outer").failed
    assert not cbs.info(cbs.source, disk_tags={"role": "*"}).failed
    assert not cbs.info(cbs.source, disk_tags={"role": "db"}).failed
    assert not cbs.info(cbs.source, disk_ids=[disk]).failed
    assert {action for _service, action, _given in requests} == {
        *("CopySnapshotCrossRegions", "DescribeSnapshots", "DescribeDisks", "DeleteSnapshots"),
        *("ModifySnapshotAttribute", "TagResources", "UnTagResources", "DeleteTags", "AssumeRole"),
    }
    for service, action, body in requests:
        held_against(getattr(sdk(service), f"{action}Request"), body)


def test_times_in_requests_are_iso_8601_with_a_zone(cbs, requests):
    """The official command line gives Deadline the type datetime_iso (TCCLI)."""
    source = cbs.snapshot()
    assert not cbs.run(source, retention_days=9, wait=True).failed
    (given,) = [body for _service, action, body in requests if action == "ModifySnapshotAttribute"]
    assert (
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", given["Deadline"])
        and given["IsPermanent"] is False
    )
    copy = cbs.copies()[0]
    assert iso_utc(copy.deadline) == "2026-11-30T02:00:00Z"


@pytest.mark.parametrize(
    "deadline",
    ["2026-12-24 10:00:00", "2026-12-24T10:00:00", "2026-11-22T01:59:59+00:00", "2026-11-20T02:00:00+00:00", "soon"],
)
def test_the_simulator_refuses_what_is_no_expiry(cbs, deadline):
    copy = cbs.create_our_copy(cbs.snapshot())
    given = {"SnapshotId": copy.id, "IsPermanent": False, "Deadline": deadline}
    assert call(cbs, "ModifySnapshotAttribute", "ap-beijing", **given) == "InvalidParameterValue"
    given["Deadline"] = "2026-11-22T10:00:00+08:00"
    assert "RequestId" in call(cbs, "ModifySnapshotAttribute", "ap-beijing", **given)
    shown = call(cbs, "DescribeSnapshots", "ap-beijing", SnapshotIds=[copy.id])["SnapshotSet"][0]
    assert shown["DeadlineTime"] == "2026-11-22 10:00:00" and shown["IsPermanent"] is False
