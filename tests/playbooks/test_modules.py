# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules as users run them: ansible-playbook and ansible, against a server over HTTP."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.modules import ebs_snapshot_copy, ebs_snapshot_info

#: A Python that ansible-core still supports on targets, and boto3 does not. It lies beside that of the tests.
OLD_PYTHON = next(Path(sys.base_prefix).parent.glob("3.9.*/bin/python"), None)

COPY = "multicloud.snapshots.ebs_snapshot_copy"


def copy_task(sources, **options):
    given = {"snapshot_ids": sources, "source_region": "us-east-1", "destination_regions": ["eu-west-1"], **options}
    return {"name": "Copy", COPY: given, "register": "copied"}


def test_every_third_answer_lost_makes_no_second_copy(clouds):
    sources = [clouds.create_ebs_snapshot() for _n in range(12)]
    clouds.control("settings", {"copy_seconds": 0.5})
    clouds.control("faults", [{"action": "CopySnapshot", "fault": "lose_answer", "every": 3}])
    code, output = clouds.play([copy_task(sources, wait=True)])
    assert code == 0, output
    assert len(clouds.copies()) == 12


def test_the_group_of_all_modules_gives_each_its_options(clouds):
    defaults = {"group/multicloud.snapshots.all": {"validate_certs": "perhaps"}}
    playbook = clouds.write_playbook([copy_task([clouds.create_ebs_snapshot()])], module_defaults=defaults)
    code, output = clouds.run("ansible-playbook", playbook)
    assert code == 2 and "validate_certs" in output and not clouds.copies(), output


@pytest.mark.skipif(OLD_PYTHON is None, reason="no Python 3.9 here")
def test_an_old_python_is_named_instead_of_a_traceback(clouds):
    for module in ("ebs_snapshot_info", "ecs_snapshot_info", "cbs_snapshot_info"):
        arguments = ["-m", f"multicloud.snapshots.{module}", "-a", "region=us-east-1"]
        code, output = clouds.run("ansible", "localhost", "-e", f"ansible_python_interpreter={OLD_PYTHON}", *arguments)
        assert code == 2 and "needs Python 3.10 or newer" in output and "Traceback" not in output, output


def test_no_secret_is_shown_at_vvv(clouds):
    secret = clouds.ebs["secret_key"]
    sources = [clouds.create_ebs_snapshot(), "snap-0123456789abcdef0"]
    clouds.control("faults", [{"action": "CopySnapshot", "fault": "throttle", "times": 2}])
    given = {key: clouds.ebs[key] for key in ("endpoint_url", "access_key", "secret_key")}
    code, output = clouds.play([copy_task(sources, wait=True, **given)], "-vvv", AWS_SECRET_ACCESS_KEY="")
    assert code == 2 and "does not exist" in output and secret not in output and "Traceback" not in output
    code, output = clouds.play([copy_task(sources)], "-vvv")
    assert secret not in output


def test_two_names_of_one_option_with_two_values_are_refused(clouds):
    one, other = clouds.create_ebs_snapshot(), clouds.create_ebs_snapshot()
    code, output = clouds.play([copy_task([one], source_snapshot_id=other)])
    assert (
        code == 2
        and "snapshot_ids and source_snapshot_id are names of the same option" in output
        and not clouds.copies()
    ), output


def test_two_snapshots_under_two_names_restore_nothing(clouds):
    one, other = clouds.create_ebs_snapshot(), clouds.create_ebs_snapshot()
    given = {
        "region": "us-east-1",
        "zone": "us-east-1a",
        "restore_id": "r",
        "snapshot_ids": [one],
        "snapshot_id": other,
    }
    task = {"multicloud.snapshots.ebs_snapshot_restore": given, "register": "out", "ignore_errors": True}
    keys = "{{ out.failures[0].kind }} {{ out.disks }} {{ out.counts.created }}"
    code, output = clouds.play([task, {"ansible.builtin.debug": {"msg": keys}}])
    assert code == 0 and "snapshot_ids and snapshot_id are names of the same option" in output, output
    assert "refused [] 0" in output and not clouds.restored_disks("us-east-1")


def test_the_examples_of_the_documentation_run(clouds):
    sources = [clouds.create_ebs_snapshot(), clouds.create_ebs_snapshot()]
    text = ebs_snapshot_copy.EXAMPLES + ebs_snapshot_info.EXAMPLES
    text = text.replace("snap-0aa11bb22cc33dd44", sources[0]).replace("snap-0bb22cc33dd44ee55", sources[1])
    clouds.control("settings", {"copy_seconds": 0.2})
    code, output = clouds.play(yaml.safe_load(text), "--diff")
    assert code == 0, output
    assert len(clouds.copies("eu-central-1")) == 1


def test_a_failure_returns_everything_that_was_done(clouds):
    source = clouds.create_ebs_snapshot()
    tasks = [
        {**copy_task([source, "snap-0123456789abcdef0"], wait=True), "ignore_errors": True},
        {"keep": {"content": "{{ copied | to_json }}", "dest": str(clouds.directory / "result.json")}},
    ]
    code, output = clouds.play(tasks)
    assert code == 0, output
    result = json.loads((clouds.directory / "result.json").read_text())
    assert [row["state"] for row in result["copies"]] == ["completed", "absent"]
    assert result["failures"][0]["kind"] == "not_found" and result["failures"][0]["hint"]
