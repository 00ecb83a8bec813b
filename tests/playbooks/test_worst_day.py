# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides for the worst day: each of their commands, unchanged, without the source region.

The copies were made by the role with default settings.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from datetime import datetime, timezone

import pytest
import yaml

from tests.clouds import CLOUDS
from tests.demo.local_clouds import environment
from tests.documentation.guides import GUIDES, blocks_of

from .conftest import HANGS, REPOSITORY
from .test_restore import Site

#: Blocks that are not run here, by their first words.
NOT_RUN = {
    "tar -xf dr-kit": "unpacks a kit; make kit-test runs it",
    "mkdir flood": "fetches from PyPI and Galaxy; make kit-test runs the other way, by a kit",
    "aws s3 cp": "calls S3, where the reports are",
    "export AWS_ACCESS_KEY_ID=": "holds no keys; the tests' environment has them",
    "aliyun ens AttachDisk": "is another vendor's client, in Go",
    "aws ec2 create-tags": "is another vendor's client; the test tags the disks",
    "aws ec2 create-snapshots": "is another vendor's client; the test takes the snapshots",
    "aws ec2 register-image": "creates an image, and the simulated clouds have none",
    "aliyun ecs CreateImage": "creates an image, and the simulated clouds have none",
    "tccli cvm CreateImage": "creates an image, and the simulated clouds have none",
}
#: The estate: each disk's name, old server, device and tier.
DISKS = [
    ("orders-db-data", "i-0aa11bb22cc33dd44", "/dev/sdf", "database"),
    ("orders-db-log", "i-0aa11bb22cc33dd44", "/dev/sdg", "database"),
    ("orders-app", "i-0bb22cc33dd44ee55", "/dev/sdf", "app"),
    ("orders-web", "i-0cc33dd44ee55ff66", "/dev/sdf", "web"),
]
CLAIM = {"kubernetes.io/created-for/pvc/name": "web", "kubernetes.io/created-for/pvc/namespace": "shop"}
#: The only use of kubectl: the file exists, and contains objects.
KUBECTL = "#!/bin/sh\nexec grep -c '^kind: ' \"$3\"\n"


def blocks():
    """Return the code blocks of the guide and of its second part."""
    return [*blocks_of("worst_day"), *blocks_of("restoring")]


