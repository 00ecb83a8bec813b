# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tree promises to those who read it."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests import capabilities

REPOSITORY = Path(__file__).resolve().parents[2]
PLUGINS = REPOSITORY / "plugins"
MODULES = sorted(p.stem for p in (PLUGINS / "modules").glob("*.py"))
COLLECTION = "ansible_collections.multicloud.snapshots.plugins"


def code_lines(path):
    """Return the numbers of lines that are neither documentation strings, nor licence headers, nor imports, nor blank."""
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


def test_no_file_is_too_long():
    for path in PLUGINS.rglob("*.py"):
        assert len(code_lines(path)) <= 250, path
        if path.parent.name != "modules":
            assert len(path.read_text().splitlines()) <= 250, path


def test_no_six_lines_stand_twice():
    seen = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        lines = code_lines(path)
        for start in range(len(lines) - 5):
            block = tuple(line for _n, line in lines[start : start + 6])
            place = (path, lines[start][0])
            assert seen.setdefault(block, place) == place, f"{seen[block]} and {place}"


def test_the_engine_names_no_cloud_and_imports_no_sdk():
    words = re.compile(r"\b(aws|ebs|ec2|ecs|ens|cbs|alibaba|aliyun|tencent|boto3?|botocore)\b", re.I)
    for path in (PLUGINS / "module_utils" / "_copy").glob("*.py"):
        text = path.read_text()
        assert not words.search(text), (path, words.search(text))


def test_only_the_engine_writes():
    writes = re.compile(r"cloud\.(begin|delete|change_tags|set_expiry)\(")
    allowed = {"engine.py", "housekeeping.py", "finishing.py"}
    for path in PLUGINS.rglob("*.py"):
        if path.name not in allowed:
            assert not writes.search(path.read_text()), path


def test_the_copy_modules_document_the_same_result():
    blocks = {}
    for name in MODULES:
        if name.endswith("_copy"):
            returned = yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").RETURN)
            blocks[name] = {key: sorted(value.get("contains", {})) for key, value in returned.items()}
    assert len({str(block) for block in blocks.values()}) == 1


def test_every_module_is_in_the_group_of_all():
    groups = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted(groups["all"]) == MODULES


def test_the_readme_shows_what_the_adapters_declare():
    assert capabilities.table() in (REPOSITORY / "README.md").read_text()


def test_an_option_that_modules_share_is_documented_once():
    own = {}
    for name in MODULES:
        documented = yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").DOCUMENTATION)
        for option, facts in documented.get("options", {}).items():
            own.setdefault((option, str(facts)), []).append(name)
            for sentence in facts.get("description", ()):
                own.setdefault((option, sentence), []).append(name)
    assert not {key: names for key, names in own.items() if len(names) > 1}


def test_every_copy_module_has_its_action_plugin():
    actions = {path.stem for path in (REPOSITORY / "plugins" / "action").glob("*.py")}
    assert actions == {name for name in MODULES if name.endswith("_snapshot_copy")}


def test_a_module_imports_no_other_clouds_sdk():
    sdks = {"ebs": "boto3", "ecs": "aliyunsdkecs", "ens": "aliyunsdkens", "cbs": "tencentcloud"}
    for name in MODULES:
        others = [sdk for cloud, sdk in sdks.items() if not name.startswith(cloud)]
        code = f"import sys, {COLLECTION}.modules.{name}; print([s for s in {others} if s in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]", (name, done.stdout)


def test_every_returned_key_has_a_sample():
    def check(entries, where):
        for key, entry in entries.items():
            assert "sample" in entry or "contains" in entry, (where, key)
            check(entry.get("contains", {}), (*where, key))

    for name in MODULES:
        check(yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").RETURN), (name,))


def test_the_role_documents_all_its_variables():
    variables = importlib.import_module(f"{COLLECTION}.plugin_utils.variables").VARIABLES
    role = REPOSITORY / "roles" / "dr_copy"
    documented = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    given = yaml.safe_load((role / "vars" / "main.yml").read_text())["_dr_copy_given"]
    assert set(documented) == {f"dr_copy_{name}" for name in variables} and set(given) == set(variables)
    for name, (_take, default) in variables.items():
        if default is not None:
            assert defaults[f"dr_copy_{name}"] == default == documented[f"dr_copy_{name}"]["default"], name
