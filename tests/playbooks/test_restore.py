# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role dr_restore and its playbooks: a restore without the source region, and drills that leave nothing."""

from __future__ import annotations

import json
import sys
import threading
import time

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.waiting import Clock

from tests.clouds import CLOUDS
from tests.support.daily import daily_sample
from tests.support.harness import run_module

from .conftest import PLACES, kill_all, wait_until

#: Every call that reads or writes disks and snapshots of EC2.
EC2_CALLS = (
    "DescribeVolumes", "DescribeSnapshots", "DescribeAvailabilityZones", "CreateVolume", "CopySnapshot", "DescribeTags",
    "CreateTags", "DeleteVolume", "DescribeRegions",
)  # fmt: skip


class Site:
    """Copies on one cloud, and playbooks there. Everything except playbooks runs in this process, which is faster."""

    def __init__(self, clouds, cloud="ebs"):
        self.clouds, self.cloud = clouds, cloud
        self.source, self.destination = PLACES[cloud]
        clouds.control_of(cloud, "settings", {"copy_seconds": 0.1, "disk_seconds": 0.2})

    def call(self, module, **given):
        """Run a module of this cloud; return its result."""
        out = run_module(f"{self.cloud}_snapshot_{module}", {**given, **self.clouds.connections[self.cloud]}, Clock())
        assert not out.failed, out.text
        return out

    def copies(self, *names):
        """Copy a snapshot of a new disk for each name; return the disks by name."""
        disks = {name: self.clouds.create_disk(self.cloud, name) for name in names}
        self.copy_disks(disks)
        return disks

    def copy_disks(self, disks):
        """Copy a new snapshot of each of these disks, marked as the role dr_copy does; return copies and sources."""
        snapshots = {name: self.clouds.create_snapshot(self.cloud, disk) for name, disk in disks.items()}
        given = {
            "snapshot_ids": list(snapshots.values()),
            "source_region": self.source,
            "destination_regions": [self.destination],
            "wait": True,
        }
        if self.cloud == "ens":
            given["description"] = "Copied [{disk_id} {source_created_at}]"
        else:
            marks = {s: {"dr-copy:disk-name": n, "dr-copy:attached-to": "i-1"} for n, s in snapshots.items()}
            given.update(copy_tags=True, source_tags=marks)
        rows = self.call("copy", **given)["copies"]
        return {row["snapshot_id"]: row["source_snapshot_id"] for row in rows}

    def play(self, playbook="dr_restore", *arguments, **variables):
        """Run a playbook over the hosts of inventory()."""
        inventory = self.inventory(**variables)
        return self.clouds.run("ansible-playbook", f"multicloud.snapshots.{playbook}", "-i", inventory, *arguments)

    def inventory(self, sites=None, **variables):
        """Write an inventory of one host, or of ``sites``, each with variables that override the others."""
        given = {
            "dr_restore_cloud": self.cloud,
            "dr_restore_region": self.destination,
            "dr_restore_zone": CLOUDS[self.cloud].load("disk_estate").zone or "",
            "dr_restore_connection": self.clouds.connections[self.cloud],
        }
        hosts = {host: _prefixed({**variables, **own}) for host, own in (sites or {"flood": {}}).items()}
        inventory = self.clouds.directory / "sites.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": given}}))
        return inventory

    def manifest(self, restore_id="flood-1", host="flood"):
        return json.loads((self.clouds.directory / f"{host}.{restore_id}.restore.json").read_text())

    def report(self):
        return json.loads((self.clouds.directory / "reports" / "flood.drill.json").read_text())

    def disks(self):
        """Return the tags of the disks that were made from copies, by ID, as the cloud shows them."""
        found = self.call("info", region=self.destination, disk_tags={"dr-restore:id": "*"})["disks"]
        return {disk["disk_id"]: disk["tags"] for disk in found}

    def calls(self):
        return self.clouds.control_of(self.cloud, "calls")

    def kill_source(self):
        """Let the source region answer no more calls."""
        self.clouds.control("faults", [{"action": a, "region": self.source, "fault": "unavailable"} for a in EC2_CALLS])


