# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX refuses, according to its source code of release 24.

The sources are awx/api/serializers.py, awx/api/views, awx/main/fields.py and awx/main/models/mixins.py. Four refusals
are only ours, each marked ``ours``. A real AWX 24.6.1 ignores unknown fields, and accepts credentials without a
required input, a source_path that the project does not contain, and invalid slice counts. There the error shows later,
in an update or a job, or never. Here it fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jinja2
import jinja2.sandbox
import yaml
from dateutil.rrule import rrulestr

from .fields import FIELDS, LINKS

_QUESTIONS = dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str)
_QUESTIONS.update(integer=int, float=float)
_INPUT = {"id", "label", "help_text", "type", "secret", "multiline", "format", "choices", "default", "ask_at_runtime"}


class Refusal(Exception):
    """HTTP 400, with the errors by field."""


def refuse(**wrong: str) -> None:
    raise Refusal({name: [text] for name, text in wrong.items()})


def check_object(kind: str, given: Mapping[str, Any], whole: Mapping[str, Any], store: Any) -> None:
    """Check what is written to an object of a kind; ``whole`` is the object after that."""
    unknown = sorted(set(given) - set(FIELDS[kind].split()))
    if unknown:  # ours
        refuse(**dict.fromkeys(unknown, f"{kind} has no such field."))
    for name, wanted in LINKS.items():
        if name in given and given[name] is not None and not store.has(wanted, given[name]):
            refuse(**{name: f'Invalid pk "{given[name]}" - object does not exist.'})
    for name in ("extra_vars", "variables", "source_vars", "extra_data"):
        if name in given:
            parse_variables(name, given[name])
    _CHECKS.get(kind, lambda *_: None)(whole, store)


def parse_variables(name: str, given: Any) -> dict[str, Any]:
    """Parse variables as AWX does: a dict, or JSON or YAML as a string."""
    try:
        found = yaml.safe_load(given) if isinstance(given, str) else given
    except yaml.YAMLError as error:
        refuse(**{name: f"Cannot parse as JSON or YAML ({error})."})
    if not isinstance(found or {}, dict):
        refuse(**{name: "Input type is not a dictionary."})
    return dict(found or {})


