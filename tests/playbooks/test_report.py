# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's nights: pruning, the RPO, the report, and the status of several plans."""

from __future__ import annotations

import json
import os
import time

import jsonschema
import pytest
import yaml

from .conftest import PLACES, REPOSITORY
from .test_role import BASICS, role

#: Nights with the role on each cloud; `make nights` runs a week.
NIGHTS = int(os.environ.get("NIGHTS", "2"))
SCHEMA = json.loads((REPOSITORY / "roles/dr_copy/files/report.schema.json").read_text())


def report(directory, name="localhost"):
    """Return a report, validated by the schema, and its page."""
    content = json.loads((directory / f"{name}.json").read_text())
    jsonschema.validate(content, SCHEMA)
    return content, (directory / f"{name}.html").read_text()


def basics(clouds, cloud):
    source, destination = PLACES[cloud]
    given = {**BASICS, "dr_copy_cloud": cloud, "dr_copy_source_region": source}
    if cloud != "ebs":
        given["dr_copy_connection"] = clouds.connections[cloud]
    return {**given, "dr_copy_destination_regions": [destination]}


def create_disk(clouds, cloud, name):
    return clouds.create_disk(cloud, name, dr_copy="true")


def create_snapshot(clouds, cloud, disk):
    time.sleep(1.05)  # the clouds show whole seconds
    return clouds.create_snapshot(cloud, disk)


@pytest.mark.parametrize("cloud", PLACES if NIGHTS > 2 else ["ebs"])
def test_nights_leave_just_what_is_to_be_kept(clouds, cloud):
    clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    directory = clouds.directory / "reports"
    plan = {**basics(clouds, cloud), "dr_copy_keep": 1, "dr_copy_rpo_hours": 24, "dr_copy_report_dir": str(directory)}
    disks = [create_disk(clouds, cloud, name) for name in ("database", "<script>alert(1)</script>")]
    sources = {disk: [] for disk in disks}
    for night in range(NIGHTS):
        for disk in disks:
            sources[disk].append(create_snapshot(clouds, cloud, disk))
        if night == NIGHTS - 1:
            written = report(directory)[1]
            predicted, _output = role(clouds, "--check", **plan)
            assert report(directory)[1] == written, "a dry run leaves the report alone"
        result, _output = role(clouds, **plan)
    assert result["counts"]["created"] == 2 and result["counts"]["deleted"] == 2
    assert [row["source_snapshot_id"] for row in result["pruned"]] == [of[-2] for of in sources.values()]
    assert predicted["counts"]["created"] == 2 and predicted["pruned"] == result["pruned"]
    again, output = role(clouds, **plan)
    assert "changed=0" in output and again["pruned"] == [] and again["counts"]["created"] == 0
    content, page = report(directory)
    assert content["within_rpo"] is True and content["totals"]["complete"] == 2 and content["api_calls"]
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "http" not in page.replace("http-equiv", ""), "no host is contacted"


def test_a_held_copy_is_kept_and_a_lost_disk_is_reported(clouds):
    clouds.control("settings", {"copy_seconds": 0.2})
    disk, other = (create_disk(clouds, "ebs", name) for name in ("database", "files"))
    first = create_snapshot(clouds, "ebs", disk)
    create_snapshot(clouds, "ebs", other)
    role(clouds, dr_copy_keep=1)
    held = next(c["SnapshotId"] for c in clouds.copies() if first in str(c["Tags"]))
    clouds.client("eu-west-1").create_tags(Resources=[held], Tags=[{"Key": "dr-copy:hold", "Value": ""}])
    clouds.client("us-east-1").delete_tags(Resources=[other], Tags=[{"Key": "dr-copy"}])
    create_snapshot(clouds, "ebs", disk)
    result, _output = role(clouds, dr_copy_keep=1)
    assert result["pruned"] == [] and [(o["disk_id"], o["kind"]) for o in result["orphans"]] == [(other, "unselected")]
    clouds.client("eu-west-1").delete_tags(Resources=[held], Tags=[{"Key": "dr-copy:hold"}])
    bad = create_snapshot(clouds, "ebs", disk)
    clouds.control("settings", {"fail_copies_of": {bad: "Given key ID is not accessible"}})
    result, _output = role(clouds, expect=2, dr_copy_keep=1)
    assert result["pruned"] == [], "a night on which the copy fails deletes nothing"
    clouds.control("settings", {"fail_copies_of": {}, "in_use": [held]})
    result, output = role(clouds, expect=2, dr_copy_keep=1)
    assert len(result["pruned"]) == 1 and "InvalidSnapshot.InUse" in output
    assert [f["snapshot_id"] for f in result["failures"]] == [held]


