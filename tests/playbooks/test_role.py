# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role and its playbooks as users run them."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from .conftest import ENDLESS, PLACES, REPOSITORY

BASICS = {
    "dr_copy_cloud": "ebs",
    "dr_copy_source_region": "us-east-1",
    "dr_copy_destination_regions": ["eu-west-1"],
    "dr_copy_wait_delay": 1,
}


def role(clouds, *arguments, expect=0, environment=None, **variables):
    """Run the role on localhost; return dr_copy_result, or the output if it failed."""
    result = clouds.directory / "result.json"
    result.unlink(missing_ok=True)
    tasks = [
        {
            "block": [{"include_role": {"name": "multicloud.snapshots.dr_copy"}}],
            "always": [
                {
                    "keep": {"content": "{{ dr_copy_result | to_json }}", "dest": str(result)},
                    "when": "dr_copy_result is defined",
                }
            ],
        }
    ]
    code, output = clouds.play(tasks, "-e", json.dumps({**BASICS, **variables}), *arguments, **(environment or {}))
    assert code == expect, output
    return (json.loads(result.read_text()) if result.exists() else {}), output


def plan_over(clouds, cloud):
    source, destination = PLACES[cloud]
    connection = {} if cloud == "ebs" else {"dr_copy_connection": clouds.connections[cloud]}
    regions = {"dr_copy_source_region": source, "dr_copy_destination_regions": [destination]}
    return {"dr_copy_cloud": cloud, **regions, **connection}


def test_files_in_the_working_directory_do_not_replace_the_roles_tasks(clouds):
    own = sorted(path.name for path in (REPOSITORY / "roles" / "dr_copy" / "tasks").glob("*.yml"))
    assert "stopped.yml" in own
    for name in own:
        for directory in (clouds.directory, clouds.directory / "tasks"):
            directory.mkdir(exist_ok=True)
            (directory / name).write_text(yaml.safe_dump([{"fail": {"msg": f"this {name} is not the role's"}}]))
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    result, _output = role(clouds)
    assert result["counts"]["created"] == 1 and not result["failures"]


def test_the_newest_snapshots_of_tagged_disks_are_copied_once(clouds):
    disk = clouds.create_ebs_disk("database", dr_copy="true")
    clouds.create_ebs_snapshot(disk)
    time.sleep(1.1)  # the cloud shows whole seconds
    newest = clouds.create_ebs_snapshot(disk)
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("scratch"))
    bare = clouds.create_ebs_disk("new", dr_copy="true")
    predicted, _output = role(clouds, "--check")
    assert predicted["counts"]["created"] == 1 and not clouds.copies()
    result, _output = role(clouds)
    keys = {"plan", "copies", "failures", "pruned", "orphans", "coverage", "recovery_points", "counts"}
    assert set(result) == keys | {"kept_for_others", "vanished", "sets"}
    tags = {tag["Key"]: tag["Value"] for tag in clouds.copies()[0]["Tags"]}
    assert (tags["dr-copy:plan"], tags["dr-copy:disk-name"]) == ("localhost", "database")
    assert result["coverage"]["selected"] == 2 and result["coverage"]["unselected"] == 1
    assert [c["source_snapshot_id"] for c in result["copies"]] == [newest] and len(clouds.copies()) == 1
    reasons = {(row["disk_id"], row["reason"], row["chosen"]) for row in result["plan"]}
    assert reasons == {(disk, "newest", True), (bare, "no snapshot", False)}
    points = {p["disk_id"]: p for p in result["recovery_points"]}
    assert points[disk]["source_snapshot_id"] == newest and points[disk]["state"] == "completed"
    assert points[bare]["snapshot_id"] is None and points[bare]["state"] == "absent"
    again, output = role(clouds)
    assert again["counts"]["unchanged"] == 1 and again["counts"]["created"] == 0 and "changed=0" in output


def test_variables_may_be_texts(clouds):
    disk = clouds.create_ebs_disk("database", role="db", env="prod")
    clouds.create_ebs_snapshot(disk)
    clouds.create_ebs_snapshot(disk)
    clouds.control("settings", {"copy_seconds": ENDLESS})
    result, _output = role(
        clouds,
        "-e",
        "dr_copy_wait=false",
        "-e",
        "dr_copy_max_in_flight=3",
        "-e",
        "dr_copy_select=all",
        dr_copy_destination_regions="eu-west-1, eu-central-1",
        dr_copy_disk_tags="role=db\nenv=*",
        dr_copy_tags='{"team": "dr"}',
        dr_copy_max_snapshot_age_hours="",
        dr_copy_connection=f"endpoint_url={clouds.ebs['endpoint_url']}",
    )
    assert result["counts"]["created"] == 4 and {c["state"] for c in result["copies"]} == {"pending"}
    assert all(c["tags"]["team"] == "dr" for c in result["copies"])


