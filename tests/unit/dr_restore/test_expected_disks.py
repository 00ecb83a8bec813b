# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the disks of a report add to the recovery points of copies, and what is unknown without a report."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.expected import (
    Expected,
    as_expected,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.parsing import InvalidValue

from tests.support.restores import choose, copy

REPORTED = Expected("vol-1", "of-report", {"env": "report", "tier": "db"}, 16, "i-9", "/dev/sdz")


def bare(number, disk="vol-1"):
    """Return a copy whose marks show only the ID of the disk."""
    return copy(number, disk, name=None, size_gib=None, tags={"dr-copy:attached-to": None, "env": None})


@pytest.mark.parametrize(
    ("made", "name", "size", "place", "tags"),
    [
        (copy(1), "database", 8, ("i-1", "/dev/sdf"), {"env": "report", "tier": "db"}),
        (bare(1), "of-report", 16, ("i-9", "/dev/sdz"), {"env": "report", "tier": "db"}),
        (copy(1, tags={"dr-copy:attached-to": "i-1"}), "database", 8, ("i-1", None), {"env": "report", "tier": "db"}),
    ],
    ids=["copies show it", "the report shows it", "a device of another instance is none"],
)
def test_a_report_adds_what_copies_do_not_show(made, name, size, place, tags):
    (point,) = choose(made, expected=[REPORTED]).points
    assert (point.disk_name, point.size_gib, (point.instance, point.device)) == (name, size, place)
    assert point.tags == tags and point.copy_id == "snap-1"


def test_a_disk_of_the_report_without_a_copy_is_reported_with_its_known_facts():
    (there, missing) = choose(copy(2, "vol-2", name="a"), expected=[REPORTED]).points
    assert not there.missing and (missing.disk_id, missing.size_gib) == ("vol-1", 16)
    assert (missing.disk_name, missing.instance, missing.tags) == ("of-report", "i-9", REPORTED.tags)
    assert "is expected (dr_restore_expected)" in missing.missing.text


def test_what_one_entry_knows_of_a_disk_counts_whatever_the_order(tmp_path):
    """A plan that protects only one disk of a server does not know the server, and an ID alone shows nothing."""
    disks = [{"disk_id": f"vol-{n}", "disk_name": f"disk {n}", "tags": {"tier": "db"}} for n in (1, 2)]
    sets = [{"group": "i-1", "region": "eu-west-1", "disks": ["vol-1", "vol-2"]}]
    reports = {"whole": (disks, sets), "part": ([{**disks[0], "size_gib": 8}], [])}
    for name, (rows, of_servers) in reports.items():
        report = {"disks": rows, "sets": of_servers, "settings": {"set_seconds": 300}}
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    entries = [str(tmp_path / "whole.json"), str(tmp_path / "part.json"), "vol-1"]
    for order in itertools.permutations(entries):
        found = {disk.disk_id: disk for disk in as_expected(list(order))}
        assert {disk.group_id for disk in found.values()} == {"i-1"}
        assert found["vol-1"] == Expected("vol-1", "disk 1", {"tier": "db"}, 8, group_id="i-1", set_seconds=300)


def test_the_home_of_nobody_is_a_directory_like_any_other():
    with pytest.raises(InvalidValue, match="names a report that cannot be read"):
        as_expected("~nosuchuser/orders.json")


@pytest.mark.parametrize(
    ("values", "is_expected"),
    [
        ({}, True),
        ({"disk_ids": ["vol-1"]}, True),
        ({"disk_ids": ["vol-2"]}, False),
        ({"disk_names": ["of-report"]}, True),
        ({"disk_names": ["a"]}, False),
        ({"disk_tags": {"tier": "db"}}, True),
        ({"disk_tags": {"tier": "app"}}, False),
        ({"is_drill": True}, False),
    ],
)
def test_a_run_over_some_disks_expects_those_alone(values, is_expected):
    ids = {point.disk_id for point in choose(copy(2, "vol-2", name="a"), expected=[REPORTED], **values).points}
    assert ("vol-1" in ids) is is_expected
    unknown = Expected("vol-1", "of-report")
    if "disk_tags" in values:
        ids = {point.disk_id for point in choose(expected=[unknown], **values).points}
        assert ids == {"vol-1"}, "a disk with unknown tags is never excluded by tags"


@pytest.mark.parametrize(
    "values",
    [
        {"disk_names": ["database"]},
        {"disk_names": ["of-report"]},
        {"disk_tags": {"Name": "database"}},
        {"disk_tags": {"Name": "of-report"}},
    ],
)
def test_a_disk_that_was_renamed_since_its_copy_is_restored_by_either_name(values):
    (point,) = choose(copy(1), copy(2, "vol-2", name="mail"), expected=[REPORTED], **values).points
    assert (point.disk_id, point.copy_id, point.missing) == ("vol-1", "snap-1", None)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"disk_ids": ["vol-1"], "disk_tags": {"tier": "db"}}, "dr_restore_disk_tags tier=db"),
        ({"disk_names": ["database"], "disk_tags": {"tier": "db"}}, "dr_restore_disk_tags tier=db"),
        ({"disk_names": ["database"], "disk_ids": ["vol-2"]}, "dr_restore_disk_ids vol-2"),
    ],
)
@pytest.mark.parametrize("expected", [[], [Expected("vol-1")], [Expected("vol-1", "database")]])
def test_a_disk_with_copies_is_never_reported_as_missing(values, why, expected):
    (point,) = choose(copy(1), expected=expected, **values).points
    assert (point.disk_id, point.disk_name, point.copy_id) == ("vol-1", "database", None)
    assert point.missing.text == f"it has copies in eu-west-1, but does not match {why}"


@pytest.mark.parametrize(
    ("cloud", "disks", "expected", "warns"),
    [
        ("ens", ("d-1", "d-2"), [], True),
        ("ens", ("d-1",), [], False),
        ("ens", ("d-1", "d-2"), [Expected("d-1")], True),
        ("ens", ("d-1", "d-2"), [Expected("d-1", set_seconds=300.0)], False),
        ("ebs", ("d-1", "d-2"), [], False),
    ],
)
def test_a_restore_warns_if_neither_copies_nor_a_report_show_servers(cloud, disks, expected, warns):
    made = [copy(number, disk, name=disk) for number, disk in enumerate(disks)]
    found = choose(*made, cloud=cloud, expected=expected).warnings
    assert any("do not show servers" in text for text in found) is warns
