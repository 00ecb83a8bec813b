# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to call the modules: ad hoc, loops, delegation, background tasks, and moving over from another module."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.clouds import CLOUDS
from tests.documentation.guides import blocks_of
from tests.simulator.control import KINDS

from .conftest import HANGS, PLACES, REPOSITORY

GUIDES = REPOSITORY / "docs" / "docsite" / "rst"
COPY = "multicloud.snapshots.ebs_snapshot_copy"


@pytest.mark.parametrize("cloud", PLACES)
def test_the_ad_hoc_command_of_the_guide_works(clouds, cloud):
    text = (GUIDES / "getting_started.rst").read_text()
    line = re.search(rf"ansible localhost -m multicloud\.snapshots\.{cloud}_snapshot_copy \\\n +-a '([^']+)'", text)
    assert line, "the guide shows it"
    source, destination = PLACES[cloud]
    snapshot = clouds.create_snapshot(cloud)
    clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    given = dict(part.split("=", 1) for part in line[1].split())
    assert set(given) == {"snapshot_id", "source_region", "destination_region", "wait"}
    given.update(snapshot_id=snapshot, source_region=source, destination_region=destination)
    given.update({} if cloud == "ebs" else clouds.connections[cloud])
    arguments = " ".join(f"{key}={value}" for key, value in given.items())
    command = ["ansible", "localhost", "-m", f"multicloud.snapshots.{cloud}_snapshot_copy", "-a", arguments]
    code, output = clouds.run(*command)
    assert code == 0 and "CHANGED" in output and '"completed": 1' in output, output
    code, output = clouds.run(*command, "--check")
    assert code == 0 and "SUCCESS" in output, output


def test_the_copies_of_a_stopped_plan_are_deleted_as_the_guide_writes_it(clouds):
    clouds.control("settings", {"copy_seconds": 0.2})
    tasks = [
        {
            COPY: {
                "snapshot_id": clouds.create_ebs_snapshot(),
                "source_region": "us-east-1",
                "destination_region": "eu-west-1",
                "tags": tags,
                "wait": True,
            }
        }
        for tags in ({"dr-copy:plan": "orders"}, {"dr-copy:plan": "orders"}, {"dr-copy:plan": "mail"}, {"env": "test"})
    ]
    code, output = clouds.play(tasks)
    assert code == 0 and len(clouds.copies()) == 4, output
    (block,) = (one for one in blocks_of("nightly") if one.caption == "delete_copies.yml")
    path = clouds.directory / block.caption
    path.write_text(block.text)
    code, output = clouds.run("ansible-playbook", path, "--check", "--diff")
    assert code == 0 and len(clouds.copies()) == 4, output
    code, output = clouds.run("ansible-playbook", path)
    assert code == 0, output
    plans = [{tag["Key"]: tag["Value"] for tag in copy["Tags"]}.get("dr-copy:plan") for copy in clouds.copies()]
    assert sorted(map(str, plans)) == ["None", "mail"]


def test_modules_work_in_loops_delegated_run_once_and_async(clouds):
    clouds.control("settings", {"copy_seconds": 1})
    sources = [clouds.create_ebs_snapshot() for _n in range(3)]
    fleet = clouds.directory / "fleet"
    fleet.write_text("web1 ansible_host=192.0.2.1\nweb2 ansible_host=192.0.2.2\n")
    given = {"source_region": "us-east-1", "destination_region": "eu-west-1"}
    near = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    tasks = [
        {
            COPY: {**given, "snapshot_id": "{{ item }}"},
            "loop": sources[:2],
            "loop_control": {"label": "{{ item[-4:] }}"},
            "delegate_to": "localhost",
            "run_once": True,
            "vars": near,
        },
        {
            COPY: {**given, "snapshot_id": sources[2], "wait": True},
            "delegate_to": "localhost",
            "run_once": True,
            "vars": near,
            "async": HANGS,
            "poll": 0,
            "register": "started",
        },
        {
            "ansible.builtin.async_status": {"jid": "{{ started.ansible_job_id }}"},
            "register": "ended",
            "until": "ended is finished",
            "retries": HANGS,
            "delay": 1,
            "delegate_to": "localhost",
            "run_once": True,
            "vars": near,
        },
        {"debug": {"msg": "state {{ ended.copies[0].state }}"}, "run_once": True},
    ]
    playbook = clouds.write_playbook(tasks, hosts="all", vars={})
    code, output = clouds.run("ansible-playbook", "-i", fleet, playbook)
    assert code == 0 and "state completed" in output, output
    assert len(clouds.copies()) == 3


def test_moving_over_from_community_aws_is_a_change_of_the_name(clouds):
    clouds.control("settings", {"copy_seconds": 1})
    guide = (GUIDES / "moving_over.rst").read_text()
    before = re.search(r"\.\. code-block:: yaml\n\n(   - name: Before.*?)\n\n\S", guide, re.S)
    assert before, "the guide shows the task before and after"
    source = clouds.create_ebs_snapshot()
    blocks = {}
    for name in ("community.aws.ec2_snapshot_copy", COPY):
        options = re.search(rf"  {re.escape(name)}:\n((?:       .*\n?)+)", before[1])
        blocks[name] = dict(line.strip().split(": ", 1) for line in options[1].splitlines())
    assert blocks[COPY] == blocks["community.aws.ec2_snapshot_copy"]
    given = {
        **blocks[COPY],
        "source_snapshot_id": source,
        "description": "nightly",
        "encrypted": True,
        "kms_key_id": "alias/dr",
        "wait_timeout": 600,
        "tags": {"Name": "copy"},
    }
    made = set()
    for module in ("community.aws.ec2_snapshot_copy", COPY, COPY):
        before = made
        tasks = [{module: given, "register": "copied"}, {"debug": {"msg": "made {{ copied.snapshot_id }}"}}]
        code, output = clouds.play(tasks)
        made = {copy["SnapshotId"] for copy in clouds.copies()}
        assert code == 0 and re.search("made (snap-[0-9a-f]+)", output)[1] in made, output
    assert len(made) == 2 and made == before and "changed=0" in output


def test_the_clouds_that_make_serves_are_called_as_the_guide_writes_it(tmp_path):
    guide = (GUIDES / "try_it.rst").read_text()
    command = re.search(r"ansible-playbook multicloud\.snapshots\.dr_copy -i plans\.yml --check", guide)
    assert command and set(re.findall(r"``(throttle|drop|unavailable)``", guide)) <= KINDS
    with subprocess.Popen(
        [sys.executable, "-m", "tests.demo.local_clouds", tmp_path], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as served:
        try:
            printed = list(iter(served.stdout.readline, "Stop with Ctrl-C.\n"))
            kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ALIBABA_"))}
            script = f"source environment && {command[0]}"
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=tmp_path,
                env=kept,
                capture_output=True,
                text=True,
                timeout=HANGS,
                check=False,
            )
        finally:
            served.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("planned: 3 created; 3 disks") == len(CLOUDS), done.stdout
    assert f"  cd {tmp_path} && source environment\n" in printed
