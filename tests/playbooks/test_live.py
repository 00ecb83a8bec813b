# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make live` and `make live-clean` against the simulated clouds: promises, kills, what is written, what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.clouds import CLOUDS
from tests.live.probes import probes_on
from tests.simulator.alibaba import service as alibaba
from tests.simulator.aws import ec2
from tests.simulator.tencent import service as tencent
from tests.support.daily import daily_sample

from .conftest import ENDLESS, HANGS, PLACES, REPOSITORY, kill_all, process_tree, send_signal, wait_until

#: How often an action was called before the power fails, and which other calls of the run must have been seen.
MOMENTS = [
    ("ebs", "CreateVolume", 1),
    ("ebs", "CopySnapshot", 2),  # the first one only checks the permission
    ("ecs", "CreateSnapshot", 1),
    ("ens", "CopySnapshot", 1),
    ("cbs", "CreateDisks", 1),
]
assert {cloud for cloud, _action, _number in MOMENTS} == set(CLOUDS)
HIDDEN = (
    *(ec2.ACCESS_KEY, ec2.SECRET_KEY, ec2.ACCOUNT, alibaba.ACCESS_KEY, alibaba.SECRET_KEY),
    *(tencent.SECRET_ID, tencent.SECRET_KEY, tencent.ACCOUNT, "alice"),
)
#: What a service may reveal about the caller.
TELLING = (
    f"User: arn:aws:iam::{ec2.ACCOUNT}:user/alice, uin/{tencent.ACCOUNT}, acs:ram::{tencent.ACCOUNT}:user/alice, "
    f"alice@example.com, {alibaba.ACCESS_KEY} is not authorized"
)


class Lent:
    """A simulated account with things of its owner, for a live run."""

    def __init__(self, clouds, cloud):
        self.clouds, self.cloud = clouds, cloud
        self.results = clouds.directory / "live"
        connections = clouds.connections
        self.pace(1.0)
        self.environment = clouds.environment(
            PYTHONPATH=os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
            ALIBABA_CLOUD_ACCESS_KEY_ID=connections["ecs"]["access_key"],
            ALIBABA_CLOUD_ACCESS_KEY_SECRET=connections["ecs"]["secret_key"],
            ALIBABA_CLOUD_ECS_ENDPOINT=connections["ecs"]["endpoint_url"],
            ALIBABA_CLOUD_ENS_ENDPOINT=connections["ens"]["endpoint_url"],
            TENCENTCLOUD_SECRET_ID=connections["cbs"]["secret_id"],
            TENCENTCLOUD_SECRET_KEY=connections["cbs"]["secret_key"],
            TENCENTCLOUD_CBS_ENDPOINT=connections["cbs"]["endpoint_url"],
        )
        # The owner's things, some with names and tags that look like the mark.
        self.disk = clouds.create_disk(cloud, "dr-copy-live", dr_copy_live="mine")
        clouds.create_snapshot(cloud, self.disk)
        self.before = self.everything()

    def everything(self):
        """Return the true state of the server: each disk and snapshot, in both regions."""
        return {row["id"] for row in self.clouds.control_of(self.cloud, "truth")}

    def start(self, command, *arguments):
        source, destination = PLACES[self.cloud]
        places = ["--cloud", self.cloud, "--source", source, "--destination", destination]
        pace = ["--poll", "0.5", "--settle", "1.5", "--patience", str(HANGS), "--directory", str(self.results)]
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.live", command, *places, *pace, *arguments],
            cwd=self.clouds.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command, *arguments):
        """Run to the end. While two runs copy at once, copies take long enough for each run to see the other's."""
        process = self.start(command, *arguments)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "twice at once" in line or "two runs at once" in line:
                # Later ENS and CBS get a deletion of a copy that must still be in progress.
                self.pace(5.0 if "twice" in line else 3.0)
        return process.wait(), "".join(lines)

    def pace(self, seconds):
        self.clouds.control_of(self.cloud, "settings", {"copy_seconds": seconds, "disk_seconds": 0.5})

    def calls(self, action):
        return self.clouds.control_of(self.cloud, "calls").get(action, 0)

    def files_written(self):
        """Return everything that a run wrote, except the journal."""
        return {path: path.read_text() for path in self.results.rglob("*") if path.is_file()}