def test_the_role_fails_where_the_rpo_is_missed_and_says_why(clouds):
    directory = clouds.directory / "reports"
    good, bare, broken = (create_disk(clouds, "ebs", name) for name in ("good", "bare", "broken"))
    create_snapshot(clouds, "ebs", good)
    bad = create_snapshot(clouds, "ebs", broken)
    clouds.control("settings", {"copy_seconds": 0.2, "fail_copies_of": {bad: "Given key ID is not accessible"}})
    given = {"dr_copy_rpo_hours": "1", "dr_copy_report_dir": str(directory)}
    result, output = role(clouds, expect=2, **given)
    text = " ".join(output.split())
    assert "2 of 3 recovery points miss the RPO of 1 h" in text
    assert f"bare ({bare}) in eu-west-1: there is no complete copy, because the disk has no complete snapshot" in text
    assert "Given key ID is not accessible" in text
    content, page = report(directory)
    assert [b["disk_id"] for b in content["breaches"]] == [bare, broken] and content["within_rpo"] is False
    assert page.index("broken") < page.rindex("good") and ">2 of 3 recovery points miss the RPO" in page
    assert {p["disk_id"]: p["within_rpo"] for p in result["recovery_points"]}[good] is True


def test_a_report_that_cannot_be_written_fails_last_and_names_the_path(clouds):
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    blocked = clouds.directory / "blocked"
    blocked.write_text("")
    result, output = role(clouds, expect=2, dr_copy_report_dir=str(blocked / "reports"))
    assert result["counts"]["created"] == 1 and f"{blocked}/reports/localhost" in " ".join(output.split())


def test_a_directory_that_is_there_keeps_its_permissions(clouds):
    clouds.directory.joinpath("reports").mkdir(mode=0o700)
    clouds.create_ebs_disk("database", dr_copy="true")
    role(clouds, dr_copy_report_dir=str(clouds.directory / "reports"))
    assert clouds.directory.joinpath("reports").stat().st_mode & 0o777 == 0o700
    assert report(clouds.directory / "reports")[0]["totals"]["disks"] == 1


def test_a_misspelt_connection_option_is_reported_and_never_green(clouds, inventory):
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    _result, output = role(clouds, expect=2, dr_copy_connection="acces_key=x", dr_copy_allow_empty=False)
    assert "acces_key" in output and "has the tags" not in output
    code, output = status(
        clouds, inventory(orders={**basics(clouds, "ebs"), "dr_copy_source_connection": "acces_key=x"})
    )
    assert code == 2 and "acces_key" in output


@pytest.fixture
def inventory(clouds):
    path = clouds.directory / "plans.yml"
    common = {"dr_copy_rpo_hours": 24, "dr_copy_wait_delay": 1, "dr_copy_report_dir": str(clouds.directory / "status")}

    def write_inventory(**hosts):
        path.write_text(yaml.safe_dump({"all": {"vars": common, "hosts": hosts}}))
        return path

    return write_inventory


def status(clouds, inventory, *arguments):
    playbook = REPOSITORY / "playbooks" / "dr_status.yml"
    return clouds.run("ansible-playbook", "-i", inventory, playbook, *arguments)


@pytest.mark.smoke
def test_the_status_of_several_plans_reads_only(clouds, inventory):
    for cloud in ("ebs", "cbs"):
        create_snapshot(clouds, cloud, create_disk(clouds, cloud, "database"))
        clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    role(clouds, dr_copy_rpo_hours=24, dr_copy_plan="orders")
    late, wrong = basics(clouds, "cbs"), {**basics(clouds, "ebs"), "dr_copy_keep": "many"}
    code, output = status(clouds, inventory(orders=basics(clouds, "ebs"), mail=late, odd=wrong))
    assert code == 2 and "changed=0" in output and output.count("FAILED! =>") >= 2
    directory = clouds.directory / "status"
    content, _page = report(directory, "orders.status")
    assert content["kind"] == "status" and content["within_rpo"] is True and content["copies"] == []
    content, _page = report(directory, "mail.status")
    assert content["within_rpo"] is False and "not copied yet" in content["breaches"][0]["why"]
    summary = output.partition("CUSTOM STATS: ")[2]
    assert '"dr_copy_summary"' in summary and '"orders"' in summary and '"mail"' in summary, "both are handed on"
    index = (directory / "index.html").read_text()
    assert "dr_copy_keep" in report(directory, "odd.status")[1]
    assert index.index(">odd<") < index.index(">mail<") < index.index(">orders<") and "dr_copy_keep" in index
    plans = inventory(orders=basics(clouds, "ebs"), mail=late)
    code, output = status(clouds, plans, "-e", "dr_copy_hosts=orders")
    assert code == 0 and "changed=0" in output
    index = (directory / "index.html").read_text()
    assert index.index(">mail<") < index.index(">orders<") and "1 of 2 plans needs attention" in index, "over all plans"
    code, output = status(clouds, plans, "-e", "dr_copy_hosts=ordres")
    assert code == 2 and "No host of the inventory matches 'ordres', so no plan was run" in " ".join(output.split())
    assert not [c for c in clouds.control_of("cbs", "calls") if c.startswith(("Copy", "Delete", "Modify"))]


