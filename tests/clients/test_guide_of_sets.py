# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the guide to sets: they take a set, the guide's variables copy it, and a restore would use it.

Alibaba Cloud's command line is not a Python package, so its newer SDK sends the same requests here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import yaml

from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends
from tests.support.night_runs import night

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = (REPOSITORY / "docs" / "docsite" / "rst" / "sets.rst").read_text()


def blocks(language):
    """Return the guide's blocks in a language, without their indentation."""
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", GUIDE)
    return ["\n".join(line[3:] for line in block.splitlines()).strip() for block in found]


def run_pasted(command, folder, client, **more):
    """Run a command in a shell, in a folder, with the vendor's client before all other commands."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "PATH": f"{Path(os.environ['CLIENTS_PYTHON']).parent}:{os.environ['PATH']}",
        "PYTHONPATH": "",
        "AWS_ENDPOINT_URL": client.url,
        "AWS_ACCESS_KEY_ID": client.keys.get("access_key", ""),
        "AWS_SECRET_ACCESS_KEY": client.keys["secret_key"],
        "AWS_DEFAULT_REGION": client.row.regions[0],
        "AWS_PAGER": "",
        **more,
    }
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def words_of(client, folder, first):
    """Return the words of the guide's command of a client, without its name, as a shell passes them."""
    (command,) = [block for block in blocks("bash") if block.startswith(f"{first} ")]
    stand_in = folder / first
    stand_in.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    stand_in.chmod(0o755)
    return json.loads(run_pasted(f'PATH="{folder}:$PATH"\n{command}', folder, client))


def run_night(client, disks):
    """Run a night over disks of the plan; return the row of their server."""
    client.clock.sleep(60)
    estate = client.row.load("disk_estate")(client.cloud, client.clock, client.url)
    ended = night(estate, rpo_hours=24)
    (row,) = ended.result["sets"]
    assert not ended.message and row["within_rpo"] and row["disks"] == sorted(disks)
    return row


def create_server_disks(client, instance, *ids):
    """Create two disks of an instance, with these IDs if given."""
    estate = client.row.load("disk_estate")(client.cloud, client.clock, client.url)
    disks = [estate.disk(**{"dr-copy": "true", "Name": name}) for name in ("data", "log")]
    there = client.cloud.account.disks[estate.source]
    for disk, wanted in zip(disks, ids or disks, strict=True):
        made = there.pop(disk)
        made.id, made.attached_to = wanted, instance
        there[wanted] = made
    return list(ids or disks)


def test_the_command_of_the_guide_takes_a_crash_consistent_group_on_ecs(ecs, tmp_path):
    service, operation, *flags = words_of(ecs, tmp_path, "aliyun")
    given = {name.removeprefix("--"): value for name, value in zip(flags[::2], flags[1::2], strict=True)}
    region = given.pop("RegionId")
    disks = create_server_disks(ecs, given["InstanceId"])
    group = ecs.call(operation, service, region, **given)["SnapshotGroupId"]
    row = run_night(ecs, disks)
    assert (row["group"], row["set"], row["consistency"]) == (given["InstanceId"], group, "crash")


def test_the_command_of_the_guide_takes_a_group_on_cbs_that_counts_as_near(cbs, tmp_path):
    service, operation, *flags = words_of(cbs, tmp_path, "tccli")
    region = flags.pop(flags.index("--region") + 1)
    flags.remove("--region")
    disks = create_server_disks(cbs, "ins-1a2b3c4d", *json.loads(flags[flags.index("--DiskIds") + 1]))
    group = cbs.call(operation, service, region, flags=tuple(flags))["SnapshotGroupId"]
    row = run_night(cbs, disks)
    assert (row["group"], row["consistency"]) == ("ins-1a2b3c4d", "near")
    (shown,) = cbs.call("DescribeSnapshotGroups", region=region)["SnapshotGroupSet"]
    assert (shown["SnapshotGroupId"], shown["SnapshotGroupType"]) == (group, "NORMAL")


def test_the_commands_of_the_guide_make_a_set_and_show_it_before_a_restore(ebs, tmp_path):
    estate = ebs.row.load("disk_estate")(ebs.cloud, ebs.clock, ebs.url)
    take, check = (block for block in blocks("bash") if not block.startswith(("aliyun", "tccli")))
    instance = re.search(r"InstanceId=(i-[0-9a-f]+)", take)[1]
    disks = [estate.disk(**{"dr-copy": "true", "Name": name}) for name in ("data", "log")]
    backend = ec2_backends[ACCOUNT][estate.source]
    attached = SimpleNamespace(id=instance, root_device_name="/dev/xvda", get_block_device_mapping=[])
    for disk, device in zip(disks, ("/dev/xvda", "/dev/sdf"), strict=True):
        attached.get_block_device_mapping.append((device, SimpleNamespace(volume_id=disk)))
        volume = backend.volumes[disk]
        volume.attachment = SimpleNamespace(instance=attached, device=device, volume=volume, status="attached")
    with mock.patch.object(backend, "get_instance", lambda _instance: attached):
        run_pasted(take, tmp_path, ebs)
    ebs.clock.sleep(60)
    variables = {name: value for block in blocks("yaml") for name, value in yaml.safe_load(block).items()}
    given = {name.removeprefix("dr_copy_"): value for name, value in variables.items()}
    ended = night(estate, **given)
    (row,) = ended.result["sets"]
    assert not ended.message and row["within_rpo"] and (row["group"], row["consistency"]) == (instance, "crash")
    plan = {
        "dr_restore_cloud": "ebs",
        "dr_restore_region": estate.destination,
        "dr_restore_zone": estate.zone,
        "dr_restore_connection": estate.connection(),
    }
    (tmp_path / "flood.yml").write_text(yaml.safe_dump({"all": {"hosts": {"orders": plan}}}))
    shown = run_pasted(check, tmp_path, ebs, ANSIBLE_CONFIG=str(REPOSITORY / "tests" / "ansible.cfg"))
    assert f"SERVER {instance}: 2 disks as of {row['source_created_at']}, crash-consistent" in shown
