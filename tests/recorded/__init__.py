# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of the real services: one item for each phenomenon, in a form of our own.

Each item is ``<cloud>/<phenomenon>.json``:

.. code-block:: text

    source    its origin: {"kind": "recorded" or "documented", "where": repository and path or page, "seen": date}
    call      the operation that was answered, such as "DescribeSnapshots"
    snapshot  one snapshot (disk, error) as the service wrote it: with the service's own keys and types;
    disk      IDs, accounts, names and times are replaced
    group     the same for a group of snapshots
    set       what an EBS snapshot shows about its set
    error     {"status": HTTP status, "code": ..., "message": ...}
    disk_error  an error of a call that makes or deletes a disk, in the form of ``error``
    becomes   the result of our parser: fields of ``Snapshot`` or ``Disk``;
              for an error {"kind": ..., "class": ...}
    note      what is worth knowing, in a sentence; optional
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def recorded(cloud: str, part: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the items of a cloud by name; with ``part`` ("snapshot", "disk", "error") only those that have it."""
    items = {path.stem: json.loads(path.read_text()) for path in sorted((HERE / cloud).glob("*.json"))}
    return {name: item for name, item in items.items() if part is None or part in item}


def shape(value: Any) -> Any:
    """Return the keys and types of an answer, which a simulator must show too."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
