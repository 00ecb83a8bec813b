# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample checks for drills, on real loop devices."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from .conftest import REPOSITORY

EXAMPLES = REPOSITORY / "docs" / "checks"
#: The path of an administrator, as with sudo.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def ran(*command, codes=(0,)):
    command = [shutil.which(command[0], path=PATH), *map(str, command[1:])]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode in codes, done.stderr
    return done.stdout.strip()


@pytest.fixture
def loop():
    """Attaches images as block devices; if that is not allowed, the test is skipped."""
    if os.geteuid() or not all(shutil.which(name, path=PATH) for name in ("losetup", "mkfs.ext4", "debugfs")):
        pytest.skip("loop devices need root, losetup and e2fsprogs")
    devices = []

    def attach(image):
        device = ran("losetup", "--find", "--show", image, codes=(0, 1))
        if not device:
            pytest.skip("no loop device is free, or none is allowed")
        devices.append(device)
        return device

    yield attach
    for device in devices:
        ran("losetup", "--detach", device)


def image_of(path, loop):
    """Make an image of a file system that was copied while mounted, so that its journal needs a replay."""
    path.with_suffix(".live").write_bytes(b"")
    os.truncate(path.with_suffix(".live"), 16 << 20)
    ran("mkfs.ext4", "-q", path.with_suffix(".live"))
    device, where = loop(path.with_suffix(".live")), path.with_suffix(".mounted")
    where.mkdir()
    ran("mount", device, where)
    try:
        (where / "orders").write_text("1\n" * 1000)
        os.sync()
        shutil.copy(path.with_suffix(".live"), path)
    finally:
        ran("umount", where)
    return path


def test_an_intact_file_system_passes_and_a_damaged_one_fails_and_is_unmounted(clouds, tmp_path, loop):
    whole, damaged = image_of(tmp_path / "whole", loop), tmp_path / "damaged"
    shutil.copy(whole, damaged)
    ran("e2fsck", "-f", "-p", damaged, codes=(0, 1))  # replays the journal
    ran("debugfs", "-w", "-R", "clri <12>", damaged)
    disks = [{"name": image.name, "device": loop(image), "disk_id": "d-1"} for image in (whole, damaged)]

    def checked(disk):
        """Run the sample as a drill does."""
        given = {"dr_restore_set": {"group": None, "disks": [disk]}}
        example = str(EXAMPLES / "file_systems.yml")
        return clouds.play([{"ansible.builtin.include_tasks": example, "vars": given}], PATH=PATH)

    code, output = checked(disks[0])
    assert code == 0, output
    code, output = checked(disks[1])
    assert code == 2 and "Inode" in output, output
    assert not any(disk["device"] in ran("mount") for disk in disks)