def _prefixed(variables):
    return {f"dr_restore_{name}": value for name, value in variables.items()}


@pytest.fixture
def ebs(clouds):
    return Site(clouds)


@pytest.fixture
def ecs(clouds):
    """For tests that are not specific to EBS: this library loads faster."""
    return Site(clouds, "ecs")


@pytest.mark.smoke
@pytest.mark.parametrize("cloud", daily_sample(CLOUDS))
def test_disks_are_restored_by_their_copies_and_a_rerun_changes_nothing(clouds, cloud):
    site = Site(clouds, cloud)
    disks = site.copies("database", "mail")
    code, output = site.play("dr_restore", id="flood-1")
    assert code == 0, output
    manifest = site.manifest()
    assert {manifest["totals"][key] for key in ("disks", "restored")} == {2} and not manifest["totals"]["missing"]
    assert {row["disk_id"] for row in manifest["disks"]} == set(disks.values())
    if cloud != "ens":
        assert {(row["disk_name"], row["instance"]) for row in manifest["disks"]} == {
            ("database", "i-1"),
            ("mail", "i-1"),
        }
    made = site.disks()
    assert {row["new_disk_id"] for row in manifest["disks"]} == set(made)
    assert {tags["dr-restore:snapshot-id"] for tags in made.values()} == {row["copy_id"] for row in manifest["disks"]}
    if cloud == "ebs":
        # Later copies change nothing: a restore keeps the points with which it started.
        site.copy_disks(disks)
    code, output = site.play("dr_restore", id="flood-1")
    assert code == 0 and "changed=0" in output and set(site.disks()) == set(made), output
    copies = {row["disk_id"]: row["copy_id"] for row in manifest["disks"]}
    assert {row["disk_id"]: row["copy_id"] for row in site.manifest()["disks"]} == copies


def test_a_restore_uses_the_copies_of_an_earlier_time(ecs):
    disks = {"database": ecs.clouds.create_disk("ecs", "database")}
    (older_id,) = ecs.copy_disks(disks)
    time.sleep(1.1)  # the cloud shows times in whole seconds
    (newer,) = ecs.copy_disks(disks)
    listed = ecs.call("info", region=ecs.destination)["snapshots"]
    (older,) = (row for row in listed if row["snapshot_id"] == older_id)
    taken = older["source"]["created_at"]
    sites = {
        "newest": {"id": "newest"},
        "past": {"id": "past", "at": taken},
        "early": {"id": "early", "at": "2020-01-01"},
    }
    code, output = ecs.play("dr_restore", sites=sites)
    assert code == 2 and "all its recovery points are newer than dr_restore_at" in output, output
    assert ecs.manifest("newest", "newest")["disks"][0]["copy_id"] == newer
    assert ecs.manifest("past", "past")["disks"][0]["copy_id"] == older["snapshot_id"]
    assert {tags["dr-restore:id"] for tags in ecs.disks().values()} == {"newest", "past"}


def test_check_mode_shows_the_plan_and_makes_nothing(ecs):
    ecs.copies("database")
    code, output = ecs.play("dr_restore", "--check")
    assert code == 0 and "1 of 1 disks would be restored" in output and "database" in output, output
    assert "changed=1" in output and not ecs.disks() and not list(ecs.clouds.directory.glob("*.restore.json"))


def test_all_wrong_variables_are_named_in_one_message_before_any_call(ebs):
    before = ebs.calls()
    code, output = ebs.play("dr_restore", id="-", at="noon", zone="", diskids="x")
    for name in ("dr_restore_id", "dr_restore_at", "dr_restore_zone", "dr_restore_diskids"):
        assert name in output
    assert code == 2 and ebs.calls() == before
    for kind in ("restore", "drill"):
        code, output = ebs.play(f"dr_{kind}", "-e", "dr_restore_hosts=flod")
        output = " ".join(output.split())
        text = f"No host of the inventory matches 'flod', so no {kind} was run. Each host of an inventory is a {kind}."
        assert code == 2 and text in output and "dr_restore_hosts or --limit" in output


# Drills


