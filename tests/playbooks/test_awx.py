# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks/awx/setup.yml creates on an empty controller for two organizations, with a stand-in for AWX's API."""

from __future__ import annotations

import copy
import json
import re

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input import variables as of_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import (
    checked_variables as checked_copy,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input import variables as of_restores
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.checked import (
    checked_variables as checked_restore,
)

from tests.awx.fields import ASSOCIATIONS, LINKS
from tests.awx.installation import ORGANIZATIONS, SECRETS
from tests.awx.jobs import Launch
from tests.awx.rules import Refusal
from tests.awx.stand_in import UpdateFailed, hosts_in
from tests.clouds import CLOUDS
from tests.simulator.aws import ec2
from tests.simulator.tencent import service as tencent
from tests.support.daily import daily_sample

from .conftest import REPOSITORY

LISTS = {
    "credentials": "credentials",
    "instance_groups": "instance_groups",
    "notification_templates_error": "notification_templates",
}


def options(role):
    specs = yaml.safe_load((REPOSITORY / "roles" / role / "meta" / "argument_specs.yml").read_text())
    return specs["argument_specs"]["main"]["options"]


#: The variables of the roles, from their argument specs.
OPTIONS = {**options("dr_copy"), **options("dr_restore")}
VARIABLES = {name for name in OPTIONS if name.startswith("dr_copy_")}
#: The type of each variable, and its default.
TAKEN = {f"dr_copy_{name}": taken for name, taken in of_copies.VARIABLES.items()} | {
    f"dr_restore_{name}": taken for name, taken in of_restores.VARIABLES.items()
}


def test_two_organizations_are_set_up_and_again_nothing_changes(awx):
    before = awx.controller
    for name in ORGANIZATIONS:
        code, first = awx.output(name).read_text().split("\n", 1)
        assert code == "0" and "failed=0" in first, first
        assert not any(secret in first for secret in SECRETS)
    for name in daily_sample(ORGANIZATIONS):
        code, output = awx.set_up(name)
        assert code == 0 and "changed=0" in output, output
        assert not any(secret in output for secret in SECRETS)
    assert json.dumps(before.objects, sort_keys=True) == json.dumps(awx.controller.objects, sort_keys=True)


def owner(controller, kind, item):
    """Return the ID of the organization that an object belongs to, or None."""
    if item.get("organization"):
        return item["organization"]
    above = [(LINKS[name], item[name]) for name in ("inventory", "workflow_job_template", "unified_job_template")
             if item.get(name)]  # fmt: skip
    return owner(controller, above[0][0], controller.get(*above[0])) if above else None


def test_nothing_of_one_organization_refers_to_the_other(awx):
    controller = awx.controller
    names: dict[int, set[tuple[str, str]]] = {}
    for kind, items in controller.objects.items():
        for item in items.values():
            own = owner(controller, kind, item)
            if not own:
                continue
            names.setdefault(own, set()).add((kind, item.get("name") or item["identifier"]))
            links = {(LINKS[name], item[name]) for name in LINKS if item.get(name)}
            for name, ids in item["lists"].items():
                links |= {(ASSOCIATIONS[kind][name], number) for number in ids}
            for other, number in links - {("organizations", own)}:
                assert owner(controller, other, controller.get(other, number)) in (own, None), (kind, item["name"])
    assert len(names) == 2
    first, second = (names[number] for number in names)
    shared = first & second
    assert {name for _kind, name in first - shared} == {"dr-copy Default", "alibaba-dr", "tencent-dr"}
    assert second - shared == {("execution_environments", "dr-copy Payments")}
    keys = [Launch(controller, "dr-copy nightly", organization=name).environment() for name in ORGANIZATIONS]
    assert [found["AWS_ACCESS_KEY_ID"] for found in keys] == [ec2.ACCESS_KEY, "AKIAPAYMENTS"]


def test_a_bad_setting_is_refused_before_anything_is_made(awx):
    lacking = {"name": "half", "credential_type": "Alibaba Cloud", "inputs": {"access_key": "a", "secret_key": ""}}
    vault = {"name": "vault", "credential_type": "Vault", "inputs": {}}
    before = json.dumps(awx.controller.objects, sort_keys=True)
    code, output = awx.set_up(
        awx_project_url="", awx_credentials=[lacking, {"name": "any"}], awx_drill_credentials=[vault]
    )
    output = " ".join(output.split())
    for text in (
        "Set awx_project_url to the URL of the Git repository",
        "The credential half of the type Alibaba Cloud needs secret_key.",
        "Give the credential any its credential_type.",
        "The credential vault of the type Vault needs vault_password.",
    ):
        assert text in output, output
    assert code != 0 and "ok=0" in output
    missing = [{"name": name, "credential_type": "Amazon Web Services"} for name in ("typo", "aws-drill")]
    code, output = awx.set_up(awx_credentials=missing)
    text = "has no credential typo of the type Amazon Web Services. Give it inputs"
    assert code != 0 and text in " ".join(output.split()), output
    assert before == json.dumps(awx.controller.objects, sort_keys=True), "state: exists would have made an empty one"


def schedules(controller, template):
    """Return the schedules of a template."""
    return [s for s in controller.of("schedules").values() if s["unified_job_template"] == template["id"]]


def asked(template):
    return {question["variable"] for question in template["survey"]["spec"]}


def test_jobs_are_as_a_night_needs_them(awx):
    controller = awx.controller
    nightly, status = (controller.named("job_templates", f"dr-copy {name}") for name in ("nightly", "status"))
    assert nightly["job_slice_count"] == 2 and nightly["forks"] >= len(sample("plans.yml")) / 2
    assert nightly["timeout"] == 4 * 3600 and nightly["ask_job_type_on_launch"]
    assert status["job_slice_count"] == 1 and not status.get("survey_enabled")
    assert not asked(nightly) & set(OPTIONS), "an answer would win over every plan"
    on_demand = controller.named("job_templates", "dr-copy on demand")
    assert asked(on_demand) <= VARIABLES and not asked(on_demand) & set(sample("on_demand.yml")["on-demand"])
    (by_itself,) = schedules(controller, nightly)
    (in_workflow,) = schedules(controller, controller.named("workflow_job_templates", "dr-copy workflow"))
    assert by_itself["name"] == "dr-copy every night" and by_itself["enabled"]
    assert in_workflow["name"] == "dr-copy every night with status" and not in_workflow["enabled"]


def test_drills_run_weekly_and_restores_when_somebody_asks(awx):
    controller = awx.controller
    drill, restore = (controller.named("job_templates", f"dr-copy {name}") for name in ("drill", "restore"))
    assert asked(drill) == {f"dr_restore_{name}" for name in ("count", "max_gib", "level", "max_age_days")}
    assert asked(restore) <= set(options("dr_restore"))
    for name, host in {**sample("drills.yml"), **sample("restores.yml")}.items():
        assert not (asked(drill) | asked(restore) if name == "restore" else asked(drill)) & set(host), name
    assert drill["job_slice_count"] == 1 and drill["allow_simultaneous"] is False and drill["ask_limit_on_launch"]
    assert drill["ask_job_type_on_launch"] and restore["ask_job_type_on_launch"]
    (weekly,) = schedules(controller, drill)
    assert weekly["name"] == "dr-copy drill every week" and weekly["enabled"] and "FREQ=WEEKLY" in weekly["rrule"]
    assert not schedules(controller, restore)
    for host, plan in sample("drills.yml").items():
        plan = {**Launch(controller, "dr-copy drill").extra_variables(), **plan}
        given = {name.removeprefix("dr_restore_"): value for name, value in plan.items()}
        judged = checked_restore(given, host, list(plan), is_drill=True)
        assert judged.problems == [] and set(plan) <= set(OPTIONS), host
        assert 2 * judged.values.wait_timeout < drill["timeout"], "to make and to delete"
    assert {plan["dr_restore_cloud"] for plan in sample("drills.yml").values()} == set(CLOUDS)
    answers = {"dr_restore_cloud": "ebs", "dr_restore_region": "eu-west-1", "dr_restore_zone": "eu-west-1a"}
    plan = Launch(controller, "dr-copy restore", answers).extra_variables()
    given = {name.removeprefix("dr_restore_"): value for name, value in plan.items()}
    assert checked_restore(given, "on-demand", list(plan)).problems == []


def test_surveys_begin_with_the_roles_defaults_and_offer_what_the_roles_take(awx):
    wanted = "keep_daily keep_weekly keep_monthly keep_yearly exclude_tags lock_days lock_mode"
    on_demand = awx.controller.named("job_templates", "dr-copy on demand")
    assert {f"dr_copy_{name}" for name in wanted.split()} <= asked(on_demand)
    for template in awx.controller.of("job_templates").values():
        for question in template["survey"].get("spec", []):
            name, default = question["variable"], question["default"]
            if name not in OPTIONS:
                continue
            take, usual = TAKEN[name].parse, TAKEN[name].default
            documented = set(re.findall(r"V\(([a-z]+)\)", " ".join(OPTIONS[name]["description"])))
            if "choices" in question:
                assert set(question["choices"]) == documented, name
                assert [take(choice) for choice in question["choices"]] == question["choices"]
            if OPTIONS[name].get("required"):
                assert usual is None and (question["required"] or name.endswith("_cloud")), name
            else:
                assert not question["required"] and (take(default) if default else usual) == usual, name
    mode = next(q for q in on_demand["survey"]["spec"] if q["variable"] == "dr_copy_lock_mode")
    assert mode["type"] == "text" and mode["default"] == "", "a compliance lock is written out, and picked by no slip"


def test_two_slices_share_the_plans_without_one_in_common(awx):
    launch = Launch(awx.controller, "dr-copy nightly")
    assert launch.slices == 2
    slices = [launch.slice(number) for number in (1, 2)]
    assert [part["all"]["hosts"] for part in slices] == [["edge"], ["orders"]]
    assert [set(part["_meta"]["hostvars"]) for part in slices] == [{"edge"}, {"orders"}]


def test_the_workflow_copies_judges_and_asks(awx):
    controller = awx.controller
    workflow = controller.named("workflow_job_templates", "dr-copy workflow")["id"]
    nodes = {
        node["identifier"]: node
        for node in controller.of("workflow_job_template_nodes").values()
        if node["workflow_job_template"] == workflow
    }
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
    assert (
        runs["copy"] == "dr-copy nightly"
        and runs["status"] == "dr-copy status"
        and "status check failed" in runs["decide"]
    )


def test_restores_and_drills_start_even_if_git_is_unreachable(awx):
    controller = awx.controller
    templates = {name: controller.named("job_templates", f"dr-copy {name}") for name in ("nightly", "restore", "drill")}
    first, second = (controller.named("projects", name) for name in ("dr-copy", "dr-copy restores"))
    good = first["scm_url"]
    for project in (first, second):
        project["scm_url"] = "/unreachable"
    with pytest.raises(UpdateFailed):
        controller.launch(templates["nightly"])
    refreshed(controller)
    for name in ("restore", "drill"):
        controller.launch(templates[name])
        assert controller.files(controller.get("projects", templates[name]["project"]))
        assert Launch(controller, f"dr-copy {name}").hosts
    for project in (first, second):
        project["scm_url"] = good
    with pytest.raises(Refusal, match="Missing a revision to run"):
        controller.launch(templates["nightly"])
    refreshed(controller)
    controller.launch(templates["nightly"])


def refreshed(controller):
    """Run the workflow that updates the projects."""
    workflow = controller.named("workflow_job_templates", "dr-copy refresh")
    (schedule,) = schedules(controller, workflow)
    assert schedule["enabled"] and "FREQ=HOURLY" in schedule["rrule"]
    nodes = controller.of("workflow_job_template_nodes")
    own = [node for node in nodes.values() if node["workflow_job_template"] == workflow["id"]]
    followers = {number for node in own for numbers in node["lists"].values() for number in numbers}
    waiting = [node for node in own if node["id"] not in followers]
    assert len(own) == 2 and len(waiting) == 1
    for node in waiting:
        if controller.update(controller.get("projects", node["unified_job_template"])):
            waiting += [nodes[number] for number in node["lists"].get("success_nodes", [])]


@pytest.fixture
def apart(awx, tmp_path):
    """The same controller, with changes that no other test sees."""
    own = copy.copy(awx)
    own.kept = tmp_path / "controller"
    own.kept.write_bytes(awx.kept.read_bytes())
    return own


def test_setup_reports_a_changed_project(apart):
    code, output = apart.set_up(awx_project_branch="")
    # Warnings of ansible-core may be in between.
    changed = re.findall(r"TASK \[Project ([^\]]+)\] \*+\n(?:(?!TASK )(?!ok: ).*\n)*?changed:", output)
    assert code == 0 and changed == ["dr-copy", "dr-copy restores"], output


def test_a_setup_that_cannot_reach_git_leaves_restores_as_they_were(apart):
    code, output = apart.set_up(awx_project_url="/unreachable")
    assert code != 0, output
    controller = apart.controller
    first, second = (controller.named("projects", name) for name in ("dr-copy", "dr-copy restores"))
    assert (first["scm_url"], first["status"]) == ("/unreachable", "failed")
    assert (second["scm_url"], second["status"]) == (str(apart.repository), "successful")
    controller.launch(controller.named("job_templates", "dr-copy restore"))


def sample(name):
    """Return the hosts of a sample inventory, each with all its variables."""
    return hosts_in(REPOSITORY / "playbooks" / "awx" / "inventories" / name)


def test_the_samples_are_plans_that_the_role_takes(awx):
    plans = sample("plans.yml")
    defaults = {
        q["variable"]: q["default"] for q in Launch(awx.controller, "dr-copy on demand").template["survey"]["spec"]
    }
    answers = {"dr_copy_source_region": "us-east-1", "dr_copy_destination_regions": "eu-west-1\neu-central-1"}
    plans["on demand"] = {**defaults, **answers, **sample("on_demand.yml")["on-demand"]}
    for name, plan in plans.items():
        assert set(plan) <= VARIABLES, name
        given = {key.removeprefix("dr_copy_"): value for key, value in plan.items()}
        assert checked_copy(given).problems == [], name
    assert {plan["dr_copy_cloud"] for plan in plans.values()} == set(CLOUDS)


def test_the_jobs_use_the_named_objects(awx):
    controller = awx.controller
    default = controller.named("organizations", "Default")["id"]
    templates = [item for item in controller.of("job_templates").values() if item["organization"] == default]
    assert len(templates) == 5
    for template in templates:
        lists = {name: {controller.get(LISTS[name], n)["name"] for n in ids} for name, ids in template["lists"].items()}
        assert lists == {
            "credentials": {"aws-drill"}
            if template["name"] in ("dr-copy drill", "dr-copy restore")
            else {"aws-dr", "alibaba-dr", "tencent-dr"},
            "instance_groups": {"dr-copy pods"},
            "notification_templates_error": {"chat"},
        }
        image = controller.get("execution_environments", template["execution_environment"])
        assert image["image"] == "registry.example.com/dr-copy-ee:1"
        assert controller.get("credentials", image["credential"])["name"] == "registry"
        project = controller.get("projects", template["project"])
        assert controller.get("credentials", project["credential"])["name"] == "git"
    environment = Launch(controller, "dr-copy nightly").environment()
    assert {name for name, value in environment.items() if not value} == {
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "TENCENTCLOUD_SECURITY_TOKEN",
    }
    assert (
        environment["TENCENTCLOUD_SECRET_ID"] == tencent.SECRET_ID
        and environment["TENCENTCLOUD_SECRET_KEY"] == tencent.SECRET_KEY
    )
