# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and descriptions: templates with placeholders, checked against a cloud's rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from .model import CopyRequest, Snapshot
from .times import iso_utc

#: Placeholders that are known before any source is read.
_OF_THE_REQUEST = ("snapshot_id", "source_region", "destination_region")
#: Placeholders that are known only from the source itself.
_OF_THE_SOURCE = ("source_name", "source_created_at", "disk_id")
PLACEHOLDERS = _OF_THE_REQUEST + _OF_THE_SOURCE


@dataclass(frozen=True)
class TextRule:
    """What a cloud accepts as a name or a description; lengths are in characters.

    ``pattern`` is a regular expression for the complete text; ``wants`` says in words what the text must do.
    """

    max_length: int
    min_length: int = 0
    pattern: str = r"(?s).*"
    wants: str = ""

    def problem(self, text: str) -> str | None:
        """Return the problem of ``text``, or None."""
        if len(text) > self.max_length:
            return f"has {len(text)} characters, but at most {self.max_length} are allowed"
        if len(text) < self.min_length:
            return f"has {len(text)} characters, but at least {self.min_length} are needed"
        if not re.fullmatch(self.pattern, text):
            return f"must {self.wants}"
        return None


def template_problems(template: str) -> list[str]:
    """Return a problem for each unknown placeholder; those with attributes, indexes or formats are unknown too."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return [f"is not a valid template ({error}); write {{{{ and }}}} for braces"]
    problems = []
    for _text, field, spec, conversion in parts:
        if field is not None and (field not in PLACEHOLDERS or spec or conversion):
            known = " ".join("{" + name + "}" for name in PLACEHOLDERS)
            problems.append(f"has the unknown placeholder {{{field}}}; known are {known}")
    return problems


def render(template: str, request: CopyRequest, source: Snapshot | None = None) -> str:
    """Fill in a valid template; without a source its data are empty."""
    return template.format_map(
        {
            "snapshot_id": request.snapshot_id,
            "source_region": request.source_region or (source.region if source else ""),
            "destination_region": request.region,
            "source_name": source.name if source else "",
            "source_created_at": (iso_utc(source.created_at) or "") if source else "",
            "disk_id": (source.disk_id or "") if source else "",
        }
    )


def needs_source(template: str) -> bool:
    """Whether a template can be checked only once the source is known."""
    return any(field in _OF_THE_SOURCE for _t, field, _s, _c in Formatter().parse(template))


def text_problems(
    label: str,
    template: str,
    max_length: int,
    problem_of: Callable[[str, str], str | None],
    requests: list[CopyRequest],
) -> list[str]:
    """Return the problems of a template for all its requests, before any call.

    ``problem_of`` takes a text and the source's ID. A problem that the source's data may resolve is not reported yet.
    """
    found = [f"{label} {problem}" for problem in template_problems(template)]
    if found:
        return found
    for request in requests:
        text = render(template, request)
        problem = problem_of(text, request.snapshot_id)
        if problem and (len(text) > max_length or not needs_source(template)):
            return [f"{label} {text!r} {problem}"]
    return []
