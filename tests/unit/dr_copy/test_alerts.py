# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alerts on the roles' metrics, evaluated by promtool on series of hours; and the dashboard."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import metrics
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import drill_metrics

from tests.support.harness import TOOLS
from tests.support.metrics import NO_PROBLEMS, read
from tests.support.pages import server
from tests.support.reports import sample
from tests.support.repository import REPOSITORY

MONITORING = REPOSITORY / "docs" / "monitoring"
RULES = MONITORING / "dr_copy.rules.yml"


@pytest.fixture(scope="module")
def promtool():
    """Return promtool: the installed one, or the one from Debian's package."""
    kept = TOOLS / "promtool"
    if shutil.which("promtool") or kept.exists():
        return shutil.which("promtool") or str(kept)
    TOOLS.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=TOOLS))  # other workers may do the same
    try:
        subprocess.run(["apt-get", "download", "prometheus"], cwd=work, check=True, capture_output=True, timeout=90)
        (package,) = work.glob("prometheus_*.deb")
        subprocess.run(["dpkg", "-x", package, work], check=True, capture_output=True, timeout=60)
        (work / "usr" / "bin" / "promtool").replace(kept)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        pytest.skip(f"promtool cannot be had: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return str(kept)


def test_the_guide_says_for_each_alert_what_to_do():
    guide = (MONITORING.parent / "docsite" / "rst" / "monitoring.rst").read_text()
    alerts = [rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert re.findall(r"\* - ``(DrCopy\w+)``", guide) == alerts


ORDERS = {"plan": "orders", "instance": "a:9100"}
MAIL = {"plan": "mail", "instance": "a:9100"}
DISK = {"disk": "vol-1", "region": "eu-west-1"}
SET = "dr_copy_set_timestamp_seconds"
POINT = "dr_copy_recovery_point_timestamp_seconds"
RUN, SUCCESS = "dr_copy_last_run_timestamp_seconds", "dr_copy_last_success_timestamp_seconds"
DRILL, DISKS = "dr_copy_drill_timestamp_seconds", "dr_copy_disks"


def series(name, values, **labels):
    """Return a series of one value an hour in promtool's notation: ``0+0x9`` is ten times 0."""
    text = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{text}}}", "values": values}


class Case(NamedTuple):
    """An alert on series with one value an hour: the hours at which it is silent, and those at which it fires.

    It fires for one set of labels. The first case checks severity and summary too; ``value`` is what the description
    shows of the value.
    """

    series: list[dict[str, str]]
    quiet: list[int]
    fires: list[int]
    severity: str
    labels: dict[str, str]
    summary: str
    value: str = ""

    def checks(self, alert: str, description: str) -> dict[str, Any]:
        """Return a group of tests in promtool's format."""
        firing = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
        numbers = {**dict.fromkeys(self.quiet, 0), **dict.fromkeys(self.fires, 1)}
        shown = {"summary": self.summary, "description": _filled_in(description, self.labels, self.value)}
        first = {"exp_labels": {"severity": self.severity, **self.labels}, "exp_annotations": shown}
        return {
            "name": alert,
            "interval": "1h",
            "input_series": self.series,
            "alert_rule_test": [{"alertname": alert, "eval_time": f"{self.fires[0]}h", "exp_alerts": [first]}],
            "promql_expr_test": [
                {"expr": firing, "eval_time": f"{hour}h", "exp_samples": [{"labels": "{}", "value": number}]}
                for hour, number in numbers.items()
            ],
        }


def _filled_in(text: str, labels: dict[str, str], value: str) -> str:
    """Return a description as Prometheus renders it."""
    text = re.sub(r"{{ [$]labels[.](\w+) }}", lambda match: labels[match[1]], text)
    return re.sub(r"{{ [$]value.*? }}", value, text)


