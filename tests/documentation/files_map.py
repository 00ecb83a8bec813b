# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the map of the files of plugins/ from their docstrings: python -m tests.documentation.files_map."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MAP = Path("docs") / "development" / "files.md"
BEGIN, END = "<!-- begin files -->\n", "<!-- end files -->\n"
#: The folders, in the order of the map, with what their files have in common.
FOLDERS = {
    "plugins/filter": "what playbooks call",
    "plugins/plugin_utils": "the controller",
    "plugins/plugin_utils/_action": "what the action plugins share",
    "plugins/plugin_utils/_role": "what both roles share",
    "plugins/plugin_utils/_dr_copy": "the role dr_copy",
    "plugins/plugin_utils/_dr_copy/input": "its variables",
    "plugins/plugin_utils/_dr_copy/decide": "its decisions, and their result",
    "plugins/plugin_utils/_dr_copy/decide/copying": "what is copied",
    "plugins/plugin_utils/_dr_copy/decide/keeping": "what retention keeps and deletes",
    "plugins/plugin_utils/_dr_copy/decide/judging": "how the recovery points stand",
    "plugins/plugin_utils/_dr_copy/decide/wording": "sentences about decisions",
    "plugins/plugin_utils/_dr_copy/output": "what it writes and shows",
    "plugins/plugin_utils/_dr_restore": "the role dr_restore",
    "plugins/plugin_utils/_dr_restore/input": "its variables",
    "plugins/plugin_utils/_dr_restore/decide": "its decisions",
    "plugins/plugin_utils/_dr_restore/decide/choosing": "which copy each disk is restored from",
    "plugins/plugin_utils/_dr_restore/decide/proving": "what a drill tries, proves and deletes",
    "plugins/plugin_utils/_dr_restore/output": "what it writes and shows",
    "plugins/plugin_utils/_sets": "servers of several disks",
    "plugins/module_utils/_core": "independent of any cloud",
    "plugins/module_utils/_core/decide": "decisions",
    "plugins/module_utils/_core/act": "the only code that writes to a cloud",
    "plugins/module_utils/_core/module": "Ansible's side",
    "plugins/module_utils/_clouds": "what the adapters share",
    "plugins/module_utils/_clouds/aws": "EBS",
    "plugins/module_utils/_clouds/alibaba": "ECS and ENS",
    "plugins/module_utils/_clouds/tencent": "CBS",
}


def purpose_of(path: Path) -> str:
    """Return what a file holds: the first paragraph of its docstring, or the short description of a plugin."""
    text = path.read_text()
    if described := re.search(r"^short_description: (.+)$", text, re.M):
        return described[1]
    first = " ".join((ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0].split())
    if not first:
        raise ValueError(f"{path} has no docstring")
    return re.sub(r" \((api-facts|promises): [^)]+\)", "", first).removesuffix(".")


def tables() -> str:
    """Return the table of each folder in Markdown."""
    parts = []
    for folder, what in FOLDERS.items():
        files = [path for path in sorted((REPOSITORY / folder).glob("*.py")) if path.stem != "__init__"]
        rows = [f"| `{path.name}` | {purpose_of(path)} |" for path in files]
        parts.append("\n".join([f"## {folder}: {what}", "", "| File | What it holds |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def written(text: str) -> str:
    """Return the document with the tables of today."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    (REPOSITORY / MAP).write_text(written((REPOSITORY / MAP).read_text()))
