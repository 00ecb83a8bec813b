# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills that read blocks."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving import proof_marks, trials
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import (
    drill_report,
    files,
)

from tests.support.restores import NOW, VALUES, copy, made, proofs


def compared(number, **facts):
    row = {"snapshot_id": f"snap-{number}", "blocks": 16, "compared": True, "note": None, "error": None}
    return {**row, **facts}


READABLE = replace(VALUES, level="readable", max_age_days=7)


def drilled_readable(*comparisons, **result):
    rows = proofs([copy(1), copy(2, "vol-2", name="mail")], level="readable")
    call = {"disks": [made(1), made(2)], "failures": []}
    given = {"comparisons": list(comparisons), "failures": [], **result}
    done = drill_report.DrillSteps([call, given], trials.judge(rows, call, given, READABLE))
    return drill_report.drill_report(rows, done, READABLE, False, NOW)


def test_readable_is_proven_by_blocks_and_the_disk():
    report = drilled_readable(compared(1), compared(2))
    assert report["totals"]["proven"] == 2 and not report["totals"]["uncompared"]
    assert not drill_report.drill_problems(report)
    assert any("readable in 2.5 s, 16 blocks read, equal to the source's" in line for line in
               drill_report.drill_lines(report))  # fmt: skip
    page = files.drill_page(report)
    assert "overall is-good" in page and "16 blocks equal" in page
    (mark,) = proof_marks.marks_of(report["tried"], {"snapshots": [copy(1), copy(2, "vol-2")]}, READABLE)
    assert mark.tags["dr-copy:proven-level"] == "readable"


def test_a_drill_reads_only_copies_from_which_it_made_a_disk():
    rows = proofs([copy(1), copy(2, "vol-2"), copy(3, "vol-3")])
    (call,) = trials.copies_to_compare(rows, {"disks": [made(1), made(2, state="error")], "failures": []})
    assert call == {"snapshot_id": "snap-1", "source_snapshot_id": "snap-s1", "source_region": "us-east-1"}


def test_a_copy_whose_blocks_differ_or_were_not_read_is_not_proven():
    error = {"kind": "mismatch", "message": "The copy snap-1 differs in the block 12", "code": None, "hint": None,
             "request_id": None, "region": "eu-west-1"}  # fmt: skip
    report = drilled_readable(compared(1, compared=None, error=error), failures=[error])
    message = drill_report.drill_problems(report)
    assert "2 of 2 copies were not proven readable" in message and "differs in the block 12" in message
    assert not proof_marks.marks_of(report["tried"], {"snapshots": [copy(1)]}, READABLE)
    assert report["tried"][1]["why"], "silence is no proof"
    assert "its blocks were not read" in drilled_readable()["tried"][0]["why"]


def test_a_drill_with_a_deleted_source_is_not_green():
    gone = compared(2, compared=False, note="its source snap-s2 is gone, so its blocks were read and not compared")
    report = drilled_readable(compared(1), gone)
    assert not drill_report.drill_problems(report) and report["totals"]["uncompared"] == 1
    lines = " ".join(drill_report.drill_lines(report))
    assert "1 of 2 copies NOT COMPARED" in lines and "NOT COMPARED; its source snap-s2 is gone" in lines
    page = files.drill_page(report)
    assert "overall is-amber" in page and "overall is-good" not in page and "not compared with their sources" in page