#: Time starts in 1970 here: a point of the second 0 means none, just as it is very old on a real clock.
ALERTS = {
    "DrCopyRecoveryPointTooOld": Case(
        [
            series(POINT, "0+0x60", cloud="ebs", **DISK, **ORDERS),
            series("dr_copy_rpo_seconds", "93600+0x60", **ORDERS),
            series(POINT, "0+0x60", cloud="ebs", **DISK, **MAIL),
            series("dr_copy_rpo_seconds", "0+0x60", **MAIL),
            series(POINT, "0+0x60", cloud="ebs", **DISK, **{**ORDERS, "instance": "of-another-controller"}),
        ],
        *([1, 26], [27, 60], "critical", {**ORDERS, **DISK, "cloud": "ebs"}),
        "vol-1 has no recovery point within its RPO in eu-west-1",
        "1d 3h 0m 0s",
    ),
    "DrCopySetTooOld": Case(
        [
            series(SET, "0+0x29 108000+0x30", group="i-1", region="eu-west-1", **ORDERS),
            series("dr_copy_rpo_seconds", "93600+0x60", **ORDERS),
            series(SET, "0+0x60", group="i-2", region="eu-west-1", **MAIL),
            series("dr_copy_rpo_seconds", "0+0x60", **MAIL),
        ],
        *([1, 26, 30, 56], [27, 29, 57], "warning", {**ORDERS, "group": "i-1", "region": "eu-west-1"}),
        "i-1 has no complete set of copies within its RPO in eu-west-1",
        "1d 3h 0m 0s",
    ),
    "DrCopyFailures": Case(
        [
            series("dr_copy_failures", "0 0 2 0", kind="busy", **ORDERS),
            series("dr_copy_failures", "0 0 0 0", kind="timeout", **ORDERS),
        ],
        *([1, 3], [2], "warning", {**ORDERS, "kind": "busy"}),
        "Failures of kind busy in the last run of orders: 2",
    ),
    "DrCopyNoSuccess": Case(
        [series(SUCCESS, "0+0x60", **ORDERS), series(SUCCESS, "0+3600x60", **MAIL)],
        *([1, 48], [49, 60], "critical", ORDERS),
        "No run of orders has succeeded for two days",
    ),
    "DrCopyNotRunning": Case(
        [series(RUN, "0+0x30", **ORDERS), series(RUN, "0+3600x30", **MAIL)],
        *([1, 26], [27, 30], "critical", ORDERS),
        "orders has not run for 26 hours",
    ),
    "DrCopyPlanGone": Case(
        [series(RUN, "0+3600x5 _x210", **ORDERS), series(RUN, "0+3600x210", **MAIL)],
        *([5, 6, 198], [7, 197], "critical", ORDERS),
        "The metrics of orders have ended",
    ),
    "DrCopyDisksLost": Case(
        [
            series(DISKS, "0 0 3 0", state="lost", **ORDERS),
            series(DISKS, "4+0x3", state="selected", **ORDERS),
            series(DISKS, "4+0x3", state="excluded", **ORDERS),
        ],
        *([1, 3], [2], "warning", {**ORDERS, "state": "lost"}),
        "Disks of orders that have lost their tags: 3",
    ),
    "DrCopyFewerDisks": Case(
        [
            series(DISKS, "5+0x30 4+0x40", state="selected", **ORDERS),
            series(DISKS, "5+0x30 4+0x40", state="excluded", **ORDERS),
            series(DISKS, "5+0x30 6+0x40", state="selected", **MAIL),
        ],
        *([30, 55], [31, 54], "warning", {**ORDERS, "state": "selected"}),
        "orders selects fewer disks than a day ago: 4",
    ),
    "DrCopyRecoveryPointsVanished": Case(
        [series("dr_copy_vanished_recovery_points", "0 0 2 0", **ORDERS)],
        *([1, 3], [2], "critical", ORDERS),
        "Recovery points of orders that have vanished: 2",
    ),
    "DrCopyDrillTooOld": Case(
        [
            series(DRILL, "60+0x850", **DISK, **ORDERS),
            series(DRILL, "0+0x850", **{**DISK, "disk": "vol-2"}, **MAIL),
        ],
        *([840], [841, 850], "warning", {**ORDERS, **DISK}),
        "No copy of vol-1 in eu-west-1 has been proven for 35d 0h 59m 0s",
    ),
    "DrCopyNeverProven": Case(
        [
            series(DRILL, "0+0x850", **DISK, **ORDERS),
            series(DRILL, "60+3600x850", **{**DISK, "disk": "vol-2"}, **ORDERS),
            series(DRILL, "0+0x850", **{**DISK, "disk": "vol-3"}, **MAIL),
        ],
        *([839], [840, 850], "warning", {**ORDERS, **DISK}),
        "No copy of vol-1 in eu-west-1 has ever been proven",
    ),
    "DrCopyDrillFailed": Case(
        [
            series("dr_copy_drill_unproven", "0 0 2 0", level="usable", region="eu-west-1", **ORDERS),
            series("dr_copy_drill_unproven", "0 0 0 0", level="creatable", region="eu-west-1", **MAIL),
        ],
        *([1, 3], [2], "critical", {**ORDERS, "level": "usable", "region": "eu-west-1"}),
        "Copies of orders in eu-west-1 that the last drill did not prove usable: 2",
    ),
    "DrCopyMetricsGone": Case(
        [series(RUN, "0 _x3 5", **ORDERS)],
        *([0, 1, 4], [2, 3], "critical", {}),
        "There are no metrics of dr_copy",
    ),
    "DrCopyMetricsUnreadable": Case(
        [
            series("node_textfile_scrape_error", "0 1 1 1 0", instance="a:9100"),
            series("node_textfile_scrape_error", "0+0x5", instance="b:9100"),
        ],
        *([0, 1, 4], [2, 3], "warning", {"instance": "a:9100"}),
        "node_exporter on a:9100 cannot read a file of its textfile directory",
    ),
}


