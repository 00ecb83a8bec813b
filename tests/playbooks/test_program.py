# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role as one program run by an action plugin: what it uses of the play, and what it shows while it runs."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from .conftest import PLACES
from .test_progress import LINE, played
from .test_role import plan_over

TASKS = [{"include_role": {"name": "multicloud.snapshots.dr_copy"}}]


@pytest.fixture
def plan(clouds):
    """A plan over a cloud whose library each core has, without the keys; and a snapshot to copy."""
    clouds.create_snapshot("ens", clouds.create_disk("ens", "database", dr_copy="true"))
    variables = {**plan_over(clouds, "ens"), "dr_copy_wait_delay": 1}
    return {name: value for name, value in variables.items() if name != "dr_copy_connection"}


def given(plan, **more):
    return ["-e", json.dumps({**plan, **more})]


def test_the_users_module_defaults_stay_in_force(clouds, core, plan):
    keys = clouds.connections["ens"]
    defaults = {
        "group/multicloud.snapshots.alibaba": keys,
        "multicloud.snapshots.ens_snapshot_copy": {"name": "by-my-defaults"},
        "multicloud.snapshots.ens_snapshot_info": {"connect_timeout": 17},
    }
    code, output, errors = played(clouds, TASKS, *given(plan), "-vvv", core=core, module_defaults=defaults)
    assert code == 0, output + errors
    copies = [row for row in clouds.control_of("ens", "truth") if row.get("source_id")]
    assert [row["name"] for row in copies] == ["by-my-defaults"]
    assert keys["secret_key"] not in output + errors
    # The copy that is there may change now, so it is not left out of the call.
    defaults["multicloud.snapshots.ens_snapshot_copy"]["replace_failed"] = True
    named = given(plan, dr_copy_name="by-the-variable")
    clouds.create_snapshot("ens", clouds.create_disk("ens", "other", dr_copy="true"))
    code, output, errors = played(clouds, TASKS, *named, core=core, module_defaults=defaults)
    assert code == 0, output + errors
    names = {row["name"] for row in clouds.control_of("ens", "truth") if row.get("source_id")}
    assert names == {"by-my-defaults", "by-the-variable"}, "a variable of the role counts more"
    assert "copying 2 snapshots" in errors


def test_the_connection_counts_more_than_defaults_and_is_never_shown(clouds, core, plan):
    keys = clouds.connections["ens"]
    wrong = {"group/multicloud.snapshots.alibaba": {**keys, "access_key": "LTAI5tOfSomebodyElse"}}
    play = {"module_defaults": wrong, "vars": _near(plan, keys)}
    code, output, errors = played(clouds, TASKS, "-vvv", core=core, **play)
    assert code == 0 and keys["secret_key"] not in output + errors, output + errors


def _near(plan, keys):
    near = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {**near, **plan, "dr_copy_connection": keys}


def test_a_text_in_a_vault_is_taken_as_its_type(clouds, core, plan):
    keys, secret = clouds.connections["ens"], VaultSecret(b"a password")
    text = "\n".join(f"{name}={value}" for name, value in keys.items())
    vaulted = VaultLib([("default", secret)]).encrypt(text, secret).decode()
    (clouds.directory / "password").write_text("a password")
    (clouds.directory / "vaulted.yml").write_text(
        "dr_copy_connection: !vault |\n" + "".join(f"  {line}\n" for line in vaulted.splitlines())
    )
    named = ["-e", "@vaulted.yml", "--vault-password-file", "password"]
    code, output, errors = played(clouds, TASKS, *given(plan), *named, "-vvv", core=core)
    assert code == 0 and keys["secret_key"] not in output + errors, output + errors


def test_check_and_diff_mode_reach_the_modules(clouds, core, plan):
    keys = {"group/multicloud.snapshots.alibaba": clouds.connections["ens"]}
    code, output, errors = played(clouds, TASKS, *given(plan), "--check", "--diff", core=core, module_defaults=keys)
    assert code == 0 and "changed=1" in output, output + errors
    assert not [row for row in clouds.control_of("ens", "truth") if row.get("source_id")]
    assert re.search(r"^\+.*planned", output, re.M), output


def test_each_step_is_logged_as_it_begins_and_copies_show_their_progress(clouds, core, plan):
    clouds.control_of("ens", "settings", {"copy_seconds": 3})
    keys = {"group/multicloud.snapshots.alibaba": clouds.connections["ens"]}
    code, output, errors = played(clouds, TASKS, *given(plan), core=core, module_defaults=keys)
    source, destination = PLACES["ens"]
    assert code == 0, output + errors
    said = re.findall(r"^localhost: (.*)$", errors, re.M)
    assert [line.split(", ")[0] for line in said] == [
        f"looking for the disks and their snapshots in {source}",
        f"listing the copies in {destination}",
        f"copying 1 snapshot to {destination}",
        f"listing the copies again in {destination}",
    ]
    assert LINE.findall(errors) and "so far" not in output, errors


def test_a_variable_that_cannot_be_evaluated_leaves_a_red_page(clouds, core, plan):
    reports = clouds.directory / "reports"
    hosts = {"orders": {**plan, "dr_copy_keep": "{{ nothing_of_that_name }}", "dr_copy_report_dir": str(reports)}}
    inventory = clouds.directory / "plans.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    environment = clouds.environment(**core)
    process = subprocess.run(
        ["ansible-playbook", "multicloud.snapshots.dr_copy", "-i", inventory],
        cwd=clouds.directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    page = reports / "orders.html"
    assert process.returncode == 2 and "Traceback" not in process.stdout + process.stderr, process.stdout
    assert page.exists() and "nothing_of_that_name" in page.read_text(), process.stdout
    assert "✓" not in page.read_text() and clouds.control_of("ens", "calls").get("CopySnapshot", 0) == 0


def test_a_module_that_is_not_installed_fails_at_the_end_by_its_name(clouds, oldest):
    """The oldest core of the tests has no library for EC2."""
    variables = {**plan_over(clouds, "ebs"), "dr_copy_connection": {}}
    code, output, errors = played(clouds, TASKS, "-e", json.dumps(variables), core=oldest)
    assert code == 2 and "boto3" in output and "Traceback" not in output + errors, output
