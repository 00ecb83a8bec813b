# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code blocks of a guide, for tests that run them unchanged."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
_BLOCK = re.compile(r"^( *)\.\. code-block:: (\w+)\n((?:\1 +:\w+: .*\n)*)\n((?:\1 {3}.*\n|\n)+)", re.M)
_CAPTION = re.compile(r":caption: (.+)")
_SECTION = re.compile(r"^(\S.*)\n[-=]{3,}\n", re.M)


class Block(NamedTuple):
    """A block: its heading, its language, and its caption, which is the name of a file; "" if there is none."""

    section: str
    language: str
    caption: str
    text: str


def blocks_of(guide: str) -> list[Block]:
    """Return the code blocks of a guide in order."""
    content = (GUIDES / f"{guide}.rst").read_text()
    sections = [(found.start(), found[1]) for found in _SECTION.finditer(content)]
    blocks = []
    for found in _BLOCK.finditer(content):
        section = max((start, name) for start, name in sections if start < found.start())[1]
        caption = _CAPTION.search(found[3])
        blocks.append(Block(section, found[2], caption[1] if caption else "", textwrap.dedent(found[4]).strip() + "\n"))
    return blocks
