# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in the guide for the worst day, with various manifests: what they attach, in which order."""

from __future__ import annotations

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from tests.documentation.guides import blocks_of


def play(caption):
    (found,) = [one.text for guide in ("worst_day", "restoring") for one in blocks_of(guide) if one.caption == caption]
    return yaml.safe_load(found)[0]


def rendered(text, **variables):
    return NativeEnvironment().from_string(text).render(**variables)


def row(number, device, instance="i-1", state="available", made=True, **more):
    new = f"vol-n{number}" if made else None
    facts = {"disk_id": f"vol-{number}", "copy_id": f"snap-{number}", "new_disk_id": new}
    facts.update(device=device, instance=instance, state=state)
    return {**facts, **more}


def attached(manifest, server="i-1"):
    (task,) = play("attach.yml")["tasks"]
    known = {"manifest": manifest, "leave_out": [], "item": {"key": server, "value": "i-new"}}
    for name, text in task["vars"].items():
        known[name] = rendered(text, **known)
    return list(rendered(task["multicloud.snapshots.ebs_snapshot_restore"]["snapshot_ids"], **known))


#: Two disks that exist here, one that is gone, and one in another region.
EARLIER = [
    row(9, "/dev/sdb", region="here"),
    row(8, None, region="here"),
    row(7, "/dev/sda", state="absent", region="here"),
    row(10, "/dev/sda", region="elsewhere"),
]


@pytest.mark.parametrize("earlier", [[], EARLIER])
def test_disks_are_attached_in_the_order_of_their_devices(earlier):
    others = [row(5, "/dev/sda", instance="i-2"), row(6, "/dev/sda", state="missing", made=False), row(4, "x", None)]
    disks = [row(1, "/dev/sdg"), row(2, None), row(3, "/dev/sdf"), *others]
    manifest = {"region": "here", "disks": disks, "earlier": earlier}
    ordered = attached(manifest)
    assert ordered == (["snap-9"] if earlier else []) + ["snap-3", "snap-1", "snap-2"] + (["snap-8"] if earlier else [])
    assert attached(manifest, "i-2") == ["snap-5"] and attached(manifest, "i-3") == []


def test_only_the_last_runs_disk_of_two_from_one_source_is_attached():
    """An older version made them if a run had another dr_restore_at."""
    disks = [{**row(1, "/dev/sdf"), "disk_id": "vol-1"}]
    earlier = [{**row(n, "/dev/sdf", region="here"), "disk_id": f"vol-{disk}"} for n, disk in ((2, 1), (3, 3), (4, 3))]
    assert attached({"region": "here", "disks": disks, "earlier": earlier}) == ["snap-1", "snap-3"]


def test_the_undo_play_includes_the_disks_of_earlier_runs():
    (task,) = play("undo.yml")["tasks"]
    manifest = {"disks": [row(1, None), {**row(2, None), "copy_id": None}], "earlier": [row(3, None)]}
    given = task["multicloud.snapshots.ebs_snapshot_restore"]["snapshot_ids"]
    assert list(rendered(given, manifest=manifest)) == ["snap-1", "snap-3"]
