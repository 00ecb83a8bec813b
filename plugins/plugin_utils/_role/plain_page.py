# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages without a template, which replace the report while it cannot be rendered."""

from __future__ import annotations

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2em }} div {{ border-left: .5em solid {color}; padding: 1em }}</style>
</head>
<body>
<main>
<h1>{plan}</h1>
<div class="overall {kind}"><p><strong>{title}</strong></p><p>{message}</p></div>
</main>
</body>
</html>
"""


def page_of_start(plan: str, started_at: str) -> str:
    """Return the page that is shown while a run is in progress, or after it was killed."""
    title = f"A run began at {started_at}, and has not ended"
    message = (
        "If no run is in progress, this one was killed. Check the job's log, then run again. No earlier report is "
        "shown here, because it would be out of date."
    )
    return _page(plan, title, message, "is-amber", "#b36b00")


def page_of_failure(plan: str, message: str, title: str = "✗ The page of this run could not be rendered") -> str:
    """Return the page of a run that has no report, or whose report could not be rendered."""
    return _page(plan, title, message, "is-bad", "#b00020")


def _page(plan: str, title: str, message: str, kind: str, color: str) -> str:
    return _PAGE.format(plan=escape(plan), title=escape(title), message=escape(message), kind=kind, color=color)
