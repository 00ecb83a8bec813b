# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook with the collection's modules and role, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

PLAY = {
    "hosts": "localhost",
    "gather_facts": False,
    "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
}


class Playbook:
    """A running playbook. It gets credentials as a user's would: from the environment, or by the name of a profile."""

    def __init__(self, tasks: list[dict[str, Any]], params: dict[str, Any], lock: int | None = None):
        self._directory = tempfile.TemporaryDirectory(prefix="dr-copy-live-")
        self._result = Path(self._directory.name) / "result.json"
        named = [task["register"] for task in tasks if "register" in task]
        results = "{{ {" + ", ".join(f"'{name}': {name} | default({{}})" for name in named) + "} | to_json }}"
        write = {"copy": {"content": results, "dest": str(self._result), "mode": "0600"}, "check_mode": False}
        defaults = {"group/multicloud.snapshots.all": params} if params else {}
        play = {**PLAY, "module_defaults": defaults, "tasks": [*tasks, write]}
        path = Path(self._directory.name) / "play.yml"
        path.write_text(yaml.safe_dump([play]))
        quiet = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
        self._process = subprocess.Popen(
            ["ansible-playbook", str(path)],
            env={**os.environ, **quiet, "ANSIBLE_NOCOLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=() if lock is None else (lock,),
        )

    def results(self) -> dict[str, Any]:
        """Wait for the end; return what the tasks registered. Raises RuntimeError without results."""
        try:
            output, _errors = self._process.communicate()
            if not self._result.exists():
                raise RuntimeError(f"ansible-playbook ended with {self._process.returncode}: {output[-2000:]}")
            return dict(json.loads(self._result.read_text()))
        finally:
            self.stop()
            self._directory.cleanup()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def module_task(module: str, register: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a task whose failure is a result like any other."""
    return {f"multicloud.snapshots.{module}": given, "register": register, "ignore_errors": True, **more}


def role_tasks(
    variables: dict[str, Any], register: str, name: str = "dr_copy", tasks_from: str = "main"
) -> list[dict[str, Any]]:
    """Return the tasks that run a role and keep its result, which may be a failure."""
    run = {"include_role": {"name": f"multicloud.snapshots.{name}", "tasks_from": tasks_from}, "vars": variables}
    failed = {"set_fact": {f"{register}_error": "{{ ansible_failed_result.msg | default('failed') }}"}}
    keep = {
        "debug": {
            "msg": {
                "result": f"{{{{ {name}_result | default({{}}) }}}}",
                "error": f"{{{{ {register}_error | default('') }}}}",
            }
        },
        "register": register,
    }
    return [{"block": [run], "rescue": [failed]}, keep]
