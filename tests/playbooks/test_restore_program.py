# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role dr_restore as one program run by an action plugin: what it uses of the play, and what it shows."""

from __future__ import annotations

import json
import re

from .conftest import PLACES
from .test_progress import played
from .test_restore import Site

RESTORE, DRILL = (
    [{"include_role": {"name": "multicloud.snapshots.dr_restore", "tasks_from": part}}, {"debug": {"var": "shown"}}]
    for part in ("main", "drill")
)


def test_defaults_steps_and_secrets_of_a_restore_and_a_drill(clouds, core):
    """On the cloud whose library each core has."""
    site = Site(clouds, "ens")
    (disk,) = site.copies("database").values()
    region, keys = PLACES["ens"][1], clouds.connections["ens"]
    wrong = {**keys, "access_key": "LTAI5tOfSomebodyElse"}
    given = {"dr_restore_cloud": "ens", "dr_restore_region": region, "dr_restore_id": "flood"}
    shown = {"shown": "{{ dr_restore_result.totals }}"}
    defaults = {
        "group/multicloud.snapshots.alibaba": keys,
        "multicloud.snapshots.ens_snapshot_restore": {"tags": {"by": "my-defaults"}},
    }
    code, output, errors = played(
        clouds, RESTORE, "-vvv", "-e", json.dumps({**given, **shown}), core=core, module_defaults=defaults
    )
    assert code == 0 and '"restored": 1' in output and keys["secret_key"] not in output + errors, output + errors
    assert [tags["by"] for tags in site.disks().values()] == ["my-defaults"]
    said = re.findall(r"^localhost: (.*)$", errors, re.M)
    assert said == [
        f"listing the copies in {region}",
        "looking for disks that flood made before",
        "creating 1 disk, unless they exist",
    ]
    manifest = site.manifest("flood", "localhost")
    assert [row["disk_id"] for row in manifest["disks"]] == [disk]
    play = {
        "module_defaults": {"group/multicloud.snapshots.alibaba": wrong},
        "vars": {**given, **shown, "dr_restore_connection": keys, "dr_restore_count": "1"},
    }
    code, output, errors = played(clouds, DRILL, "-vvv", core=core, **play)
    assert code == 0 and '"proven": 1' in output and keys["secret_key"] not in output + errors, output + errors
    assert {tags["dr-restore:id"] for tags in site.disks().values()} == {"flood"}
    code, output, errors = played(clouds, DRILL, "-e", json.dumps({**given, "dr_restore_counts": 3}), core=core)
    assert code == 2 and "dr_restore_counts is not a variable of the role" in output, output + errors
    assert "Traceback" not in output + errors
