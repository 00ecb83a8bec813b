# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two hosts cannot have one plan."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import part_of_plan

from tests.support.night_runs import night, protected


def test_two_hosts_cannot_have_one_plan(ebs, tmp_path):
    """A green report of one would replace the red report of the other."""
    protected(ebs, 50)
    given = {"plan": "prod", "rpo_hours": 24, "report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    assert "misses the RPO" in night(ebs, host="web", **given).message
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    ended = night(ebs, host="databases", hosts_of_plan=lambda: ("web", "databases"), **given)
    assert "the hosts web and databases both have the plan prod" in ended.message and not ended.result["copies"]
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before
    ended = night(ebs, host="databases", hosts_of_plan=lambda: ("databases",), **given)
    assert "both have" not in ended.message, "web was renamed, or has another plan by now"


@pytest.mark.parametrize("reports", [True, False])
def test_two_hosts_cannot_have_one_plan_on_the_first_night(ebs, tmp_path, reports):
    protected(ebs)
    given = {"plan": "prod", "report_dir": str(tmp_path) if reports else ""}
    given["hosts_of_plan"] = lambda: ("web", "databases")
    second = night(ebs, host="databases", **given)
    assert "both have the plan prod" in second.message and not ebs.copies() and not list(tmp_path.iterdir())
    assert not night(ebs, host="web", **given).message and len(ebs.copies()) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("web ", "1 / 2"), ("web", "1/2"), True),
        (("", None), ("databases", ""), True),
        (("web", "1/2"), ("web", "2/2"), False),
        (("web", "x"), ("web", "1/2"), False),
    ],
)
def test_two_hosts_have_one_plan_if_the_run_reads_their_variables_as_equal(one, other, same):
    assert (part_of_plan(*one, "databases") == part_of_plan(*other, "web")) is same


def test_the_host_that_wrote_the_last_report_keeps_its_plan_wherever_it_is_in_the_play(ebs, tmp_path):
    protected(ebs)
    given = {"plan": "prod", "report_dir": str(tmp_path)}
    assert not night(ebs, host="databases", **given).message
    given["hosts_of_plan"] = lambda: ("web", "databases")
    assert not night(ebs, host="databases", **given).message
    assert "both have the plan prod" in night(ebs, host="web", **given).message