def test_every_wrong_variable_is_named_in_one_message(clouds):
    _result, output = role(
        clouds,
        expect=2,
        dr_copy_wait="perhaps",
        dr_copy_select="some",
        dr_copy_max_in_flight="many",
        dr_copy_keep="3.5",
        dr_copy_rpo_hours=-24,
        dr_copy_shard="9/8",
        dr_copy_retention_days=7,
        dr_copy_destination_regions=["us-east-1"],
        dr_copy_tags="x",
    )
    for name in (
        "wait",
        "select",
        "max_in_flight",
        "keep",
        "rpo_hours",
        "shard",
        "retention_days",
        "destination_regions",
        "tags",
    ):
        assert f"dr_copy_{name}" in output, name
    assert clouds.control("calls") == {}


@pytest.mark.parametrize("name", ["cloud", "source_region", "destination_regions"])
def test_an_empty_required_variable_is_refused_by_name(clouds, name):
    _result, output = role(clouds, expect=2, **{f"dr_copy_{name}": ""})
    assert f"dr_copy_{name}" in output


def test_a_failed_copy_is_reported_at_the_end_and_the_others_are_made(clouds):
    good, bad = (clouds.create_ebs_snapshot(clouds.create_ebs_disk(name, dr_copy="true")) for name in ("good", "bad"))
    clouds.control("settings", {"fail_copies_of": {bad: "Given key ID is not accessible"}, "copy_seconds": 0.5})
    result, output = role(clouds, expect=2)
    assert [f["source_snapshot_id"] for f in result["failures"]] == [bad]
    assert "Given key ID is not accessible" in output
    states = {c["source_snapshot_id"]: c["state"] for c in result["copies"]}
    assert states == {good: "completed", bad: "error"}


def test_a_destination_that_refuses_does_not_stop_the_other(clouds):
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    clouds.control("settings", {"copy_seconds": 0.2})
    refusal = {"action": "DescribeSnapshots", "fault": "refuse", "code": "UnauthorizedOperation", "status": 403}
    clouds.control("faults", [{**refusal, "region": "eu-west-1"}])
    result, output = role(clouds, expect=2, dr_copy_destination_regions=["eu-west-1", "eu-central-1"])
    assert "UnauthorizedOperation" in output and {f["region"] for f in result["failures"]} == {"eu-west-1"}
    assert len(clouds.copies("eu-central-1")) == 1


def test_no_tagged_disk_is_an_error_unless_it_is_allowed(clouds):
    result, _output = role(clouds, dr_copy_allow_empty=True)
    assert result["copies"] == [] and result["plan"] == []
    _result, output = role(clouds, expect=2)
    assert "No disk in us-east-1" in output


def test_shards_divide_the_disks_among_themselves(clouds):
    sources = {clouds.create_ebs_snapshot(clouds.create_ebs_disk(f"disk {n}", dr_copy="true")) for n in range(5)}
    parts = [role(clouds, "--check", dr_copy_shard=f"{part}/2", dr_copy_allow_empty=False)[0] for part in (1, 2)]
    copied = [{row["source_snapshot_id"] for row in part["copies"]} for part in parts]
    assert copied[0] | copied[1] == sources and not copied[0] & copied[1]
    assert all(len(part["recovery_points"]) == len(part["copies"]) and not part["orphans"] for part in parts)


def test_a_night_with_nothing_to_copy_is_short(clouds):
    """A run starts one module of ours, which lists the snapshots once and the copies once."""
    for n in range(3):
        clouds.create_ebs_snapshot(clouds.create_ebs_disk(f"disk {n}", dr_copy="true"))
    result, _output = role(clouds)
    assert result["counts"]["created"] == 3
    before = clouds.control("calls")
    result, output = role(clouds)
    after = clouds.control("calls")
    assert result["counts"]["unchanged"] == 3 and len(result["recovery_points"]) == 3
    assert after["DescribeSnapshots"] - before["DescribeSnapshots"] == 2
    assert after["GetCallerIdentity"] - before["GetCallerIdentity"] == 1  # each module of ours calls it once
    # All of the source region in one listing; none of the destination.
    assert after["DescribeVolumes"] - before["DescribeVolumes"] == 1
    assert output.count("TASK [") - 1 <= 5, output  # with include_role; the last one is the test's own


def test_other_options_of_the_module_are_passed_on(clouds):
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    role(clouds, dr_copy_copy_options={"completion_duration_minutes": 30}, dr_copy_wait=False)
    assert clouds.copies()[0]["TransferType"] == "time-based"
    _result, output = role(clouds, expect=2, dr_copy_copy_options={"wait": True})
    assert "dr_copy_copy_options" in output


