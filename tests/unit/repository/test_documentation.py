# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users read agrees with the code: options, results, samples, variables of the roles."""

from __future__ import annotations

import ast
import importlib
import json
import re

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore_options import RESTORE_OPTIONS

from tests.clouds import CLOUDS
from tests.documentation import capabilities
from tests.support.repository import COLLECTION, MODULES, PLUGINS, PROGRAMS, REPOSITORY


def test_the_schema_of_a_report_lists_the_values_that_a_report_can_have():
    schema = json.loads((REPOSITORY / "roles" / "dr_copy" / "files" / "report.schema.json").read_text())["$defs"]
    reasons = importlib.import_module(f"{COLLECTION}.plugin_utils._dr_copy.decide.plan_reasons").REASONS
    errors = importlib.import_module(f"{COLLECTION}.module_utils._core.errors")
    kinds = {one.kind for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "kind")}
    assert sorted(schema["plan"]["properties"]["reason"]["enum"]) == sorted(reasons)
    assert set(schema["failure"]["properties"]["kind"]["enum"]) >= kinds


def test_users_can_choose_each_cloud():
    role, survey = REPOSITORY / "roles" / "dr_copy", REPOSITORY / "playbooks" / "awx" / "vars" / "surveys.yml"
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    table = importlib.import_module(f"{COLLECTION}.plugin_utils._dr_copy.input.variables").VARIABLES
    with pytest.raises(ValueError) as refusal:
        table["cloud"].parse("a cloud that is none")
    schema = json.loads((role / "files" / "report.schema.json").read_text())["properties"]["cloud"]
    questions = [q for spec in yaml.safe_load(survey.read_text()).values() for q in spec["spec"]]
    choices = [
        re.findall(r"V\((\w+)\)", " ".join(specs["dr_copy_cloud"]["description"])),
        re.search(r"one of ([\w, ]+), not", str(refusal.value))[1].split(", "),
        [cloud for cloud in schema["enum"] if cloud],  # null: a run that was stopped because of this variable
        *[q["choices"] for q in questions if q["variable"] in ("dr_copy_cloud", "dr_restore_cloud")],
        importlib.import_module(f"{COLLECTION}.module_utils._clouds.table").CLOUDS,
        [path.name.partition("_")[0] for path in (PLUGINS / "modules").glob("*_snapshot_copy.py")],
    ]
    for chosen in choices:
        assert sorted(chosen) == sorted(CLOUDS)


def test_the_copy_modules_document_the_same_result():
    blocks = {}
    for name in MODULES:
        if name.endswith("_copy"):
            returned = yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").RETURN)
            blocks[name] = {key: sorted(value.get("contains", {})) for key, value in returned.items()}
    assert len({str(block) for block in blocks.values()}) == 1


def test_the_restore_modules_document_the_same_result_in_the_same_words():
    """Before core 2.20 fragments cannot contain what a module returns, so each module has it; samples may differ."""

    def words(entries):
        facts = {name: {k: v for k, v in entry.items() if k != "sample"} for name, entry in entries.items()}
        return {name: {**entry, "contains": words(entry.get("contains", {}))} for name, entry in facts.items()}

    names = [name for name in MODULES if name.endswith("_restore")]
    blocks = {
        name: words(yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").RETURN)) for name in names
    }
    assert len(blocks) == len(CLOUDS)
    for name in names:
        assert blocks[name] == blocks[names[0]], name


def test_restore_modules_document_no_shared_option():
    """Shared options are in the fragment, and so are the options in the code."""
    for name in (name for name in MODULES if name.endswith("_restore")):
        module = importlib.import_module(f"{COLLECTION}.modules.{name}")
        documented = set(yaml.safe_load(module.DOCUMENTATION)["options"])
        assert "disk_type" in documented and not documented & set(RESTORE_OPTIONS), name


def test_every_module_is_in_the_group_of_all():
    groups = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted(groups["all"]) == MODULES


def test_the_guide_shows_what_the_adapters_declare():
    assert capabilities.tables() in (REPOSITORY / "docs" / "docsite" / "rst" / "clouds.rst").read_text()


def test_an_option_that_modules_share_is_documented_once():
    own = {}
    for name in MODULES:
        documented = yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").DOCUMENTATION)
        for option, facts in documented.get("options", {}).items():
            own.setdefault((option, str(facts)), []).append(name)
            for sentence in facts.get("description", ()):
                own.setdefault((option, sentence), []).append(name)
    assert not {key: names for key, names in own.items() if len(names) > 1}


def test_every_returned_key_has_a_sample():
    def check(entries, where):
        for key, entry in entries.items():
            assert "sample" in entry or "contains" in entry, (where, key)
            check(entry.get("contains", {}), (*where, key))

    for name in MODULES + PROGRAMS:
        check(yaml.safe_load(importlib.import_module(f"{COLLECTION}.modules.{name}").RETURN), (name,))


@pytest.mark.parametrize("path", sorted(PLUGINS.glob("*/*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_example_is_a_list_of_tasks(path):
    given = {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLES"
    }
    for task in yaml.safe_load(given.get("EXAMPLES", "[]")):
        assert any(re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", key) for key in task), task


def table_of(name):
    """Return the variables of a role with their defaults."""
    table = importlib.import_module(f"{COLLECTION}.plugin_utils._{name}.input.variables").VARIABLES
    return {variable: row.default for variable, row in table.items()}


@pytest.mark.parametrize("name", ["dr_copy", "dr_restore"])
def test_the_role_documents_all_its_variables(name):
    variables, role = table_of(name), REPOSITORY / "roles" / name
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    documented = specs["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    assert set(documented) == {f"{name}_{variable}" for variable in variables}
    assert set(defaults) == {f"{name}_{variable}" for variable, default in variables.items() if default is not None}
    assert all(entry["options"] == documented for entry in specs.values())
    for variable, default in variables.items():
        if default is not None:
            full = f"{name}_{variable}"
            assert defaults[full] == default == documented[full]["default"], full


@pytest.mark.parametrize("name", ["dr_copy", "dr_restore"])
def test_the_description_of_a_raw_variable_begins_with_its_type(name):
    """For int, bool, list, dict and choices, argument specs refuse the empty answer of a survey, so these are raw."""
    words = {bool: "A boolean", int: "A whole number", dict: "A dict", list: "A list", float: "A number"}
    table = importlib.import_module(f"{COLLECTION}.plugin_utils._{name}.input.variables").VARIABLES
    specs = yaml.safe_load((REPOSITORY / "roles" / name / "meta" / "argument_specs.yml").read_text())
    for full, option in specs["argument_specs"]["main"]["options"].items():
        if option["type"] == "raw":
            row = table[full.removeprefix(f"{name}_")]
            kind = {"as_minutes": float, "as_list": list}.get(row.parse.__name__, type(row.default))
            begin = words.get(kind, "One of V(")
            assert option["description"][0].startswith(begin), full


def test_no_message_has_two_spaces():
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                assert not re.search(r"\w  \w", node.value), (path, node.lineno)
