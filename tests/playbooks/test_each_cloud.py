# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each cloud through ansible-playbook: modules, kills, the role, credentials by action group."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.modules import (
    cbs_snapshot_copy,
    cbs_snapshot_info,
    ecs_snapshot_copy,
    ecs_snapshot_info,
)

from tests.clouds import CLOUDS
from tests.demo.__main__ import PLAYBOOK, STEP
from tests.support.daily import daily_sample

from .conftest import ENDLESS, PLACES, kill_in_the_second_window

REFUSED = {
    "ens": {"tags": {"a": "b"}, "encrypted": True, "retention_days": 7},
    "cbs": {"description": "nightly", "encrypted": True},
}


class Place:
    """One of the clouds, with its disks, snapshots and copies."""

    def __init__(self, clouds, cloud):
        self.clouds, self.cloud = clouds, cloud
        self.source, self.destination = PLACES[cloud]
        self.keys = clouds.connections[cloud]

    def snapshots(self, count):
        return [self.clouds.create_snapshot(self.cloud) for _n in range(count)]

    def copies(self):
        return [s for s in self.clouds.control_of(self.cloud, "truth") if s["source_id"]]

    def task(self, sources, **options):
        given = {
            "snapshot_ids": sources,
            "source_region": self.source,
            "destination_regions": [self.destination],
            **options,
        }
        return {"name": "Copy", f"multicloud.snapshots.{self.cloud}_snapshot_copy": given}


@pytest.fixture(params=CLOUDS)
def place(clouds, request):
    return Place(clouds, request.param)


@pytest.mark.parametrize("place", daily_sample(CLOUDS), indirect=True)
def test_a_killed_playbook_is_put_right_by_the_next_run(clouds, place):
    """Storms kill the engine at every call, on every cloud each day."""
    sources = place.snapshots(20)
    clouds.control_of(place.cloud, "settings", {"copy_seconds": ENDLESS, "latency": 0.05})
    playbook = clouds.write_playbook([place.task(sources, wait=True, max_in_flight=6, **place.keys)])
    process = clouds.start("ansible-playbook", playbook)
    kill_in_the_second_window(clouds, place.cloud, process, place.copies, 6)
    clouds.control_of(place.cloud, "settings", {"copy_seconds": 1.0})
    code, output = clouds.run("ansible-playbook", playbook)
    assert code == 0, output
    assert len(place.copies()) == 20 and {c["phase"] for c in place.copies()} == {"complete"}
    code, output = clouds.run("ansible-playbook", playbook)
    assert "changed=0" in output and len(place.copies()) == 20


def test_credentials_come_once_by_action_group_and_are_never_shown(clouds, place):
    sources = place.snapshots(1)
    unknown = CLOUDS[place.cloud].load("estate").unknown_id
    playbook = clouds.write_playbook(
        [
            {f"multicloud.snapshots.{place.cloud}_snapshot_info": {"region": place.source}},
            place.task([*sources, unknown], wait=True),
        ],
        module_defaults={f"group/multicloud.snapshots.{CLOUDS[place.cloud].action_group}": "{{ keys }}"},
    )
    variables = clouds.directory / "vars.json"  # core quotes the playbook if a task fails
    variables.write_text(json.dumps({"keys": place.keys}))
    without = {"AWS_URL": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    code, output = clouds.run("ansible-playbook", playbook, "-vvv", "-e", f"@{variables}", **without)
    assert code == 2 and "ok=1 " in output and len(place.copies()) == 1, output
    assert place.keys["secret_key"] not in output and "Signature=" not in output


@pytest.mark.parametrize("place", REFUSED, indirect=True)
def test_a_variable_that_the_cloud_has_no_option_for_is_refused_by_name(clouds, place):
    variables = {
        "dr_copy_cloud": place.cloud,
        "dr_copy_source_region": place.source,
        "dr_copy_destination_regions": [place.destination],
        "dr_copy_connection": place.keys,
    }
    playbook = clouds.write_playbook([{"include_role": {"name": "multicloud.snapshots.dr_copy"}}])
    for name, value in REFUSED[place.cloud].items():
        wrong = {**variables, f"dr_copy_{name}": value}
        code, output = clouds.run("ansible-playbook", playbook, "-e", json.dumps(wrong))
        assert code == 2 and f"dr_copy_{name}" in output


def test_the_demo_predicts_copies_and_changes_nothing_the_third_time(clouds):
    given = json.dumps({"demo_clouds": clouds.connections, "demo_folder": str(clouds.directory)})
    code, output = clouds.run("ansible-playbook", str(PLAYBOOK), "-e", given)
    assert code == 0 and "failed=0" in output, output
    steps = list(filter(STEP.match, output.splitlines()))
    assert "On AWS, take a snapshot" in steps[1] and "the failure names the disk" in steps[-1]
    table = (clouds.directory / "end.txt").read_text()
    assert "restore       3 disks made from the copies" in table and "failed as expected" in table
    assert max(map(len, table.replace(str(clouds.directory), "").splitlines())) <= 120, "unbroken"
    assert "forgotten" in (clouds.directory / "aws-virginia.html").read_text()
    for _source, destination in PLACES.values():
        for name in ("database", "mail", "files"):
            assert re.search(rf"{name} +{destination} .*completed", table), table
    assert all(" [d-" in copy["description"] for copy in Place(clouds, "ens").copies())


@pytest.mark.parametrize(
    ("cloud", "texts", "ids", "left"),
    [
        (
            "ecs",
            ecs_snapshot_copy.EXAMPLES + ecs_snapshot_info.EXAMPLES,
            ["s-bp1aa11bb22cc33dd44", "s-bp1bb22cc33dd44ee55"],
            4,
        ),
        ("cbs", cbs_snapshot_copy.EXAMPLES + cbs_snapshot_info.EXAMPLES, ["snap-ckgjwkqh", "snap-6z1cbtrc"], 3),
    ],
)
def test_the_examples_of_the_restore_modules_run(clouds, cloud, texts, ids, left):
    place = Place(clouds, cloud)
    for written, made in zip(ids, place.snapshots(2)):
        texts = texts.replace(written, made)
    clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    defaults = {f"group/multicloud.snapshots.{CLOUDS[cloud].action_group}": place.keys}
    code, output = clouds.run(
        "ansible-playbook", clouds.write_playbook(yaml.safe_load(texts), module_defaults=defaults), "--diff"
    )
    assert code == 0, output
    assert len(place.copies()) == left
