# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine-readable output of a run: metrics, JUnit XML, and a rulebook that starts runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._core import errors
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import metrics
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.junit import junit_text
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import drill_metrics
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role import metrics as shared_metrics
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import file_name, printable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.rows import parse_time

from tests.support.harness import TOOLS
from tests.support.metrics import NO_PROBLEMS, read
from tests.support.pages import NO_SET, server
from tests.support.reports import NAMES, sample
from tests.support.repository import REPOSITORY


def values_of(found, name, label):
    """Return the values of a metric by one of its labels."""
    return {dict(labels)[label]: value for (n, labels), value in found.items() if n == name}


def value_of(found, name):
    (value,) = [value for (n, _labels), value in found.items() if n == name]
    return value


def seconds(text):
    return parse_time(text).timestamp()


# Metrics


def test_a_good_night_is_reported_and_read_back_by_prometheus_own_parser(tmp_path):
    report, folder = sample(late=0), tmp_path / "metrics"
    former = os.umask(0o077)
    try:
        path = metrics.write_metrics(report, str(folder))
    finally:
        os.umask(former)
    assert [p.name for p in folder.iterdir()] == ["dr_copy_orders.prom"] and path == str(next(folder.iterdir()))
    modes = [place.stat().st_mode & 0o777 for place in (Path(path), folder)]
    assert modes == [0o644, 0o755], "node_exporter is another user"
    found = read(path)
    for point in report["recovery_points"]:
        labels = {"plan": "orders", "cloud": "ebs", "disk": point["disk_id"], "region": point["region"]}
        shown = found[("dr_copy_recovery_point_timestamp_seconds", tuple(sorted(labels.items())))]
        assert shown == seconds(point["source_created_at"])
    assert value_of(found, "dr_copy_rpo_seconds") == 26 * 3600
    finished = seconds(report["finished_at"])
    assert value_of(found, "dr_copy_last_run_timestamp_seconds") == finished
    assert value_of(found, "dr_copy_last_success_timestamp_seconds") == finished
    assert set(values_of(found, "dr_copy_failures", "kind").values()) == {0.0}
    assert values_of(found, "dr_copy_copies", "outcome")["created"] == report["counts"]["created"] > 0


def test_a_failed_run_never_renews_success(tmp_path):
    bad = sample()
    assert bad["failures"] and bad["breaches"]
    path = metrics.write_metrics(bad, str(tmp_path))
    assert value_of(read(path), "dr_copy_last_success_timestamp_seconds") == 0, "no run ever succeeded"
    good = {**sample(late=0), "finished_at": "2026-11-21T02:10:00Z"}
    metrics.write_metrics(good, str(tmp_path))
    metrics.write_metrics({**bad, "finished_at": "2026-11-22T02:10:00Z"}, str(tmp_path))
    found = read(path)
    assert value_of(found, "dr_copy_last_success_timestamp_seconds") == seconds("2026-11-21T02:10:00Z")
    assert value_of(found, "dr_copy_last_run_timestamp_seconds") == seconds("2026-11-22T02:10:00Z")
    assert values_of(found, "dr_copy_failures", "kind")["failed_copy"] == len(bad["failures"])


@pytest.mark.parametrize(
    "change",
    [
        {"failures": [{"kind": "credentials"}]},
        {"breaches": [{"disk_id": "vol-1"}], "within_rpo": False},
        {"within_rpo": None},
    ],
)
def test_a_run_with_a_problem_is_no_success(change):
    assert metrics.is_success(sample(late=0))
    assert not metrics.is_success({**sample(late=0), **change})


def test_a_disk_without_a_copy_and_an_unreadable_region_keep_their_series(tmp_path):
    report = sample(late=0)
    first, second, third = report["recovery_points"][:3]
    metrics.write_metrics(report, str(tmp_path))
    nothing = {"snapshot_id": None, "source_created_at": None, "age_hours": None}
    unread = [{**first, **nothing, "state": "absent"}, {**second, **nothing, "state": "unknown"}]
    new = {**third, "disk_id": "vol-new", **nothing, "state": "unknown"}
    path = metrics.write_metrics({**report, "recovery_points": [*unread, new]}, str(tmp_path))
    shown = values_of(read(path), "dr_copy_recovery_point_timestamp_seconds", "disk")
    assert shown == {first["disk_id"]: 0, second["disk_id"]: seconds(second["source_created_at"]), "vol-new": 0}


