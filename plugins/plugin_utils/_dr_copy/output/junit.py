# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as JUnit XML, a test case for each recovery point. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import spelt_out

from ..._role.naming import label_of
from ..._role.rows import Row
from ..decide.sets import BY_SET, set_in_words
from .report_type import Report

#: Characters that a name in a cloud may have and XML 1.0 may not.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(report: Report) -> str:
    """Return JUnit XML. A point that could not be checked is an error, without an RPO skipped: neither is passed."""
    breaches = {(breach["disk_id"], breach["region"]): breach for breach in report["breaches"]}
    suite = ElementTree.Element("testsuite", name=_text(label_of(report)), timestamp=report["finished_at"])
    for point in report["recovery_points"]:
        name = point["disk_id"] if not point["disk_name"] else f"{point['disk_name']} ({point['disk_id']})"
        case = ElementTree.SubElement(suite, "testcase", classname=_text(point["region"]), name=_text(name))
        state = f"{point['state']}, " + ("no copy" if point["age_hours"] is None else f"{point['age_hours']:.1f} h old")
        if point["within_rpo"] is False:
            breach = breaches.get((point["disk_id"], point["region"])) or {"why": state, "reason": ""}
            what = "cannot be restored" if breach["reason"] == "key" else f"misses the RPO of {report['rpo_hours']} h"
            _add(case, "failure", f"{what}: {state}; {breach['why']}")
        elif point["within_rpo"] is None:
            unchecked = (
                f"could not be judged: {state}; {point['unknown']}"
                if report["rpo_hours"]
                else f"no RPO is set: {state}"
            )
            _add(case, "error" if report["rpo_hours"] else "skipped", unchecked)
    for row in report["sets"]:
        name = f"set of {row['group']}"
        case = ElementTree.SubElement(suite, "testcase", classname=_text(row["region"]), name=_text(name))
        _judge_set(case, row, report)
    run = ElementTree.SubElement(suite, "testcase", classname=_text(label_of(report)), name="the run itself")
    if report["failures"]:
        _add(run, "failure", f"{len(report['failures'])} failed. {spelt_out(report['failures'])}")
    counted = {f"{kind}s" if kind != "skipped" else kind: len(list(suite.iter(kind))) for kind in _RESULTS}
    suite.attrib.update({"tests": str(len(suite)), **{kind: str(number) for kind, number in counted.items()}})
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _judge_set(case: ElementTree.Element, row: Row, report: Report) -> None:
    """A server's set passes only if all disks are of it; what fails the run by dr_copy_consistency is a failure."""
    words = set_in_words(row, report["settings"]["set_seconds"])
    if row["unknown"]:
        _add(case, "error" if report["rpo_hours"] else "skipped", words)
    elif row["within_rpo"] is False and report["settings"]["consistency"] == BY_SET:
        _add(case, "failure", f"misses the RPO of {report['rpo_hours']} h: {words}")
    elif row["set"] is None or row["within_rpo"] is False or row["torn"]:
        _add(case, "skipped", f"needs attention: {words}")
    elif row["within_rpo"] is None:
        _add(case, "skipped", f"no RPO is set: {words}")


_RESULTS = ("failure", "error", "skipped")


def _add(case: ElementTree.Element, element: str, message: str) -> None:
    ElementTree.SubElement(case, element, message=_text(message))


def _text(text: object) -> str:
    return _NO_CHARACTER.sub("\ufffd", str(text))
