# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for the structure of the code."""

from __future__ import annotations

import ast
import importlib
import io
import re
import subprocess
import sys
import tokenize
from contextlib import ExitStack

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities

from tests.clouds import CLOUDS
from tests.mutants.__main__ import UNIT
from tests.mutants.lines import PURE
from tests.mutants.survivors import LINES
from tests.support.repository import COLLECTION, MODULES, PLUGINS, PROGRAMS, REPOSITORY, TESTS

CORE = PLUGINS / "module_utils" / "_core"


def test_the_files_whose_lines_are_changed_one_by_one_exist():
    assert [name for name in PURE if not (REPOSITORY / name).exists()] == []
    lines = {path: [*map(str.strip, (REPOSITORY / path).read_text().splitlines())] for path, _text in LINES}
    assert [(path, text) for path, text in LINES if text not in lines[path]] == []


def test_the_tests_that_must_find_a_change_exist():
    named = [name for tests in (*PURE.values(), *UNIT.values()) for name in tests if name not in CLOUDS]
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def code_lines(path):
    """Return the line numbers without docstrings, license headers, imports and blank lines."""
    text = path.read_text()
    lines = text.splitlines()
    skipped = {n for n, line in enumerate(lines, 1) if not line.strip() or line.startswith("#")}
    for node in ast.walk(ast.parse(text)):
        is_text = (
            isinstance(node, (ast.Expr, ast.Assign))
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
        if isinstance(node, (ast.Import, ast.ImportFrom)) or is_text:
            skipped.update(range(node.lineno, node.end_lineno + 1))
    return [(n, lines[n - 1].strip()) for n in range(1, len(lines) + 1) if n not in skipped]


def test_no_six_lines_stand_twice():
    seen = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        lines = code_lines(path)
        for start in range(len(lines) - 5):
            block = tuple(line for _n, line in lines[start : start + 6])
            place = (path, lines[start][0])
            assert seen.setdefault(block, place) == place, f"{seen[block]} and {place}"


def test_no_file_of_unit_tests_imports_another():
    """What several of them need is in tests/support; otherwise a new name in one breaks the others."""
    for path in (TESTS / "unit").rglob("*.py"):
        assert not re.search(r"^from (\.|tests\.unit\.\w+\.)test_\w+ import", path.read_text(), re.M), path


def test_the_engine_names_no_cloud_and_imports_no_sdk():
    clouds = {word for cloud in CLOUDS.values() for word in (cloud.name, cloud.sdk, cloud.adapter.split(".")[-2])}
    words = re.compile(rf"\b({'|'.join(clouds)}|aws|ec2|alibaba|aliyun\w*|tencent\w*|botocore)\b", re.I)
    for path in CORE.rglob("*.py"):
        text = path.read_text()
        assert not words.search(text), (path, words.search(text))
        assert "_clouds" not in text, f"{path} knows of the clouds"


@pytest.mark.parametrize("name", CLOUDS)
def test_the_table_of_clouds_shows_the_capabilities_of_the_adapter(name):
    """The roles read the table, the engine the adapter. Methods and properties may depend on the connection."""
    own = vars(CLOUDS[name].load("estate").adapter)
    facts = {key for key, value in own.items() if hasattr(Capabilities, key) and not key.startswith("_")}
    assert not {key for key in facts if not (callable(own[key]) or isinstance(own[key], property))}


def test_each_layer_of_the_engine_imports_none_above_it():
    above = {"": {"decide", "act", "module"}, "decide": {"act", "module"}, "act": {"module"}}
    for layer, higher in above.items():
        for path in (CORE / layer).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.level:
                    named = {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
                    assert node.level > (2 if layer else 1) or not named & higher, (path, node.lineno)


def test_only_the_engines_calls_write_to_a_cloud():
    cloud = importlib.import_module(f"{COLLECTION}.module_utils._core.cloud").SnapshotCloud
    marked = {name: method.access for name, method in vars(cloud).items() if hasattr(method, "access")}
    calls = {name for name, access in marked.items() if access == "write"}
    assert calls >= {"begin", "delete", "change_tags", "set_expiry"} and "refresh" in marked
    writes = re.compile(rf"cloud\.({'|'.join(calls)})\b")
    for path in PLUGINS.rglob("*.py"):
        if path.parent != CORE / "act" or path.name not in ("copy_calls.py", "write_calls.py"):
            assert not writes.search(path.read_text()), path


def test_only_a_memory_writes_its_fields():
    """Others call its methods, so that fields that belong together change together."""
    readers = {
        "accepted_at",
        "failure_of",
        "is_given_up",
        "is_in_doubt",
        "is_over",
        "is_refused",
        "last_failed",
        "may_be_sent_at",
        "most_sent",
        "was_lost",
    }
    for path in CORE.rglob("*.py"):
        called = {
            method for _part, method in re.findall(r"\bmemory\.(writes|listings|locks)\.(\w+)\(", path.read_text())
        }
        assert called <= readers, path


def test_only_an_object_writes_its_own_attributes():
    """Others call its methods, so that attributes that belong together change together."""
    changing = {"add", "append", "clear", "extend", "pop", "popitem", "remove", "setdefault", "update"}
    of_state = re.compile(r"(\w+\.)*(attempt|desired|memory|region|room|sighting|window)\.")
    found = set()
    for path in [*CORE.rglob("*.py"), PLUGINS / "module_utils" / "_clouds" / "paging.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            place = ""
            if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
                place = ast.unparse(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in changing:
                place = ast.unparse(node.func.value)
                place = place if of_state.match(f"{place}.") else ""
            if "." in place.partition("[")[0] and not place.startswith("self."):
                found.add((path.name, place))
    assert found == {("cloud.py", "method.access")}, "only the decorators mark a function"


def test_each_module_takes_a_single_snapshot_by_the_same_name():
    options = [importlib.import_module(f"{COLLECTION}.modules.{name}").OPTIONS for name in MODULES]
    found = [option["snapshot_ids"].get("aliases", ()) for option in options if "snapshot_ids" in option]
    assert len(found) >= 3 * len(CLOUDS) and all("snapshot_id" in aliases for aliases in found)


def test_only_the_runner_ends_a_module():
    ends = re.compile(r"module\.(exit_json|fail_json)\(|sys\.exit\(")
    for path in [*(PLUGINS / "module_utils").rglob("*.py"), *(PLUGINS / "modules").glob("*.py")]:
        if path != CORE / "module" / "runner.py":
            assert not ends.search(path.read_text()), path


def test_decisions_read_no_clock_and_call_nothing():
    pure = {"__future__", "collections", "dataclasses", "datetime", "enum", "functools", "itertools", "math", "typing"}
    names = "capabilities errors locks model pacing tag_matching tags templates times waiting"
    engine = set(names.split())
    impure = {
        "Clock",
        "Deadline",
        "Backoff",
        "Cooldown",
        "Retries",
        "Window",
        "retry_until_answered",
        "open",
        "print",
        "input",
    }
    clocks = {"now", "utcnow", "today", "sleep", "monotonic"}
    for path in (CORE / "decide").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= pure, (path, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                allowed = {0: pure, 1: {path.stem for path in path.parent.glob("*.py")} | {None}, 2: engine}[node.level]
                assert (node.module and node.module.split(".")[0]) in allowed, (path, node.lineno)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in clocks, (path, node.lineno)
            assert getattr(node, "id", getattr(node, "name", None)) not in impure, (path, node)


def test_the_table_of_clouds_is_the_only_list_of_them():
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
            listed = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            assert not listed >= set(CLOUDS), f"{path}:{node.lineno} lists the clouds: see tests/clouds.py"


def test_every_module_that_takes_long_has_its_action_plugin():
    actions = {path.stem for path in (REPOSITORY / "plugins" / "action").glob("*.py")}
    assert actions == {name for name in MODULES if name.endswith(("_copy", "_restore"))} | set(PROGRAMS)


@pytest.mark.parametrize("name", CLOUDS)
def test_a_module_imports_no_other_clouds_sdk(name):
    modules = ", ".join(f"{COLLECTION}.modules.{module}" for module in MODULES if module.startswith(name))
    others = [cloud.sdk for cloud in CLOUDS.values() if cloud.name != name]
    code = f"import sys, {modules}; print([s for s in {others} if s in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout


WITHOUT_SDKS = """
import sys
missing = "boto3 botocore aliyunsdkcore aliyunsdkecs aliyunsdkens tencentcloud"
sys.modules.update(dict.fromkeys(missing.split()))
from tests.clouds import CLOUDS
from tests.simulator.clock import FakeClock
from tests.support.harness import run_module
packages = {"ebs": "boto3", "ecs": "aliyun-python-sdk-ecs", "ens": "aliyun-python-sdk-ens"}
packages["cbs"] = "tencentcloud-sdk-python-cbs"
for name, cloud in CLOUDS.items():
    region = cloud.regions[0]
    for module, rows, given in (
        ("copy", "copies", {"snapshot_ids": [], "source_region": region, "destination_regions": region}),
        ("info", "snapshots", {"region": region}),
        ("restore", "disks", {"snapshot_ids": [], "region": region, "restore_id": "flood"}),
    ):
        out = run_module(f"{name}_snapshot_{module}", given, FakeClock())
        assert out.failed and packages[name] in out["msg"] and out[rows] == [], out.text
"""


def test_a_missing_sdk_is_named():
    done = subprocess.run([sys.executable, "-c", WITHOUT_SDKS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_controller_loads_no_engine_to_show_the_progress():
    loads = f"import sys, {COLLECTION}.plugin_utils._action.progress_action"
    code = f"{loads}; print([m for m in sys.modules if '._core.act.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['{COLLECTION}.module_utils._core.act.progress']", done.stdout


PROGRAMMED = ("_dr_copy", "_dr_restore")
#: The layers of a role: each may import those before it, and what the roles share.
LAYERS = ("input", "decide", "output")


def imports_of(path):
    """Return the modules that a file of a role imports from the roles' folder, as parts of their path."""
    package = path.relative_to(PLUGINS / "plugin_utils").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            for alias in node.names:
                yield (*base, *(node.module.split(".") if node.module else ()), alias.name), node.lineno


@pytest.mark.parametrize("role", PROGRAMMED)
def test_no_layer_of_a_role_looks_back(role):
    for number, layer in enumerate(LAYERS):
        for path in (PLUGINS / "plugin_utils" / role / layer).rglob("*.py"):
            for (package, *rest), line in imports_of(path):
                is_before = package == role and rest[0] in LAYERS[: number + 1]
                assert package in ("_role", "_sets") or is_before, (path, line)
    for shared, others in (("_role", ("_filters",)), ("_sets", ("_role",))):
        for path in (PLUGINS / "plugin_utils" / shared).glob("*.py"):
            for (package, *_rest), line in imports_of(path):
                assert package in (shared, *others), (path, line)


#: The folders of decisions, in the order in which they may import each other: each those before it.
DECISIONS = {"_dr_copy": ("copying", "judging", "keeping", "wording"), "_dr_restore": ("choosing", "proving")}


@pytest.mark.parametrize("role", PROGRAMMED)
def test_folders_of_decisions_import_none_after_them(role):
    order = DECISIONS[role]
    decide = PLUGINS / "plugin_utils" / role / "decide"
    assert {path.parent.name for path in decide.glob("*/__init__.py")} == set(order)
    for number, folder in enumerate(order):
        for path in (decide / folder).glob("*.py"):
            for (package, *rest), line in imports_of(path):
                if package == role and rest[0] == "decide" and rest[1] in order:
                    assert rest[1] in order[: number + 1], (path, line)


def test_the_decisions_of_a_role_are_pure():
    impure = {"os", "pathlib", "time", "tempfile", "json", "subprocess", "ansible", "jinja2", "platform"}
    clocks = {"now", "utcnow", "today"}
    allowed = {("rows.py", "now")}
    decisions = [path for role in PROGRAMMED for path in (PLUGINS / "plugin_utils" / role / "decide").rglob("*.py")]
    for path in [*decisions, *PURE_FILES]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not {name.split(".")[0] for name in names} & impure, (path, node.lineno)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_allowed = (path.name, node.func.attr) in allowed
                assert is_allowed or node.func.attr not in clocks, (path, node.lineno)
            assert getattr(node, "id", None) not in ("open", "print", "input"), path


#: The other files of roles that make no calls.
PURE_FILES = [
    *(PLUGINS / "plugin_utils" / role / "calls.py" for role in PROGRAMMED),
    *(PLUGINS / "plugin_utils" / role / "input" / "steps.py" for role in PROGRAMMED),
    *(PLUGINS / "plugin_utils" / "_sets").glob("*.py"),
    *(PLUGINS / "plugin_utils" / "_role" / f"{name}.py" for name in ("rows", "calendar", "provenance", "table")),
]


@pytest.mark.parametrize("role", PROGRAMMED)
def test_a_program_imports_nothing_that_runs_tasks(role):
    for path in (PLUGINS / "plugin_utils" / role).rglob("*.py"):
        text = path.read_text()
        assert "from ansible." not in text and "import ansible\n" not in text, path


def test_a_plain_mapping_has_a_named_type_with_a_comment():
    """A row is a TypedDict, whose keys mypy checks. Any other mapping has a type name, and a line that explains it."""
    for folder in ("plugin_utils", "filter", "action"):
        for path in (PLUGINS / folder).rglob("*.py"):
            lines = ["", *path.read_text().splitlines()]
            for before, line in zip(lines, lines[1:]):
                if re.search(r"(dict|Dict|Mapping)\[str, Any\]", line):
                    assert re.match(r"[A-Z]\w+ = ", line) and before.startswith("#: "), (path, line)


def test_the_roles_name_no_cloud():
    """Except in documentation and defaults: the capabilities of the clouds have the differences."""
    words = re.compile(rf"\b({'|'.join(CLOUDS)}|aws|ec2|alibaba|aliyun\w*|tencent\w*|boto\w*)\b", re.I)
    shared = (*PROGRAMMED, "_role", "_sets")
    paths = [path for folder in shared for path in (PLUGINS / "plugin_utils" / folder).rglob("*.py")]
    parts = [REPOSITORY / "roles" / role.strip("_") / part for role in PROGRAMMED for part in ("templates", "tasks")]
    paths += [path for part in parts for path in part.iterdir()]
    for path in paths:
        found = [line for line in path.read_text().splitlines() if words.search(line) and "api-facts" not in line]
        assert not found, (path, found)


def test_the_roles_import_no_tasks_from_elsewhere():
    """Ansible looks for a relative file below the working directory too. The file of the user's checks is absolute."""
    ours, theirs = r': "\{\{ role_path \}\}/tasks/', r':\n +file: "\{\{ _dr_restore_run\.pause\.checks \}\}"'
    whole = rf"include_tasks({ours}|{theirs})"
    for path in (REPOSITORY / "roles").glob("*/tasks/**/*.yml"):
        assert not re.search(r"(import|include)_tasks", re.sub(whole, "", path.read_text())), path


def test_code_names_things_by_their_terms():
    """Names that once meant several things, or that the field does not use, must not come back."""
    words = {"sea", "harbour", "weather", "conductor", "upkeep", "endings", "verdict", "told", "begun", "rank"}
    words |= {"doomed", "culprit", "learnt", "spreads", "neighbours", "leftover"}
    words |= {"stays", "goes", "going", "anew", "bears", "doubles", "foreseen", "spoilt", "tells", "untold"}
    for path in [*PLUGINS.rglob("*.py"), *TESTS.rglob("*.py")]:
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type == tokenize.NAME:
                assert not words & set(token.string.lower().split("_")), (path, token.string)


def test_every_broken_engine_finds_what_it_breaks():
    """A change whose place was renamed would be found by no test, and count as broken by itself."""
    from tests.mutants.broken_engines import BROKEN

    for one in BROKEN:
        with ExitStack() as stack:
            one.change(stack)
    assert len(BROKEN) > 100
