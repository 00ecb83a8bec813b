# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore on another controller, with default settings and the nightly report: the report adds what copies lack."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES

from tests.clouds import CLOUDS
from tests.support.night_runs import night
from tests.support.restore_runs import RestoreRuns

PLAN = {"dr-copy": "true"}


@pytest.fixture(params=sorted(CLOUDS))
def estate(request):
    return request.getfixturevalue(f"{request.param}_disks")


@pytest.fixture
def nights(estate, tmp_path):
    """Two disks that were copied, one disk without snapshots, and a second night without the source region."""
    tiers = {"database": "database", "app": "app", "files": "app"}
    disks = {name: estate.disk(Name=name, tier=tier, **PLAN) for name, tier in tiers.items()}
    for name in ("database", "app"):
        estate.snapshot(disks[name], 1)
    given = {"report_dir": str(tmp_path / "reports"), "wait_timeout": 600}
    assert not night(estate, **given).message
    before = json.loads((tmp_path / "reports" / "orders.json").read_text())
    estate.set_faults({"action": "*", "region": estate.source, "fault": "unavailable"})
    assert night(estate, **given).message
    return disks, before, tmp_path / "reports" / "orders.json"


def test_a_report_has_all_facts_of_each_disk_even_if_the_source_is_down(nights):
    disks, before, path = nights
    known = {row["disk_name"]: row for row in before["disks"]}
    assert {name: row["disk_id"] for name, row in known.items()} == disks
    assert all(row["size_gib"] and row["tags"]["dr-copy"] == "true" for row in known.values())
    assert known["files"]["tags"]["tier"] == "app"
    after = json.loads(path.read_text())
    assert not after["source_listed"]
    assert {row["disk_name"]: row for row in after["disks"]} == known, "the last report is remembered"


def test_the_report_alone_shows_waves_tags_and_missing_disks(estate, nights, tmp_path):
    disks, _before, path = nights
    (dead,) = estate.server.control.faults
    tried = dead["seen"]
    runs, given = RestoreRuns(estate), {"expected": str(path), "manifest_dir": str(tmp_path)}
    if CAPABILITIES[estate.cloud.name].tag_rules:
        given["waves"] = [{"tier": "database"}, {"tier": "app"}]
    ended = runs.restore(**given)
    missing, *made = ended.result["disks"]
    assert ended.message.startswith(f"1 of 3 disks is missing. files ({disks['files']}): it is expected")
    assert {row["disk_name"] for row in made} == {"database", "app"} and len(estate.disks()) == 2
    assert missing["tags"]["tier"] == "app" and missing["size_gib"]
    assert tried and dead["seen"] == tried, "the source region is not even called"
    if "waves" in given:
        assert {row["disk_name"]: row["wave"] for row in ended.result["disks"]} == {"database": 1, "app": 2, "files": 2}
        only = runs.restore(id="app", disk_tags={"tier": "app"}, **given).result
        assert {row["disk_name"] for row in only["disks"]} == {"app", "files"}
        none = runs.restore(id="database", disk_tags={"tier": "database"}, **given)
        assert not none.message, "a selection by tags expects only disks with these tags"


def test_a_report_without_its_disks_is_read_by_what_the_last_one_knew(estate, nights, tmp_path):
    """A night that stopped before it looked at any disk."""
    disks, before, path = nights
    estate.set_faults()
    estate.settings()
    stopped = {**before, "disks": [], "recovery_points": [], "last": {"disks": before["disks"]}}
    path.write_text(json.dumps(stopped))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"recovery_points": [{"disk_id": "disk-of-an-older-form", "disk_name": "old"}]}))
    ended = RestoreRuns(estate).restore(expected=[str(path), str(other)], manifest_dir=str(tmp_path))
    names = {row["disk_name"] for row in ended.result["disks"] if row["state"] == "missing"}
    assert names == {"files", "old"} and len(ended.result["disks"]) == 4
    assert ended.result["expected"] == 4 and len(disks) == 3


def test_the_report_shows_instance_and_device_that_copies_lack(ebs_disks, tmp_path):
    """A copy that somebody else made has none of our marks."""
    runs = RestoreRuns(ebs_disks)
    disk = ebs_disks.disk(Name="database")
    copies = runs.copy_disks({"database": disk})
    ebs_disks.set_tags(
        ebs_disks.get(copies["database"], ebs_disks.destination), **{"dr-copy:disk-name": "", "dr-copy:attached-to": ""}
    )
    report = tmp_path / "orders.json"
    row = {"disk_id": disk, "disk_name": "database", "instance": "i-1", "device": "/dev/sdg", "tags": {}, "size_gib": 8}
    report.write_text(json.dumps({"disks": [row]}))
    (made,) = runs.restore(expected=str(report), manifest_dir=str(tmp_path)).result["disks"]
    assert (made["disk_name"], made["instance"], made["device"]) == ("database", "i-1", "/dev/sdg")
