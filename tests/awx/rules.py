# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX refuses, by its own sources (awx/api/serializers.py, awx/api/views, awx/main/fields.py of release 24)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jinja2
import jinja2.sandbox

from .fields import FIELDS, LINKS

_QUESTIONS = dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str)
_QUESTIONS.update(integer=int, float=float)
_INPUT = {"id", "label", "help_text", "type", "secret", "multiline", "format", "choices", "default", "ask_at_runtime"}


class Refusal(Exception):
    """HTTP 400, with what is wrong by field."""


def refuse(**wrong: str) -> None:
    raise Refusal({name: [text] for name, text in wrong.items()})


def check(kind: str, given: Mapping[str, Any], whole: Mapping[str, Any], store: Any) -> None:
    """Check what is written to an object of a kind; ``whole`` is the object as it would then be."""
    unknown = sorted(set(given) - set(FIELDS[kind].split()))
    if unknown:
        refuse(**dict.fromkeys(unknown, f"{kind} has no such field."))
    for name, wanted in LINKS.items():
        if name in given and given[name] is not None and not store.has(wanted, given[name]):
            refuse(**{name: f'Invalid pk "{given[name]}" - object does not exist.'})
    _CHECKS.get(kind, lambda *_: None)(whole, store)


def _credential_type(whole: Mapping[str, Any], _store: Any) -> None:
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
            rendered(template, dict.fromkeys(ids, "EXAMPLE"), jinja2.StrictUndefined)
        except jinja2.UndefinedError as error:
            refuse(injectors=f"{name} uses an undefined field ({error})")


def rendered(template: str, namespace: Mapping[str, Any], undefined: Any = jinja2.Undefined) -> str:
    """Render an injector as a job's start does: a field that was left empty gives an empty text."""
    return jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=undefined).from_string(template).render(**namespace)


def _credential(whole: Mapping[str, Any], store: Any) -> None:
    wanted = store.get("credential_types", whole["credential_type"])["inputs"]
    unknown = set(whole.get("inputs", {})) - {field["id"] for field in wanted["fields"]}
    if unknown:
        refuse(inputs=f"Additional properties are not allowed ({', '.join(sorted(unknown))} were unexpected)")
    missing = [name for name in wanted.get("required", ()) if not whole.get("inputs", {}).get(name)]
    if missing:
        refuse(inputs=f"required for {', '.join(missing)}")


def _inventory_source(whole: Mapping[str, Any], store: Any) -> None:
    if whole.get("source") == "scm":
        if not whole.get("source_project") or not whole.get("source_path"):
            refuse(source_project="Project required for scm type sources.")
        project = store.get("projects", whole["source_project"])
        if whole["source_path"] not in store.files(project):
            refuse(source_path="no such file in the project")


def _job_template(whole: Mapping[str, Any], store: Any) -> None:
    if not whole.get("inventory") and not whole.get("ask_inventory_on_launch"):
        refuse(inventory="Must either set a default value or ask to prompt on launch.")
    if not whole.get("project"):
        refuse(project="Job Templates must have a project assigned.")
    if whole.get("playbook") not in store.playbooks(store.get("projects", whole["project"])):
        refuse(playbook="Playbook not found for project.")
    for name, least in (("forks", 0), ("job_slice_count", 1), ("timeout", 0)):
        if not isinstance(whole[name], int) or whole[name] < least:
            refuse(**{name: f"Ensure this value is greater than or equal to {least}."})
    json.loads(whole["extra_vars"] or "{}")


def _schedule(whole: Mapping[str, Any], store: Any) -> None:
    rule = whole.get("rrule", "")
    if len(re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rule)) != 1:
        refuse(rrule="Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", rule):
        refuse(rrule="DTSTART cannot be a naive datetime.")
    if "RRULE:" not in rule:
        refuse(rrule="One or more rule required in rrule.")
    for part in re.findall(r"RULE:\S*", rule):
        if "INTERVAL" not in part or "SECONDLY" in part:
            refuse(rrule=f"INTERVAL required in rrule, and SECONDLY is not supported: {part}")
    template = store.get("unified_job_templates", whole["unified_job_template"])
    needed = [q["variable"] for q in template.get("survey", {}).get("spec", ()) if q["required"]]
    if template.get("survey_enabled") and set(needed) - set(whole["extra_data"]):
        refuse(variables_needed_to_start=f"{needed} value missing")


def _node(whole: Mapping[str, Any], store: Any) -> None:
    if not store.has("workflow_job_templates", whole.get("workflow_job_template")):
        refuse(workflow_job_template="This field is required.")


def survey(spec: Mapping[str, Any]) -> None:
    """Check a survey as AWX does: one message, at the first thing that is wrong."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(name), kind):
            _wrong(f"Field '{name}' is missing from survey spec, or of another type.")
    seen = set()
    for number, question in enumerate(spec["spec"]):
        for name in ("type", "question_name", "variable", "required"):
            if not isinstance(question.get(name), bool if name == "required" else str):
                _wrong(f"'{name}' missing from survey question {number}, or of another type")
        if question["variable"] in seen:
            _wrong(f"'variable' '{question['variable']}' duplicated in survey question {number}.")
        seen.add(question["variable"])
        if question["type"] not in _QUESTIONS:
            _wrong(f"'{question['type']}' in survey question {number} is not an allowed question type.")
        default = question.get("default", "")
        if default != "" and not isinstance(default, _QUESTIONS[question["type"]]):
            _wrong(f"Default value {default} in survey question {number} expected to be of its type.")
        if any(question.get(name) is not None and not isinstance(question[name], int) for name in ("min", "max")):
            _wrong(f"The limit in survey question {number} expected to be integer.")
        if question["type"] in ("multiplechoice", "multiselect"):
            if not question.get("choices"):
                _wrong(f"Survey question {number} must specify choices.")
            if default and default not in question["choices"]:
                _wrong("Default choice must be answered from the choices listed.")


def _wrong(text: str) -> None:
    raise Refusal({"error": text})


_CHECKS = {
    "credential_types": _credential_type,
    "credentials": _credential,
    "inventory_sources": _inventory_source,
    "job_templates": _job_template,
    "schedules": _schedule,
    "workflow_job_template_nodes": _node,
}
