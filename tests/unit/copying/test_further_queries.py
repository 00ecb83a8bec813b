# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Further queries of one info task: each returns what a task of its own would, and cannot fail the others."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("packed", [False, True])
def test_a_further_query_answers_as_a_task_of_its_own(estate, packed):
    source = estate.snapshot(estate.disk(**{"dr-copy": "true"}))
    estate.create_our_copy(source)
    asked = {"region": estate.destination, "copies_from": [estate.source]}
    alone = estate.info(packed=packed, **asked)
    of_source = estate.info(estate.source, packed=packed, disk_tags={"dr-copy": "true"}, other_disks=True)
    both = estate.info(
        estate.source, packed=packed, disk_tags={"dr-copy": "true"}, other_disks=True, also=[asked, asked]
    )
    first, second = both["also"]
    assert first == second == {key: alone[key] for key in first}
    lists = ["packed"] if packed else ["disks", "other_disks", "snapshots"]
    assert all(both[key] == of_source[key] for key in lists)
    for action, number in alone["api_calls"].items():
        assert both["api_calls"][action] <= of_source["api_calls"].get(action, 0) + 2 * number


def test_a_failed_query_fails_no_other(estate):
    estate.create_our_copy(estate.snapshot(estate.disk(**{"dr-copy": "true"})))
    asked = {"region": estate.destination, "copies_from": [estate.source]}
    out = estate.info(estate.source, disk_tags={"dr-copy": "true"}, also=[{"region": "not a region"}, asked])
    wrong, right = out["also"]
    assert not out.failed and len(right["snapshots"]) == 1
    assert wrong["failures"][0]["kind"] == "refused" and wrong["failures"][0]["region"] == "not a region"
    out = estate.info("not a region", disk_tags={"dr-copy": "true"}, also=[asked])
    assert out.failed and out["failures"][0]["kind"] == "refused" and len(out["also"][0]["snapshots"]) == 1


def test_a_failed_task_still_gives_the_warnings_of_its_other_queries(ebs):
    ebs.create_our_copy(ebs.snapshot(ebs.disk()))
    ebs.settings(denied=["DescribeLockedSnapshots"])
    asked = {"region": ebs.destination, "copies_from": [ebs.source]}
    out = ebs.info("not a region", also=[asked])
    assert out.failed and len(out["also"][0]["snapshots"]) == 1 and "locks on copies" in out.text


def test_wrong_entries_are_named_in_one_message_before_any_call(estate):
    queries = [{"region": "eu-west-1"}, {"regions": "eu-west-1"}]
    out = estate.info(estate.source, disk_tags={"dr-copy": "true"}, also=queries)
    assert (
        out.failed and "also: entry 2: " in out["msg"] and "regions" in out["msg"] and not out.result.get("api_calls")
    )
    assert "also" in estate.info(estate.source, also=["text"])["msg"]
