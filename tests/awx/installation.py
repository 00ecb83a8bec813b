# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository with playbooks/awx, a controller on which its setup.yml ran for two organizations, and a node."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.simulator.alibaba import service as alibaba
from tests.simulator.aws import ec2
from tests.simulator.server import Server
from tests.simulator.tencent import service as tencent

from .stand_in import TOKEN, Controller

REPOSITORY = Path(__file__).resolve().parents[2]
#: Two slices take one of them each.
PLANS = """
all:
  vars:
    dr_copy_wait_delay: 1
    dr_copy_rpo_hours: 26
    dr_copy_max_in_flight: 2
    dr_copy_report_dir: "{{ lookup('ansible.builtin.env', 'REPORTS') }}"
  hosts:
    edge:
      dr_copy_cloud: ens
      dr_copy_source_region: cn-hangzhou-26
      dr_copy_destination_regions: [cn-chengdu-26]
    orders:
      dr_copy_cloud: ebs
      dr_copy_source_region: us-east-1
      dr_copy_destination_regions: [eu-west-1]
"""
DRILLS = """
all:
  vars:
    dr_restore_wait_timeout: 600
    dr_restore_report_dir: "{{ lookup('ansible.builtin.env', 'REPORTS') }}"
  hosts:
    orders:
      dr_restore_cloud: ebs
      dr_restore_region: eu-west-1
      dr_restore_zone: eu-west-1a
    other:
      dr_restore_cloud: ebs
      dr_restore_region: nowhere-1
      dr_restore_zone: nowhere-1a
"""
CREDENTIALS = [
    {
        "name": "aws-dr",
        "credential_type": "Amazon Web Services",
        "inputs": {"username": ec2.ACCESS_KEY, "password": ec2.SECRET_KEY},
    },
    {
        "name": "alibaba-dr",
        "credential_type": "Alibaba Cloud",
        "inputs": {"access_key": alibaba.ACCESS_KEY, "secret_key": alibaba.SECRET_KEY},
    },
    {
        "name": "tencent-dr",
        "credential_type": "Tencent Cloud",
        "inputs": {"secret_id": tencent.SECRET_ID, "secret_key": tencent.SECRET_KEY},
    },
]
SECRETS = (ec2.SECRET_KEY, alibaba.SECRET_KEY, tencent.SECRET_KEY, TOKEN)
#: With the same names in both organizations; a credential that somebody made there by hand has no inputs here.
SETTINGS = {
    "awx_credentials": CREDENTIALS,
    "awx_drill_credentials": [{"name": "aws-drill", "credential_type": "Amazon Web Services"}],
    "awx_project_credential": "git",
    "awx_image_credential": "registry",
    "awx_image": "registry.example.com/dr-copy-ee:1",
    "awx_notifications": ["chat"],
    "awx_instance_groups": ["dr-copy pods"],
}
BY_HAND = {
    "aws-drill": ("Amazon Web Services", {"username": ec2.ACCESS_KEY, "password": ec2.SECRET_KEY}),
    "git": ("Source Control", {"username": "sre"}),
    "registry": ("Container Registry", {"host": "registry.example.com"}),
}
#: Further settings of setup.yml for each organization.
ORGANIZATIONS = {
    "Default": {},
    "Payments": {
        "awx_image": "registry.example.com/payments-ee:1",
        "awx_credentials": [{**CREDENTIALS[0], "inputs": {"username": "AKIAPAYMENTS", "password": ec2.SECRET_KEY}}],
    },
}
#: The simulated clouds and the stand-in serve plain HTTP, yet Ansible loads the machine's certificates for each
#: request, which took two fifths of the time of setup.yml.
NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}


