# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots are chosen by their tags, and which tags are carried."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.copy_marks import source_tags
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

from tests.support.rows import snapshot_row

NOW = "2026-11-21T12:00:00Z"
DISK = [{"disk_id": "disk-0", "name": "database", "tags": {"env": "prod", "app": "orders"}}]
GIVEN = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"]}


def snapshot(number, **tags):
    """Return a snapshot; the higher the number, the newer."""
    return snapshot_row(f"snap-{number}", "disk-0", f"2026-11-21T0{number}:00:00Z", tags=tags)


def reasons(*snapshots, **rules):
    plan = copy_plan(snapshots, DISK, [], ["dr-1"], now=NOW, **rules)
    return {row["snapshot_id"]: row["reason"] for row in plan}


@pytest.mark.parametrize(
    "tags",
    [
        {"InspectorScan": "i-0"},
        {"GuardDutyScanId": "f" * 32},
        {"wiz": "auto-gen-snapshot"},
        {"Orca": "scan"},
        {"LWTAG_SIDEKICK": "1"},
        {"DatadogAgentlessScanner": "true"},
        {"CreatedBy": "Microsoft Defender for Cloud"},
    ],
)
def test_snapshots_of_scanners_are_left_out_by_default(tags):
    rules = {"exclude_snapshot_tags": checked_variables(GIVEN).values.exclude_snapshot_tags}
    assert reasons(snapshot(2, **tags), snapshot(1), **rules) == {"snap-2": "has an excluded tag", "snap-1": "newest"}
    assert reasons(snapshot(2, CreatedBy="alice", wiz="no"), **rules) == {"snap-2": "newest"}


def test_a_disk_matches_with_all_wanted_tags_and_no_excluded_one():
    wanted = {"backup": "*", "tier": "gold"}
    rows = [
        snapshot(4, backup="1", tier="gold", scan="x"),
        snapshot(3, backup="1"),
        snapshot(2, backup="1", tier="lead"),
        snapshot(1, backup="1", tier="gold"),
    ]
    assert reasons(*rows, snapshot_tags=wanted, exclude_snapshot_tags={"scan": "*"}) == {
        "snap-4": "has an excluded tag",
        "snap-3": "lacks a wanted tag",
        "snap-2": "lacks a wanted tag",
        "snap-1": "newest",
    }
    assert reasons(rows[1], snapshot_tags=wanted) == {"snap-3": "lacks a wanted tag", None: "no snapshot"}
    assert reasons(*rows, select="all", exclude_snapshot_tags={"tier": "gold", "scan": "y"}) == {
        "snap-4": "has an excluded tag",
        "snap-3": "newest",
        "snap-2": "all are selected",
        "snap-1": "has an excluded tag",
    }


def test_tags_of_a_snapshot_win_over_tags_of_its_disk():
    selected = {"disks": DISK, "snapshots": [snapshot(2, env="test"), snapshot(1)]}
    plan = copy_plan(selected["snapshots"], DISK, [], ["dr-1"], now=NOW)
    values = checked_variables({**GIVEN, "plan": "nightly"}).values

    def carried(**changed):
        (tags,) = source_tags(plan, selected, replace(values, **changed), {}).values()
        return {key: value for key, value in tags.items() if not key.startswith("dr-copy")}

    assert carried() == {"env": "test"} and carried(copy_tags=False) == {}
    assert carried(copy_disk_tags=True) == {"env": "test", "app": "orders"}
    assert carried(copy_disk_tags=True, copy_tags=False) == {"env": "prod", "app": "orders"}


def test_marks_of_sets_stay_where_there_is_little_room():
    """The copy modules drop the last tags first: tags that name the disk come before those that a restore needs."""
    selected = {
        "disks": [{**DISK[0], "name": "database", "attached_to": "i-1"}],
        "snapshots": [snapshot(1, env="prod")],
    }
    plan = copy_plan(selected["snapshots"], DISK, [], ["dr-1"], now=NOW)
    values = checked_variables({**GIVEN, "plan": "nightly"}).values
    sets = {"snap-1": {"dr-copy:group": "i-1", "dr-copy:set": "2 crash x"}}
    (tags,) = source_tags(plan, selected, values, sets).values()
    names = ["plan", "group", "set", "disk-name", "attached-to"]
    assert list(tags) == [*(f"dr-copy:{name}" for name in names), "env"]


def test_bad_tags_are_refused_by_name_in_one_message():
    bad = {
        "snapshot_tags": {"k" * 129: "v"},
        "exclude_snapshot_tags": "no equals sign",
        "copy_disk_tags": True,
        "copy_tags": False,
    }
    problems = " ".join(checked_variables({**GIVEN, **bad}).problems)
    assert "dr_copy_snapshot_tags has a tag that no cloud accepts" in problems
    assert "dr_copy_exclude_snapshot_tags must be a dict" in problems
    assert "dr_copy_copy_disk_tags needs dr_copy_copy_tags: true" in problems


def test_ens_has_no_tags_of_snapshots():
    ens = {**GIVEN, "cloud": "ens"}
    assert not checked_variables(ens).problems, "defaults are passed over"
    own = {"snapshot_tags": "a=b", "exclude_snapshot_tags": "a=b", "copy_disk_tags": True}
    assert len(checked_variables({**ens, **own}).problems) == 3


# Locks, as the role's variables request them

ECS = {"cloud": "ecs", "source_region": "cn-hangzhou", "destination_regions": ["cn-beijing"]}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({**GIVEN, "lock_days": 36501}, "dr_copy_lock_days must be at most 36500"),
        ({**GIVEN, "lock_days": -1}, "dr_copy_lock_days must be a whole number, 0 or more"),
        ({**GIVEN, "lock_mode": "compliance"}, "dr_copy_lock_mode needs dr_copy_lock_days"),
        ({**GIVEN, "lock_mode": "strict", "lock_days": 1}, "dr_copy_lock_mode must be one of governance, compliance"),
        ({**ECS, "lock_days": 7}, "set dr_copy_lock_mode: compliance"),
        ({**ECS, "lock_days": 8, "lock_mode": "compliance", "retention_days": 7}, "outlive the copy"),
        ({**GIVEN, "cloud": "cbs", "lock_days": 7}, "dr_copy_lock_days is not supported on cbs"),
        ({**GIVEN, "cloud": "ens", "lock_days": 7}, "dr_copy_lock_days is not supported on ens"),
    ],
)
def test_locks_that_cannot_be_are_refused_by_name(given, problems):
    assert problems in " ".join(checked_variables(given).problems)


def test_a_lock_that_outlives_retention_is_warned_of():
    assert not checked_variables({**GIVEN, "lock_days": 30}).warnings, "nothing is deleted anyway"
    assert not checked_variables({**GIVEN, "lock_days": 7, "keep": 7, "rpo_hours": 26}).warnings
    problems = checked_variables({**GIVEN, "lock_days": 30, "keep_daily": 7, "keep_monthly": 12}).warnings
    assert "dr_copy_lock_days (30) is longer than retention" in problems[0] and "7 days" in problems[0]


def test_a_snapshot_is_too_old_only_beyond_the_maximum_age():
    """Numbers are hours of the day; it is noon."""
    assert reasons(snapshot(8), max_snapshot_age_hours=5) == {"snap-8": "newest"}
    assert reasons(snapshot(6), max_snapshot_age_hours=5) == {"snap-6": "stale"}


def test_select_is_taken_by_its_text():
    """A template creates a new string object for the value."""
    assert reasons(snapshot(2), snapshot(1), select="".join(["lat", "est"])) == {"snap-2": "newest"}