def test_names_of_any_kind_are_reported_and_shards_have_files_of_their_own(tmp_path):
    odd = 'night/"x\\\n'
    report = {**sample(disks=1, late=0, host=odd), "name": odd}
    assert ("dr_copy_rpo_seconds", (("plan", odd),)) in read(metrics.write_metrics(report, str(tmp_path)))
    sharded = {**report, "name": "orders", "settings": {**report["settings"], "shard": "2/8"}}
    path = metrics.write_metrics(sharded, str(tmp_path))
    assert Path(path).name == "dr_copy_orders_2_8.prom"
    assert ("dr_copy_rpo_seconds", (("plan", "orders 2/8"),)) in read(path), "no series is in two files"


def test_two_names_never_share_a_file():
    names = ["a/b", "a_b", "a b", "a%2Fb", "a%b", "..", ".", "%2E.", "../a", "/a", ".a", "a"]
    names += ["web_2_8", "web_2%5F8"]
    files = [*(file_name(name) for name in names), file_name("web", "2/8")]
    assert len(set(files)) == len(files) and not any("/" in file or file.startswith(".") for file in files)


@pytest.mark.parametrize("name", ["index", "web.status", "web.drill"])
def test_no_plan_has_the_file_of_another_page(name):
    """index.html is about all plans; web.status.html and web.drill.html are of the plan web."""
    assert file_name(name) != name and file_name(f"{name}s") == f"{name}s"


