# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes the pure code line by line with Cosmic Ray's operators, and checks whether its tests find each change.

python -m tests.mutants.lines [PATH ...] [--sample N] [--jobs N] [--write]

Each change is tried in a process forked from one that has imported the libraries. It reads the changed text instead of
the file, and ends with the first failing test. No file is changed.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import random
import resource
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.documentation.tables import keep_broken, list_table
from tests.support.repository import REPOSITORY, unit_tests

from .__main__ import failed_tests, finds_violation, make_job, run_in_children, storm_labels
from .survivors import LINES

#: What must find a change of the engine's decisions, the fastest first: test files, and the short storms of a cloud.
ENGINE = (
    *unit_tests("decide", "memory", "timed_out", "waiting", "messages", "locks"),
    *("ecs", *unit_tests("ecs_contract")),
    *("cbs", *unit_tests("cbs_contract")),
    *("ens", "ebs", *unit_tests("ens_contract")),
    *unit_tests("ecs", "writes", "stale_reads"),
)
#: What must find a change of the role dr_copy, and of dr_restore, the fastest first.
ROLE = unit_tests(
    *("breaches", "recovery_filters", "choice_by_tags", "falling_back", "calls", "variables", "messages"),
    *(
        "calendar",
        "retention",
        "pruning",
        "planning",
        "shards",
        "packing",
        "reported",
        "coverage",
        "history",
        "machine_readable",
    ),
    *("night", "night_reports", "set_nights"),
)
RESTORES = ("recovery_points", "restore_variables", "manifest", "drills", "readable_drills", "large_restores")
RESTORE = unit_tests(
    *("restore_calls", *RESTORES, "expected_disks", "restored_servers", "claims", "restore_sets"),
    *("from_report", "usable_drills", "restore_runs"),
)
#: The same for the output of the roles: pages, JUnit, metrics, the screen; manifests of restores, reports of drills.
WRITTEN = unit_tests("page_parts", "page_lists", "index_page", "machine_readable", "reported", "history")
WRITTEN_OF_RESTORES = unit_tests("drill_page", *RESTORES, "restore_sets")
#: The same for sets, which both roles read and mark.
OF_SETS = (
    *("groups", "source_sets", "copy_sets", "kept_sets", "planned_sets", "judged_sets", "restored_sets"),
    *("sets_of_several_plans", "set_inputs", "random_sets"),
)
SETS = unit_tests(*OF_SETS, "retention", "pruning", "restore_sets", "set_nights", "sets_of_plans")
PLANS = unit_tests("planning", "retention", "recovery_filters")
#: Each pure file, with what must find a change of it. A folder stands for its files; the first that matches counts.
PURE = {
    "plugins/plugin_utils/_dr_copy/decide/retention.py": unit_tests("retention", "calendar", "night_reports"),
    "plugins/plugin_utils/_role/rows.py": [*PLANS, *unit_tests("packing", "breaches")],
    **dict.fromkeys(
        (f"plugins/plugin_utils/_dr_copy/decide/copying/{name}.py" for name in ("planning", "plan_rules")),
        [*PLANS, *unit_tests("calendar", "choice_by_tags")],
    ),
    "plugins/plugin_utils/_dr_copy/decide/set_marks.py": [*SETS, *ROLE],
    "plugins/plugin_utils/_dr_copy/decide/judging/server_sets.py": [*SETS, *ROLE],
    "plugins/plugin_utils/_dr_copy/decide": ROLE,
    "plugins/plugin_utils/_dr_copy/input": ROLE,
    "plugins/plugin_utils/_dr_copy/output": [*WRITTEN, *unit_tests("messages"), *ROLE],
    "plugins/plugin_utils/_dr_restore/decide": RESTORE,
    "plugins/plugin_utils/_dr_restore/input": RESTORE,
    "plugins/plugin_utils/_dr_restore/output": [*WRITTEN_OF_RESTORES, *RESTORE],
    "plugins/plugin_utils/_sets": SETS,
    "plugins/module_utils/_core/decide": ENGINE,
}
PLUGINS = "ansible_collections.multicloud.snapshots.plugins"
#: Kinds of plugins that import the roles.
ROLES_IN = ("plugin_utils", "filter", "action")
#: The number of changes for each file, drawn from all possible ones, the same each time.
CHANGES_PER_FILE = 20
#: The number of storms and collisions for a changed line.
STORMS_PER_CHANGE = 40
#: Seconds of the processor after which a change counts as endless, and thus as found; and of the clock, for one that
#: hangs.
MAX_CPU_SECONDS, MAX_SECONDS = 300, 3600.0
#: Changes that prove nothing: of annotations, of numbers, decorators of data classes and heads of classes (whose
#: ``total=False`` only mypy reads), and of ``is`` to an operator with the same result for states and None.
OMITTED_OPERATORS = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator", "core/NumberReplacer")
EQUIVALENT_OPERATORS = ("core/ReplaceComparisonOperator_Is_Eq", "core/ReplaceComparisonOperator_IsNot_NotEq")
HEADINGS = ("file", "changes tried", "found", "not found, in lines")


