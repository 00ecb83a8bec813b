# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variable of dr_restore reaches which argument of which module: every row of the table, on each cloud."""

from __future__ import annotations

import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.calls import Calls
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving.proof_marks import (
    MarkCall,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving.reaping import (
    DiskDeletion,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.contradictions import ONLY_DRILLS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.expected import Expected
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.steps import STEPS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.call import Call
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import (
    arguments_in,
    as_mapping,
)

from tests.clouds import CLOUDS
from tests.documentation.capabilities import support_of_variables
from tests.support.repository import REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "plugin_utils" / "_dr_restore"
#: Every variable that reaches a module, with a value other than its default.
SET = {
    "region": "dst-1",
    "zone": "dst-1a",
    "id": "flood",
    "source_region": "src-1",
    "disk_type": "fast",
    "instance_billing_cycle": "Day",
    "initialization_rate": "200",
    "tags": {"a": "b"},
    "expires_after_hours": 48,
    "wait": False,
    "wait_timeout": 600,
    "blocks": 4,
    "test_instance": "i-1",
    "connection": {"profile": "dr"},
}
MADE = {
    "profile": "dr",
    "snapshot_ids": ["copy-1"],
    "region": "dst-1",
    "restore_id": "flood",
    "disk_type": "fast",
    "tags": {"a": "b"},
    "expires_after_hours": 48,
    "wait": False,
    "wait_timeout": 600,
}
#: The other arguments with which the disks of a cloud are made.
ZONE = {"zone": "dst-1a"}
MORE = [
    ("ebs", {**ZONE, "initialization_rate": 200}),
    ("ecs", ZONE),
    ("ens", {"instance_billing_cycle": "Day"}),
    ("cbs", ZONE),
]
BILLED = {"instance_billing_cycle"}
CLUSTERS = {"kubernetes": True, "kubernetes_class": "csi", "kubernetes_storage_class": "fast"}
ATTACHING = {"test_instance", "test_host", "checks"}
OF_NODES = {"zone", "disk_tags", "disk_names", "max_gib", "waves", *CLUSTERS, *ATTACHING}
RATE = {"initialization_rate"}
REFUSED = [("ebs", BILLED), ("ecs", BILLED | RATE), ("ens", OF_NODES | RATE), ("cbs", BILLED | RATE)]


#: Every variable of the role, with a value other than its default.
GIVEN = {
    **SET,
    "initialization_rate": 200,
    "cloud": "ecs",
    "disk_tags": {"team": "dr"},
    "disk_ids": ["disk-1"],
    "disk_names": ["database"],
    "expected": [Expected("disk-1")],
    "at": "2026-11-20T02:00:00Z",
    "consistency": "disk",
    "manifest_dir": "/srv/manifests",
    "count": 5,
    "max_gib": 500,
    "level": "readable",
    "test_host": "lab",
    "checks": "/srv/checks.yml",
    "max_age_days": 7,
    "report_dir": "/srv/dr",
    "metrics_dir": "/srv/metrics",
    "waves": [{"tier": "database"}],
    "rto_minutes": 0.5,
    **CLUSTERS,
}
#: Those whose text differs from their value.
TEXTS = {"expected": "disk-1", "waves": "tier=database", "rto_minutes": "0.5"}


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_taken_as_it_is_given(name):
    taken = checked_variables({name: TEXTS.get(name, GIVEN[name])}, "orders")
    assert {**as_mapping(taken.values), "connection": taken.connection}[name] == GIVEN[name] != VARIABLES[name].default


def calls(cloud, is_drill=False, **more):
    """Return the calls of a run with every variable that its cloud supports."""
    given = {"cloud": cloud, **SET, **more}
    supported = {name: value for name, value in given.items() if VARIABLES[name].is_supported(CAPABILITIES[cloud])}
    taken = checked_variables(supported, "orders", is_drill=is_drill)
    assert not taken.problems, taken.problems
    return Calls(taken.values, taken.connection)


@pytest.mark.parametrize(("cloud", "more"), MORE)
def test_every_variable_reaches_its_arguments(cloud, more):
    made = calls(cloud)
    assert made.make(["copy-1"], 300).arguments["wait_timeout"] == 300
    assert made.make(["copy-1"]) == Call(f"multicloud.snapshots.{cloud}_snapshot_restore", {**MADE, **more})
    listed = {"profile": "dr", "packed": True, "region": "dst-1", "copies_from": ["src-1"]}
    listed.update({"check_keys": True} if CAPABILITIES[cloud].shows_keys else {})
    assert "copies_from" not in made.list_copies(of_any_region=True).arguments
    assert made.list_copies() == Call(f"multicloud.snapshots.{cloud}_snapshot_info", listed)
    looked = {"profile": "dr", "region": "dst-1", "disk_tags": {"dr-restore:id": "flood"}}
    assert made.look({"dr-restore:id": "flood"}).arguments == looked
    assert made.look({"dr-restore:id": "flood"}, ["d-1"]).arguments == {**looked, "disk_ids": ["d-1"]}
    if CAPABILITIES[cloud].instance_ids:
        attached = made.attach(["copy-1"])
        assert attached == Call(made.make([]).module, {**MADE, **more, "attach_to": "i-1"})
        freed = made.delete(DiskDeletion("drill-1", ("copy-1",), ("d-1",), "i-2"))
        assert freed.arguments["attach_to"] == "i-2"
    deleted = made.delete(DiskDeletion("drill-1", ("copy-1",), ("d-1",)))
    assert deleted.module == f"multicloud.snapshots.{cloud}_snapshot_restore"
    assert deleted.arguments == {
        "profile": "dr",
        "state": "absent",
        "region": "dst-1",
        "restore_id": "drill-1",
        "snapshot_ids": ["copy-1"],
        "disk_ids": ["d-1"],
        "wait": True,
        "wait_timeout": 600,
    }
    compared = made.compare([{"snapshot_id": "copy-1"}])
    assert compared.module == f"multicloud.snapshots.{cloud}_snapshot_compare"
    assert compared.arguments == {
        "profile": "dr",
        "region": "dst-1",
        "blocks": 4,
        "wait_timeout": 600,
        "copies": [{"snapshot_id": "copy-1"}],
    }
    nothing_more = {"lock_days": None} if CAPABILITIES[cloud].lock_modes else {}
    nothing_more.update({"retention_days": None} if CAPABILITIES[cloud].expires_copies else {})
    marked = made.mark(MarkCall("src-1", ("snap-1",), {"dr-copy:proven-level": "creatable"}))
    assert marked.module == f"multicloud.snapshots.{cloud}_snapshot_copy"
    assert marked.arguments == {
        "profile": "dr",
        "snapshot_ids": ["snap-1"],
        "source_region": "src-1",
        "destination_regions": ["dst-1"],
        "tags": {"dr-copy:proven-level": "creatable"},
        "create": False,
        "remove_duplicates": False,
        "purge_tags": False,
        "copy_tags": False,
        "wait": False,
        "wait_timeout": 300,
        **nothing_more,
    }


def test_a_rate_of_loading_is_within_what_the_cloud_takes_and_never_paid_for_by_a_drill():
    right = {"cloud": "ebs", "region": "dst-1", "zone": "dst-1a", "initialization_rate": "100"}
    for wrong in (99, 301, "fast"):
        (problem,) = checked_variables({**right, "initialization_rate": wrong}, "orders").problems
        assert problem.startswith("dr_restore_initialization_rate must be")
    assert "initialization_rate" not in calls("ebs", True, wait=True).make(["copy-1"]).arguments


def test_an_unset_variable_leaves_the_modules_default():
    taken = checked_variables({"cloud": "ebs", "region": "dst-1", "zone": "dst-1a", "id": "flood"}, "orders")
    made = Calls(taken.values, taken.connection)
    basics = {"region": "dst-1", "zone": "dst-1a", "restore_id": "flood", "wait": True, "wait_timeout": 10800}
    assert made.make(["copy-1"]).arguments == {"snapshot_ids": ["copy-1"], **basics}
    assert made.list_copies().arguments == {"packed": True, "check_keys": True, "region": "dst-1"}


def test_every_cloud_is_tried():
    assert {cloud for cloud, _arguments in MORE} == {cloud for cloud, _names in REFUSED} == set(CLOUDS)


def test_every_variable_is_used():
    """A variable that reaches no argument names the modules that decide by it, and these read it."""
    for name, variable in VARIABLES.items():
        assert variable.sets or variable.used_by, f"{name} does nothing"
        for module in variable.used_by:
            text = (PACKAGE / f"{module.replace('.', '/')}.py").read_text()
            assert re.search(rf'"{name}"|values\.{name}\b|checked\.{name}\b', text), f"{module} does not read {name}"
    assert {name for name, variable in VARIABLES.items() if variable.sets} <= set(SET)
    assert {step for step, _argument in arguments_in(VARIABLES)} == set(STEPS)


@pytest.mark.parametrize(("cloud", "refused"), REFUSED)
def test_a_variable_that_the_cloud_does_not_support_is_refused_by_name(cloud, refused):
    more = {
        "disk_tags": {"a": "b"},
        "disk_names": ["x"],
        "max_gib": 5,
        "waves": [{"a": "b"}],
        **CLUSTERS,
        **dict.fromkeys(ATTACHING, "x"),
        "wait": True,
        "id": "",
    }
    given = {"cloud": cloud, **SET, **more}
    problems = checked_variables(given, "orders", is_drill=True).problems
    assert {re.match(r"dr_restore_(\w+)", problem)[1] for problem in problems} == refused
    assert all(cloud in problem for problem in problems)
    # A restore of the same inventory ignores what only drills use.
    left = checked_variables(given, "orders").problems
    assert {re.match(r"dr_restore_(\w+)", problem)[1] for problem in left} == refused - {"max_gib", *ATTACHING}


def test_the_readme_of_the_role_shows_what_each_cloud_supports():
    table = support_of_variables(VARIABLES, "dr_restore_", CAPABILITIES, ONLY_DRILLS)
    assert table in (REPOSITORY / "roles" / "dr_restore" / "README.md").read_text(), table
