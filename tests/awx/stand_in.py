# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AWX's REST API. It stores what it gets, and refuses what AWX refuses, and more (see rules)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, Unauthorized
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from .fields import ASSOCIATIONS, DEFAULTS, FIELDS, TEMPLATES
from .rules import Refusal, check_object, check_survey, check_unchanged, refuse

TOKEN = "controller-token-of-the-tests-9c4d17be"
#: The fields that are unique for a kind, if the object has no organization; otherwise name and organization.
_UNIQUE = {
    **dict.fromkeys(("organizations", "credential_types", "execution_environments", "instance_groups"), ("name",)),
    "credentials": ("name", "organization", "credential_type"),
    "inventory_sources": ("name", "inventory"),
    "schedules": ("name", "unified_job_template"),
    "workflow_approval_templates": (),
    "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
}
#: Credential types of AWX: kind, required inputs, others, and which of them are secret.
_TYPES = {
    "Amazon Web Services": ("cloud", "username password", "security_token", "password security_token"),
    "Source Control": ("scm", "", "username password ssh_key_data", "password ssh_key_data"),
    "Container Registry": ("registry", "host", "username password", "password"),
}
_HOSTS: dict[bytes, dict[str, dict[str, Any]]] = {}


class UpdateFailed(Exception):
    """A job failed before it started, because a dependency could not be updated."""