def environment_outside() -> dict[str, str]:
    """Return an environment without collections on Python's path, where Ansible looks too."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH" and not key.startswith("AWS_")}


def environment_of_tests() -> dict[str, str]:
    """The same, with what makes the playbooks of the tests faster."""
    site = str(REPOSITORY / "tests" / "playbooks" / "site")
    faster = {"ANSIBLE_CONFIG": str(REPOSITORY / "tests" / "ansible.cfg"), "PYTHONPATH": site}
    return {**environment_outside(), **faster, **NO_CERTIFICATES}


def _run(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


class Installation:
    """Everything in one directory: the user's repository, the controller, the collections of a project's update.

    ``run`` runs a command in an environment, and returns its exit code and output.
    """

    def __init__(self, directory: Path, run: Callable[[list[str], dict[str, str]], tuple[int, str]] | None = None):
        self.directory = directory
        self._run = run or _run
        self.repository = directory / "repository"
        self.collections = directory / "requirements_collections"
        self.kept = directory / "controller"

    def begin(self) -> None:
        """Make the repository as the guide says, with a built tarball instead of Galaxy's.

        Then set everything up, one organization after the other.
        """
        shutil.copytree(REPOSITORY / "playbooks" / "awx", self.repository)
        (self.repository / "inventories" / "plans.yml").write_text(PLANS)
        (self.repository / "inventories" / "drills.yml").write_text(DRILLS)
        self._command("ansible-galaxy", "collection", "build", REPOSITORY, "--output-path", self.directory)
        wanted = self.repository / "collections" / "requirements.yml"
        named = yaml.safe_load(wanted.read_text())
        named["collections"][0] = {"name": str(next(self.directory.glob("*.tar.gz"))), "type": "file"}
        wanted.write_text(yaml.safe_dump(named))
        for command in ("init -q -b main", "add -A", "-c user.name=sre -c user.email=sre@localhost commit -q -m Plans"):
            self._command("git", *command.split())
        self._install(wanted)
        controller = Controller(self.directory)
        controller.add("instance_groups", {"name": "dr-copy pods", "is_container_group": True})
        for name in ORGANIZATIONS:
            known = [n for n, item in controller.of("organizations").items() if item["name"] == name]
            owner = {"organization": known[0] if known else controller.add("organizations", {"name": name})["id"]}
            controller.add("notification_templates", {"name": "chat", "notification_type": "slack", **owner})
            for credential, (kind, inputs) in BY_HAND.items():
                of_type = controller.named("credential_types", kind)["id"]
                given = {"name": credential, "credential_type": of_type, "inputs": inputs}
                controller.add("credentials", {**given, **owner})
        self._keep(controller)
        for name in ORGANIZATIONS:
            code, output = self.set_up(name)
            self.output(name).write_text(f"{code}\n{output}")

    def output(self, organization: str) -> Path:
        return self.directory / f"{organization}.output"

    def _command(self, *command: object, **environment: str) -> None:
        subprocess.run(
            [str(part) for part in command],
            cwd=self.repository,
            env={**environment_outside(), **environment},
            check=True,
            capture_output=True,
        )

    def _install(self, wanted: Path) -> None:
        """Install collections as the update of a project does."""
        there = self.collections / "ansible_collections"
        there.mkdir(parents=True)
        (there / "amazon").symlink_to(REPOSITORY.parents[1] / "amazon")
        command = ("ansible-galaxy", "collection", "install", "--offline", "-r", wanted, "-p", self.collections)
        self._command(*command, ANSIBLE_COLLECTIONS_PATH=str(self.collections))
        assert (there / "multicloud" / "snapshots" / "MANIFEST.json").exists()

    @property
    def controller(self) -> Controller:
        return pickle.loads(self.kept.read_bytes())

    def _keep(self, controller: Controller) -> None:
        """Written atomically, because other processes read it."""
        new = self.kept.with_suffix(f".{os.getpid()}")
        new.write_bytes(pickle.dumps(controller))
        new.replace(self.kept)

    def set_up(self, organization: str = "Default", **variables: object) -> tuple[int, str]:
        """Run setup.yml as a user does; return its exit code and output, and keep the controller's new state."""
        controller = self.controller
        server = Server(controller.app)
        given = self.directory / f"variables{os.getpid()}.yml"
        settings = {
            "awx_project_url": str(self.repository),
            "awx_organization": organization,
            **SETTINGS,
            **ORGANIZATIONS[organization],
            **variables,
        }
        given.write_text(yaml.safe_dump(settings))
        command = ["ansible-playbook", str(self.repository / "setup.yml"), "-e", f"@{given}"]
        ended = self._run(
            command, {**environment_of_tests(), "CONTROLLER_HOST": server.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
        )
        server.stop()
        self._keep(controller)
        return ended
