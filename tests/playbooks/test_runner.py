# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of the controller as its execution nodes run them: with ansible-runner, in one or in three parts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.awx.installation import SECRETS, environment_of_tests
from tests.awx.jobs import Launch

from .conftest import ENDLESS, HANGS, REPOSITORY, is_alive, process_tree, wait_until


class Node:
    """An execution node: runs launches, and keeps their output."""

    def __init__(self, clouds, awx):
        self.clouds, self.awx = clouds, awx
        self.directory = clouds.directory

    def data(self, name, template, answers=None, number=1, **given):
        """Write the private data of a job."""
        launch = Launch(self.awx.controller, template, answers, **given)
        more = {
            "AWS_URL": self.clouds.ebs["endpoint_url"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "ALIBABA_CLOUD_ENS_ENDPOINT": self.clouds.connections["ens"]["endpoint_url"],
            "ANSIBLE_COLLECTIONS_PATH": str(self.awx.collections),
            "REPORTS": str(self.directory / "reports"),
        }
        return launch.write_private_data(self.directory / name, more, number), launch.playbook

    def start(self, *command, **streams):
        of_tests = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG")
        kept = {key: value for key, value in environment_of_tests().items() if key not in of_tests}
        command = [str(part) for part in ("ansible-runner", *command)]
        return subprocess.Popen(command, env=kept, start_new_session=True, cwd=self.directory, **streams)

    def run(self, data, playbook, ident):
        process = self.start("run", data, "-p", playbook, "-i", ident, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = process.communicate(timeout=HANGS)[0].decode()
        return process.returncode, output

    def send(self, data, playbook, ident):
        """Write what a worker receives for a job."""
        with (self.directory / f"{ident}.sent").open("wb") as stream:
            assert self.start("transmit", data, "-p", playbook, "-i", ident, stdout=stream).wait(timeout=HANGS) == 0

    def work(self, ident):
        """Start the worker that runs such a job."""
        sent = self.directory / f"{ident}.sent"
        with sent.open("rb") as given, (self.directory / f"{ident}.answer").open("wb") as answer:
            return self.start("worker", "--private-data-dir", f"{ident}.work", stdin=given, stdout=answer)

    def process(self, ident):
        """Process a worker's answer, as the controller does; return where the artifacts are."""
        done = self.directory / f"{ident}.done"
        with (self.directory / f"{ident}.answer").open("rb") as answer:
            self.start("process", done, "-i", ident, stdin=answer, stdout=subprocess.DEVNULL).wait(timeout=HANGS)
        return done


@pytest.fixture
def node(clouds, awx):
    clouds.control("settings", {"copy_seconds": 2, "disk_seconds": 0.2})
    clouds.control_of("ens", "settings", {"copy_seconds": 2})
    return Node(clouds, awx)


def artifacts_of(data, ident):
    """Return a job's artifacts by name, without the environment that the node itself writes."""
    folder = Path(data) / "artifacts" / ident
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "command"]
    return {str(path.relative_to(folder)): path.read_text(errors="replace") for path in files}


def handed_on(artifacts):
    """Return what set_stats passes to the next jobs of a workflow."""
    events = [json.loads(text) for name, text in artifacts.items() if name.startswith("job_events")]
    return next(e["event_data"]["artifact_data"] for e in events if e["event"] == "playbook_on_stats")


def no_secret_in(artifacts):
    for name, text in artifacts.items():
        assert not [secret for secret in SECRETS if secret in text], name


def estate(clouds):
    """Create disks with snapshots for both plans: three on AWS, one on the edge."""
    for number in range(3):
        clouds.create_ebs_snapshot(clouds.create_ebs_disk(f"orders-{number}", dr_copy="true"))
    clouds.create_snapshot("ens", clouds.create_disk("ens", "cache", dr_copy="true"))


def test_a_survey_is_answered_in_texts_and_shown_nowhere_is_a_secret(clouds, node):
    odd = "{{ lookup('env', 'HOME') }}"
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", purpose=odd))
    answers = {
        "dr_copy_cloud": "ebs",
        "dr_copy_source_region": "us-east-1",
        "dr_copy_destination_regions": "eu-west-1",
        "dr_copy_disk_tags": f"purpose={odd}",
        "dr_copy_rpo_hours": "24",
    }
    data, playbook = node.data("job", "dr-copy on demand", answers)
    code, output = node.run(data, playbook, "one")
    assert code == 0, output
    artifacts = artifacts_of(data, "one")
    summary = handed_on(artifacts)["dr_copy_summary"]["on-demand"]
    assert summary["within_rpo"] is True and summary["totals"]["complete"] == 1
    assert "on-demand ebs_snapshot_copy: " in artifacts["stdout"], "how far it is shows on the job's page"
    reported = [json.loads(text) for name, text in artifacts.items() if name.startswith("job_events")]
    assert any("ebs_snapshot_copy: 0 of 1 copied" in event["stdout"] for event in reported)
    no_secret_in(artifacts)


def test_two_slices_run_at_the_same_time_and_a_drill_proves_their_copies(clouds, node):
    estate(clouds)
    hosts = ("edge", "orders")
    for number, host in enumerate(hosts, 1):
        node.send(*node.data(host, "dr-copy nightly", number=number), host)
    workers = {host: node.work(host) for host in hosts}
    assert all(worker.poll() is None for worker in workers.values())
    for host, worker in workers.items():
        assert worker.wait(timeout=HANGS) == 0
        artifacts = artifacts_of(node.process(host), host)
        assert artifacts["rc"] == "0", artifacts["stdout"]
        summary = handed_on(artifacts)["dr_copy_summary"]
        assert set(summary) == {host} and summary[host]["within_rpo"] is True
        assert (node.directory / "reports" / f"{host}.html").exists()
        no_secret_in(artifacts)
    assert len(clouds.copies()) == 3
    drilled(clouds, node)
    restored(clouds, node)


def drilled(clouds, node):
    """Run jobs of the weekly drill: one as the schedule does, one for an unknown drill."""
    calls = clouds.control("calls").get("CreateVolume", 0)
    data, playbook = node.data("drill", "dr-copy drill", {"dr_restore_count": "2"}, limit="orders")
    code, output = node.run(data, playbook, "drill")
    assert code == 0 and "2 of 2 copies proven creatable" in output, output
    assert clouds.control("calls")["CreateVolume"] == calls + 2 and not clouds.restored_disks()
    report = json.loads((node.directory / "reports" / "orders.drill.json").read_text())
    assert report["totals"]["proven"] == 2 and (node.directory / "reports" / "orders.drill.html").exists()
    proven = [copy for copy in clouds.copies() if {"dr-copy:proven-at"} & {tag["Key"] for tag in copy["Tags"]}]
    assert len(proven) == 2
    no_secret_in(artifacts_of(data, "drill"))
    data, playbook = node.data("typo", "dr-copy drill", limit="orders-typo")
    code, output = node.run(data, playbook, "typo")
    assert code != 0 and "no hosts to target" in " ".join(output.split()), output


def restored(clouds, node):
    """Run a job of a restore, most of whose survey is left empty."""
    answers = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "id": "flood", "disk_names": "orders-1"}
    answers.update(dict.fromkeys(("source_region", "disk_ids", "disk_tags", "at"), ""))
    answers = {f"dr_restore_{name}": answer for name, answer in answers.items()}
    data, playbook = node.data("restore", "dr-copy restore", answers)
    code, output = node.run(data, playbook, "restore")
    assert code == 0, output
    (path,) = (data / "project").glob("restore.*.restore.json")
    manifest = json.loads(path.read_text())
    assert [row["disk_name"] for row in manifest["disks"]] == ["orders-1"]
    assert [row["new_disk_id"] for row in manifest["disks"]] == clouds.restored_disks()
    no_secret_in(artifacts_of(data, "restore"))


