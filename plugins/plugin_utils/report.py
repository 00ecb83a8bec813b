# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run: as JSON that stays stable, and as one page that people read."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.messages import spelt_out
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .calls import answers, failures_of, is_listed
from .planning import THERE
from .retention import Row
from .verdict import breaches_of

#: The form of the JSON; a key is never taken away or given another meaning without a new number.
SCHEMA = 1
COLLECTION = Path(__file__).resolve().parents[2]
#: Variables of the role that a report repeats.
SETTINGS = (
    "disk_tags",
    "disk_ids",
    "select",
    "max_snapshot_age_hours",
    "keep",
    "keep_days",
    "retention_days",
    "shard",
)


def report_of(
    result: Row, done: Mapping[str, Any], values: Mapping[str, Any], run: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the report of a run. ``run`` holds ``host``, ``check_mode`` and ``ansible``, the version."""
    calls: Counter[str] = Counter()
    for call in (
        done["source"],
        *done["before"],
        done["share"],
        *done["copied"],
        *done["deleted"],
        *done["listed_again"],
    ):
        calls.update(call.get("api_calls") or {})
    breaches = breaches_of(result, values["source_region"], done["source"], done["listed"])
    judged = bool(values["rpo_hours"])
    return {
        "schema": SCHEMA,
        "kind": "status" if values["reads_only"] else "copy",
        "host": run["host"],
        "check_mode": bool(run["check_mode"]),
        "started_at": values["now"],
        "finished_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cloud": values["cloud"],
        "source_region": values["source_region"],
        "destination_regions": list(values["destination_regions"]),
        "source_answered": answers(done["source"]),
        "source_listed": is_listed(done["source"]),
        "source_problem": spelt_out(failures_of(done["source"])) or None,
        "settings": {name: values[name] for name in SETTINGS},
        "rpo_hours": values["rpo_hours"],
        "within_rpo": not breaches if judged and result["recovery_points"] else None,
        "totals": {
            "disks": len(done["disks"]),
            "recovery_points": len(result["recovery_points"]),
            "complete": sum(point["state"] == "completed" for point in result["recovery_points"]),
            "breaches": len(breaches),
            "failures": len(result["failures"]),
            "pruned": len(result["pruned"]),
            "orphans": len(result["orphans"]),
        },
        "breaches": breaches,
        **{name: result[name] for name in ("recovery_points", "failures", "copies", "plan", "pruned", "orphans")},
        "shared": result.get("shared", []),
        "counts": result["counts"],
        "api_calls": dict(sorted(calls.items())),
        "versions": {
            "collection": collection_version(),
            "ansible": str(run["ansible"]),
            "python": platform.python_version(),
        },
    }


def collection_version() -> str:
    """Return this collection's version: that of the installed tarball, or of the checkout."""
    manifest = COLLECTION / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text())["collection_info"]["version"])
    return str(yaml.safe_load((COLLECTION / "galaxy.yml").read_text())["version"])


def page_of(report: Row) -> str:
    """Write a report as one self-contained HTML page, worst first."""
    points = sorted(report["recovery_points"], key=_worst_first)
    ages = [point["age_hours"] for point in points if point["age_hours"] is not None]
    left_out = [row for row in report["plan"] if not row["chosen"] and row["reason"] != THERE]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            points=points,
            why={(b["disk_id"], b["region"]): b["why"] for b in report["breaches"]},
            scale=2 * report["rpo_hours"] or max(ages, default=0) or 1,
            left_out=Counter(row["reason"] for row in left_out),
            left_out_rows=left_out[:MOST_LEFT_OUT],
            most=MOST_LEFT_OUT,
        )
    )


def index_of(reports: Sequence[Row], silent: Mapping[str, str] | None = None) -> str:
    """Write one page over several plans, one line a plan, worst first. ``silent`` tells why a plan has no report."""
    unseen = [{"host": host, "message": message} for host, message in sorted((silent or {}).items())]
    plans = [*unseen, *sorted(reports, key=_worst_plan_first)]
    return _environment().get_template("index.html.j2").render(plans=plans)


#: Rows of snapshots that were left out which the page shows; the JSON has them all.
MOST_LEFT_OUT = 200


def _worst_first(point: Row) -> tuple[bool, bool, float, str, str]:
    age = point["age_hours"]
    return (
        point["within_rpo"] is not False,
        age is not None,
        -(age or 0),
        str(point["disk_name"] or point["disk_id"]),
        point["region"],
    )


def _worst_plan_first(report: Row) -> tuple[int, int, str]:
    totals = report["totals"]
    return (-totals["breaches"], -totals["failures"], str(report["host"]))


def _environment() -> Environment:
    """Return a Jinja that escapes everything and knows no undefined value: names come from the cloud."""
    return Environment(
        loader=FileSystemLoader(COLLECTION / "roles" / "dr_copy" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