@dataclass(frozen=True)
class Change:
    """One change of a file: its position, and the text of the file with it."""

    path: str
    line: int
    operator: str
    occurrence: int

    def text(self) -> str:
        from cosmic_ray import mutating, plugins

        made = mutating.mutate_code(Path(self.path).read_text(), plugins.get_operator(self.operator)(), self.occurrence)
        return str(made)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--sample", type=int, default=CHANGES_PER_FILE)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    changes = [change for path in _files(given.paths) for change in _draw_changes(path, given.sample)]
    answers = dict(run_in_children([make_job(_survives, change) for change in changes], given.jobs, MAX_SECONDS))
    survived = [answers[number] for number in range(len(changes))]
    ended = [
        f"{c.path}:{c.line}" for c, survives in zip(changes, survived, strict=True) if not isinstance(survives, bool)
    ]
    if ended:
        print(f"these break down, or come to no end within {MAX_CPU_SECONDS} s of the processor: {ended}", flush=True)
    rows, found = [], 0
    for path in dict.fromkeys(change.path for change in changes):
        tried = [
            (change, survives is True)
            for change, survives in zip(changes, survived, strict=True)
            if change.path == path
        ]
        lines = sorted({change.line for change, survives in tried if survives})
        texts = (REPOSITORY / path).read_text().splitlines()
        reasons = {line: LINES.get((path, texts[line - 1].strip())) for line in lines}
        named = [f"{line} ({why})" if why else str(line) for line, why in reasons.items()]
        number = sum(not survives for _change, survives in tried)
        rows.append((f"``{'/'.join(Path(path).parts[-3:])}``", len(tried), number, ", ".join(named) or "none"))
        found += number
        print(rows[-1], flush=True)
    print(f"{found} of {len(changes)} changes were found, of at most {given.sample} a file")
    if given.write:
        keep_broken("lines", list_table(HEADINGS, rows))
    sys.exit(found < 0.95 * len(changes))


def _files(wanted: list[str]) -> list[str]:
    found = []
    for name in PURE:
        paths = sorted(Path(name).rglob("*.py")) if Path(name).is_dir() else [Path(name)]
        found += [str(path) for path in paths if path.stat().st_size]
    return [path for path in dict.fromkeys(found) if not wanted or any(path.startswith(one) for one in wanted)]


def _draw_changes(path: str, sample: int) -> list[Change]:
    """Return a sample of the changes of a file, the same each time."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    text = Path(path).read_text()
    tree, worthy = get_ast(text), []
    for name in sorted(plugins.operator_names()):
        operator = plugins.get_operator(name)
        if name.startswith(OMITTED_OPERATORS) or operator.arguments():
            continue
        places = [place for node in ast_nodes(tree) for place in operator().mutation_positions(node)]
        worthy += [Change(path, start[0], name, number) for number, (start, _end) in enumerate(places)]
    drawn = random.Random(path).sample(worthy, min(sample, len(worthy)))
    heads = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith(("@dataclass", "class "))]
    telling = [change for change in drawn if change.operator not in EQUIVALENT_OPERATORS and change.line not in heads]
    return [change for change in telling if _is_python(change.text())]


def _is_python(text: str) -> bool:
    """Whether Python takes a text without a warning.

    It refuses another operator instead of the unpacking one, as in ``{**row}``, and warns of ``is`` before a literal.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        try:
            compile(text, "changed", "exec")
        except (SyntaxError, SyntaxWarning):
            return False
    return True


# -- what a child does -----------------------------------------------------------------------------------


def _survives(change: Change) -> bool:
    """Whether nothing finds a change."""
    started = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    _replace_text(Path(change.path).resolve(), change.text().encode())
    finders = next(finders for name, finders in PURE.items() if change.path.startswith(name))
    by = next((by for finder in finders if (by := _first_failure(finder))), "")
    seconds = time.process_time() - started
    print(f"{seconds:4.0f} s  {change.path}:{change.line} {change.operator}: {by or 'nobody'}", flush=True)
    return not by


def _replace_text(path: Path, text: bytes) -> None:
    """Let this process import a file with another text, and import again everything that may have imported it."""
    read = importlib.machinery.SourceFileLoader.get_data
    # All of these import the roles; the engine does not.
    ours = ["tests.unit", "tests.storms", "tests.nights", *(f"{PLUGINS}.{kind}" for kind in ROLES_IN)]
    if "module_utils" in path.parts:
        ours += ["tests.simulator", "tests.clouds", PLUGINS]

    def get_data(loader: Any, name: str) -> bytes:
        return text if Path(name).resolve() == path else read(loader, name)

    importlib.machinery.SourceFileLoader.get_data = get_data  # type: ignore[method-assign]
    for name in [name for name in sys.modules if name.startswith(tuple(ours))]:
        del sys.modules[name]


def _first_failure(finder: str) -> str:
    """Return what fails first in a file of tests, or in the short storms of a cloud."""
    if finder.endswith(".py"):
        return next(iter(failed_tests([finder], first=True, quick=True)), "")
    servers = importlib.import_module("tests.storms.servers")
    server = servers.StormServer(finder)
    return next((label for label in storm_labels((finder,), STORMS_PER_CHANGE) if finds_violation(server, label)), "")


if __name__ == "__main__":
    main()
