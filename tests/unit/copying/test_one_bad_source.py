# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repeated failures do not hold up the rest: a source, a destination, a copy in a shared call.

See promises: all-are-tried.
"""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Ambiguous

from tests.simulator.alibaba import service as alibaba
from tests.simulator.tencent import service as tencent
from tests.unit.contracts.bad_days import clouds, copies_of, for_first_copies_of, ids, inject_error, wrong_rows

LONG_COPY = 600


def refusing(cloud, monkeypatch, method, hits, error):
    """Let a method of the simulated server raise an error in the calls that ``hits`` chooses."""
    real = getattr(cloud.server, method)

    def refuse(*arguments):
        if hits(*arguments):
            raise error
        return real(*arguments)

    monkeypatch.setattr(cloud.server, method, refuse)


def of_snapshot(chosen):
    return lambda given, _region: given["SnapshotId"] in chosen


# -- a source that stays busy ----------------------------------------------------------------------------


@clouds("ecs", "cbs")
def test_a_source_that_is_always_busy_delays_no_other(cloud, monkeypatch):
    """For example while its disk is rolled back to it."""
    disk = cloud.disk()
    busy = [cloud.snapshot(disk, age_hours=50), *(cloud.snapshot() for _n in range(2))]
    others = [cloud.snapshot(disk, age_hours=20), *(cloud.snapshot() for _n in range(8))]
    stay_busy(cloud, monkeypatch, busy)
    out = cloud.run(*busy, *others, wait=True, wait_timeout=900, max_in_flight=4)
    assert [f["kind"] for f in out["failures"]] == ["busy"] * 3 and not wrong_rows(cloud, out)
    assert {f["source_snapshot_id"] for f in out["failures"]} == set(busy)
    assert all(len(copies_of(cloud, source)) == 1 for source in others)
    assert cloud.calls[cloud.copy_action] <= 8 + 2 * 900 / 12  # the pauses grow


def test_a_busy_source_with_an_unknown_disk_delays_no_other(ecs, monkeypatch):
    busy, *others = [ecs.snapshot() for _n in range(6)]
    ecs.get(busy).disk_id = ""
    stay_busy(ecs, monkeypatch, [busy])
    out = ecs.run(busy, *others, wait=True, wait_timeout=120)
    assert all(len(copies_of(ecs, source)) == 1 for source in others)
    assert out.failure()["source_snapshot_id"] == busy


@clouds("ecs", "cbs")
def test_many_busy_sources_delay_the_others_by_seconds_each(cloud, monkeypatch):
    busy, others = [cloud.snapshot() for _n in range(40)], [cloud.snapshot() for _n in range(5)]
    stay_busy(cloud, monkeypatch, busy)
    out = cloud.run(*busy, *others, wait=True, wait_timeout=250)
    assert out["counts"]["completed"] == len(cloud.copies()) == 5 and len(out["failures"]) == 40


def stay_busy(cloud, monkeypatch, sources):
    if hasattr(cloud.server, "CopySnapshot"):
        error = alibaba.ApiError("InvalidOperation.Conflict", "Request was denied due to conflict.", 409)
        refusing(cloud, monkeypatch, "CopySnapshot", of_snapshot(sources), error)
    else:
        error = tencent.ApiError("ResourceInUse", "The resource is in use.")
        refusing(cloud, monkeypatch, "_copy", lambda source, _region, _name: source.id in sources, error)


def test_a_snapshot_that_is_always_busy_delays_no_other_disk(ecs_disks, monkeypatch):
    busy, *others = [ecs_disks.copy() for _n in range(4)]
    error = alibaba.ApiError("InvalidSnapshotId.NotReady", "The specified snapshot has not completed yet.", 403)
    refusing(ecs_disks, monkeypatch, "CreateDisk", of_snapshot([busy]), error)
    out = ecs_disks.restore(busy, *others, wait=True, wait_timeout=120)
    assert out.failure()["snapshot_id"] == busy and out.failure()["kind"] == "busy", out.text
    assert len(ecs_disks.disks()) == len(others)


# -- a source whose answers are always lost --------------------------------------------------------------


@clouds("ebs", "ecs", "ens", "cbs")
def test_a_source_in_doubt_leaves_a_window_of_one_to_others(cloud, monkeypatch):
    sources = [cloud.snapshot(age_hours=9 - n) for n in range(3)]
    inject_error(monkeypatch, cloud.adapter, "begin", Ambiguous("lost"), for_first_copies_of(sources[0], times=10000))
    out = cloud.run(*sources, wait=True, max_in_flight=1, wait_timeout=900)
    assert out.failure()["source_snapshot_id"] == sources[0] and out.failure()["kind"] == "ambiguous", out.text
    assert [len(copies_of(cloud, source)) for source in sources] == [0, 1, 1] and not wrong_rows(cloud, out)


def test_a_source_in_doubt_delays_no_other_of_its_disk(ecs, monkeypatch):
    disk = ecs.disk()
    sources = [ecs.snapshot(disk, age_hours=9 - n) for n in range(3)]
    inject_error(monkeypatch, ecs.adapter, "begin", Ambiguous("lost"), for_first_copies_of(sources[0], times=10000))
    out = ecs.run(*sources, wait=True, wait_timeout=900)
    assert [len(copies_of(ecs, source)) for source in sources] == [0, 1, 1] and not wrong_rows(ecs, out)


# -- a destination ---------------------------------------------------------------------------------------

LOST = {
    "cbs": tencent.ApiError("InternalError", "Internal error."),
    "ens": alibaba.ApiError("ens.interface.error", "!"),
}
COPYING = {
    "cbs": ("CopySnapshotCrossRegions", "DestinationRegions"),
    "ens": ("CopySnapshot", "DestinationRegionIds"),
}


@pytest.mark.parametrize("name", ["ens", "cbs"])
def test_a_destination_whose_calls_are_lost_delays_no_other(name, request, monkeypatch):
    cloud = request.getfixturevalue(name)
    method, key = COPYING[name]
    refusing(cloud, monkeypatch, method, lambda given, _region: cloud.destination in given[key], LOST[name])
    regions = [cloud.other_destination, cloud.destination]
    sources = [cloud.snapshot() for _n in range(3)]
    out = cloud.run(*sources, destination_regions=regions, wait=True, wait_timeout=900)
    assert len(cloud.copies(cloud.other_destination)) == 3 and not cloud.copies()
    assert {f["region"] for f in out["failures"]} == {cloud.destination} and not wrong_rows(cloud, out)


def test_an_order_that_one_node_never_takes_delays_no_other(ens, monkeypatch):
    error = alibaba.ApiError("Order.CreateFailed", "The order could not be created.")
    method, key = COPYING["ens"]
    refusing(ens, monkeypatch, method, lambda given, _region: ens.destination in given[key], error)
    sources = [ens.snapshot() for _n in range(40)]
    regions = [ens.other_destination, ens.destination]
    out = ens.run(*sources, destination_regions=regions, wait=True, wait_timeout=600)
    assert len(ens.copies(ens.other_destination)) == 40 and not ens.copies()
    assert {f["region"] for f in out["failures"]} == {ens.destination}


@pytest.mark.parametrize("first", [True, False], ids=["full one first", "full one last"])
def test_a_full_destination_delays_no_other(cbs, first):
    cbs.settings(quota=4, copy_seconds=5.0)
    for _n in range(4):
        cbs.create_foreign_copy(cbs.snapshot(), seconds=LONG_COPY)
    regions = [cbs.destination, cbs.other_destination][:: 1 if first else -1]
    sources = [cbs.snapshot() for _n in range(25)]
    out = cbs.run(*sources, destination_regions=regions, wait=True, wait_timeout=120)
    assert len(cbs.copies(cbs.other_destination)) == 25
    assert {f["region"] for f in out["failures"]} == {cbs.destination}


# -- one of many in a call -------------------------------------------------------------------------------


def test_a_copy_whose_deletion_is_always_lost_delays_no_other(cbs, monkeypatch):
    sources = [cbs.snapshot() for _n in range(5)]
    bad = [cbs.create_our_copy(source) for source in sources][2]
    error = tencent.ApiError("InternalError.ResourceOpFailed", "The operation failed.")
    refusing(cbs, monkeypatch, "DeleteSnapshots", lambda given, _region: bad.id in given["SnapshotIds"], error)
    out = cbs.run(*sources, state="absent", wait=True, wait_timeout=600)
    assert ids(cbs.copies()) == {bad.id} and out["counts"]["deleted"] == 4
    assert out.failure()["snapshot_id"] == bad.id


def test_a_copy_whose_tags_somebody_keeps_writing_delays_no_other(ebs, monkeypatch):
    sources = [ebs.snapshot() for _n in range(5)]
    copies = [ebs.create_our_copy(source) for source in sources]
    calls = []

    def refusing_one(self, region, snapshot_ids, change, real=ebs.adapter.change_tags):
        calls.append(snapshot_ids)
        if copies[2].id in snapshot_ids:
            ebs.refuse("CreateTags", "ConcurrentTagAccess", times=1)
        return real(self, region, snapshot_ids, change)

    monkeypatch.setattr(ebs.adapter, "change_tags", refusing_one)
    out = ebs.run(*sources, tags={"team": "dr"}, wait=True, wait_timeout=300)
    assert [ebs.tags_of(copy).get("team") for copy in copies] == ["dr", "dr", None, "dr", "dr"]
    assert out.failure()["snapshot_id"] == copies[2].id and len(calls) < 40


def test_a_disk_that_is_busy_is_deleted_when_it_is_not(cbs_disks):
    copies = [cbs_disks.copy() for _n in range(2)]
    cbs_disks.restore(*copies, wait=True)
    fault = {"action": "TerminateDisks", "fault": "refuse", "code": "InvalidDisk.Busy", "times": 4}
    cbs_disks.set_faults(fault)
    out = cbs_disks.restore(*copies, state="absent", wait=True)
    assert not out.failed and not cbs_disks.disks() and cbs_disks.calls["TerminateDisks"] > 4


def test_deletions_that_are_all_lost_cost_few_calls_and_keep_no_copy(cbs, monkeypatch):
    sources = [cbs.snapshot() for _n in range(60)]
    for source in sources:
        cbs.create_our_copy(source)
        cbs.clock.sleep(2)
        cbs.create_our_copy(source)
    new = [cbs.snapshot() for _n in range(5)]
    error = tencent.ApiError("InternalError", "Internal error.")
    refusing(cbs, monkeypatch, "DeleteSnapshots", lambda _given, _region: cbs.clock.sleep(20) or True, error)
    cbs.settings(copy_seconds=10.0, quota=1)
    out = cbs.run(*sources, *new, remove_duplicates=True, wait=True, wait_timeout=900)
    assert out["counts"]["created"] == 5 and all(len(copies_of(cbs, source)) == 1 for source in new)
    assert {f["snapshot_id"] for f in out["failures"]} >= {d["snapshot_id"] for d in out["duplicates"]}
    assert cbs.calls["DeleteSnapshots"] < 60
