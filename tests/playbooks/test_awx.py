# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks/awx/setup.yml makes of an empty controller, by awx.awx against a stand-in for AWX's API."""

from __future__ import annotations

import json
import subprocess

import yaml
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.variables import normalise

from tests.awx.installation import SECRETS
from tests.awx.jobs import Launch
from tests.awx.stand_in import TOKEN
from tests.clouds import CLOUDS
from tests.simulator import tencent

from .conftest import REPOSITORY

SPECS = yaml.safe_load((REPOSITORY / "roles" / "dr_copy" / "meta" / "argument_specs.yml").read_text())
LISTS = {
    "credentials": "credentials",
    "instance_groups": "instance_groups",
    "notification_templates_error": "notification_templates",
}
VARIABLES = set(SPECS["argument_specs"]["main"]["options"])


def test_an_empty_controller_is_set_up_and_again_nothing_changes(awx):
    code, output = awx.output.read_text().split("\n", 1)
    assert code == "0" and "failed=0" in output, output
    before = awx.controller
    code, output = awx.set_up()
    assert code == 0 and "changed=0" in output, output
    after = awx.controller
    assert json.dumps(before.objects, sort_keys=True) == json.dumps(after.objects, sort_keys=True)
    for secret in SECRETS:
        assert secret not in output + awx.output.read_text()


def test_without_a_repository_nothing_is_begun(awx):
    code, output = awx.set_up(awx_project_url="")
    assert code != 0 and "Set awx_project_url to the URL of the Git repository" in output


def test_jobs_are_as_a_night_needs_them(awx):
    controller = awx.controller
    nightly, status = (controller.named("job_templates", f"dr-copy {name}") for name in ("nightly", "status"))
    assert nightly["job_slice_count"] == 2 and nightly["forks"] >= len(sample("plans.yml")) / 2
    assert nightly["timeout"] == 4 * 3600 and nightly["ask_job_type_on_launch"]
    assert status["job_slice_count"] == 1 and not status.get("survey_enabled")
    asked = {question["variable"] for question in nightly["survey"]["spec"]}
    assert not asked & VARIABLES, "an answer would win over every plan"
    on_demand = controller.named("job_templates", "dr-copy on demand")
    asked = {question["variable"] for question in on_demand["survey"]["spec"]}
    assert asked <= VARIABLES and not asked & set(sample("on_demand.yml")["on-demand"])
    schedules = {s["name"]: s for s in controller.of("schedules").values()}
    assert schedules["dr-copy every night"]["enabled"] and not schedules["dr-copy every night with status"]["enabled"]
    assert schedules["dr-copy every night"]["unified_job_template"] == nightly["id"]


def test_two_slices_share_the_plans_without_one_in_common(awx):
    launch = Launch(awx.controller, "dr-copy nightly")
    assert launch.slices == 2
    slices = [launch.slice(number) for number in (1, 2)]
    assert [part["all"]["hosts"] for part in slices] == [["edge"], ["orders"]]
    assert [set(part["_meta"]["hostvars"]) for part in slices] == [{"edge"}, {"orders"}]


def test_the_workflow_copies_judges_and_asks(awx):
    controller = awx.controller
    nodes = {node["identifier"]: node for node in controller.of("workflow_job_template_nodes").values()}
    names = {node["id"]: name for name, node in nodes.items()}
    links = {
        (name, when, names[number])
        for name, node in nodes.items()
        for when, numbers in node["lists"].items()
        for number in numbers
    }
    assert links == {
        ("copy", "always_nodes", "status"),
        ("status", "failure_nodes", "decide"),
        ("decide", "success_nodes", "copy again"),
        ("copy again", "always_nodes", "status again"),
    }
    runs = {
        name: controller.get("unified_job_templates", node["unified_job_template"])["name"]
        for name, node in nodes.items()
    }
    assert runs["copy"] == "dr-copy nightly" and runs["status"] == "dr-copy status" and "RPO" in runs["decide"]


def sample(name):
    """Return the hosts of a sample inventory, each with all its variables."""
    path = REPOSITORY / "playbooks" / "awx" / "inventories" / name
    listed = subprocess.run(["ansible-inventory", "-i", path, "--list"], check=True, capture_output=True, text=True)
    return json.loads(listed.stdout)["_meta"]["hostvars"]


def test_the_samples_are_plans_that_the_role_takes(awx):
    plans = sample("plans.yml")
    defaults = {
        q["variable"]: q["default"] for q in Launch(awx.controller, "dr-copy on demand").template["survey"]["spec"]
    }
    answers = {"dr_copy_source_region": "us-east-1", "dr_copy_destination_regions": "eu-west-1\neu-central-1"}
    plans["on demand"] = {**defaults, **answers, **sample("on_demand.yml")["on-demand"]}
    for name, plan in plans.items():
        assert set(plan) <= VARIABLES, name
        assert normalise({key.removeprefix("dr_copy_"): value for key, value in plan.items()})["problems"] == [], name
    assert {plan["dr_copy_cloud"] for plan in plans.values()} == set(CLOUDS)


def test_what_hangs_on_the_jobs_is_what_was_named(awx):
    controller = awx.controller
    for template in controller.of("job_templates").values():
        lists = {name: {controller.get(LISTS[name], n)["name"] for n in ids} for name, ids in template["lists"].items()}
        assert lists == {
            "credentials": {"aws-dr", "alibaba-dr", "tencent-dr"},
            "instance_groups": {"dr-copy pods"},
            "notification_templates_error": {"chat"},
        }
        image = controller.get("execution_environments", template["execution_environment"])
        assert image["image"] == "registry.example.com/dr-copy-ee:1"
    environment = Launch(controller, "dr-copy nightly").environment()
    assert {name for name, value in environment.items() if not value} == {
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "TENCENTCLOUD_SECURITY_TOKEN",
    }
    assert (
        environment["TENCENTCLOUD_SECRET_ID"] == tencent.SECRET_ID
        and environment["TENCENTCLOUD_SECRET_KEY"] == tencent.SECRET_KEY
    )


def test_the_stand_in_refuses_what_it_does_not_know(awx):
    client = awx.controller.client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.post("/api/v2/organizations/", json={"name": "Other", "colour": "red"}, headers=headers)
    assert answer.status_code == 400 and "colour" in answer.get_data(as_text=True)
    assert client.get("/api/v2/organizations/").status_code == 401
    wrong = {"name": "odd", "kind": "cloud", "inputs": {"fields": []}, "injectors": {"env": {"X": "{{ secret }}"}}}
    answer = client.post("/api/v2/credential_types/", json=wrong, headers=headers)
    assert answer.status_code == 400 and "undefined" in answer.get_data(as_text=True)
