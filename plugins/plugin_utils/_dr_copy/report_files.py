# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a run's report: which there are, what is in them, and how they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from jinja2 import TemplateError

from .history import brief_text, csv_text, dated_files, outdated_files
from .junit import junit_text
from .naming import file_name
from .pages import plain_page, report_page
from .report import report_of, report_text
from .rows import Row


def written_report(
    result: Row, done: Mapping[str, Any], values: Mapping[str, Any], run: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the report of a run (see report_of) once it is written, with what could not be as ``unwritten``, a text.

    In check mode last night's report stays as it is. A run that only reads writes no metrics.
    """
    report = report_of(result, done, values, run)
    problems: list[str] = []
    if values["report_dir"] and not run["check_mode"]:
        problems += _write_files(report, values)
    if values["metrics_dir"] and not run["check_mode"] and not values["reads_only"]:
        from .metrics import write_metrics

        why = failure_of(write_metrics, report, values["metrics_dir"])
        problems += [f"The metrics could not be written to {values['metrics_dir']}: {why}"] if why else []
    return {**report, "unwritten": " ".join(problems)}


def report_files(report: Row, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the files of a run: each one's ``path``, and the ``form`` of what is in it, for report_content.

    They bear the plan's name and the shard.
    """
    plan, base = file_name(values["plan"], values["shard"]), values["report_dir"]
    parts = f"{base}/{plan}{'.status' if report['kind'] == 'status' else ''}"
    ends = {"page": "html", "json": "json", "junit": "junit.xml"}
    files = [{"path": f"{parts}.{end}", "form": form} for form, end in ends.items()]
    return files + [
        {"path": f"{base}/history/{plan}/{path}", "form": form} for path, form in dated_files(report, values)
    ]


def report_content(report: Row, form: str) -> str:
    """Return a report in one of its forms: "page", "json", "junit", or of the dated files "brief" and "csv"."""
    forms = {"page": report_page, "json": report_text, "junit": junit_text, "brief": brief_text, "csv": csv_text}
    return forms[form](report)


def _write_files(report: Row, values: Mapping[str, Any]) -> list[str]:
    """Write the files of a run and take away dated ones that are too old; say what could not be written."""
    problems = []
    for file in report_files(report, values):
        why = failure_of(lambda file=file: write_whole(Path(file["path"]), report_content(report, file["form"])))
        problems += [f"The report {file['path']} could not be written: {why}"] if why else []
        if why and file["form"] == "page":
            # An earlier night's page must not stay as this night's.
            failure_of(lambda file=file, why=why: write_whole(Path(file["path"]), plain_page(report, why)))
    for path in outdated_files(values):
        why = failure_of(os.unlink, path)
        problems += [f"The old report {path} could not be taken away: {why}"] if why else []
    return problems


def failure_of(action: Callable[..., Any], *given: Any) -> str:
    """Do something; return why it failed, or nothing."""
    try:
        action(*given)
    except (OSError, ValueError, TemplateError) as error:
        return str(error)
    return ""


def write_whole(path: Path, text: str) -> None:
    """Write a file as a whole, since it may be read at any moment. Raises OSError."""
    _make_directory(path.parent)
    # Two runs may write the same file at once.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(text)
            file.flush()
            part.chmod(0o644)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _make_directory(path: Path) -> None:
    """Make a directory and those above it that are missing; the others keep their permissions."""
    if not path.exists():
        _make_directory(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