class Day:
    """The directory in which the guide is followed, and the estate, which lost its region."""

    def __init__(self, clouds, path, cloud="ebs"):
        self.site, self.clouds, self.directory, self.cloud = Site(clouds, cloud), clouds, clouds.directory, cloud
        self.source, self.destination = CLOUDS[cloud].regions[:2]
        self.zone = CLOUDS[cloud].load("disk_estate").zone or ""
        (self.directory / "bin").mkdir()
        (self.directory / "bin" / "kubectl").write_text(KUBECTL)
        (self.directory / "bin" / "kubectl").chmod(0o755)
        path = f"{self.directory / 'bin'}{os.pathsep}{path}"
        self.environment = clouds.environment(PATH=path, **environment(clouds.connections))
        self.servers = yaml.safe_load(self.words(block("attach.yml")))[0]["vars"]["servers"]
        zones = {**dict.fromkeys(self.servers, "us-east-1a"), **dict.fromkeys(self.servers.values(), self.zone)}
        quick = {"copy_seconds": 0.1, "disk_seconds": 0, "attach_seconds": 0, "detach_seconds": 0}
        instances = {server: {"zone": zone} for server, zone in zones.items()}
        clouds.control_of(cloud, "settings", {**quick, "instances": instances})

    def protect(self):
        """Create the estate, run its plan once with only the required variables, and lose the region."""
        for name, server, device, tier in DISKS:
            tags = {"tier": tier, **(CLAIM if tier == "web" else {})}
            self.clouds.create_snapshot(
                self.cloud, self.disk(name, self.words(server), device, {**tags, "dr-copy": "true"})
            )
        plan = {
            "dr_copy_cloud": self.cloud,
            "dr_copy_source_region": self.source,
            "dr_copy_destination_regions": [self.destination],
            "dr_copy_report_dir": "reports",
        }
        (self.directory / "plans.yml").write_text(yaml.safe_dump({"all": {"hosts": {"orders": plan}}}))
        self.run("ansible-playbook multicloud.snapshots.dr_copy -i plans.yml")
        self.clouds.control_of(self.cloud, "faults", [{"action": "*", "region": self.source, "fault": "unavailable"}])
        self.clouds.control_of(self.cloud, "settings", {"disk_seconds": 1})

    def disk(self, name, server, device, tags):
        facts = {"name": name, "tags": tags, "attached_to": server, "device": device}
        return self.clouds.make(self.cloud, kind="disk", **facts)

    def words(self, text):
        """Replace AWS's words by this cloud's, and remove what the cloud does not have, as the guide says."""
        if not self.zone:
            text = re.sub(r"^ *(dr_restore_(zone|waves):.*|- \{tier: .*)\n", "", text, flags=re.M)
        text = text.replace("eu-west-1a", self.zone).replace("eu-west-1", self.destination)
        text = re.sub(r"\bebs(_|$)", rf"{self.cloud}\1", text.replace("us-east-1", self.source), flags=re.M)
        return re.sub(r"\bi-0(\w{8})\w{8}", r"ins-\1", text) if self.cloud == "cbs" else text

    def follow(self, section):
        """Write the files and run the commands of a section of the guide; return their output."""
        found = [one for one in blocks() if one.section == section]
        assert found, f"the guide has no section {section}"
        shown = ""
        for one in found:
            text = self.words(one.text)
            if one.caption:
                (self.directory / one.caption).write_text(text)
            elif one.language == "bash" and not one.text.startswith(tuple(NOT_RUN)):
                shown += self.run(text)
        return shown

    def run(self, text):
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = re.sub(r"dr_restore_at=\S+", f"dr_restore_at={now}", text)  # the guide's time is before these copies
        done = subprocess.run(
            ["bash", "-ec", text],
            env=self.environment,
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout

    def disks(self, restore_id="flood-2026-11"):
        """Return the disks of a restore by the name of their old one."""
        names = {row["new_disk_id"]: row["disk_name"] for row in self.manifest(restore_id)["disks"]}
        marks = {"dr-restore:id": restore_id}
        found = self.site.call("info", region=self.destination, disk_tags=marks)["disks"]
        return {names.get(disk["disk_id"]): disk for disk in found}

    def manifest(self, restore_id="flood-2026-11", host="orders"):
        return json.loads((self.directory / f"{host}.{restore_id}.restore.json").read_text())


def block(caption):
    (found,) = [one.text for one in blocks() if one.caption == caption]
    return found


def test_the_guide_is_followed_from_the_first_minute_to_the_report(clouds, quick_playbooks):
    day = Day(clouds, quick_playbooks)
    day.protect()
    calls = clouds.control("calls")["CopySnapshot"]
    planned = day.follow("Preview the restore")
    assert "4 of 4 disks would be restored" in planned and "DATA as of" in planned
    assert not list(day.directory.glob("*.restore.json"))
    assert "4 of 4 disks restored" in day.follow("Restore")
    rows = {row["disk_name"]: row for row in day.manifest()["disks"]}
    assert [rows[name]["wave"] for name, *_rest in DISKS] == [1, 1, 2, 3], "by tags that only the report has"
    assert rows["orders-db-log"]["available_at"] <= rows["orders-app"]["began_at"]
    day.follow("Attach")
    attached = {name: (disk["attached_to"], disk["device"]) for name, disk in day.disks().items()}
    assert attached == {name: (day.servers[server], device) for name, server, device, _tier in DISKS}
    day.follow("Report to management")
    report = (day.directory / "report.txt").read_text()
    for words in ("4 of 4 disks restored", "DATA as of", "TIME the first disk", "SERVER", "wave 1 (tier=database)"):
        assert words in report, report
    assert "changed=0" in report and "changed=0" in day.follow("Restore selected disks first")
    assert clouds.control("calls")["CopySnapshot"] == calls
    clouds.control_of("ebs", "faults", [])
    ec2 = clouds.client("eu-west-1")
    found = day.site.call("info", region="eu-west-1", disk_tags={"dr-restore:id": "flood-2026-11"})
    new_disks = [disk["disk_id"] for disk in found["disks"]]
    ec2.create_tags(Resources=new_disks, Tags=[{"Key": "dr-copy", "Value": "true"}])
    for disk in new_disks:
        ec2.create_snapshot(VolumeId=disk)
    assert "4 of 4 disks restored" in day.follow("Return to the old region")
    assert {row["disk_id"] for row in day.manifest("return-2026-12")["disks"]} == set(new_disks)


def test_the_guide_works_with_zones_an_earlier_time_and_claims(clouds, quick_playbooks):
    """Zones, claims of a cluster, damage that was copied, and undoing a restore."""
    day = Day(clouds, quick_playbooks)
    day.protect()
    (day.directory / "flood.yml").write_text(block("flood.yml"))
    day.follow("Several zones")
    zones = {"orders-a": "eu-west-1a", "orders-b": "eu-west-1b"}
    made = {
        (row["disk_name"], row["zone"])
        for host in zones
        for row in day.manifest(host=host)["disks"]
        if row["state"] == "available"
    }
    assert made == {(name, f"eu-west-1{'b' if tier == 'web' else 'a'}") for name, _s, _d, tier in DISKS}
    assert day.follow("Restore to an earlier time").count("available") and len(day.disks("before-the-attack")) == 4
    day.follow("Undo a restore")
    assert not day.disks("before-the-attack") and day.manifest("before-the-attack")["totals"]["restored"] == 4
    clouds.client("eu-west-1").delete_volume(VolumeId=zoned(day, "orders-b"))
    assert day.follow("Restore Kubernetes volume claims").strip().endswith("3"), "three objects of the one claim"


def test_a_system_disk_is_left_out_of_the_attachments_as_the_guide_says(clouds):
    """The guide names the variable of attach.yml."""
    assert "of the old system disk to ``leave_out``" in (GUIDES / "worst_day.rst").read_text()
    (play,) = yaml.safe_load(block("attach.yml"))
    disk_id = "vol-system"
    assert play["vars"]["leave_out"] == []
    play["vars"]["leave_out"] = [disk_id]
    servers = play["vars"]["servers"]
    facts = {"device": "/dev/sdf", "state": "available", "new_disk_id": "vol-new"}
    disks = [{"disk_id": name, "instance": next(iter(servers)), **facts} for name in (disk_id, "vol-data")]
    manifest = {"region": "eu-west-1", "disks": disks, "earlier": []}
    (clouds.directory / "orders.flood-2026-11.restore.json").write_text(json.dumps(manifest))
    task = {**play["tasks"][0], "ansible.builtin.debug": {"msg": "{{ disks | map(attribute='disk_id') }}"}}
    del task["multicloud.snapshots.ebs_snapshot_restore"]
    path = clouds.write_playbook([task], vars=play["vars"])
    code, output = clouds.run("ansible-playbook", path)
    assert code == 0 and "vol-data" in output and disk_id not in output, output


def zoned(day, host):
    (row,) = day.manifest(host=host)["disks"]
    return row["new_disk_id"]


@pytest.mark.parametrize("cloud", [name for name in CLOUDS if name != "ebs"])
def test_the_guide_is_followed_on_the_other_clouds(clouds, quick_playbooks, cloud):
    if not os.environ.get("KIT_TEST"):
        pytest.skip("make kit-test runs it; test_from_report.py restores by the report on every cloud")
    day = Day(clouds, quick_playbooks, cloud)
    day.protect()
    assert "4 of 4 disks would be restored" in day.follow("Preview the restore")
    assert "4 of 4 disks restored" in day.follow("Restore")
    if day.zone:
        rows = {row["disk_name"]: row for row in day.manifest()["disks"]}
        assert [rows[name]["wave"] for name, *_rest in DISKS] == [1, 1, 2, 3]
        day.follow("Attach")
        attached = {name: disk["attached_to"] for name, disk in day.disks().items()}
        assert attached == {name: day.servers[day.words(server)] for name, server, *_rest in DISKS}
        assert "changed=0" in day.follow("Restore selected disks first")
    day.follow("Report to management")
    assert "TIME the first disk" in (day.directory / "report.txt").read_text()
    day.follow("Restore to an earlier time")
    assert len(day.disks("before-the-attack")) == 4
    day.follow("Undo a restore")
    assert not day.disks("before-the-attack")


def test_the_card_has_the_commands_of_the_guides_and_half_a_page():
    card = (REPOSITORY / "docs" / "worst_day_card.html").read_text()
    commands = [html.unescape(text) + "\n" for text in re.findall(r"<pre>(.*?)</pre>", card, re.S)]
    known = {one.text for guide in ("worst_day", "kit") for one in blocks_of(guide)}
    assert len(commands) == 5 and set(commands) <= known, set(commands) - known
    assert int(re.search(r"main \{[^}]*height: (\d+)mm", card)[1]) <= 297 / 2 - 8, "the margin of the page is above it"


def test_each_command_of_the_guide_runs_or_has_a_reason_not_to():
    sections = {one.section for one in blocks() if one.language == "bash"}
    text = (REPOSITORY / "tests" / "playbooks" / "test_worst_day.py").read_text()
    not_run = [one.text for one in blocks() if one.text.startswith(tuple(NOT_RUN))]
    assert len(not_run) == len(NOT_RUN), "each of them occurs once"
    assert not_run[0] in {one.text for one in blocks_of("kit")}, "make kit-test runs that block"
    sections -= {"Get ready", "Start servers from copies of system disks"}
    assert sections == set(re.findall(r'day\.follow\("([^"]+)"\)', text))