def test_the_file_is_replaced_as_a_whole(tmp_path, monkeypatch):
    path = Path(metrics.write_metrics(sample(late=0), str(tmp_path)))
    before = path.read_text()
    monkeypatch.setattr(shared_metrics, "generate_latest", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        metrics.write_metrics(sample(), str(tmp_path))
    assert path.read_text() == before


def test_each_kind_of_failure_is_reported(tmp_path):
    """The metrics of a good night have each kind that the guide describes, so that the first failure is a change."""
    guide = (REPOSITORY / "docs/docsite/rst/failures.rst").read_text()
    described = set(re.findall(r"^   \* - ``(\w+)``", guide, re.M))
    assert described == errors.failure_kinds() and len(described) == 10
    found = read(metrics.write_metrics(sample(late=0), str(tmp_path)))
    assert described == set(values_of(found, "dr_copy_failures", "kind"))


def test_a_missing_library_is_reported_at_the_beginning(monkeypatch):
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"]}
    assert not checked_variables({**given, "metrics_dir": "/tmp/m"}).problems
    monkeypatch.setattr(shared_metrics, "MISSING", "the Python package prometheus_client")
    assert not checked_variables(given).problems
    shown = checked_variables({**given, "metrics_dir": "/tmp/m"}).problems
    assert shown == ["dr_copy_metrics_dir needs the Python package prometheus_client"]


def test_the_last_proof_of_each_disk_is_in_one_metrics_file(tmp_path):
    report = sample(late=0)
    first, second = report["recovery_points"][:2]
    first.update(proven_at="2026-11-20T05:00:00Z", proven_level="creatable", proven_snapshot_id=first["snapshot_id"])
    path = metrics.write_metrics(report, str(tmp_path))
    proofs = values_of(read(path), metrics.DRILL, "disk")
    assert proofs[first["disk_id"]] == seconds("2026-11-20T05:00:00Z") and proofs[second["disk_id"]] == 0
    first.update(state="unknown", proven_at=None)
    found = read(metrics.write_metrics(report, str(tmp_path)))
    assert values_of(found, metrics.DRILL, "disk") == proofs, "what could not be listed is as it was"
    disk = {"disk_id": first["disk_id"], "proven_at": None, "proven_level": None, "proofs": {}}
    drilled = {**NO_PROBLEMS, "tried": [], "disks": [disk]}
    drilled.update(earlier=[], failures=[])
    assert not values_of(read(drill_metrics.write_drill_metrics(drilled, str(tmp_path))), metrics.DRILL, "disk")
    Path(path).unlink()
    assert values_of(read(drill_metrics.write_drill_metrics(drilled, str(tmp_path))), metrics.DRILL, "disk")
    left = values_of(read(metrics.write_metrics(report, str(tmp_path))), metrics.DRILL, "disk")
    assert set(left) == set(proofs) - {first["disk_id"]}
    assert not values_of(read(metrics.write_metrics({**report, "cloud": "ens"}, str(tmp_path))), metrics.DRILL, "disk")


def test_each_drill_reports_disks_by_proven_level_and_failed_copies(tmp_path):
    levels = [("usable", 20), ("usable", 19), ("creatable", 2), (None, None)]
    disks = [
        {"disk_id": f"vol-{n}", "proven_level": level, "proven_at": f"2026-11-{day:02}T05:00:00Z" if day else None}
        for n, (level, day) in enumerate(levels)
    ]
    for disk in disks:
        disk["proofs"] = {disk["proven_level"]: disk["proven_at"]} if disk["proven_at"] else {}
    disks[1]["proofs"]["creatable"] = "2026-11-20T05:00:00Z"
    disks[2].update(proven_level=None, proven_at=None)  # not at the level of this drill
    tried = [{"proven": True}, {"proven": False}, {"proven": False}]
    drilled = {**NO_PROBLEMS, "tried": tried, "disks": disks}
    drilled.update(earlier=[], failures=[])
    found = read(drill_metrics.write_drill_metrics(drilled, str(tmp_path)))
    counts = {"creatable": 1, "readable": 0, "usable": 2, "never": 1}
    assert values_of(found, "dr_copy_drill_disks", "level") == counts
    assert values_of(found, "dr_copy_drill_unproven", "level") == {"usable": 2}
    ages = values_of(found, metrics.DRILL, "disk")
    assert ages["vol-3"] == min(ages.values()) == 0, "the disk that was never proven is the worst"


# JUnit


def test_a_case_for_each_recovery_point_and_one_for_the_run():
    report = sample(disks=7)
    suite = ElementTree.fromstring(junit_text(report))
    cases = suite.findall("testcase")
    assert len(cases) == len(report["recovery_points"]) + 1 == int(suite.get("tests"))
    late = {(breach["disk_id"], breach["region"]): breach["why"] for breach in report["breaches"]}
    for point, case in zip(report["recovery_points"], cases):
        assert point["disk_id"] in case.get("name") and case.get("classname") == point["region"]
        failure = case.find("failure")
        key = (point["disk_id"], point["region"])
        assert (failure is not None) is (key in late)
        assert failure is None or late[key] in failure.get("message")
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures")) == len(late) + 1
    assert report["failures"][0]["message"] in cases[-1].find("failure").get("message")


def test_an_unjudged_recovery_point_is_never_a_passed_test_case():
    report = sample(late=0, rpo_hours=0)
    suite = ElementTree.fromstring(junit_text(report))
    assert suite.get("skipped") == str(len(report["recovery_points"])) and suite.get("failures") == "0"
    points = [{**report["recovery_points"][0], "state": "unknown", "age_hours": None}]
    unknown = {**report, "rpo_hours": 26, "recovery_points": points}
    assert "could not be judged" in ElementTree.fromstring(junit_text(unknown)).find("testcase/error").get("message")
    good = ElementTree.fromstring(junit_text(sample(late=0)))
    assert [good.get(key) for key in ("failures", "errors", "skipped")] == ["0", "0", "0"]


LATE = {"within_rpo": False, "age_hours": 40.0}
TORN = {"torn": [{"disk_id": "vol-9", "source_created_at": None}]}
UNREAD = {**NO_SET, "within_rpo": None, "unknown": "the region could not be listed: denied"}
NEWEST = "the newest complete set is from 2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    ("facts", "variables", "result", "words"),
    [
        ({}, {}, None, ""),
        (LATE, {}, "skipped", f"needs attention: {NEWEST}, 40.0 h old"),
        (LATE, {"consistency": "set"}, "failure", f"misses the RPO of 26 h: {NEWEST}, 40.0 h old"),
        (NO_SET, {"consistency": "set"}, "failure", "misses the RPO of 26 h: no complete set of copies"),
        (NO_SET, {}, "skipped", "needs attention: no complete set of copies"),
        (TORN, {}, "skipped", f"needs attention: {NEWEST}, 2.0 h old; vol-9 has no copy"),
        (UNREAD, {}, "error", UNREAD["unknown"]),
        (UNREAD, {"rpo_hours": 0}, "skipped", UNREAD["unknown"]),
        ({"within_rpo": None}, {"rpo_hours": 0}, "skipped", f"no RPO is set: {NEWEST}, 2.0 h old"),
    ],
)
def test_a_case_for_each_server_passes_only_with_a_complete_set(facts, variables, result, words):
    report = {**sample(late=0, **variables), "sets": [server("i-1", **facts)]}
    (case,) = [each for each in ElementTree.fromstring(junit_text(report)) if each.get("name") == "set of i-1"]
    assert case.get("classname") == "eu-west-1"
    assert [(each.tag, each.get("message")) for each in case] == ([(result, words)] if result else [])