@pytest.fixture
def lent(clouds, request):
    return Lent(clouds, request.param)


@pytest.mark.parametrize("lent", daily_sample(PLACES), indirect=True)
def test_every_promise_is_kept_and_nothing_is_left_behind(lent, quick_playbooks):
    lent.environment["PATH"] = quick_playbooks
    # One cloud runs the role twice, and one takes snapshots of a given disk.
    arguments = {"cbs": (), "ecs": ("--brief", "--disk", lent.disk)}.get(lent.cloud, ("--brief",))
    code, output = lent.run("run", "--yes", *arguments)
    assert code == 0, output
    written = lent.files_written()
    table = next(text for path, text in written.items() if path.name == "seen.md")
    assert "**no**" not in table and table.count("| yes |") >= 15, table
    assert "| state: absent deletes the restored disk, once | yes |" in table
    drilled = "| a drill proves the copy, and leaves no disk |"
    assert f"{drilled} {'not tried' if lent.cloud == 'ecs' else 'yes'} |" in table, table
    for fact in ("lag until a copy shows", "states of a copy", "deletion of a complete copy"):
        assert f"| {fact} |" in table
    assert "ended early" not in table, table
    asked = probes_on(lent.cloud)
    assert asked and all(f"\n| {fact} | " in table for fact in asked) and "no answer in this run" not in table, table
    names = {path.name for path in written}
    assert {"transcript.txt", "journal.jsonl", "copy_call.json", "delete_missing.json"} <= names
    assert not [secret for secret in HIDDEN for text in (*written.values(), output) if secret in text]
    assert lent.everything() == lent.before


@pytest.mark.parametrize(("lent", "action", "times"), MOMENTS, indirect=["lent"])
def test_after_a_kill_nothing_is_left_and_nothing_else_touched(lent, action, times):
    dies_alone = action == "CopySnapshot" and lent.cloud == "ebs"
    if dies_alone:
        lent.pace(ENDLESS)  # its playbook waits
    process = lent.start("run", "--yes")
    wait_until(lambda: lent.calls(action) >= times or process.poll() is not None)
    if dies_alone:
        # The run itself was killed, but its playbook continues: nothing may be cleaned up meanwhile.
        others = process_tree(process.pid)[1:]
        process.kill()
        process.wait()
        code, output = lent.run("clean", "--yes")
        assert code == 2 and "A run is in progress" in output
        send_signal(signal.SIGKILL, others)
    else:
        kill_all(process)
    code, output = lent.run("clean", "--yes")
    assert code == 0 and "Nothing with the mark is left." in output, output
    assert lent.everything() == lent.before
    assert not [secret for secret in HIDDEN if secret in output]


@pytest.mark.parametrize("lent", PLACES, indirect=True)
@pytest.mark.parametrize("command", ["run", "clean"])
def test_a_live_run_without_consent_calls_nothing(lent, command):
    before = lent.clouds.control_of(lent.cloud, "calls")
    code, output = lent.run(command)
    assert code == 2 and "set YES=1" in output and "dr-copy-live" in output
    assert lent.clouds.control_of(lent.cloud, "calls") == before
    assert not lent.results.exists()


@pytest.mark.parametrize(("lent", "action"), [("ebs", "CreateSnapshot"), ("cbs", "CreateSnapshot")], indirect=["lent"])
def test_a_refusal_is_reported_without_names_and_cleaned_up(lent, action, quick_playbooks):
    lent.environment["PATH"] = quick_playbooks
    refusal = {"action": action, "fault": "refuse", "code": "UnauthorizedOperation", "message": TELLING, "status": 403}
    lent.clouds.control_of(lent.cloud, "faults", [refusal])
    code, output = lent.run("run", "--yes")
    assert code == 1 and "is not authorized" in output and "BROKEN: the run comes to its end" in output, output
    assert lent.everything() == lent.before
    assert not [secret for secret in HIDDEN for text in (*lent.files_written().values(), output) if secret in text]


def test_the_command_says_what_it_lacks():
    environment = {key: value for key, value in os.environ.items() if key not in ("CLOUD", "SOURCE", "DESTINATION")}
    command = ["bash", REPOSITORY / "tests" / "scripts" / "live.sh", "run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Say CLOUD=" in done.stderr
