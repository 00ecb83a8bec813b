# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents of the roles: pages from templates, JSON that can be read and compared, and the version that both show."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

COLLECTION = Path(__file__).resolve().parents[3]
ROLES = COLLECTION / "roles"
TEMPLATES = ROLES / "dr_copy" / "templates"


def render_page(template: str, **values: Any) -> str:
    """Return a page rendered from one of the roles' templates.

    A hash allows the only script of the page, so nothing else on it can run.
    """
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = _templates()
    values.update(script=environment.filters["safe"](script), script_hash=f"sha256-{digest}")
    return environment.get_template(template).render(values)


@cache
def _templates() -> Environment:
    """Return a Jinja environment that escapes everything and refuses undefined values.

    Names come from the cloud, so they must be escaped. It compiles each template once, because compiling takes longer
    than rendering a page of a few disks.
    """
    return Environment(
        loader=FileSystemLoader([TEMPLATES, ROLES / "dr_restore" / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def report_text(report: Mapping[str, object]) -> str:
    """Return a report as JSON with one line for each row of a list: short, and easy to read and compare."""
    lines = []
    for key, value in report.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            rows = ",\n  ".join(json.dumps(row, separators=(",", ":")) for row in value)
            lines.append(f"{json.dumps(key)}: [\n  {rows}\n ]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def collection_version() -> str:
    """Return the version of this collection, from the installed tarball or from the checkout."""
    manifest = COLLECTION / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))["version"])
