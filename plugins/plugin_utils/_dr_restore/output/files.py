# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of drills and restores, and how they are written."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..._role.documents import render_page, report_text
from ..._role.files import read_json_or_damage, try_to, unwritten_in_words, write_atomically, write_reports
from ..._role.plain_page import page_of_failure, page_of_start
from ..decide.choosing.points import label_of_disk
from ..input.last_drill import drill_file
from ..input.last_manifest import kubernetes_file, manifest_file
from ..input.variables import Variables
from .drill_junit import drill_junit_text, junit_of_failure
from .drill_report import also_proven, drill_problems
from .kubernetes import objects_of, objects_of_earlier, text_of
from .report_type import DrillReport, Manifest
from .server_lines import server_in_words


def write_drill(report: DrillReport, values: Variables) -> str:
    """Write report, page and metrics, as requested; return what could not be written, or an empty string."""
    if report["check_mode"]:
        return ""
    contents = (("json", report_text), ("html", drill_page), ("junit.xml", _junit_text)) if values.report_dir else ()
    unwritten = write_reports((drill_file(values, end), partial(content, report)) for end, content in contents)
    return " ".join([*unwritten_in_words(unwritten), *_write_metrics(values, report)])


def _write_metrics(values: Variables, report: DrillReport | None) -> list[str]:
    """Write the metrics of a drill, if requested; return why that failed. A failed drill may have no ``report``."""
    if not values.metrics_dir:
        return []
    from ..._role.metrics import MISSING  # its package takes longer to load than everything else

    # If the package is missing, the drill has failed before its first call, and says so.
    if MISSING:
        return []
    from .drill_metrics import write_drill_metrics, write_metrics_of_failed_drill

    if report is None:
        why = try_to(write_metrics_of_failed_drill, values)
    else:
        why = try_to(write_drill_metrics, report, values.metrics_dir)
    return [f"The metrics could not be written to {values.metrics_dir}: {why}."] if why else []


def write_page_of_start(values: Variables) -> str:
    """Replace the last drill's page with one that says that a drill has started.

    Returns why that failed, or an empty string.
    """
    if not values.report_dir:
        return ""
    page = page_of_start(f"{values.host}: drill", values.started_at)
    return try_to(write_atomically, drill_file(values, "html"), page)


def write_failure(values: Variables, message: str) -> str:
    """Write page, JUnit and metrics of a drill that its variables, or an error in the role's own code, have ended.

    Returns what could not be written, or an empty string.
    """
    texts = {
        "html": page_of_failure(f"{values.host}: drill", message, "✗ The drill has failed"),
        "junit.xml": junit_of_failure(values.host, values.started_at, message),
    }
    unwritten = write_reports(
        (drill_file(values, end), partial(str, text)) for end, text in texts.items() if values.report_dir
    )
    return " ".join([*unwritten_in_words(unwritten), *_write_metrics(values, None)])


class FileOutcome(NamedTuple):
    """The line that the screen shows for a file, and why it could not be written; each may be empty."""

    line: str = ""
    problem: str = ""


def write_manifest(manifest: Manifest, values: Variables, disks_exist: bool) -> FileOutcome:
    """Write the manifest of a restore.

    A run that has found nothing to restore keeps the manifest of an earlier run, because it has not seen that run's
    disks. With ``disks_exist`` (disks of the earlier run exist), so does a run that could restore nothing, for example
    because of a wrong zone.
    """
    path = manifest_file(values)
    is_empty = not any(disk["copy_id"] for disk in manifest["disks"])
    nothing = not any(disk["new_disk_id"] or disk["claim"] for disk in manifest["disks"])
    if manifest["check_mode"]:
        return FileOutcome()
    if os.path.exists(path) and (is_empty or (nothing and disks_exist)):
        return FileOutcome(f"MANIFEST {path} is from an earlier run, because this one restored nothing")
    why = try_to(lambda: write_atomically(path, report_text(manifest)))
    if why:
        return FileOutcome(problem=f"The manifest could not be written to {values.manifest_dir}: {why}")
    return FileOutcome(f"MANIFEST {path}")


def keep_damaged_manifest(values: Variables, is_dry: bool) -> list[str]:
    """Rename a manifest that is no JSON object, because a new one would replace its rows; return a warning, or nothing.

    With ``is_dry`` the file stays.
    """
    path = manifest_file(values)
    damage = read_json_or_damage(path)[1]
    if not damage:
        return []
    aside = path.with_name(f"{path.name}.damaged-{values.started_at.replace(':', '')}")
    if is_dry:
        kept = f"would be renamed to {aside}"
    elif why := try_to(path.rename, aside):
        kept = f"could not be renamed: {why}"
    else:
        kept = f"was renamed to {aside}"
    return [
        f"This run does not know the rows of the manifest {path}, because it cannot be read ({damage}). It found the "
        f"disks of earlier runs only by their tags. The manifest {kept}"
    ]


def write_claims(manifest: Manifest, values: Variables) -> FileOutcome:
    """Write the manifests of the restored claims, including those of earlier runs of this restore."""
    has_claims = any(disk.get("claim") for disk in (*manifest["disks"], *manifest["earlier"]))
    if manifest["check_mode"] or not values.kubernetes or not has_claims:
        return FileOutcome()
    path = kubernetes_file(values)
    if why := try_to(_write_claims, path, manifest, values):
        return FileOutcome(problem=f"The manifests of the claims could not be written to {path}: {why}")
    return FileOutcome(f"CLAIMS {path}")


def _write_claims(path: Path, manifest: Manifest, values: Variables) -> None:
    earlier = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    objects = [*objects_of(manifest["disks"], values), *objects_of_earlier(manifest["earlier"], earlier, values)]
    write_atomically(path, text_of(objects))


def drill_page(report: DrillReport) -> str:
    """Return the report as one self-contained HTML page."""
    words = {"disk_label": label_of_disk, "also_proven": also_proven, "server_in_words": server_in_words}
    return render_page("drill.html.j2", report=report, problems=drill_problems(report), **words)


def _junit_text(report: DrillReport) -> str:
    return drill_junit_text(report, drill_problems(report))