def check_unchanged(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Check what must not change."""
    if kind == "execution_environments" and new.get("organization") not in (None, old.get("organization")):
        refuse(organization="Cannot change the organization of an execution environment")


def _check_credential_type(whole: Mapping[str, Any], _store: Any) -> None:
    if whole.get("kind") not in ("cloud", "net"):
        refuse(kind="Must be 'cloud' or 'net'")
    fields = whole["inputs"].get("fields", [])
    for field in fields:
        if not {"id", "label"} <= set(field) <= _INPUT:
            refuse(inputs=f"schema validation error in {field}")
    ids = [field["id"] for field in fields]
    if len(set(ids)) < len(ids) or "tower" in ids or not set(whole["inputs"].get("required", ())) <= set(ids):
        refuse(inputs="field IDs must be unique, must not be tower, and required ones must exist")
    for part in whole["injectors"]:
        if part not in ("env", "file", "extra_vars"):
            refuse(injectors=f"'{part}' was unexpected")
    for name, template in whole["injectors"].get("env", {}).items():
        if name.startswith("ANSIBLE_"):
            refuse(injectors=f"Environment variable {name} may affect Ansible configuration.")
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            refuse(injectors=f"{name} does not match any of the regexes")
        try:
            render_injector(template, dict.fromkeys(ids, "EXAMPLE"), jinja2.StrictUndefined)
        except jinja2.UndefinedError as error:
            refuse(injectors=f"{name} uses an undefined field ({error})")


def render_injector(template: str, namespace: Mapping[str, Any], undefined: Any = jinja2.Undefined) -> str:
    """Render an injector as the start of a job does: an empty field renders as an empty string."""
    return jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=undefined).from_string(template).render(**namespace)


def _check_credential(whole: Mapping[str, Any], store: Any) -> None:
    wanted = store.get("credential_types", whole["credential_type"])["inputs"]
    unknown = set(whole.get("inputs", {})) - {field["id"] for field in wanted["fields"]}
    if unknown:
        refuse(inputs=f"Additional properties are not allowed ({', '.join(sorted(unknown))} were unexpected)")
    missing = [name for name in wanted.get("required", ()) if not whole.get("inputs", {}).get(name)]
    if missing:  # ours
        refuse(inputs=f"required for {', '.join(missing)}")


def _check_execution_environment(whole: Mapping[str, Any], store: Any) -> None:
    credential = whole.get("credential") and store.get("credentials", whole["credential"])
    if credential and store.get("credential_types", credential["credential_type"])["kind"] != "registry":
        refuse(credential="Only Container Registry credentials can be associated with an Execution Environment")


def _check_inventory_source(whole: Mapping[str, Any], store: Any) -> None:
    if whole.get("source") == "scm":
        if not whole.get("source_project") or not whole.get("source_path"):
            refuse(source_project="Project required for scm type sources.")
        project = store.get("projects", whole["source_project"])
        if whole["source_path"] not in store.files(project):  # ours
            refuse(source_path="no such file in the project")


def _check_job_template(whole: Mapping[str, Any], store: Any) -> None:
    if not whole.get("inventory") and not whole.get("ask_inventory_on_launch"):
        refuse(inventory="Must either set a default value or ask to prompt on launch.")
    if not whole.get("project"):
        refuse(project="Job Templates must have a project assigned.")
    if whole.get("playbook") not in store.playbooks(store.get("projects", whole["project"])):
        refuse(playbook="Playbook not found for project.")
    for name, least in (("forks", 0), ("job_slice_count", 1), ("timeout", 0)):
        if not isinstance(whole[name], int) or whole[name] < least:  # ours for job_slice_count
            refuse(**{name: f"Ensure this value is greater than or equal to {least}."})


def _check_schedule(whole: Mapping[str, Any], store: Any) -> None:
    rule = whole.get("rrule", "")
    if len(re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rule)) != 1:
        refuse(rrule="Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", rule):
        refuse(rrule="DTSTART cannot be a naive datetime.")
    if "RRULE:" not in rule:
        refuse(rrule="One or more rule required in rrule.")
    for unknown in ("EXDATE:", "RDATE:"):
        if unknown in rule:
            refuse(rrule=f"{unknown[:-1]} not allowed in rrule.")
    for part in re.findall(r"RULE:\S*", rule):
        if "INTERVAL" not in part or "SECONDLY" in part:
            refuse(rrule=f"INTERVAL required in rrule, and SECONDLY is not supported: {part}")
        if re.search(r"BYDAY=[0-9]+[A-Z]{2}", part):
            refuse(rrule=f"BYDAY with numeric prefix not supported: {part}")
        if "COUNT" in part and "UNTIL" in part:
            refuse(rrule=f"RRULE may not contain both COUNT and UNTIL: {part}")
        if any(int(count) > 999 for count in re.findall(r"COUNT=([0-9]+)", part)):
            refuse(rrule=f"COUNT > 999 is unsupported: {part}")
    try:
        rrulestr(rule.replace(" ", "\n"))
    except ValueError as error:
        refuse(rrule=f"rrule parsing failed validation: {error}")
    template = store.get("unified_job_templates", whole["unified_job_template"])
    check_answers(template, parse_variables("extra_data", whole["extra_data"]))


def _check_node(whole: Mapping[str, Any], store: Any) -> None:
    if not store.has("workflow_job_templates", whole.get("workflow_job_template")):
        refuse(workflow_job_template="This field is required.")


def questions(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions that a launch of a template asks."""
    return list(template["survey"].get("spec", ())) if template.get("survey_enabled") else []


def check_answers(template: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """Check the answers of a launch or a schedule to a template's survey."""
    asked = questions(template)
    wrong = [text for question in asked for text in answer_errors(question, answers)]
    if wrong:
        raise Refusal({"variables_needed_to_start": wrong})
    unasked = sorted(set(answers) - {question["variable"] for question in asked})
    if unasked and not template.get("ask_variables_on_launch"):
        refuse(extra_vars=f"Variables {', '.join(unasked)} are not allowed on launch.")


def answer_errors(question: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the answer to a question.

    A required question needs an answer, whatever its default. An empty string is an answer if the minimum length allows
    it.
    """
    name, kind = question["variable"], question["type"]
    if name not in answers:
        return [f"'{name}' value missing"] if question["required"] else []
    answer = answers[name]
    if kind in ("multiplechoice", "multiselect"):
        if kind == "multiselect" and not isinstance(answer, list):
            return [f"'{name}' value is expected to be a list."]
        choices = question["choices"].split("\n") if isinstance(question["choices"], str) else question["choices"]
        values = answer if kind == "multiselect" else [answer]
        unknown = [value for value in values if value not in choices]
        return [f"Value {value} for '{name}' expected to be one of {choices}." for value in unknown]
    if isinstance(answer, bool) or not isinstance(answer, {"integer": int, "float": (int, float)}.get(kind, str)):
        return [f"Value {answer} for '{name}' expected to be of the type {kind}."]
    size = len(answer) if isinstance(answer, str) else answer
    if question.get("min") is not None and size < question["min"]:
        return [f"'{name}' value {answer} is too small (must be at least {question['min']})."]
    if question.get("max") is not None and size > question["max"]:
        return [f"'{name}' value {answer} is too large (must be no more than {question['max']})."]
    return []


def check_survey(spec: Mapping[str, Any]) -> None:
    """Check a survey as AWX does: one message, about the first error."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(name), kind):
            _refuse_survey(f"Field '{name}' is missing from survey spec, or of another type.")
    if not spec["spec"]:
        _refuse_survey("'spec' doesn't contain any items.")
    seen = set()
    for number, question in enumerate(spec["spec"]):
        for name in ("type", "question_name", "variable", "required"):
            if not isinstance(question.get(name), bool if name == "required" else str):
                _refuse_survey(f"'{name}' missing from survey question {number}, or of another type")
        if question["variable"] in seen:
            _refuse_survey(f"'variable' '{question['variable']}' duplicated in survey question {number}.")
        seen.add(question["variable"])
        if question["type"] not in _QUESTIONS:
            _refuse_survey(f"'{question['type']}' in survey question {number} is not an allowed question type.")
        default = question.get("default", "")
        if default != "" and not isinstance(default, _QUESTIONS[question["type"]]):
            _refuse_survey(f"Default value {default} in survey question {number} expected to be of its type.")
        if any(question.get(name) is not None and not isinstance(question[name], int) for name in ("min", "max")):
            _refuse_survey(f"The limit in survey question {number} expected to be integer.")
        if question["type"] in ("multiplechoice", "multiselect"):
            if not question.get("choices"):
                _refuse_survey(f"Survey question {number} must specify choices.")
            if default and default not in question["choices"]:
                _refuse_survey("Default choice must be answered from the choices listed.")


def _refuse_survey(text: str) -> None:
    raise Refusal({"error": text})


_CHECKS = {
    "credential_types": _check_credential_type,
    "credentials": _check_credential,
    "execution_environments": _check_execution_environment,
    "inventory_sources": _check_inventory_source,
    "job_templates": _check_job_template,
    "schedules": _check_schedule,
    "workflow_job_template_nodes": _check_node,
}