def test_the_time_of_a_set_is_measured_and_kept_while_unread(tmp_path):
    rows = [server("i-1"), server("i-2", **NO_SET)]

    def times(*sets):
        path = metrics.write_metrics({**sample(late=0), "sets": list(sets)}, str(tmp_path))
        return values_of(read(path), "dr_copy_set_timestamp_seconds", "group")

    assert times(*rows) == {"i-1": seconds(rows[0]["source_created_at"]), "i-2": 0}
    assert times(server("i-1", **UNREAD), server("i-3", **UNREAD)) == {**times(rows[0]), "i-3": 0}


@pytest.mark.parametrize("reason", ["key", "archived"])
def test_a_point_that_cannot_be_restored_fails_for_that_reason(reason):
    report = sample(disks=2, late=1)
    report["breaches"][0].update(reason=reason, why="the reason")
    suite = ElementTree.fromstring(junit_text(report))
    messages = [failure.get("message") for failure in suite.iter("failure")]
    assert any(message.startswith("cannot be restored: ") and "the reason" in message for message in messages)
    late = [breach for breach in report["breaches"] if breach["reason"] != reason]
    assert sum("misses the RPO of 26 h: " in message for message in messages) == len(late)


def test_characters_that_xml_cannot_hold_are_replaced():
    report = sample(disks=1, late=0, host="a\x00<b>&\ufffe\ud800")
    report["recovery_points"][0]["disk_name"] = f"{NAMES[2]}\x1b"
    suite = ElementTree.fromstring(junit_text(report).encode())
    assert suite.get("name").startswith("a\ufffd<b>&") and NAMES[2] in suite.find("testcase").get("name")


# The rulebook


@pytest.fixture(scope="module")
def rulebook_schema():
    """The schema from the wheel of ansible-rulebook, its only validation."""
    kept = TOOLS / "ruleset_schema.json"
    if not kept.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", TOOLS, "ansible-rulebook"]
        try:
            subprocess.run(fetch, check=True, capture_output=True, timeout=90)
            wheel = next(TOOLS.glob("ansible_rulebook-*.whl"))
        except (OSError, StopIteration, subprocess.SubprocessError) as error:
            pytest.skip(f"ansible-rulebook cannot be had: {error}")
        with zipfile.ZipFile(wheel) as archive:
            kept.write_bytes(archive.read("ansible_rulebook/schema/ruleset_schema.json"))
        wheel.unlink()
    return json.loads(kept.read_text())


def test_the_rulebook_is_one(rulebook_schema):
    rulebook = yaml.safe_load((REPOSITORY / "extensions" / "eda" / "rulebooks" / "dr_copy.yml").read_text())
    jsonschema.validate(rulebook, rulebook_schema)
    (rule,) = rulebook[0]["rules"]
    assert "once_after" in rule["throttle"], "many snapshots are one run"
    setup = (REPOSITORY / "playbooks" / "awx" / "setup.yml").read_text()
    assert f"        name: {rule['action']['run_job_template']['name']}\n" in setup, "setup.yml makes that job template"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**rulebook[0], "rules": [{**rule, "throttle": {"once_after": "soon"}}]}], rulebook_schema)


@pytest.mark.parametrize("name", ["a\r\n::error::x", "\x1b[31mred", "a\u2028b", "a\tb"])
def test_a_name_from_a_tag_begins_no_line_and_colors_none(name):
    assert printable(f"{name} (vol-1)").isprintable() and printable("größe 磁盘 ✓") == "größe 磁盘 ✓"
