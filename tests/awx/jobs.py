# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX passes to an execution node for a job of one of its templates: a private data directory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .rules import answer_errors, check_answers, parse_variables, questions, render_injector
from .stand_in import Controller


class Unsafe(str):
    """A string in which Ansible looks for no templates."""


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))


class Launch:
    """A job of a template of an organization.

    It has answers to its survey (a dict, or JSON or YAML as a string), and the artifacts of earlier jobs.
    """

    def __init__(
        self, controller: Controller, template: str, answers: Mapping[str, Any] | str | None = None, **given: Any
    ):
        self.controller = controller
        self.template = controller.named("job_templates", template, given.get("organization", "Default"))
        self.project = controller.get("projects", self.template["project"])
        self.answers = parse_variables("extra_vars", answers)
        self.handed_on: dict[str, Any] = given.get("handed_on", {})
        self.job_type: str = given.get("job_type", self.template["job_type"])
        self.limit: str = given.get("limit", "")
        for prompt, is_given in (("job_type", self.job_type != self.template["job_type"]), ("limit", self.limit)):
            if is_given and not self.template.get(f"ask_{prompt}_on_launch"):
                raise ValueError(f"the template does not ask for the {prompt}")

    @property
    def playbook(self) -> str:
        return str(self.template["playbook"])

    def extra_variables(self) -> dict[str, Any]:
        """Return the template's variables, artifacts, defaults of the survey and its answers.

        An empty answer is an empty string. A default that would be an invalid answer is omitted.
        """
        check_answers(self.template, self.answers)
        defaults = {q["variable"]: q["default"] for q in questions(self.template) if q.get("default") is not None}
        defaults = {
            q["variable"]: defaults[q["variable"]]
            for q in questions(self.template)
            if q["variable"] in defaults and not answer_errors(q, defaults)
        }
        return {
            **parse_variables("extra_vars", self.template["extra_vars"]),
            **self.handed_on,
            **defaults,
            **self.answers,
        }

    def meta_variables(self, number: int) -> dict[str, Any]:
        """Return the variables that AWX adds to each job (UnifiedJob.awx_meta_vars), under both of its names."""
        about: dict[str, Any] = {
            "job_id": number,
            "job_launch_type": "manual",
            "job_template_name": self.template["name"],
        }
        if self.slices > 1:
            # The workflow job that starts the slices has the name of their template.
            about |= {"workflow_job_id": number + 1000, "workflow_job_name": self.template["name"]}
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in about.items()}

    def environment(self) -> dict[str, str]:
        """Return the environment that the credentials inject; an empty field injects an empty string."""
        found: dict[str, str] = {}
        for number in self.template["lists"].get("credentials", []):
            credential = self.controller.get("credentials", number)
            kind = self.controller.get("credential_types", credential["credential_type"])
            inputs = credential["inputs"]
            if kind["name"] == "Amazon Web Services":
                found.update(AWS_ACCESS_KEY_ID=inputs["username"], AWS_SECRET_ACCESS_KEY=inputs["password"])
            for name, template in kind["injectors"].get("env", {}).items():
                found[name] = render_injector(template, inputs)
        return found

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The hosts of the inventory with their variables, as of its last update."""
        wanted = self.template["inventory"]
        source = next(s for s in self.controller.of("inventory_sources").values() if s["inventory"] == wanted)
        return dict(source.get("hosts", {}))

    @property
    def slices(self) -> int:
        """The number of jobs of a launch: at most that of the inventory's hosts at launch."""
        return max(1, min(int(self.template["job_slice_count"]), len(self.hosts)))

    def slice(self, number: int) -> dict[str, Any]:
        """Return the inventory of a slice (the first is 1): every n-th host by name."""
        taken = sorted(self.hosts)[number - 1 :: self.slices]
        return {"all": {"hosts": taken}, "_meta": {"hostvars": {host: self.hosts[host] for host in taken}}}

    def write_private_data(self, directory: Path, more: Mapping[str, str], number: int = 1) -> Path:
        """Write the private data of a slice's job; ``more`` is what the node adds to the environment."""
        self.controller.launch(self.template)
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
        more_arguments = " --check" * (self.job_type == "check") + f" --limit={self.limit}" * bool(self.limit)
        (directory / "env" / "cmdline").write_text(f"--forks={self.template['forks']}{more_arguments}")
        return directory


def _unsafe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsafe(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unsafe(inner) for inner in value]
    return Unsafe(value) if isinstance(value, str) else value
