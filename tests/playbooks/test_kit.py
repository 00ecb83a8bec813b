# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kit for the worst day: made from an installed collection, and used without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
import yaml

from tests.awx.installation import environment_outside
from tests.documentation.guides import blocks_of

from .conftest import HANGS, REPOSITORY, make_once

ALONE = ["unshare", "--map-root-user", "--net"]
DRILL = {"dr_restore_cloud": "ebs", "dr_restore_region": "eu-west-1", "dr_restore_zone": "eu-west-1a"}


@pytest.fixture
def alone():
    """Return the command prefix for a network namespace that has only loopback."""
    if not os.environ.get("KIT_TEST"):
        pytest.skip("make kit-test runs it: a minute goes by while wheels are fetched and installed twice")
    has_both = shutil.which("unshare") and shutil.which("ip")
    if not has_both or subprocess.run([*ALONE, "ip", "link"], capture_output=True, check=False).returncode:
        end = pytest.fail if os.environ.get("CI") else pytest.skip
        end("this machine allows no network namespace, or has no unshare and ip")
    return ALONE


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A directory in which the built collection is installed."""

    def make(directory):
        (directory / "ansible_collections").mkdir()
        (directory / "ansible_collections" / "amazon").symlink_to(REPOSITORY.parents[1] / "amazon")
        alone = {**environment_outside(), "ANSIBLE_COLLECTIONS_PATH": str(directory)}
        galaxy = ["ansible-galaxy", "collection"]
        subprocess.run([*galaxy, "build", REPOSITORY, "--output-path", directory], env=alone, check=True)
        command = [*galaxy, "install", "--offline", "-p", directory, *directory.glob("*.tar.gz")]
        subprocess.run(command, env=alone, check=True)

    return make_once(tmp_path_factory, "installed", make)


def run_in(directory, installed, command):
    """Run a command where the collection is installed; return exit code and output."""
    environment = {**environment_outside(), "ANSIBLE_COLLECTIONS_PATH": str(installed), "PWD": str(directory)}
    done = subprocess.run(
        command, env=environment, cwd=directory, capture_output=True, text=True, timeout=HANGS, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_kit_restores_disks_where_there_is_no_network_and_no_source_region(installed, tmp_path, alone):
    (make,) = (block.text for block in blocks_of("kit") if block.section == "Make a kit")
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "drills.yml").write_text(yaml.safe_dump({"all": {"hosts": {"orders": DRILL}}}))
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "orders.json").write_text("{}")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "=3.12 " in make and "=/var/lib/dr-copy\n" in make
    make = make.replace("=3.12 ", f"={version} ").replace("=/var/lib/dr-copy", "=reports")
    code, output = run_in(tmp_path, installed, ["bash", "-c", make])
    assert code == 0, output
    (kit,) = tmp_path.glob("dr-kit-*.tar.gz")
    assert str(kit) in output and kit.stat().st_mode & 0o777 == 0o600
    with tarfile.open(kit) as archive:
        names = set(archive.getnames())
    guides = {f"dr-kit/guides/{name}" for name in ("worst_day.txt", "worst_day_card.html")}
    assert {"dr-kit/reports/orders.json", "dr-kit/inventory/drills.yml", *guides} <= names
    day = tmp_path / "day"
    day.mkdir()
    command = [*alone, sys.executable, "-m", "tests.playbooks.no_network", str(kit), str(day)]
    subprocess.run(command, cwd=REPOSITORY, env=dict(os.environ), timeout=HANGS, check=True)
    result = json.loads((day / "result.json").read_text())
    assert result["network"] == "Network is unreachable"
    assert result["code"] == 0 and "[WARNING]" not in result["output"], result["output"]
    (manifest,) = result["manifests"]
    assert {row["disk_id"] for row in manifest["disks"]} == set(result["disks"].values())
    assert {row["new_disk_id"] for row in manifest["disks"]} == set(result["restored"]) != set()


def test_no_kit_is_made_of_what_is_not_there(installed, tmp_path):
    given = json.dumps({"dr_kit_dir": str(tmp_path), "dr_kit_python": "3.99"})
    code, output = run_in(tmp_path, installed, ["ansible-playbook", "multicloud.snapshots.dr_kit", "-e", given])
    text = "No kit was made. No Python 3.99 with its module venv was found"
    assert code != 0 and text in " ".join(output.split()), output
    assert not list(tmp_path.glob("dr-kit-*"))