def test_each_alert_fires_only_on_its_condition(promtool, tmp_path):
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in rules] == list(ALERTS)
    tests = [ALERTS[rule["alert"]].checks(rule["alert"], rule["annotations"]["description"]) for rule in rules]
    path = tmp_path / "tests.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1h", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_metrics(promtool, tmp_path):
    path = Path(metrics.write_metrics(sample(), str(tmp_path)))
    command = [promtool, "check", "metrics"]
    done = subprocess.run(command, input=path.read_text(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# The dashboard


def own_metrics(tmp_path):
    report = {**sample(), "sets": [server("i-1")]}
    drilled = {**NO_PROBLEMS, "host": "drill", "tried": [], "disks": [], "earlier": []}
    paths = (metrics.write_metrics(report, str(tmp_path)), drill_metrics.write_drill_metrics(drilled, str(tmp_path)))
    return {name for path in paths for name, _labels in read(path)}


def test_alerts_and_dashboard_know_just_the_metrics_that_are_written(tmp_path):
    written = own_metrics(tmp_path)
    alerts = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    for rule in alerts:
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)
        assert set(rule["annotations"]) == {"summary", "description"}
    dashboard = json.loads((MONITORING / "dr_copy.dashboard.json").read_text())
    asked = [rule["expr"] for rule in alerts]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = {name for text in asked for name in re.findall(r"\bdr_copy_\w+", text)}
    assert used == written
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) and all(panel["title"] for panel in dashboard["panels"])


def test_the_dashboard_shows_a_disk_that_was_never_proven_as_the_worst():
    dashboard = json.loads((MONITORING / "dr_copy.dashboard.json").read_text())
    (panel,) = [panel for panel in dashboard["panels"] if "drill proved" in panel["title"]]
    worst, never = (target["expr"] for target in panel["targets"])
    assert "> 0" not in worst and worst.startswith("max by (plan) (time() - ") and "== 0" in never
    (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"]["result"]["text"] == "never" and mapping["options"]["from"] < 1.7e9
