# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the roles on purpose, and checks whether their quick tests find it.

What is broken: each row of the table of variables, each variable, each tag of each template, each alert.

python -m tests.mutants.roles [KIND ...] [--only WORDS] [--list] [--share PERCENT] [--jobs N] [--write]

Each change is tried in a process forked from one that has imported the libraries. No file of the project is changed.
The results are kept in a file, so that an interrupted run can continue; delete the file to start again.
tests.mutants.lines breaks the decisions line by line.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.documentation.tables import keep_broken, list_table
from tests.support.repository import unit_tests

from .__main__ import failed_tests, make_job, run_in_children
from .survivors import ROLES

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "monitoring" / "dr_copy.rules.yml"
PLUGIN_UTILS = "ansible_collections.multicloud.snapshots.plugins.plugin_utils"
TABLES = {
    "dr_copy": f"{PLUGIN_UTILS}._dr_copy.input.variables",
    "dr_restore": f"{PLUGIN_UTILS}._dr_restore.input.variables",
}
DOCUMENTATION_TEST = "tests/unit/repository/test_documentation.py::test_the_role_documents_all_its_variables"
#: What must find a change, the fastest first.
FINDERS = {
    "dr_copy rows": unit_tests("calls"),
    "dr_copy variables": [DOCUMENTATION_TEST, *unit_tests("calls", "variables")],
    "dr_copy templates": unit_tests("page_parts", "page_lists", "index_page"),
    "dr_restore rows": unit_tests("restore_calls"),
    "dr_restore variables": [DOCUMENTATION_TEST, *unit_tests("restore_calls")],
    "dr_restore templates": unit_tests("drill_page"),
    "alerts": unit_tests("alerts"),
}
#: Seconds of the clock after which the tests of a change are killed. That finds nothing: the machine may be slow.
MAX_SECONDS = 1800.0
#: Which test found each change.
RESULTS_FILE = Path(os.environ.get("ROLE_MUTANTS_FOUND") or Path(tempfile.gettempdir()) / "role-mutants-found.json")
HEADINGS = ("what is broken", "changes tried", "found", "not found")
#: Template tags that show or choose something.
_TAG = re.compile(r"{%-? (?P<word>if|elif|for) (?P<rest>.*?) -?%}|{{ (?P<shown>.*?) }}", re.S)


@dataclass(frozen=True)
class BrokenPart:
    """One change: its kind, its name, and a function that makes it in a process of its own."""

    kind: str
    name: str
    change: Callable[[], None]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--share", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    every = [one for one in _all_changes() if (not given.kinds or one.kind in given.kinds) and given.only in one.name]
    chosen = [one for one in every if random.Random(one.name).random() * 100 < given.share]
    if given.list:
        print("\n".join(map(str, chosen)))
        return
    importlib.import_module("tests.unit.conftest")  # first, because it sets how long a random example may take
    for name in {name.partition(".py")[0] for finders in FINDERS.values() for name in finders}:
        importlib.import_module(name.replace("/", "."))
    gc.collect()
    gc.freeze()  # otherwise each child walks through all of it, and gets a copy of its own
    tests = list(dict.fromkeys(test for one in chosen for test in FINDERS[one.kind]))
    ((_number, already),) = run_in_children([lambda: failed_tests(tests, quick=True)], 1)
    print(f"these fail without a change, and find nothing: {already}", flush=True)
    found_by: dict[str, str] = json.loads(RESULTS_FILE.read_text()) if RESULTS_FILE.exists() else {}
    waiting = [one for one in chosen if str(one) not in found_by]
    for number, by in run_in_children(
        [make_job(_first_failure, one, already) for one in waiting], given.jobs, MAX_SECONDS
    ):
        if "::" in by:
            found_by[str(waiting[number])] = by
            RESULTS_FILE.write_text(json.dumps(found_by, indent=1))
        elif by:
            print(f"{waiting[number]}: {by}", flush=True)
    rows, found = [], 0
    for kind in dict.fromkeys(one.kind for one in chosen):
        of_kind = [one for one in chosen if one.kind == kind]
        left = [one.name for one in of_kind if str(one) not in found_by]
        found += len(of_kind) - len(left)
        named = [f"{name}{f' ({ROLES[name]})' if name in ROLES else ''}" for name in left]
        rows.append((kind, len(of_kind), len(of_kind) - len(left), ", ".join(named) or "none"))
        print(rows[-1], flush=True)
    print(f"{found} of {len(chosen)} changes were found")
    if given.write:
        keep_broken("broken-roles", list_table(HEADINGS, rows))
    sys.exit(found < 0.95 * len(chosen))


def _first_failure(one: BrokenPart, already: list[str]) -> str:
    """Return the test that finds a change first, not counting those that fail without it."""
    started = time.monotonic()
    one.change()
    tries = (failed_tests([finder], already, first=True, quick=True) for finder in FINDERS[one.kind])
    by = next((failed[0] for failed in tries if failed), "")
    print(f"{time.monotonic() - started:4.0f} s  {one}: {by or 'nobody'}", flush=True)
    return by