@pytest.mark.parametrize("cloud", ["ebs"] if NIGHTS == 2 else ["ebs", "cbs"])
def test_the_status_reads_copies_alone_if_the_source_region_is_down(clouds, inventory, cloud):
    clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    disk = create_disk(clouds, cloud, "database")
    source = create_snapshot(clouds, cloud, disk)
    role(clouds, **basics(clouds, cloud), dr_copy_plan="orders")
    plan = {**basics(clouds, cloud), "dr_copy_source_region": "us-east-1" if cloud == "ebs" else PLACES[cloud][0]}
    clouds.control_of(cloud, "faults", [{"fault": "drop", "region": plan["dr_copy_source_region"], "times": 1000}])
    code, output = status(clouds, inventory(orders=plan))
    assert code == 0, output
    content, page = report(clouds.directory / "status", "orders.status")
    assert content["source_answered"] is False and content["within_rpo"] is True and "could not be listed" in page
    assert "is-amber" in page and "could not be listed" in " ".join(output.split())
    index = (clouds.directory / "status" / "index.html").read_text()
    assert "1 of 1 plans needs attention" in index and "(could not be listed)" in index
    assert [(p["disk_id"], p["source_snapshot_id"]) for p in content["recovery_points"]] == [(disk, source)]


def test_the_second_host_with_a_plan_is_refused_without_a_report_too(clouds, inventory):
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    plan = {**basics(clouds, "ebs"), "dr_copy_plan": "web", "dr_copy_report_dir": ""}
    code, output = status(clouds, inventory(first=plan, second=plan))
    words = " ".join(output.split())
    assert code == 2 and "the hosts first and second both have the plan web" in words, output
    assert "the hosts second and first both" not in words, "the first host keeps the plan"


def test_a_plan_whose_name_cannot_be_evaluated_stops_no_other(clouds, inventory):
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    name = "{{ team_name | mandatory('team_name is not set') }}-first"
    plans = {"first": {**basics(clouds, "ebs"), "dr_copy_plan": name}, "web": basics(clouds, "ebs")}
    code, output = status(clouds, inventory(**plans))
    assert code == 2 and "team_name is not set" in " ".join(output.split()), output
    found, page = report(clouds.directory / "status", "web.status")
    assert found["totals"]["recovery_points"] == 1 and not found["failures"] and "team_name" not in page
    index = (clouds.directory / "status" / "index.html").read_text()
    assert ">web<" in index and ">first<" in index and "team_name" in index


def test_a_plan_that_could_not_start_is_reported_after_a_night_of_the_same_command(clouds, inventory):
    """The second playbook must not take the report of the first one for its own."""
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    flag, playbooks = clouds.directory / "copied", REPOSITORY / "playbooks"
    region = f"{{{{ no_such_region if '{flag}' is exists else 'us-east-1' }}}}"
    plans = inventory(orders={**basics(clouds, "ebs"), "dr_copy_source_region": region})
    between = clouds.write_playbook([{"file": {"path": str(flag), "state": "touch"}}])
    command = ("ansible-playbook", "-i", plans, playbooks / "dr_copy.yml", between, playbooks / "dr_status.yml")
    code, output = clouds.run(*command)
    assert code == 2 and report(clouds.directory / "status", "orders")[0]["totals"]["complete"] == 1, output
    page = (clouds.directory / "status" / "orders.status.html").read_text()
    assert "no_such_region" in page and "is-bad" in page


def test_shards_of_one_plan_are_distinguished(clouds, inventory):
    create_snapshot(clouds, "ebs", create_disk(clouds, "ebs", "database"))
    parts = {f"web-{n}": {**basics(clouds, "ebs"), "dr_copy_plan": "web", "dr_copy_shard": f"{n}/2"} for n in (1, 2)}
    code, output = status(clouds, inventory(**parts))
    assert code == 2, output
    directory = clouds.directory / "status"
    found = [report(directory, f"web_{n}_2.status")[0] for n in (1, 2)]
    assert sorted(content["totals"]["recovery_points"] for content in found) == [0, 1]
    index = (directory / "index.html").read_text()
    assert all(f'href="web_{n}_2.status.html">web {n}/2<' in index for n in (1, 2)) and "1 of 2 plans needs" in index
    code, output = status(clouds, inventory(**parts), "-e", "dr_copy_hosts=web-1")
    index = (directory / "index.html").read_text()
    assert all(f'href="web_{n}_2.status.html">web {n}/2<' in index for n in (1, 2)), "the other from its last report"
