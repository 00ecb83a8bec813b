# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide of sets, as pasted: its commands make a set, which its variables copy, and which a restore would take."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import yaml

from tests.simulator.ec2 import ACCOUNT, ec2_backends
from tests.unit.night_runs import night

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = (REPOSITORY / "docs" / "docsite" / "rst" / "sets.rst").read_text()


def blocks(language):
    """Return the guide's blocks of a language, without their indentation."""
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", GUIDE)
    return ["\n".join(line[3:] for line in block.splitlines()).strip() for block in found]


def pasted(command, folder, client, **more):
    """Type a command into a shell, in a folder, with the vendor's client before all other commands."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "PATH": f"{Path(os.environ['CLIENTS_PYTHON']).parent}:{os.environ['PATH']}",
        "PYTHONPATH": "",
        "AWS_ENDPOINT_URL": client.url,
        "AWS_ACCESS_KEY_ID": client.keys["access_key"],
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


def test_the_commands_of_the_guide_make_a_set_and_show_it_before_a_restore(ebs, tmp_path):
    estate = ebs.row.load("disk_estate")(ebs.cloud, ebs.clock, ebs.url)
    take, check = blocks("bash")
    instance = re.search(r"InstanceId=(i-[0-9a-f]+)", take)[1]
    disks = [estate.disk(**{"dr-copy": "true", "Name": name}) for name in ("data", "log")]
    backend = ec2_backends[ACCOUNT][estate.source]
    attached = SimpleNamespace(id=instance, root_device_name="/dev/xvda", get_block_device_mapping=[])
    for disk, device in zip(disks, ("/dev/xvda", "/dev/sdf"), strict=True):
        attached.get_block_device_mapping.append((device, SimpleNamespace(volume_id=disk)))
        volume = backend.volumes[disk]
        volume.attachment = SimpleNamespace(instance=attached, device=device, volume=volume, status="attached")
    with mock.patch.object(backend, "get_instance", lambda _instance: attached):
        pasted(take, tmp_path, ebs)
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
    shown = pasted(check, tmp_path, ebs, ANSIBLE_CONFIG=str(REPOSITORY / "tests" / "ansible.cfg"))
    assert f"SERVER {instance}: 2 disks as of {row['source_created_at']}, crash consistent" in shown
