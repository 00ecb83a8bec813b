# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
import pytest
import yaml

from tests.awx.installation import NO_CERTIFICATES, REPOSITORY, Installation, environment_of_tests
from tests.clouds import CLOUDS

from .fork_server import ForkServer

#: Where tests copy from and to.
PLACES = {name: cloud.regions[:2] for name, cloud in CLOUDS.items()}
#: After this many seconds, what still runs or has not happened counts as hanging, however slow the machine is.
HANGS = 900
#: Seconds that no test lasts: copies of this duration are in progress until a test ends them.
ENDLESS = 3600


class Clouds:
    """The simulated clouds in a process of their own, and Ansible's commands run against them."""

    def __init__(self, connections, directory, fork_server=None):
        self.connections = connections
        self.ebs = connections["ebs"]
        self.directory = directory
        self.fork_server = fork_server

    def control(self, what, body=None):
        """POST to the simulated EC2; without a body, GET from it."""
        return self.control_of("ebs", what, body)

    def control_of(self, cloud, what, body=None):
        """The same for another cloud."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.connections[cloud]['endpoint_url']}/_simulator/{what}", data)
        with urllib.request.urlopen(request, timeout=HANGS) as answer:
            return json.loads(answer.read())

    def client(self, region):
        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=self.ebs["endpoint_url"],
            aws_access_key_id=self.ebs["access_key"],
            aws_secret_access_key=self.ebs["secret_key"],
        )

    def create_ebs_disk(self, name, **tags):
        return self.create_disk("ebs", name, **tags)

    def create_ebs_snapshot(self, disk=None):
        return self.create_snapshot("ebs", disk)

    def create_disk(self, cloud, name="d", **tags):
        """Create a disk on any of the clouds, in the region that tests copy from."""
        tags = {key.replace("_", "-"): value for key, value in tags.items()}
        return self.make(cloud, kind="disk", name=name, tags=tags)

    def create_snapshot(self, cloud, disk=None):
        """Create a snapshot of this disk, or of a new disk."""
        return self.make(cloud, kind="snapshot", disk_id=disk or self.create_disk(cloud), name="nightly")

    def make(self, cloud, **facts):
        return self.control_of(cloud, "make", [{"region": PLACES[cloud][0], **facts}])[0]

    def copies(self, region="eu-west-1"):
        listed = self.client(region).describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return [s for s in listed if s.get("TransferType")]

    def restored_disks(self, region="eu-west-1"):
        """Return the IDs of the volumes that restores have made, without those that EC2 is deleting but still shows."""
        tagged = [{"Name": "tag-key", "Values": ["dr-restore:id"]}]
        listed = self.client(region).describe_volumes(Filters=tagged)["Volumes"]
        return [volume["VolumeId"] for volume in listed if volume["State"] != "deleting"]

    def environment(self, **more):
        """A user's environment, with the keys as AWX and shells set them."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {
            **kept,
            "AWS_URL": self.ebs["endpoint_url"],
            "AWS_ACCESS_KEY_ID": self.ebs["access_key"],
            "AWS_SECRET_ACCESS_KEY": self.ebs["secret_key"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "ANSIBLE_CONFIG": str(REPOSITORY / "tests" / "ansible.cfg"),
            "ANSIBLE_ACTION_PLUGINS": str(REPOSITORY / "tests" / "playbooks" / "action"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            **NO_CERTIFICATES,
            **more,
        }

    def start(self, *command, **more):
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=self.directory,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command, **more):
        """Run a command to its end; return its exit code and output."""
        environment = self.environment(**more)
        can_fork = self.fork_server and self.fork_server.has_loaded(environment)
        if can_fork and command[0] in ("ansible", "ansible-playbook"):
            return self.fork_server.run([str(part) for part in command], self.directory, environment, timeout=HANGS)
        process = self.start(*command, **more)
        output, _errors = process.communicate(timeout=HANGS)
        return process.returncode, output

    def play(self, tasks, *arguments, **more):
        """Run tasks as a play on localhost."""
        return self.run("ansible-playbook", self.write_playbook(tasks), *arguments, **more)

    def write_playbook(self, tasks, **play):
        path = self.directory / f"play{time.monotonic_ns()}.yml"
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            **play,
            "tasks": tasks,
        }
        path.write_text(yaml.safe_dump([play]))
        return path