@pytest.mark.smoke
@pytest.mark.parametrize("cloud", daily_sample(CLOUDS))
def test_a_drill_proves_copies_never_proven_first_and_leaves_nothing(clouds, cloud):
    site = Site(clouds, cloud)
    disks = site.copies("database", "mail")
    options = {"count": 1, "max_age_days": 7, "report_dir": str(clouds.directory / "reports")}
    code, output = site.play("dr_drill", **options)
    first = site.report()
    assert code == 2 and "1 disk was not proven within 7 days" in output and first["totals"]["proven"] == 1, output
    assert not site.disks()
    if cloud == "ebs":  # a drill needs only the marks of the copies
        site.kill_source()
    code, output = site.play("dr_drill", metrics_dir=str(clouds.directory), **options)
    assert code == 0, output
    second = site.report()
    assert {first["tried"][0]["disk_id"], second["tried"][0]["disk_id"]} == set(disks.values())
    assert second["totals"] == {**first["totals"], "never": 0, "overdue": 0} and not site.disks()
    assert "This level does not prove" in (clouds.directory / "reports" / "flood.drill.html").read_text()
    metrics = (clouds.directory / "dr_drill_flood.prom").read_text()
    proven = [line for line in metrics.splitlines() if line.startswith("dr_copy_drill_timestamp_seconds{")]
    assert len(proven) == 2 and not any(line.endswith("} 0.0") for line in proven)
    if cloud == "ebs":
        tags = [{t["Key"]: t["Value"] for t in copy["Tags"]} for copy in clouds.copies()]
        assert {t["dr-copy:proven-level"] for t in tags} == {"creatable"} and len(tags) == 2
        assert {t["dr-copy:proven-at"] for t in tags} == {first["started_at"], second["started_at"]}


@pytest.mark.parametrize("trouble", ["missing", "undefined", "lookup"])
def test_a_drill_that_cannot_start_leaves_no_green_page(clouds, ebs, trouble):
    ebs.copies("database")
    reports = clouds.directory / "reports"
    reports.mkdir()
    page, junit = reports / "flood.drill.html", reports / "flood.drill.junit.xml"
    page.write_text("✓ of an earlier drill")
    inventory = ebs.inventory(report_dir=str(reports))
    content = yaml.safe_load(inventory.read_text())
    variables = content["all"]["vars"]
    if trouble == "missing":
        del variables["dr_restore_region"]
    elif trouble == "undefined":
        variables["dr_restore_zone"] = "{{ zone_of_the_drill }}"
    else:
        variables["dr_restore_connection"]["secret_key"] = "{{ lookup('ansible.builtin.file', '/nowhere/secret') }}"
    inventory.write_text(yaml.safe_dump(content))
    before = ebs.calls()
    code, output = clouds.run("ansible-playbook", "multicloud.snapshots.dr_drill", "-i", inventory)
    assert code == 2 and "✗ The drill has failed" in page.read_text() and "✓" not in page.read_text(), output
    assert 'failures="1"' in junit.read_text() and ebs.calls() == before


def test_a_drill_locks_no_copy_whatever_the_module_defaults_are(clouds, ebs):
    ebs.copies("database")
    variables = {**yaml.safe_load(ebs.inventory().read_text())["all"]["vars"], "dr_restore_wait_timeout": 600}
    tasks = [{"include_role": {"name": "multicloud.snapshots.dr_restore", "tasks_from": "drill"}}]
    defaults = {"multicloud.snapshots.ebs_snapshot_copy": {"lock_days": 30, "lock_mode": "compliance"}}
    playbook = clouds.write_playbook(tasks, module_defaults=defaults)
    code, output = clouds.run("ansible-playbook", playbook, "-e", json.dumps(variables))
    assert code == 0 and not clouds.control("calls").get("LockSnapshot"), output


@pytest.mark.parametrize("settings", [{"deleting_seconds": 600}, {"disks_listed_after": 600}])
def test_a_stale_listing_does_not_bring_back_a_deleted_disk(clouds, ebs, settings):
    ebs.copies("database")
    clouds.control("settings", settings)
    code, output = ebs.play("dr_drill", report_dir=str(clouds.directory / "reports"))
    report = ebs.report()
    assert code == 0 and report["totals"]["proven"] == 1 and report["left"] == [] and report["reaped"] == [], output
    assert ebs.calls()["DeleteVolume"] == 1