def _all_changes() -> Iterator[BrokenPart]:
    for role, table in TABLES.items():
        variables = importlib.import_module(table).VARIABLES
        for name, variable in variables.items():
            for argument in variable.sets:
                yield BrokenPart(
                    f"{role} rows", f"{name} to {argument.step}.{argument.name}", _remove_row(table, name, argument)
                )
            yield from _break_variable(role, table, name, variable)
    for path in sorted([*ROOT.glob("roles/*/templates/*.j2")]):
        yield from _break_template(f"{path.parts[-3]} templates", path)
    yield from _break_alerts()


# -- the table -------------------------------------------------------------------------------------------


def _change_variable(table: str, name: str, **changes: Any) -> Callable[[], None]:
    def change() -> None:
        variables = importlib.import_module(table).VARIABLES
        variables[name] = variables[name]._replace(**changes)

    return change


def _remove_row(table: str, name: str, argument: Any) -> Callable[[], None]:
    variable = importlib.import_module(table).VARIABLES[name]
    return _change_variable(table, name, sets=tuple(one for one in variable.sets if one is not argument))


def _break_variable(role: str, table: str, name: str, variable: Any) -> Iterator[BrokenPart]:
    kind = f"{role} variables"
    default = variable.default
    if default is not None:
        yield BrokenPart(kind, f"{name} is ignored", _change_variable(table, name, parse=lambda value: default))
    yield BrokenPart(
        kind, f"{name} has another default", _change_variable(table, name, default=_other_default(default))
    )
    if variable.needs:
        yield BrokenPart(kind, f"{name} is taken by every cloud", _change_variable(table, name, needs=""))

    def forget() -> None:
        del importlib.import_module(table).VARIABLES[name]

    yield BrokenPart(kind, f"{name} is unknown", forget)


def _other_default(default: Any) -> Any:
    """Return a default that a user would notice."""
    if isinstance(default, bool) or default is None:
        return not default
    if isinstance(default, (int, float)):
        return default + 1
    return {str: "other", list: ["other"], dict: {"other": "1"}}[type(default)]


# -- templates -------------------------------------------------------------------------------------------


def _break_template(kind: str, path: Path) -> Iterator[BrokenPart]:
    text = path.read_text()
    seen: dict[str, int] = defaultdict(int)
    for match in _TAG.finditer(text):
        word, rest, shown = match["word"], match["rest"], match["shown"]
        if word == "for":
            variable, _in, rows = rest.partition(" in ")
            other = match[0].replace(rest, f"{variable} in ({rows})[:0]")
            if "else" in rows or " if " in rows or ".items()" in rows:
                other = match[0].replace(rest, f"{variable} in []")
        elif word:
            other = match[0].replace(rest, f"not ({rest})")
        elif shown.startswith(("script", "caller", "super")):
            continue
        else:
            other = '{{ "" }}'
        label = " ".join(match[0].split())[:70]
        seen[label] += 1
        number = f", the {seen[label]}th" if seen[label] > 1 else ""
        changed = text[: match.start()] + other + text[match.end() :]
        yield BrokenPart(kind, f"{path.name}: {label}{number}", _replace_template(path, changed))


def _replace_template(path: Path, text: str) -> Callable[[], None]:
    read = jinja2.FileSystemLoader.get_source

    def get_source(self: Any, environment: Any, template: str) -> Any:
        source, name, fresh = read(self, environment, template)
        return (text if Path(template).name == path.name else source), name, fresh

    def change() -> None:
        jinja2.FileSystemLoader.get_source = get_source  # type: ignore[method-assign]

    return change


# -- alerts ----------------------------------------------------------------------------------------------


def _break_alerts() -> Iterator[BrokenPart]:
    rules = yaml.safe_load(RULES.read_text())
    for number, rule in enumerate(rules["groups"][0]["rules"]):
        changes = {
            "is not there": None,
            "never fires": {"expr": f"({rule['expr']}) and on () vector(0) > 0"},
            "compares the other way": {"expr": _swap_comparison(rule["expr"])},
            "is judged by another number": {"expr": re.sub(r"\d{2,}", lambda n: str(int(n[0]) * 3), rule["expr"])},
            "waits longer": {"for": re.sub(r"\d+", lambda n: str(int(n[0]) * 3), rule.get("for", ""))},
            "does not wait": {"for": "0s"} if "for" in rule else {},
            "has another severity": {"labels": {"severity": "info"}},
            "names nothing": {
                "annotations": {key: re.sub("{{.*?}}", "", text) for key, text in rule["annotations"].items()}
            },
        }
        for what, change in changes.items():
            if change is None or {"for": "", **rule, **change} != {"for": "", **rule}:
                yield BrokenPart("alerts", f"{rule['alert']} {what}", _change_rule(rules, number, change))


def _swap_comparison(text: str) -> str:
    return text.replace(" > ", " <= ", 1) if " > " in text else text.replace(" < ", " >= ", 1)


def _change_rule(rules: dict[str, Any], number: int, change: dict[str, Any] | None) -> Callable[[], None]:
    def changed() -> None:
        group = rules["groups"][0]
        own = list(group["rules"])
        own[number : number + 1] = [] if change is None else [{**own[number], **change}]
        path = Path(tempfile.mkstemp(suffix=".yml")[1])
        path.write_text(yaml.safe_dump({"groups": [{**group, "rules": own}]}))
        importlib.import_module("tests.unit.dr_copy.test_alerts").RULES = path

    return changed


if __name__ == "__main__":
    main()
