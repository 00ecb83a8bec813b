# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role dr_restore: what is refused, and how waves and times are read."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input import variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.checked import checked_variables


def test_all_wrong_variables_are_named_and_a_drill_has_an_id_of_its_own():
    given = {
        "cloud": "ens",
        "region": "cn-chengdu-26",
        "zone": "a",
        "disk_names": "x",
        "at": "2999-01-01",
        "max_gib": "5",
    }
    names = ["dr_restore_hosts", "dr_restore_zones"]
    problems = " ".join(checked_variables(given, "h", names, True).problems)
    for name in ("zone:", "disk_names", "at (", "max_gib", "dr_restore_zones is not a variable"):
        assert name in problems
    assert "dr_restore_hosts" not in problems
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "connection": {"secret_key": "s3cret"}}
    taken = checked_variables(right, "my plan/1", (), True)
    assert not taken.problems and taken.values.id.startswith("drill-my-plan-1-") and "s3cret" not in str(taken.values)
    assert taken.values.expires_after_hours == 7, "above twice wait_timeout, so that no disk expires while it is tested"
    assert checked_variables(right, "h").values.id.startswith("restore-2")


def test_a_drill_never_uses_the_id_of_a_restore_whose_disks_it_would_delete():
    given = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "id": "flood"}
    assert checked_variables(given, "h").values.id == "flood"
    drill_id = checked_variables(given, "h", (), True).values.id
    assert drill_id.startswith("drill-h-")
    assert checked_variables({**given, "id": "drill-1"}, "h", (), True).values.id == "drill-1"
    (problem,) = checked_variables({**given, "id": "drill-1"}, "h").problems
    assert "must not begin with drill-" in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cloud", "ecs"),
        ("blocks", 0),
        ("blocks", 1001),
        ("count", 0),
        ("wait", False),
        ("expires_after_hours", 5),  # twice the default wait_timeout is six hours
        ("wait_timeout", 0),
    ],
)
def test_a_drill_refuses_values_that_its_cloud_cannot_prove(name, value):
    given = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "level": "readable"}
    assert not checked_variables(given, "h", (), True).problems
    named = {"cloud": "readable is not supported there (it is on ebs)"}.get(name, name)
    given[name] = value
    assert any(named in problem for problem in checked_variables(given, "h", (), True).problems)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (
            [{"tier": "database"}, {"tier": "app", "env": "prod"}],
            [{"tier": "database"}, {"tier": "app", "env": "prod"}],
        ),
        ("tier=database\ntier=app,env=prod\n", [{"tier": "database"}, {"tier": "app", "env": "prod"}]),
        ('[{"tier": "database"}]', [{"tier": "database"}]),
    ],
)
def test_waves_are_taken_as_lists_and_as_texts(given, taken):
    assert variables.as_waves(given) == taken


@pytest.mark.parametrize("given", [{"tier": "app"}, [{}], "[", ["app"], 5])
def test_invalid_waves_are_refused(given):
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a", "waves": given}
    (problem,) = checked_variables(right, "h").problems
    assert problem.startswith("dr_restore_waves ")


@pytest.mark.parametrize(("given", "taken"), [("0.5", 0.5), (90, 90.0), (0, 0.0), ("", 0)])
def test_minutes_may_be_half_of_one(given, taken):
    right = {"cloud": "ebs", "region": "eu-west-1", "zone": "eu-west-1a"}
    assert checked_variables({**right, "rto_minutes": given}, "h").values.rto_minutes == taken
    for wrong in ("soon", -1, True, "inf"):
        (problem,) = checked_variables({**right, "rto_minutes": wrong}, "h").problems
        assert problem.startswith("dr_restore_rto_minutes must be a number of minutes")