@contextlib.contextmanager
def served_clouds():
    """Serve the simulated clouds in a process of their own; return the connection options of each."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulator"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def _server():
    with served_clouds() as connections:
        yield connections


@pytest.fixture(scope="session")
def _fork_server(_server, _modules_are_compiled_once):
    fork_server = ForkServer(Clouds(_server, None).environment())
    yield fork_server
    fork_server.stop()


@pytest.fixture(scope="session")
def quick_playbooks(_fork_server):
    """A PATH whose ansible-playbook runs in a fork, for programs that start it."""
    with tempfile.TemporaryDirectory() as directory:  # with a name short enough for a socket
        _fork_server.provide_command(directory)
        yield os.pathsep.join([directory, os.environ["PATH"]])


@pytest.fixture
def clouds(_server, _fork_server, tmp_path):
    clouds = Clouds(_server, tmp_path, _fork_server)
    for cloud in _server:
        clouds.control_of(cloud, "reset", {})
    return clouds


def make_once(factory, name, make):
    """Return a directory that ``make(directory)`` creates once, for all processes of the tests."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    directory = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            directory.mkdir()
            try:
                make(directory)
            except BaseException:
                shutil.rmtree(directory)  # so that no other process uses half of it
                raise
    return directory


@pytest.fixture(scope="session", autouse=True)
def _modules_are_compiled_once(tmp_path_factory):
    """See site/sitecustomize.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTS_KEEP_COMPILED", str(make_once(tmp_path_factory, "compiled", lambda directory: None)))
        patch.setenv("PYTHONPATH", str(REPOSITORY / "tests" / "playbooks" / "site"), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def awx(tmp_path_factory, _modules_are_compiled_once):
    """A controller on which setup.yml has run."""
    fork_server = ForkServer(environment_of_tests())

    def run(command, environment):
        return fork_server.run(command, REPOSITORY, environment, timeout=HANGS)

    yield Installation(make_once(tmp_path_factory, "awx", lambda directory: Installation(directory, run).begin()), run)
    fork_server.stop()


@pytest.fixture(scope="session")
def oldest(tmp_path_factory):
    """The environment of the oldest supported core, with the library of one cloud only."""
    python = next(filter(None, (shutil.which(f"python3.{minor}") for minor in (11, 12, 10))), None)
    if not python:
        pytest.skip("ansible-core 2.16 runs on Python 3.10 to 3.12, none of which is here")

    def make(directory):
        subprocess.run([python, "-m", "venv", directory], check=True)
        wanted = ["ansible-core==2.16.*", "aliyun-python-sdk-ens"]
        subprocess.run([directory / "bin" / "pip", "install", "-q", *wanted], check=True, capture_output=True)

    directory = make_once(tmp_path_factory, "oldest", make)
    return {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}"}


@pytest.fixture(params=["newest", "oldest"])
def core(request):
    """The environment that selects a core: that of the tests, or the oldest supported one."""
    return {} if request.param == "newest" else request.getfixturevalue("oldest")


def wait_until(is_so, seconds=HANGS, pause=0.1):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(pause)


def kill_all(process):
    """Kill a playbook, its workers and its modules at once, as a power cut would."""
    # Newer cores give each worker a session of its own, so killing the group is not enough. A stopped process cannot
    # start another one that would survive.
    stopped = []
    while found := [pid for pid in process_tree(process.pid) if pid not in stopped]:
        send_signal(signal.SIGSTOP, found)
        stopped += found
    send_signal(signal.SIGKILL, stopped)
    process.wait()


def send_signal(number, pids):
    """Send a signal to those of these processes that still exist."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_in_the_second_window(clouds, cloud, process, copies, window):
    """Kill a playbook that makes endless copies, once it has started some copies more than its window holds."""
    wait_until(lambda: len(copies()) == window or process.poll() is not None)
    clouds.control_of(cloud, "finish", {"seconds": 0})
    wait_until(lambda: len(copies()) > window or process.poll() is not None, pause=0.02)
    kill_all(process)
    assert window < len(copies()) <= 2 * window
    # A run that is fast enough adopts copies in progress. A call that the playbook sent may take effect after its end,
    # so first no new copy is endless, then the existing ones are ended.
    clouds.control_of(cloud, "settings", {"copy_seconds": 4})
    clouds.control_of(cloud, "finish", {"seconds": 4})


def is_alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def process_tree(ancestor):
    """Return this process ID and those of all its descendants."""
    found = [ancestor]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found
