# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in for AWX's API refuses, one item each. A real AWX accepts those of STRICTER."""

from __future__ import annotations

import subprocess

import pytest

from tests.awx.jobs import Launch
from tests.awx.rules import Refusal
from tests.awx.stand_in import TOKEN, Controller

QUESTION = {"question_name": "Q", "variable": "q", "type": "text", "required": False}
CHOICES = {**QUESTION, "type": "multiplechoice", "choices": ["creatable", "readable"]}
SEVERAL = {**CHOICES, "type": "multiselect"}
START = "DTSTART:20260104T050000Z"
FIELDS = {"fields": [{"id": "key", "label": "Key"}]}
#: The kind, the change of a valid object of this kind, and a part of the refusal.
REFUSED = [
    ("credential_types", {"kind": "vault"}, "Must be 'cloud' or 'net'"),
    ("credential_types", {"inputs": {"fields": [{"id": "key"}]}}, "schema validation error"),
    ("credential_types", {"inputs": {**FIELDS, "required": ["other"]}}, "required ones must exist"),
    ("credential_types", {"injectors": {"envs": {}}}, "was unexpected"),
    ("credential_types", {"injectors": {"env": {"ANSIBLE_X": "1"}}}, "may affect Ansible configuration"),
    ("credential_types", {"injectors": {"env": {"A-B": "1"}}}, "does not match"),
    ("credential_types", {"injectors": {"env": {"X": "{{ secret }}"}}}, "undefined field"),
    ("credentials", {"inputs": {"username": "a", "password": "b", "color": "red"}}, "color were unexpected"),
    ("credentials", {"organization": 99}, "object does not exist"),
    ("credentials", {}, "already exists"),
    ("execution_environments", {"credential": "aws"}, "Only Container Registry credentials"),
    ("inventories", {"variables": "a: ["}, "Cannot parse as JSON or YAML"),
    ("inventories", {"variables": "[1]"}, "not a dictionary"),
    ("inventory_sources", {"source_path": ""}, "Project required"),
    ("job_templates", {"inventory": None}, "set a default value or ask"),
    ("job_templates", {"project": None}, "must have a project"),
    ("job_templates", {"playbook": "none.yml"}, "Playbook not found"),
    ("job_templates", {"forks": -1}, "greater than or equal to 0"),
    ("job_templates", {"extra_vars": "a: ["}, "Cannot parse as JSON or YAML"),
    ("job_templates", {"extra_vars": "- a"}, "not a dictionary"),
    ("workflow_job_template_nodes", {"workflow_job_template": None}, "required"),
    ("schedules", {"rrule": "RRULE:FREQ=DAILY;INTERVAL=1"}, "Valid DTSTART required"),
    ("schedules", {"rrule": "DTSTART:20260104T050000 RRULE:FREQ=DAILY;INTERVAL=1"}, "naive datetime"),
    ("schedules", {"rrule": START}, "One or more rule required"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=DAILY"}, "INTERVAL required"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=SECONDLY;INTERVAL=1"}, "SECONDLY is not supported"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=DAILY;INTERVAL=1 EXDATE:20260104T050000Z"}, "EXDATE not allowed"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO"}, "BYDAY with numeric prefix"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000"}, "COUNT > 999 is unsupported"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=2;UNTIL=20270101T000000Z"}, "both COUNT"),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=SOMETIMES;INTERVAL=1"}, "parsing failed validation"),
    ("schedules", {"extra_data": {"q": 3}}, "Value 3 for 'q' expected to be of the type text"),
    ("schedules", {"extra_data": {"other": "x"}}, "Variables other are not allowed on launch"),
    ("schedules", {"unified_job_template": 99}, "object does not exist"),
]
STRICTER = [
    ("organizations", {"color": "red"}, "no such field"),
    ("credentials", {"name": "new", "inputs": {"username": "a"}}, "required for password"),
    ("inventory_sources", {"source_path": "none.yml"}, "no such file"),
    ("job_templates", {"job_slice_count": 0}, "greater than or equal to 1"),
]
TAKEN = [
    ("job_templates", {"extra_vars": "---\na: 1\n"}),
    ("job_templates", {"extra_vars": '{"a": 1}'}),
    ("inventories", {"variables": "a: 1"}),
    ("schedules", {"rrule": f"{START} RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=SU;COUNT=999"}),
    ("schedules", {"extra_data": {"q": "x"}}),
]
SURVEYS = [
    ({"spec": []}, "doesn't contain any items"),
    ({"name": None}, "'name' is missing"),
    ({"spec": [{**QUESTION, "required": "no"}]}, "'required' missing"),
    ({"spec": [QUESTION, QUESTION]}, "duplicated"),
    ({"spec": [{**QUESTION, "type": "color"}]}, "not an allowed question type"),
    ({"spec": [{**QUESTION, "default": 3}]}, "expected to be of its type"),
    ({"spec": [{**QUESTION, "min": "0"}]}, "expected to be integer"),
    ({"spec": [{**CHOICES, "choices": []}]}, "must specify choices"),
    ({"spec": [{**CHOICES, "default": "other"}]}, "answered from the choices"),
]
ANSWERS = [
    (QUESTION, {"q": 3}, "of the type text"),
    (QUESTION, "q: 3", "of the type text"),
    (QUESTION, {"q": ["a"]}, "of the type text"),
    (QUESTION, {"other": "a"}, "Variables other are not allowed on launch"),
    (QUESTION, "q: [", "Cannot parse"),
    ({**QUESTION, "required": True}, {}, "'q' value missing"),
    ({**QUESTION, "required": True, "default": "a"}, {}, "'q' value missing"),
    ({**QUESTION, "min": 1}, {"q": ""}, "too small"),
    ({**QUESTION, "max": 1}, {"q": "ab"}, "too large"),
    (CHOICES, {"q": "other"}, "expected to be one of"),
    (CHOICES, {"q": ""}, "expected to be one of"),
    (SEVERAL, {"q": "creatable"}, "expected to be a list"),
    (SEVERAL, {"q": ["creatable", "other"]}, "Value other"),
    ({**QUESTION, "type": "integer"}, {"q": "3"}, "of the type integer"),
    ({**QUESTION, "type": "integer"}, {"q": True}, "of the type integer"),
    ({**QUESTION, "type": "integer", "max": 2}, {"q": 3}, "too large"),
    ({**QUESTION, "type": "float"}, {"q": "3.5"}, "of the type float"),
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Return a Git repository with a playbook and an inventory."""
    made = tmp_path_factory.mktemp("repository")
    (made / "play.yml").write_text("- hosts: all\n")
    (made / "hosts.yml").write_text("all: {}\n")
    for command in ("init -q -b main", "add -A", "-c user.name=sre -c user.email=sre@localhost commit -q -m Plans"):
        subprocess.run(["git", *command.split()], cwd=made, check=True)
    return made


class Site:
    """A controller with one object of each kind, behind the API."""

    def __init__(self, directory, repository):
        self.controller = Controller(directory)
        self.ids, self.taken = {}, {}
        aws = self.controller.named("credential_types", "Amazon Web Services")["id"]
        self.make("organizations", name="Payments")
        owner = {"organization": self.ids["organizations"]}
        self.make("credential_types", name="t", kind="cloud", inputs=FIELDS, injectors={})
        inputs = {"username": "a", "password": "b"}
        self.make("credentials", name="aws", credential_type=aws, inputs=inputs, **owner)
        self.make("execution_environments", name="e", image="i", **owner)
        self.make("inventories", name="plans", **owner)
        self.make("projects", name="p", scm_url=str(repository), **owner)
        inventory, project = self.ids["inventories"], self.ids["projects"]
        where = {"inventory": inventory, "source_project": project, "source_path": "hosts.yml"}
        self.make("inventory_sources", name="s", source="scm", **where)
        self.make("job_templates", name="j", inventory=inventory, project=project, playbook="play.yml", **owner)
        self.survey(QUESTION)
        self.make("workflow_job_templates", name="w", **owner)
        workflow, job = self.ids["workflow_job_templates"], self.ids["job_templates"]
        self.make("workflow_job_template_nodes", identifier="n", workflow_job_template=workflow)
        rule = f"{START} RRULE:FREQ=DAILY;INTERVAL=1"
        self.make("schedules", name="nightly", unified_job_template=job, rrule=rule)

    def call(self, method, path, given=None):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.controller.client().open(f"/api/v2/{path}", method=method, json=given, headers=headers)

    def make(self, objects, **given):
        answer = self.call("POST", f"{objects}/", given)
        assert answer.status_code == 201, answer.text
        self.ids[objects], self.taken[objects] = answer.json["id"], given

    def survey(self, *questions):
        template = self.controller.get("job_templates", self.ids["job_templates"])
        template.update(job_type="run", survey_enabled=True, survey={"spec": list(questions)})

    def write(self, kind, change):
        """Change the object of this kind; one that would be a second object is created."""
        change = {name: self.ids["credentials"] if value == "aws" else value for name, value in change.items()}
        if not change or "name" in change:
            return self.call("POST", f"{kind}/", {**self.taken[kind], **change})
        return self.call("PATCH", f"{kind}/{self.ids[kind]}/", change)


@pytest.fixture
def site(tmp_path, repository):
    return Site(tmp_path, repository)


def test_each_refusal_names_what_is_wrong(site):
    for kind, change, words in REFUSED + STRICTER:
        answer = site.write(kind, change)
        assert answer.status_code == 400 and words in answer.text, (kind, change, answer.text)
    for kind, change in TAKEN:
        assert site.write(kind, change).status_code == 200, (kind, change)
    other = site.call("PATCH", f"execution_environments/{site.ids['execution_environments']}/", {"organization": 1})
    assert other.status_code == 400 and "Cannot change the organization" in other.text
    where = f"job_templates/{site.ids['job_templates']}/credentials/"
    for name, code in (("one", 204), ("two", 400)):
        site.make("credentials", **{**site.taken["credentials"], "name": name})
        hung = site.call("POST", where, {"id": site.ids["credentials"]})
        assert hung.status_code == code, hung.text


def test_surveys_are_refused_with_the_first_thing_that_is_wrong(site):
    where = f"job_templates/{site.ids['job_templates']}/survey_spec/"
    whole = {"name": "S", "description": "", "spec": [QUESTION]}
    assert site.call("POST", where, whole).status_code == 200
    for change, words in SURVEYS:
        answer = site.call("POST", where, {**whole, **change})
        assert answer.status_code == 400 and words in answer.json["error"], (change, answer.text)


def test_a_launch_takes_answers_that_fit_the_survey_alone(site):
    launch = {"controller": site.controller, "template": "j", "organization": "Payments"}
    for question, answers, words in ANSWERS:
        site.survey(question)
        with pytest.raises(Refusal) as refusal:
            Launch(**launch, answers=answers).extra_variables()
        assert words in str(refusal.value), (question, answers)
    site.survey({**QUESTION, "default": "a", "max": 8}, {**SEVERAL, "variable": "s"})
    site.write("job_templates", {"extra_vars": "b: 1\nq: z"})
    assert Launch(**launch).extra_variables() == {"b": 1, "q": "a"}
    assert Launch(**launch, answers="q: ''\ns: [readable]").extra_variables() == {"b": 1, "q": "", "s": ["readable"]}
    site.survey({**QUESTION, "default": "", "min": 1})
    assert Launch(**launch).extra_variables() == {"b": 1, "q": "z"}, "a default that would be wrong is none"
    for prompt in ({"limit": "orders"}, {"job_type": "check"}):
        with pytest.raises(ValueError, match="does not ask for the"):
            Launch(**launch, **prompt)


def test_the_stand_in_refuses_other_requests(site):
    client = site.controller.client()
    assert client.get("/api/v2/organizations/").status_code == 401
    assert site.call("DELETE", "organizations/1/").status_code == 405
    assert site.call("GET", "hosts/").status_code == 404
    assert site.call("GET", "inventories/plans++Payments/").json["id"] == site.ids["inventories"]
    assert site.call("GET", "inventories/plans++Default/").status_code == 404
    assert site.call("GET", "inventories/plans++Nobody/").status_code == 404
