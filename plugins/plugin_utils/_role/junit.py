# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JUnit XML: a suite of cases, each passed, failed, in error or skipped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

#: Characters that names in a cloud may contain and XML 1.0 does not allow.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RESULTS = ("failure", "error", "skipped")
#: The kind of a result with its message; None for a case that has passed.
CaseResult = tuple[str, str] | None


class Suite:
    """A suite of this name that was run at ``timestamp`` (ISO 8601)."""

    def __init__(self, name: str, timestamp: str):
        self._root = ElementTree.Element("testsuite", name=_text(name), timestamp=timestamp)

    def case(self, group: str, name: str, result: CaseResult = None, seconds: float | None = None) -> None:
        """Add a case."""
        case = ElementTree.SubElement(self._root, "testcase", classname=_text(group), name=_text(name))
        if seconds is not None:
            case.set("time", str(seconds))
        if result:
            ElementTree.SubElement(case, result[0], message=_text(result[1]))

    def as_text(self) -> str:
        root = self._root
        numbers = {f"{kind}s" if kind != "skipped" else kind: len(list(root.iter(kind))) for kind in _RESULTS}
        root.attrib.update({"tests": str(len(root)), **{kind: str(number) for kind, number in numbers.items()}})
        return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(text: object) -> str:
    return _NO_CHARACTER.sub("\ufffd", str(text))