def test_the_playbook_runs_each_plan_of_an_inventory(clouds):
    for name, kind in (("db", "database"), ("fs", "files")):
        clouds.create_ebs_snapshot(clouds.create_ebs_disk(name, dr_copy="true", role=kind))
    inventory = REPOSITORY / "playbooks" / "inventories" / "plans.yml"
    run = ("ansible-playbook", "multicloud.snapshots.dr_copy", "-e", f"dr_copy_report_dir={clouds.directory}")
    code, output = clouds.run(*run, "-i", inventory)
    assert code == 0, output
    assert len(clouds.copies("eu-west-1")) == len(clouds.copies("eu-central-1")) == len(clouds.copies("us-west-2")) == 1
    code, output = clouds.run(*run, "-i", inventory)
    assert output.count("changed=0") == 2 and "done: no changes" not in output, output
    nowhere = (
        [],
        ["-i", inventory, "-e", "dr_copy_hosts=typo"],
        ["-i", inventory, "-l", "databases", "-e", "dr_copy_hosts=file-servers"],
    )
    for arguments in nowhere:
        code, output = clouds.run(*run, *arguments)
        assert code == 2 and "so no plan was run" in " ".join(output.split()), output
    code, output = clouds.run(*run, *nowhere[1], "-e", "awx_job_id=7")
    assert code == 2, "a job that is no slice holds all of them"
    job = ("-e", "awx_job_id=7", "-e", "awx_job_template_name=nightly", "-e", "awx_workflow_job_id=6")
    code, output = clouds.run(*run, *nowhere[1], *job, "-e", "awx_workflow_job_name=deploy")
    assert code == 2, "a job of an ordinary workflow holds all of them"
    code, output = clouds.run(*run, *nowhere[1], *job, "-e", "awx_workflow_job_name=nightly")
    assert code == 0, "a slice of a job may hold none of them"
    assert yaml.safe_load(inventory.read_text())


def test_credentials_of_the_connection_are_never_shown(clouds):
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    connection = {key: clouds.ebs[key] for key in ("endpoint_url", "access_key", "secret_key")}
    tasks = [{"include_role": {"name": "multicloud.snapshots.dr_copy"}}]
    variables = clouds.directory / "vars.json"
    variables.write_text(json.dumps({**BASICS, "dr_copy_connection": connection}))
    code, output = clouds.play(tasks, "-vvv", "-e", f"@{variables}", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert code == 0, output
    assert connection["secret_key"] not in output and len(clouds.copies()) == 1


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"dr_copy_name": "x" * 300}, "name"),
        ({"dr_copy_copy_options": {"completion_duration_minutes": 20}}, "completion_duration_minutes"),
    ],
)
def test_a_value_that_the_copy_module_refuses_fails_the_role(clouds, variables, word):
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    result, output = role(clouds, expect=2, **variables)
    assert word in output and result["failures"][0]["kind"] == "refused" and not clouds.copies()


def test_a_line_of_the_connection_that_is_wrong_is_not_shown(clouds):
    _result, output = role(clouds, expect=2, dr_copy_connection="access_key=AKIA\nsecret_key: hunter2hunter2")
    assert "dr_copy_connection" in output and "line 2" in output
    message = output[output.index("TASK [multicloud.snapshots.dr_copy : Run the plan") :]
    assert "hunter2hunter2" not in message


def test_a_variable_that_the_role_does_not_have_is_refused(clouds):
    handed_on = {
        "orders": {"within_rpo": True, "totals": {}, "breaches": []}
    }  # as AWX does with another job's artifacts
    _result, output = role(clouds, expect=2, dr_copy_encryptd=True, dr_copy_summary=handed_on)
    output = " ".join(output.split())
    assert "dr_copy_encryptd is not a variable of the role (did you mean dr_copy_encrypted?)" in output
    assert "dr_copy_summary is" not in output and clouds.control("calls") == {}


def test_a_local_zone_of_the_source_region_is_a_destination(clouds):
    source = clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    zone = {
        "dr_copy_destination_regions": ["us-east-1"],
        "dr_copy_copy_options": {"destination_availability_zone": "us-east-1-bos-1a"},
    }
    result, _output = role(clouds, dr_copy_rpo_hours=24, dr_copy_keep=1, **zone)
    assert [c["source_snapshot_id"] for c in result["copies"]] == [source] and result["counts"]["created"] == 1
    again, output = role(clouds, dr_copy_rpo_hours=24, dr_copy_keep=1, **zone)
    assert again["counts"]["unchanged"] == 1 and "changed=0" in output
    assert [p["within_rpo"] for p in again["recovery_points"]] == [True]
