# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies are recognized even if ECS and ENS do not show their source (api-facts: ecs-source-fields, ens-source-fields).

By provenance tags, by the default name, or by the ID that the copy call returned.
"""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.copy_marks import description
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

from tests.unit.contracts.bad_days import clouds, copies_of, run_at_once, with_script

BOTH = clouds("ecs", "ens")


@pytest.fixture
def cloud(request):
    estate = request.getfixturevalue(request.param)
    estate.settings(shows_sources=False)
    return estate


def renamed(cloud):
    """Return options with which only the ID that the call returned identifies a copy."""
    return {"name": "nightly", "description": "a copy of last night"} if cloud.cloud.name == "ens" else {}


def without_tags(cloud):
    """Let the service forget the tags of the copy call."""
    add = cloud.server.account.add

    def adding(thing):
        thing.tags = {}
        return add(thing)

    cloud.server.account.add = adding


@pytest.fixture(autouse=True)
def _tags_come_back(cloud):
    yield
    vars(cloud.server.account).pop("add", None)


# -- idempotent, exactly once ------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("wait", [False, True])
def test_a_second_run_knows_its_copies_without_source_fields(cloud, wait):
    sources = [cloud.snapshot() for _n in range(3)]
    first = cloud.run(*sources, wait=wait)
    assert not first.failed and first["counts"]["created"] == 3
    if wait:
        assert {row["state"] for row in first["copies"]} == {"completed"}
    second = cloud.run(*sources, wait=wait)
    assert not second.failed and not second["changed"]
    assert [r["snapshot_id"] for r in second["copies"]] == [r["snapshot_id"] for r in first["copies"]]
    assert cloud.calls[cloud.copy_action] == 3


@BOTH
def test_a_lost_answer_makes_no_second_copy_without_source_fields(cloud):
    sources = [cloud.snapshot() for _n in range(4)]
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "every": 2})
    out = cloud.run(*sources, wait=True)
    assert not out.failed and len(cloud.copies()) == 4, out.text
    assert out["counts"]["created"] == 4 and out["changed"]


@BOTH
def test_a_lost_answer_is_found_without_source_fields_though_reads_lag(cloud):
    source = cloud.snapshot()
    cloud.settings(visible_after=8.0)
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
    out = cloud.run(source, wait=True)
    assert not out.failed and len(cloud.copies()) == 1 and out.copy()["action"] == "created"


@BOTH
def test_the_id_that_the_call_returned_is_the_copy_even_without_source_fields(cloud):
    source = cloud.snapshot()
    without_tags(cloud)
    out = cloud.run(source, wait=True, **renamed(cloud))
    row = out.copy()
    assert not out.failed, out.text
    assert (row["action"], row["state"], row["snapshot_id"]) == ("created", "completed", cloud.copies()[0].id)
    assert cloud.calls[cloud.copy_action] == 1 == len(cloud.copies())


@BOTH
def test_a_failed_copy_of_this_run_is_reported_even_without_source_fields(cloud):
    source = cloud.snapshot()
    without_tags(cloud)
    cloud.settings(fail_copies_of={source: "no"})
    out = cloud.run(source, wait=True, **renamed(cloud))
    assert out.failure()["kind"] == "failed_copy" and cloud.calls[cloud.copy_action] == 1


@BOTH
def test_a_copy_of_this_run_that_shows_another_source_is_still_its_own(cloud):
    source, other = cloud.snapshot(), cloud.snapshot()
    cloud.settings(shows_sources=True)

    def shows_another(action, _region):
        for copy in cloud.copies():
            copy.source_id = other

    with_script(cloud, shows_another)
    out = cloud.run(source, wait=True)
    assert not out.failed and out.copy()["state"] == "completed" and cloud.calls[cloud.copy_action] == 1


@clouds("ens")
@pytest.mark.parametrize("wait", [False, True])
def test_an_accepted_order_whose_answer_names_no_copy_is_given_once(cloud, wait):
    source = cloud.snapshot()
    cloud.settings(returned_ids="instance")
    out = cloud.run(source, wait=wait, **renamed(cloud))
    failure = out.failure()
    assert (failure["kind"], failure["code"]) == ("ambiguous", "NoSnapshotId") and "console" in failure["hint"]
    assert failure["request_id"] and cloud.calls[cloud.copy_action] == 1 == len(cloud.copies())


# -- deletion -----------------------------------------------------------------------------------------------


@clouds("ecs")
def test_tags_are_enough_evidence_for_a_deletion(cloud):
    source = cloud.snapshot()
    cloud.run(source, wait=True)
    bystander = cloud.snapshot(region=cloud.destination)
    out = cloud.run(source, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 1
    assert [s.id for s in cloud.all_snapshots(cloud.destination)] == [bystander]


@clouds("ecs")
@pytest.mark.parametrize("shown", ["another disk", "another source"])
def test_tags_that_the_cloud_contradicts_delete_nothing(cloud, shown):
    """A snapshot may have the tags of the copy from which its disk was made."""
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    if shown == "another disk":
        copy.disk_id = "d-anotherone"
    else:
        cloud.settings(shows_sources=True)
        copy.source_id = "s-another"
    out = cloud.run(source, state="absent", wait=True)
    assert len(cloud.copies()) == 1 and not out["changed"]
    assert out.failed is (shown == "another disk")


@clouds("ens")
@pytest.mark.parametrize("description", [..., "nightly [{disk_id} {source_created_at}]"])
def test_a_name_alone_deletes_nothing(cloud, description):
    source = cloud.snapshot()
    cloud.run(source, wait=True, description=description)
    out = cloud.run(source, state="absent", wait=True)
    failure = out.failure()
    assert failure["kind"] == "refused" and "name" in failure["message"] and failure["hint"]
    assert len(cloud.copies()) == 1 and not out["changed"] and not cloud.calls["DeleteSnapshot"]


@clouds("ens")
def test_a_duplicate_that_only_its_name_identifies_is_kept(cloud):
    source = cloud.snapshot()
    cloud.run(source, wait=True)
    (first,) = cloud.copies()
    duplicate = cloud.create_our_copy(source)
    duplicate.name = first.name
    for options in ({"remove_duplicates": True}, {"wait": True}):
        out = cloud.run(source, **options)
        assert not out.failed and [d["snapshot_id"] for d in out["duplicates"]] == [duplicate.id]
    assert len(cloud.copies()) == 2


@clouds("ens")
def test_a_failed_copy_that_only_its_name_identifies_is_kept_when_a_new_one_is_made(cloud):
    source = cloud.snapshot()
    cloud.settings(fail_copies_of={source: "no"})
    cloud.run(source, wait=True)
    cloud.settings(fail_copies_of={})
    out = cloud.run(source, wait=True)
    assert not out.failed and out.copy()["state"] == "completed" and len(cloud.copies()) == 2
    assert not cloud.calls["DeleteSnapshot"]


@BOTH
def test_two_runs_at_once_without_source_fields_report_the_duplicate(cloud):
    source = cloud.snapshot()
    outs = run_at_once(cloud, [(0, [source], {"wait": True}), (0, [source], {"wait": True})])
    assert not any(out["failures"] for out in outs)
    there = copies_of(cloud, source)
    if cloud.cloud.name == "ecs":
        assert len(there) == 1
    else:  # nothing is deleted because of a name
        assert len(there) == 2 and not cloud.calls["DeleteSnapshot"]
        assert any(out["duplicates"] for out in outs)


# -- what is shown of them ---------------------------------------------------------------------------------


@BOTH
def test_info_returns_the_source_without_source_fields(cloud):
    disk = cloud.disk()
    source = cloud.snapshot(disk)
    cloud.snapshot(region=cloud.destination)
    suffix = " [{disk_id} {source_created_at}]"
    description = {"description": "Copied from {snapshot_id} in {source_region}" + suffix}
    cloud.run(source, wait=True, **(description if cloud.cloud.name == "ens" else {}))
    (row,) = cloud.info(cloud.destination, copies_from=[cloud.source])["snapshots"]
    shown = row["source"]
    assert (shown["snapshot_id"], shown["region"], shown["disk_id"]) == (source, cloud.source, disk)
    assert shown["created_at"] and shown["managed"]


@clouds("ens")
def test_the_default_description_is_evidence_if_the_user_sets_the_name(cloud):
    source = cloud.snapshot()
    cloud.run(source, wait=True, name="nightly")
    out = cloud.run(source, wait=True, name="nightly")
    assert not out.failed and not out["changed"] and len(cloud.copies()) == 1


@clouds("ens")
@pytest.mark.parametrize("own", ["", "of the night", "of the night {snapshot_id}", "sp-0 and others"])
@pytest.mark.parametrize("plan", ["web", "orders of the night", "(odd)"])
def test_the_roles_own_description_is_evidence_if_the_user_sets_the_name(cloud, plan, own):
    """It also names the plan, if the plan can be named there."""
    source = cloud.snapshot()
    given = {"cloud": "ens", "disk_ids": ["d-1"], "plan": plan, "source_region": cloud.source}
    given.update(name="nightly", description=own)
    described = description(checked_variables({**given, "destination_regions": [cloud.destination]}).values)
    cloud.run(source, wait=True, name="nightly", description=described)
    out = cloud.run(source, wait=True, name="nightly", description=described)
    assert not out.failed and not out["changed"] and len(cloud.copies()) == 1
    (row,) = cloud.info(cloud.destination, copies_from=[cloud.source])["snapshots"]
    assert row["source"]["snapshot_id"] == source and row["source"]["region"] in (cloud.source, own and None)


@clouds("ens")
@pytest.mark.parametrize("name", ["a-copy-of-{}", "copy-of-{}0", "copy-of-x{}"])
def test_another_name_is_no_evidence(cloud, name):
    source = cloud.snapshot()
    other = cloud.create_our_copy(source)
    other.name = name.format(source)
    out = cloud.run(source, wait=True)
    assert not out.failed and out.copy()["action"] == "created" and out.copy()["snapshot_id"] != other.id
