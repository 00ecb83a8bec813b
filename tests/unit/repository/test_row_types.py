# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row types of the roles have the keys and types that the modules document."""

from __future__ import annotations

import importlib
import importlib.util
from types import NoneType
from typing import get_args, get_origin, get_type_hints

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role import answers

from tests.clouds import CLOUDS

PLUGINS = "ansible_collections.multicloud.snapshots.plugins"
#: Keys that a kind of module does not return: the role adds them, or failures of other modules have them.
OTHERS = {
    ("info", "snapshots"): {"provenance_problem", "planned"},
    ("copy", "failures"): {"disk_id"},
    ("restore", "failures"): {"source_snapshot_id"},
}
ROWS = {
    ("info", "disks"): answers.DiskRow,
    ("info", "snapshots"): answers.SnapshotRow,
    ("info", "snapshots", "source"): answers.SourceRow,
    ("info", "snapshots", "set"): answers.SetRow,
    ("info", "snapshots", "key"): answers.KeyRow,
    ("copy", "copies"): answers.CopyRow,
    ("copy", "failures"): answers.Failure,
    ("share", "shared"): answers.SharedRow,
    ("restore", "disks"): answers.RestoredDiskRow,
    ("restore", "failures"): answers.Failure,
    ("compare", "comparisons"): answers.ComparedCopyRow,
}
ANSWERS = {
    "info": answers.InfoAnswer,
    "copy": answers.CopyAnswer,
    "share": answers.ShareAnswer,
    "restore": answers.RestoreAnswer,
    "compare": answers.CompareAnswer,
}
#: Keys that the roles do not read.
UNREAD = {"snapshot_id", "disk_id", "diff", "duplicates"}


def returned(cloud, kind):
    name = f"{PLUGINS}.modules.{cloud}_snapshot_{kind}"
    return yaml.safe_load(importlib.import_module(name).RETURN) if importlib.util.find_spec(name) else None


def kind_of(hint):
    """Return the documented name of the type of a key."""
    (of, *others) = [one for one in (get_args(hint) or (hint,)) if one is not NoneType] if is_union(hint) else [hint]
    assert not others, hint
    return "dict" if hasattr(of, "__annotations__") else (get_origin(of) or of).__name__


def is_union(hint):
    return NoneType in get_args(hint)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("path", ROWS, ids=".".join)
def test_a_row_has_the_keys_that_the_modules_document(cloud, path):
    documented, hints = returned(cloud, path[0]), get_type_hints(ROWS[path])
    for part in path[1:]:
        documented = (documented or {}).get(part, {}).get("contains")
    if documented is None:
        pytest.skip(f"{cloud} documents none")
    assert set(documented) == set(hints) - OTHERS.get(path, set())
    for key, facts in documented.items():
        assert kind_of(hints[key]) == facts["type"], key


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_has_the_keys_that_the_modules_document(cloud, kind):
    documented = returned(cloud, kind)
    if documented is None:
        pytest.skip(f"{cloud} has no such module")
    assert set(documented) - UNREAD <= set(get_type_hints(ANSWERS[kind]))