def test_a_dry_run_then_the_status_hands_its_breaches_on(clouds, node):
    """A job of the type Check copies nothing, so the status fails; the next job gets the breaches."""
    estate(clouds)
    data, playbook = node.data("dry", "dr-copy nightly", number=2, job_type="check")
    code, output = node.run(data, playbook, "dry")
    assert code == 0 and not clouds.copies(), output
    data, playbook = node.data("status", "dr-copy status")
    code, output = node.run(data, playbook, "status")
    assert code == 2 and "miss the RPO of 26 h" in " ".join(output.split())
    assert (node.directory / "reports" / "index.html").exists()
    reported = handed_on(artifacts_of(data, "status"))
    assert {name: plan["within_rpo"] for name, plan in reported["dr_copy_summary"].items()} == {
        "edge": False,
        "orders": False,
    }
    data, _playbook = node.data("chat", "dr-copy nightly", number=2, handed_on=reported)
    guide = (REPOSITORY / "docs" / "docsite" / "rst" / "awx_operation.rst").read_text()
    task = re.search(r"(   - name: Tell the chat.*?\n)\n", guide, re.DOTALL)[1]
    play = {"hosts": "all", "gather_facts": False, "tasks": yaml.safe_load(task)}
    (data / "project" / "chat.yml").write_text(yaml.safe_dump([play]))
    code, output = node.run(data, "chat.yml", "chat")
    assert code == 0 and "orders-0" in output and "cache" in output, output


def test_a_cancelled_worker_is_put_right_by_the_next_job(clouds, node):
    estate(clouds)
    clouds.control("settings", {"copy_seconds": ENDLESS})
    node.send(*node.data("first", "dr-copy nightly", number=2), "first")
    worker = node.work("first")
    wait_until(lambda: len(clouds.copies()) == 2)
    children = process_tree(worker.pid)[1:]
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait(timeout=HANGS)
    wait_until(lambda: not any(is_alive(pid) for pid in children))
    assert len(clouds.copies()) == 2, "the module has ended too, before it could start the third copy"
    artifacts = artifacts_of(node.process("first"), "first")
    assert artifacts["status"] == "canceled"
    no_secret_in(artifacts)
    clouds.control("settings", {"copy_seconds": 2})
    clouds.control("finish", {"seconds": 4})
    data, playbook = node.data("again", "dr-copy nightly", number=2)
    code, output = node.run(data, playbook, "again")
    assert code == 0 and len(clouds.copies()) == 3, output
    asked = {"dr_copy_hosts": "orders"}
    data, playbook = node.data("other", "dr-copy nightly", asked, number=1)
    code, output = node.run(data, playbook, "other")
    assert code == 0 and "no hosts matched" in output, "a slice without the plan that was asked for has nothing to do"
    for number, typo in enumerate(("odrers", "orders,odrers"), 1):
        data, playbook = node.data(f"typo{number}", "dr-copy nightly", {"dr_copy_hosts": typo}, number=number)
        code, output = node.run(data, playbook, f"typo{number}")
        output = " ".join(output.split())
        assert code != 0 and f"'{typo}' contains a name that is not a plan" in output, output