class Controller:
    """The objects, by kind and ID, and a WSGI application for them. Projects are cloned into ``directory``."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in FIELDS}
        self.updates: dict[int, dict[str, Any]] = {}
        self.writes: list[str] = []
        self._last = 0
        self.add("organizations", {"name": "Default"})
        for name, (kind, required, others, secret) in _TYPES.items():
            fields = [
                {"id": i, "label": i, "type": "string", "secret": i in secret.split()}
                for i in f"{required} {others}".split()
            ]
            inputs = {"fields": fields, "required": required.split()}
            self._keep("credential_types", {"name": name, "kind": kind, "injectors": {}, "inputs": inputs})

    def client(self) -> Client:
        return Client(self.app)

    # -- what is kept ------------------------------------------------------------------------------------

    def of(self, kind: str) -> dict[int, dict[str, Any]]:
        if kind == "unified_job_templates":
            return {number: item for each in TEMPLATES for number, item in self.objects[each].items()}
        return self.objects[kind]

    def get(self, kind: str, number: Any) -> dict[str, Any]:
        return self.of(kind)[int(number)]

    def has(self, kind: str, number: Any) -> bool:
        return isinstance(number, int) and number in self.of(kind)

    def named(self, kind: str, name: str, organization: str = "Default") -> dict[str, Any]:
        """Return the object with this name that belongs to the organization, or to none."""
        owners = (None, self._number(organization))
        items = [item for item in self.of(kind).values() if item.get("name") == name]
        return next(item for item in items if item.get("organization") in owners)

    def _number(self, organization: str) -> int | None:
        return next((n for n, item in self.objects["organizations"].items() if item["name"] == organization), None)

    def add(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        whole = {"description": "", **DEFAULTS.get(kind, {}), **given}
        check_object(kind, given, whole, self)
        self._refuse_second(kind, whole)
        made = self._keep(kind, whole)
        if kind == "projects":
            self._clone(made)
        return made

    def _keep(self, kind: str, whole: Mapping[str, Any]) -> dict[str, Any]:
        self._last += 1
        self.objects[kind][self._last] = {**whole, "id": self._last, "lists": {}, "survey": {}}
        return self.objects[kind][self._last]

    def _refuse_second(self, kind: str, whole: Mapping[str, Any]) -> None:
        keys = _UNIQUE.get(kind, ("name", "organization"))
        others = self.objects[kind].values()
        if keys and any(all(other.get(key) == whole.get(key) for key in keys) for other in others):
            refuse(__all__=f"{kind} with this {' and '.join(keys)} already exists.")

    # -- projects ----------------------------------------------------------------------------------------

    def _clone(self, project: dict[str, Any]) -> None:
        """Update a project: clone its repository, as an update job does.

        A checkout of the same revision is not changed, because other processes may read it.
        """
        target = self.checkout(project)
        new = target.with_name(f"{target.name}.{os.getpid()}")
        command = ["git", "clone", "-q", "--branch", project["scm_branch"] or "main", project["scm_url"], str(new)]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        revision = "" if code else _revision(new)
        if revision and (not target.exists() or _revision(target) != revision):
            shutil.rmtree(target, ignore_errors=True)
            new.replace(target)
        shutil.rmtree(new, ignore_errors=True)
        project["status"] = "failed" if code else "successful"
        project["scm_revision"] = revision or project["scm_revision"]
        self._updated(project, code, scm_revision=project["scm_revision"])

    def launch(self, template: Mapping[str, Any]) -> None:
        """Do what AWX does before a job starts, as if all cached updates were too old.

        Raises Refusal if it accepts no launch, and UpdateFailed if it accepts one whose job fails at once. AWX 24.6.1
        did both while Git was unreachable.
        """
        project = self.get("projects", template["project"])
        if project["status"] == "failed":
            refuse(playbook="Missing a revision to run due to failed project update.")
        sources = [s for s in self.of("inventory_sources").values() if s["inventory"] == template["inventory"]]
        sources = [source for source in sources if source.get("update_on_launch")]
        needed = [project, *(self.get("projects", source["source_project"]) for source in sources)]
        for each in {each["id"]: each for each in needed if each.get("scm_update_on_launch")}.values():
            self._clone(each)
            if each["status"] == "failed":
                raise UpdateFailed(f"Previous Task Failed: project_update of {each['name']}")
        for source in sources:
            self._read_hosts(source)

    def update(self, project: dict[str, Any]) -> bool:
        """Update a project, as a node of a workflow does; return whether it succeeded."""
        self._clone(project)
        return bool(project["status"] == "successful")

    def _read_hosts(self, source: dict[str, Any]) -> None:
        """Update an inventory from its file, as an update job does."""
        path = self.checkout(self.get("projects", source["source_project"])) / source["source_path"]
        source["hosts"] = hosts_in(path)
        self._updated(source, not source["hosts"])

    def _updated(self, item: Mapping[str, Any], code: object, **more: Any) -> None:
        update = {"id": item["id"], "status": "failed" if code else "successful", "failed": bool(code), "elapsed": 1.0}
        times = dict.fromkeys(("started", "finished"), "2026-01-01T00:00:00Z")
        self.updates[item["id"]] = {**update, **times, "event_processing_finished": True, **more}

    def checkout(self, project: Mapping[str, Any]) -> Path:
        return self.directory / f"_{project['id']}__{project['name']}"

    def files(self, project: Mapping[str, Any]) -> set[str]:
        top = self.checkout(project)
        return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file() and ".git" not in path.parts}

    def playbooks(self, project: Mapping[str, Any]) -> set[str]:
        """Return what AWX would offer as playbooks: YAML files with a line that starts or imports a play."""
        top = self.checkout(project)
        texts = {name: (top / name).read_text() for name in self.files(project) if name.endswith((".yml", ".yaml"))}
        return {name for name, text in texts.items() if "hosts:" in text or "import_playbook:" in text}

    # -- the API -----------------------------------------------------------------------------------------

    @Request.application
    def app(self, request: Request) -> Response:
        try:
            status, body = self._answer(request)
        except Refusal as refusal:
            status, body = 400, refusal.args[0]
        except HTTPException as error:
            status, body = error.code or 500, {"detail": error.description}
        headers = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1"}
        text = "" if body is None else json.dumps(body)
        return Response(text, status, headers=headers, content_type="application/json")

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Unauthorized("Authentication credentials were not provided.")
        if request.method not in ("GET", "POST", "PATCH"):
            raise MethodNotAllowed()
        parts = request.path.removeprefix("/api/v2/").strip("/").split("/")
        given = request.get_json() if request.method != "GET" else dict(request.args)
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
        if parts[0] in ("project_updates", "inventory_updates"):
            return 200, self.updates[int(parts[1])]
        if parts[0] not in (*FIELDS, "unified_job_templates"):
            raise NotFound()
        if len(parts) == 1:
            return self._many(request.method, parts[0], given)
        if "++" in parts[1]:
            parts[1] = self._by_named_url(parts[0], parts[1])
        if not parts[1].isdigit() or int(parts[1]) not in self.of(parts[0]):
            raise NotFound()
        return self._one(request.method, parts[0], self.get(parts[0], parts[1]), parts[2:], given)

    def _by_named_url(self, kind: str, text: str) -> str:
        """Return the ID of NAME++ORGANIZATION, or None."""
        name, _sign, organization = text.rpartition("++")
        own = self._number(organization)
        named = [n for n, item in self.of(kind).items() if item.get("name") == name and item.get("organization") == own]
        return str(named[0]) if own and named else ""

    def _many(self, method: str, kind: str, given: dict[str, Any]) -> tuple[int, Any]:
        if method == "GET":
            return 200, _page([self._shown(kind, item) for item in self.of(kind).values() if _fits(item, given)])
        made = self.add(kind, {name: value for name, value in given.items() if name != "type"})
        shown = self._shown(kind, made)
        if kind == "projects":
            shown["summary_fields"]["current_update"] = {"id": made["id"]}
        return 201, shown

    def _one(self, method: str, kind: str, item: dict[str, Any], rest: list[str], given: Any) -> tuple[int, Any]:
        if rest == ["survey_spec"] and kind == "job_templates":
            if method == "POST":
                check_survey(given)
                item["survey"] = given
            return 200, item["survey"]
        if rest == ["update"] and method == "POST" and kind in ("projects", "inventory_sources"):
            (self._clone if kind == "projects" else self._read_hosts)(item)
            where = f"/api/v2/{'project' if kind == 'projects' else 'inventory'}_updates/{item['id']}/"
            return 202, {"id": item["id"], "status": "pending", "url": where}
        if rest == ["create_approval_template"] and method == "POST":
            made = self.add("workflow_approval_templates", given)
            item["unified_job_template"] = made["id"]
            return 201, self._shown("workflow_approval_templates", made)
        if rest:
            return self._associate(method, item, ASSOCIATIONS.get(kind, {}).get(rest[0]), rest[0], given)
        if method == "PATCH":
            new = {name: value for name, value in given.items() if name != "type"}
            check_unchanged(kind, item, new)
            check_object(kind, new, {**item, **new}, self)
            item.update({name: "" if value is None and name == "kind" else value for name, value in new.items()})
        return 200, self._shown(kind, item)

    def _associate(self, method: str, item: Any, kind: str | None, name: str, given: Any) -> tuple[int, Any]:
        if kind is None:
            raise NotFound()
        there = item["lists"].setdefault(name, [])
        if method == "GET":
            return 200, _page([self._shown(kind, self.get(kind, number)) for number in there])
        if not self.has(kind, given["id"]):
            refuse(id="does not exist")
        if given.get("disassociate"):
            there.remove(given["id"])
            return 204, None
        types = [self.get(kind, number).get("credential_type") for number in [*there, given["id"]]]
        if kind == "credentials" and len(set(types)) < len(types):
            raise Refusal({"error": "Cannot assign multiple credentials of one type."})
        there.append(given["id"])
        return 204, None

    def _shown(self, kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
        kind = next(each for each in FIELDS if item["id"] in self.objects[each])
        url = f"/api/v2/{kind}/{item['id']}/"
        fields = {name: value for name, value in item.items() if name not in ("lists", "survey", "hosts")}
        if kind == "credentials":
            fields["inputs"] = {name: self._hidden(item, name) for name in item.get("inputs", {})}
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        if item.get("unified_job_template"):
            related["unified_job_template"] = f"/api/v2/unified_job_templates/{item['unified_job_template']}/"
        kind_of_one = "inventory" if kind == "inventories" else kind.removesuffix("s")
        return {**fields, "type": kind_of_one, "url": url, "related": related, "summary_fields": {}}

    def _hidden(self, credential: Mapping[str, Any], name: str) -> Any:
        fields = self.get("credential_types", credential["credential_type"])["inputs"]["fields"]
        is_secret = any(field["id"] == name and field.get("secret") for field in fields)
        return "$encrypted$" if is_secret else credential["inputs"][name]


def hosts_in(path: Path) -> dict[str, dict[str, Any]]:
    """Return the hosts of an inventory with their variables; none if it cannot be parsed. Each text is parsed once."""
    text = path.read_bytes()
    if text not in _HOSTS:
        done = subprocess.run(["ansible-inventory", "-i", path, "--list"], capture_output=True, text=True, check=False)
        _HOSTS[text] = json.loads(done.stdout or "{}").get("_meta", {}).get("hostvars", {})
    return _HOSTS[text]


def _revision(checkout: Path) -> str:
    return subprocess.check_output(["git", "-C", str(checkout), "rev-parse", "HEAD"], text=True).strip()


def _fits(item: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    either = {name.removeprefix("or__"): value for name, value in wanted.items() if name.startswith("or__")}
    each = {name: value for name, value in wanted.items() if not name.startswith("or__")}
    fits = all(str(item.get(name)) == value for name, value in each.items())
    return fits and (not either or any(str(item.get(name)) == value for name, value in either.items()))


def _page(results: list[Any]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": results}