def test_a_disk_that_a_drill_could_not_delete_is_reported_as_left(clouds, ebs):
    ebs.copies("database")
    clouds.control("settings", {"denied": ["DeleteVolume"]})
    code, output = ebs.play("dr_drill", report_dir=str(clouds.directory / "reports"))
    (left,) = clouds.restored_disks()
    assert code == 2 and f"1 disk of this drill still exists: {left}" in output, output


def test_a_readable_drill_names_a_block_that_differs_and_says_what_it_could_not_compare(clouds, ebs):
    copies = ebs.copy_disks({name: clouds.create_ebs_disk(name) for name in ("equal", "broken", "alone")})
    (equal, _source), (broken, source), (alone, gone) = copies.items()
    clouds.client(ebs.source).delete_snapshot(SnapshotId=gone)
    clouds.control("settings", {"blocks_up_to": 12, "broken_blocks": {broken: [9]}})
    code, output = ebs.play("dr_drill", level="readable", report_dir=str(clouds.directory / "reports"))
    assert code == 2 and "1 of 3 copies was not proven readable" in output, output
    assert f"The copy {broken} in eu-west-1 differs in the block 9 from its source {source} in us-east-1" in output
    assert "1 of 3 copies NOT COMPARED" in output
    tried = {row["copy_id"]: (row["proven"], row["compared"], row["blocks"]) for row in ebs.report()["tried"]}
    assert tried == {equal: (True, True, 4), broken: (False, None, tried[broken][2]), alone: (True, False, 4)}
    shown = {c["SnapshotId"]: {t["Key"]: t["Value"] for t in c["Tags"]} for c in clouds.copies()}
    levels = {snapshot: tags.get("dr-copy:proven-level") for snapshot, tags in shown.items()}
    assert levels == {equal: "readable", broken: None, alone: "readable"} and not ebs.disks()
    page = (clouds.directory / "reports" / "flood.drill.html").read_text()
    assert "not compared with their sources" in page and "differs in the block 9" in page


def test_check_mode_of_a_drill_makes_nothing(ecs):
    ecs.copies("database")
    code, output = ecs.play("dr_drill", "--check")
    assert code == 0 and "1 copy would be tested" in output and not ecs.disks(), output


def test_a_killed_drill_is_reaped_once_its_time_is_over_and_nothing_else(clouds, ebs):
    ebs.copies("database", "mail")
    listed = ebs.call("info", region=ebs.destination)["snapshots"]
    copies = [row["snapshot_id"] for row in listed if row["source"]]
    zone = {"region": ebs.destination, "zone": "eu-west-1a"}
    kept = {row["disk_id"] for row in ebs.call("restore", snapshot_ids=copies, restore_id="kept", **zone)["disks"]}
    clouds.control("settings", {"disk_seconds": 60})
    inventory = ebs.inventory(id="drill-killed")
    process = clouds.start("ansible-playbook", "multicloud.snapshots.dr_drill", "-i", inventory)
    wait_until(lambda: len(clouds.restored_disks()) == len(kept) + 2)
    kill_all(process)
    over, waiting = sorted(set(clouds.restored_disks()) - kept)
    clouds.control("settings", {"disk_seconds": 0.2})
    past = [{"Key": "dr-restore:expires-at", "Value": "2026-01-01T00:00:00Z"}]
    clouds.client(ebs.destination).create_tags(Resources=[over], Tags=past)
    code, output = ebs.play("dr_drill", count=1)
    assert code == 0 and set(clouds.restored_disks()) == kept | {waiting}, output  # one of them has not expired


