# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variable of the role reaches which argument of which module: every row of the table, on each cloud."""

from __future__ import annotations

import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    DESCRIPTION_OPTION,
    TAG_OPTIONS,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy import calls as calls_module
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.calls import Calls
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.unchanged import (
    CHANGE_NO_COPY,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input import checked as checked_module
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.steps import GIVEN_BY_RUN, STEPS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.call import Call
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import (
    Argument,
    Variable,
    arguments_in,
    unsupported,
)

from tests.clouds import CLOUDS
from tests.documentation.capabilities import support_of_variables
from tests.support.repository import REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "plugin_utils" / "_dr_copy"
#: Every variable that reaches a module, with a value other than its default; calls() adds disk_ids.
SET = {
    "source_region": "src-1",
    "destination_regions": ["dst-1", "dst-2"],
    "disk_tags": {"team": "dr"},
    "shard": "1/2",
    "group_tag": "server",
    "set_tag": "set-id",
    "name": "nightly",
    "description": "of the night",
    "tags": {"a": "b"},
    "encrypted": True,
    "kms_key_id": "key-1",
    "retention_days": 40,
    "lock_days": 7,
    "lock_mode": "compliance",
    "max_in_flight": 3,
    "wait": False,
    "wait_delay": 4,
    "remove_duplicates": True,
    "rpo_hours": 24,
    "plan": "orders",
    "copy_options": {"replace_failed": False},
    "connection": {"profile": "dr"},
}
BATCH = {"snapshot_ids": ["snap-1"], "destination_regions": ["dst-1"]}
GROUP = {"region": "dst-1", "snapshot_ids": ["snap-1"], "copy_ids": ["copy-1"], "survivors": {"copy-1": "copy-2"}}
TAGS = {"snap-1": {"dr-copy:plan": "orders"}}
ALL = {
    "snapshot_ids": ["snap-1"],
    "source_region": "src-1",
    "destination_regions": ["dst-1"],
    "profile": "dr",
    "replace_failed": False,
    "name": "nightly",
    "max_in_flight": 3,
    "wait": False,
    "wait_delay": 4,
    "wait_timeout": 60,
    "remove_duplicates": True,
}
TAGGED = {"tags": {"a": "b"}, "copy_tags": True, "source_tags": TAGS}
LOCKED = {"lock_days": 7, "lock_mode": "compliance"}
KEY = {"encrypted": True, "kms_key_id": "key-1"}
MARKED = "of the night {snapshot_id} (plan orders) [{disk_id} {source_created_at}]"
COPIED = [
    ("ebs", {**ALL, **TAGGED, **LOCKED, **KEY, "description": "of the night"}),
    ("ecs", {**ALL, **TAGGED, **LOCKED, **KEY, "description": "of the night", "retention_days": 40}),
    ("ens", {**ALL, "description": MARKED}),
    ("cbs", {**ALL, **TAGGED, "retention_days": 40}),
]
NO_KEYS = {"encrypted", "kms_key_id"}
NO_LOCKS = {"lock_days", "lock_mode"}
NO_TAGS = {"tags", "copy_disk_tags", "snapshot_tags", "exclude_snapshot_tags"}
REFUSED = [
    ("ebs", {"retention_days"}),
    ("ecs", {"set_tag", "source_connection"}),
    ("ens", {*NO_TAGS, *NO_KEYS, *NO_LOCKS, "retention_days", "set_tag", "source_connection"}),
    ("cbs", {*NO_KEYS, *NO_LOCKS, "description", "set_tag", "source_connection"}),
]


def disk_on(cloud):
    return CAPABILITIES[cloud].disk_ids.example.rstrip("*")


def calls(cloud, **more):
    """Return the calls of a plan with every variable that its cloud supports."""
    given = {"cloud": cloud, "disk_ids": [disk_on(cloud)], **SET, **more}
    supported = {name: value for name, value in given.items() if VARIABLES[name].is_supported(CAPABILITIES[cloud])}
    taken = checked_variables(supported)
    assert not taken.problems, taken.problems
    return Calls(taken.values, taken.connections)


@pytest.mark.parametrize(("cloud", "copied"), COPIED)
def test_every_variable_reaches_its_arguments(cloud, copied):
    made = calls(cloud)
    assert made.copy(BATCH, TAGS, 60).arguments == copied
    assert made.find().arguments == {
        "profile": "dr",
        "packed": True,
        "region": "src-1",
        "disk_tags": {"team": "dr"},
        "disk_ids": [disk_on(cloud)],
        "shard": "1/2",
        "other_disks": True,
        "sets": True,
        "group_tag": "server",
        **({"set_tag": "set-id"} if VARIABLES["set_tag"].is_supported(CAPABILITIES[cloud]) else {}),
    }
    listed = {"profile": "dr", "packed": True, "region": "dst-1", "copies_from": ["src-1"]}
    assert made.list_copies(["dst-1"], []).arguments == listed
    assert made.list_copies(["dst-1"], ["disk-1"]).arguments == {**listed, "source_disk_ids": ["disk-1"]}
    other = {"region": "dst-2", "copies_from": ["src-1"]}
    assert made.list_copies(["dst-1", "dst-2"], []).arguments == {**listed, "also": [other]}
    at_once = {**made.find().arguments, "also": [{**other, "region": "dst-1"}, other]}
    assert made.find_and_list().arguments == at_once and made.reads_at_once
    assert not calls(cloud, shard="2/2").reads_at_once, "it lists the copies of its own disks"
    looked = {"profile": "dr", "packed": True, "region": "dst-1", "snapshot_ids": ["copy-1"]}
    assert made.look("dst-1", ["copy-1"]).arguments == looked
    again = {"profile": "dr", "packed": True, "region": "src-1", "disk_ids": ["disk-1"]}
    assert made.find_again(["disk-1"]).arguments == again
    assert made.delete(GROUP, 300).arguments == {
        "profile": "dr",
        "replace_failed": False,
        "state": "absent",
        "source_region": "src-1",
        "destination_regions": ["dst-1"],
        "snapshot_ids": ["snap-1"],
        "copy_ids": ["copy-1"],
        "survivors": {"copy-1": "copy-2"},
        "wait_timeout": 300,
    }
    modules = {made.find().module, made.copy(BATCH, TAGS, 60).module, made.delete(GROUP, 300).module}
    assert modules == {f"multicloud.snapshots.{cloud}_snapshot_{kind}" for kind in ("info", "copy")}


def test_an_unset_variable_leaves_the_modules_default():
    basics = {"cloud": "ebs", "source_region": "src-1", "destination_regions": ["dst-1"]}
    taken = checked_variables(basics)
    made = Calls(taken.values, taken.connections)
    assert made.copy(BATCH, TAGS, 60).arguments == {
        **{key: ALL[key] for key in ("snapshot_ids", "source_region", "destination_regions", "wait_timeout")},
        **{"copy_tags": True, "source_tags": TAGS, "encrypted": False, "remove_duplicates": False},
        **{"max_in_flight": 20, "wait": True, "wait_delay": 15},
    }
    assert made.find().arguments == {
        "packed": True,
        "region": "src-1",
        "disk_tags": {"dr-copy": "true"},
        "other_disks": True,
        "sets": True,
    }


def test_every_cloud_is_tried():
    assert {cloud for cloud, _arguments in COPIED} == {cloud for cloud, _names in REFUSED} == set(CLOUDS)


def test_each_account_has_its_own_connection():
    made = calls("ebs", source_connection={"profile": "prod"})
    assert not made.reads_at_once
    assert made.find().arguments["profile"] == made.find_again(["disk-1"]).arguments["profile"] == "prod"
    shared = {"profile": "prod", "region": "src-1", "snapshot_ids": ["s"], "account_id": "1", "wait_timeout": 9}
    assert made.share(["s"], "1", 9) == Call("multicloud.snapshots.ebs_snapshot_share", shared)
    for call in (made.list_copies(["dst-1"], []), made.look("dst-1", ["c"]), made.copy(BATCH, TAGS, 1)):
        assert call.arguments["profile"] == "dr"


def test_every_variable_is_used():
    """A variable that reaches no argument names the modules that decide by it, and these read it."""
    for name, variable in VARIABLES.items():
        assert variable.sets or variable.used_by, f"{name} does nothing"
        for module in variable.used_by:
            text = (PACKAGE / f"{module.replace('.', '/')}.py").read_text()
            assert re.search(rf'"{name}"|(values|connections)\.{name}\b', text), f"{module} does not read {name}"


@pytest.mark.parametrize(("cloud", "refused"), REFUSED)
def test_a_variable_that_the_cloud_does_not_support_is_refused_by_name(cloud, refused):
    more = {"source_connection": {"profile": "prod"}, "copy_disk_tags": True, "snapshot_tags": {"a": "b"}}
    given = {"cloud": cloud, **SET, **more, "exclude_snapshot_tags": {"c": "d"}}
    problems = checked_variables(given).problems
    assert {re.match(r"dr_copy_(\w+) is not supported", p)[1] for p in problems if "is not supported" in p} == refused
    assert all(f"is not supported on {cloud}" in problem for problem in problems)


def test_the_readme_of_the_role_shows_what_each_cloud_supports():
    table = support_of_variables(VARIABLES, "dr_copy_", CAPABILITIES)
    assert table in (REPOSITORY / "roles" / "dr_copy" / "README.md").read_text(), table


def test_the_role_keeps_its_own_arguments_to_itself():
    own = {argument for step, argument in arguments_in(VARIABLES) if STEPS[step] == "copy"} | {*GIVEN_BY_RUN}
    assert own >= {"snapshot_ids", "create", "survivors", "state", "tags", "wait"}
    given = {"cloud": "ebs", **{k: v for k, v in SET.items() if k != "retention_days"}}
    for name in sorted(own | {"snapshot_id", "resource_tags"}):
        (problem,) = checked_variables({**given, "copy_options": {name: "x"}}).problems
        assert problem.startswith(f"dr_copy_copy_options must not contain {name};")


def test_a_need_of_a_variable_is_judged_by_what_the_cloud_declares():
    table = {"locked": Variable(str, "", sets=(Argument("copy", "lock"),), needs="locks")}
    assert unsupported(table, {"locked": "x"}, CAPABILITIES["cbs"]) == ["locked"]
    assert unsupported(table, {"locked": "x"}, CAPABILITIES["ebs"]) == []
    assert unsupported(table, {"locked": ""}, CAPABILITIES["cbs"]) == []


def broken_tables():
    """Yield each table without one argument, or without one need, and what is missing."""
    for name, variable in VARIABLES.items():
        for argument in variable.sets:
            left = tuple(other for other in variable.sets if other is not argument)
            yield pytest.param({**VARIABLES, name: variable._replace(sets=left)}, id=f"{name} to {argument.step}")
        if variable.needs and not variable.is_ignorable:
            yield pytest.param({**VARIABLES, name: variable._replace(needs="")}, id=f"{name} needs {variable.needs}")


@pytest.mark.parametrize("table", list(broken_tables()))
def test_no_row_of_the_table_can_be_left_out(table, monkeypatch):
    """A test above fails without each argument that a variable reaches, and without each need."""
    for module in (calls_module, checked_module):
        monkeypatch.setattr(module, "VARIABLES", table)
    monkeypatch.setitem(globals(), "VARIABLES", table)
    with pytest.raises(AssertionError):
        for cloud, copied in COPIED:
            test_every_variable_reaches_its_arguments(cloud, copied)
        test_an_unset_variable_leaves_the_modules_default()
        test_each_account_has_its_own_connection()
        for cloud, refused in REFUSED:
            test_a_variable_that_the_cloud_does_not_support_is_refused_by_name(cloud, refused)
        test_the_keys_of_the_newest_copies_are_read_if_the_cloud_shows_them()


def test_the_keys_of_the_newest_copies_are_read_if_the_cloud_shows_them():
    asked = calls("ebs").keys("dst-1", ["copy-1"]).arguments
    assert asked == {"profile": "dr", "packed": True, "region": "dst-1", "snapshot_ids": ["copy-1"], "check_keys": True}
    assert "check_keys" not in calls("ecs").keys("dst-1", ["copy-1"]).arguments


def test_each_option_of_the_copy_modules_changes_complete_copies_or_does_not():
    """A new option belongs to one of the two: otherwise the role may leave out a call that it needs."""
    may_change = {
        *("state", "copy_ids", "survivors", "replace_failed", "replace_mismatched", "remove_duplicates"),
        *("name", "description", "tags", "purge_tags"),
    }
    assert may_change.isdisjoint(CHANGE_NO_COPY)
    assert {*COPY_OPTIONS, *DESCRIPTION_OPTION, *TAG_OPTIONS} == may_change | CHANGE_NO_COPY
