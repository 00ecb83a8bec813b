# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX hands to an execution node for a job of one of its templates: a private data directory."""

from __future__ import annotations

import json
import shutil
import subprocess
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
    """A job of a template of the controller's, with answers to its survey."""

    def __init__(self, controller: Controller, template: str, answers: Mapping[str, Any] | None = None):
        self.controller = controller
        self.template = controller.named("job_templates", template)
        self.project = controller.get("projects", self.template["project"])
        self.answers = dict(answers or {})

    @property
    def playbook(self) -> str:
        return str(self.template["playbook"])

    def extra_variables(self) -> dict[str, Any]:
        """Return defaults of the survey and answers to it; one that was left empty is an empty text."""
        questions = self.template["survey"].get("spec", []) if self.template.get("survey_enabled") else []
        defaults = {question["variable"]: question.get("default", "") for question in questions}
        unknown = set(self.answers) - set(defaults)
        if unknown:
            raise ValueError(f"the survey does not ask for {sorted(unknown)}")
        lacking = [
            q["variable"] for q in questions if q["required"] and not self.answers.get(q["variable"], q["default"])
        ]
        if lacking:
            raise ValueError(f"variables_needed_to_start: {lacking}")
        return {**defaults, **self.answers}

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

    def inventory(self, number: int = 1, slices: int = 1) -> dict[str, Any]:
        """Return the hosts of a slice, every ``slices``-th by name, and the groups that have any of them."""
        source = next(
            s for s in self.controller.of("inventory_sources").values() if s["inventory"] == self.template["inventory"]
        )
        path = self.controller.checkout(self.project) / source["source_path"]
        listed = subprocess.run(["ansible-inventory", "-i", path, "--list"], check=True, capture_output=True, text=True)
        whole = json.loads(listed.stdout)
        taken = sorted(whole["_meta"]["hostvars"])[number - 1 :: slices]
        variables = {host: whole["_meta"]["hostvars"][host] for host in taken}
        return {"all": {"hosts": taken}, "_meta": {"hostvars": variables}}

    def host_variables(self) -> dict[str, Any]:
        """Return the variables of all hosts of the inventory."""
        return {name: value for host in self.inventory()["_meta"]["hostvars"].values() for name, value in host.items()}

    def private_data(self, directory: Path, more: Mapping[str, str], number: int = 1, slices: int = 1) -> Path:
        """Write a job's private data; ``more`` is what the node itself adds to the environment."""
        for part in ("env", "inventory"):
            (directory / part).mkdir(parents=True)
        shutil.copytree(self.controller.checkout(self.project), directory / "project")
        script = directory / "inventory" / "hosts"
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(self.inventory(number, slices))}\nEND\n")
        script.chmod(0o700)
        (directory / "env" / "envvars").write_text(yaml.safe_dump({**self.environment(), **more}))
        told = {
            name: Unsafe(value) if isinstance(value, str) else value for name, value in self.extra_variables().items()
        }
        (directory / "env" / "extravars").write_text(yaml.safe_dump(told))
        (directory / "env" / "cmdline").write_text(f"--forks={self.template['forks']}")
        return directory
