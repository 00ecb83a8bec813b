# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One new disk for each old one, and a manifest that cannot be written."""

from __future__ import annotations

import pytest

CLAIM = {"kubernetes.io/created-for/pvc/name": "data", "kubernetes.io/created-for/pvc/namespace": "shop"}


@pytest.mark.parametrize("first", [False, True])
def test_one_restore_makes_a_disk_or_a_claim_for_one_old_disk(ebs_runs, tmp_path, first):
    ebs_runs.copy_new_disks("database", **CLAIM)
    assert not ebs_runs.restore(manifest_dir=str(tmp_path), kubernetes=first).message
    disks, files = len(ebs_runs.estate.disks()), sorted(path.name for path in tmp_path.iterdir())
    ended = ebs_runs.restore(manifest_dir=str(tmp_path), kubernetes=not first)
    assert f"but this run would create {'a disk' if first else 'a claim'}" in ended.message
    assert len(ebs_runs.estate.disks()) == disks and sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_manifest_that_cannot_be_written_hides_no_new_disk(ebs_runs, tmp_path):
    """The system refuses even to look whether a file of such a name exists."""
    ebs_runs.copy_new_disks("database")
    ended = ebs_runs.restore(manifest_dir=str(tmp_path / ("x" * 300)))
    (disk,) = ended.result["disks"]
    assert disk["new_disk_id"] == ebs_runs.estate.disks()[0].id and "The manifest could not be written" in ended.message
