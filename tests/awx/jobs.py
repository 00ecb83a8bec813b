# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX hands to an execution node for a job of one of its templates: a private data directory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .rules import rendered
from .stand_in import Controller


class Unsafe(str):
    """A text in which Ansible finds no templates."""


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))


class Launch:
    """A job of a template of the controller's, with answers to its survey and what jobs before it have handed on."""

    def __init__(self, controller: Controller, template: str, answers: Mapping[str, Any] | None = None, **given: Any):
        self.controller = controller
        self.template = controller.named("job_templates", template)
        self.project = controller.get("projects", self.template["project"])
        self.answers = dict(answers or {})
        self.handed_on: dict[str, Any] = given.get("handed_on", {})
        self.job_type: str = given.get("job_type", self.template["job_type"])
        if self.job_type != self.template["job_type"] and not self.template.get("ask_job_type_on_launch"):
            raise ValueError("the template does not ask for the type of job")

    @property
    def playbook(self) -> str:
        return str(self.template["playbook"])

    def extra_variables(self) -> dict[str, Any]:
        """Return what was handed on, defaults of the survey and answers to it; one that was left empty is an empty
        text.

        As in AWX (_survey_element_validation) a question that is required needs an answer, whatever its default, and an
        answer is as long as the question says.
        """
        questions = self.template["survey"].get("spec", []) if self.template.get("survey_enabled") else []
        variables = {question["variable"] for question in questions}
        if set(self.answers) - variables:
            raise ValueError(f"the survey does not ask for {sorted(set(self.answers) - variables)}")
        lacking = [q["variable"] for q in questions if q["required"] and not self.answers.get(q["variable"])]
        lacking += [q["variable"] for q in questions if not _fits(q, self.answers.get(q["variable"]))]
        if lacking:
            raise ValueError(f"variables_needed_to_start: {lacking}")
        defaults = {q["variable"]: q["default"] for q in questions if _fits(q, q.get("default"))}
        return {**self.handed_on, **defaults, **self.answers}

    def meta_variables(self, number: int) -> dict[str, Any]:
        """Return what AWX itself adds to the variables of each job (UnifiedJob.awx_meta_vars), under both its names."""
        about = {"job_id": number, "job_launch_type": "manual", "job_template_name": self.template["name"]}
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in about.items()}

    def environment(self) -> dict[str, str]:
        """Return what the credentials inject; a field that was left empty injects an empty text."""
        found: dict[str, str] = {}
        for number in self.template["lists"].get("credentials", []):
            credential = self.controller.get("credentials", number)
            kind = self.controller.get("credential_types", credential["credential_type"])
            inputs = credential["inputs"]
            if kind["name"] == "Amazon Web Services":
                found.update(AWS_ACCESS_KEY_ID=inputs["username"], AWS_SECRET_ACCESS_KEY=inputs["password"])
            for name, template in kind["injectors"].get("env", {}).items():
                found[name] = rendered(template, inputs)
        return found

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The hosts of the inventory with their variables, as its last update has found them."""
        wanted = self.template["inventory"]
        source = next(s for s in self.controller.of("inventory_sources").values() if s["inventory"] == wanted)
        return dict(source.get("hosts", {}))

    @property
    def slices(self) -> int:
        """How many jobs a launch makes: never more than the inventory has hosts when it is launched."""
        return max(1, min(int(self.template["job_slice_count"]), len(self.hosts)))

    def slice(self, number: int) -> dict[str, Any]:
        """Return the inventory of a slice (the first is 1): every so many-th host by name."""
        taken = sorted(self.hosts)[number - 1 :: self.slices]
        return {"all": {"hosts": taken}, "_meta": {"hostvars": {host: self.hosts[host] for host in taken}}}

    def private_data(self, directory: Path, more: Mapping[str, str], number: int = 1) -> Path:
        """Write the private data of a slice's job; ``more`` is what the node itself adds to the environment."""
        for part in ("env", "inventory"):
            (directory / part).mkdir(parents=True)
        shutil.copytree(self.controller.checkout(self.project), directory / "project")
        script = directory / "inventory" / "hosts"
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(self.slice(number))}\nEND\n")
        script.chmod(0o700)
        (directory / "env" / "envvars").write_text(yaml.safe_dump({**self.environment(), **more}))
        (directory / "env" / "extravars").write_text(
            yaml.safe_dump(_unsafe({**self.extra_variables(), **self.meta_variables(number)}))
        )
        check = " --check" if self.job_type == "check" else ""
        (directory / "env" / "cmdline").write_text(f"--forks={self.template['forks']}{check}")
        return directory


def _fits(question: Mapping[str, Any], answer: Any) -> bool:
    return not isinstance(answer, str) or question.get("min", 0) <= len(answer) <= question.get("max", 1024)


def _unsafe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsafe(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unsafe(inner) for inner in value]
    return Unsafe(value) if isinstance(value, str) else value