def test_a_drill_begins_no_copy_and_proves_none_that_has_gone(clouds):
    """Somebody deletes the copy once its disk was made, before the drill tags it (promises: marking)."""
    site = Site(clouds)
    site.copies("database")
    before = site.calls()["CopySnapshot"]
    client = clouds.client(site.destination)

    def takes_the_copy():
        wait_until(lambda: site.calls().get("DeleteVolume", 0) >= 1)
        for shown in clouds.copies():
            client.delete_snapshot(SnapshotId=shown["SnapshotId"])

    other = threading.Thread(target=takes_the_copy)
    other.start()
    code, output = site.play("dr_drill", report_dir=str(clouds.directory / "reports"))
    other.join()
    assert site.calls()["CopySnapshot"] == before and not clouds.copies()
    assert code != 0 and "disappeared while the drill was running" in output and not site.disks()
    (row,) = site.report()["tried"]
    assert not row["proven"] and site.report()["totals"]["proven"] == 0
    assert site.report()["disks"][0]["proven_at"] is None


def test_a_drill_leaves_the_disks_of_a_restore_of_its_name(ebs):
    """Disks of a restore are kept, even if a drill gets the same name."""
    ebs.copies("database", "journal")
    code, output = ebs.play("dr_restore", id="flood-1")
    assert code == 0, output
    before = ebs.disks()
    code, output = ebs.play("dr_drill", id="flood-1", report_dir=str(ebs.clouds.directory / "reports"))
    assert len(before) == 2 and ebs.disks() == before


# Disks that are attached and checked

DRILL = ("ansible-playbook", "multicloud.snapshots.dr_drill", "-i")
CHECKS = """
- name: See where this runs
  ansible.builtin.setup:
    gather_subset: ["!all", "!min", python]
- name: Note it
  keep:
    dest: "{{ notes }}/{{ dr_restore_set.disks[0].name }}.note"
    content: "{{ ansible_facts.python.executable }} {{ dr_restore_set.disks[0].device }}"
- name: Look at the file system of {{ dr_restore_set.disks[0].name }}
  ansible.builtin.command: sh -c "echo a broken superblock >&2; exit 3"
  when: dr_restore_set.disks[0].name == "mail"
"""


def test_a_usable_drill_checks_each_set_on_the_test_host(clouds, ecs):
    """The checks run with the host's own connection and interpreter. A failure affects no other set."""
    ecs.copies("database", "mail")
    instance, zone = "i-0cc11dd22ee33ff44", CLOUDS["ecs"].load("disk_estate").zone
    clouds.control_of("ecs", "settings", {"instances": {instance: {"zone": zone}}})
    (clouds.directory / "checks.yml").write_text(CHECKS)
    python = clouds.directory / "python-of-the-test-host"
    python.symlink_to(sys.executable)
    there = {"level": "usable", "test_instance": instance, "test_host": "testhost", "checks": "checks.yml"}
    before = ecs.calls()
    code, output = clouds.run(*DRILL, ecs.inventory({"flood": {}, "mail": {}}, **there))
    for words in ("is also that of mail in this play", "is also that of flood in this play", "'testhost' is not in it"):
        assert words in output
    assert code == 2 and ecs.calls() == before, "two drills at once on one test instance"
    inventory = ecs.inventory(report_dir=str(clouds.directory / "reports"), **there)
    given = yaml.safe_load(inventory.read_text())
    own = {"ansible_connection": "local", "ansible_python_interpreter": str(python)}
    given["all"]["hosts"]["testhost"] = {**own, "dr_restore_test_host": ""}
    inventory.write_text(yaml.safe_dump(given))
    code, output = clouds.run(*DRILL, inventory, "-e", f"notes={clouds.directory}")
    assert code == 2 and "1 of 2 copies was not proven usable: mail" in output, output
    assert "'Look at the file system of mail'" in output and "a broken superblock" in output
    tried = {row["disk_name"]: row for row in ecs.report()["tried"]}
    assert (tried["database"]["level"], tried["mail"]["level"]) == ("usable", None) and not ecs.disks()
    for name in tried:
        path, device = (clouds.directory / f"{name}.note").read_text().split()
        new = tried[name]["new_disk_id"].removeprefix("d-")
        assert (path, device) == (str(python), f"/dev/disk/by-id/virtio-{new}")
    calls = ecs.calls()
    assert calls["AttachDisk"] == calls["DetachDisk"] == calls["DeleteDisk"] == 2
