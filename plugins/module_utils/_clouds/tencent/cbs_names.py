# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of copies, which say what was copied, because CBS records no source (api-facts: cbs-names)."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from ..._core.model import Provenance, Snapshot
from ..._core.tags import SOURCE_DISK_ID, provenance_tags

#: The format of the source's time (UTC) in our names of copies.
TIME_IN_NAME = "%Y%m%dT%H%M%SZ"
SNAPSHOT_ID, DISK_ID = r"snap-[0-9a-z]{8}", r"disk-[0-9a-z]{8}"
#: The longest name, in characters (api-facts: cbs-names).
MAX_NAME = 60
_IDS = re.compile(rf"(?<!\w){SNAPSHOT_ID}(?!\w)")
_OUR_DEFAULT = re.compile(rf"copy-of-({SNAPSHOT_ID})")
_SERVICES_DEFAULT = re.compile(rf"Copied {SNAPSHOT_ID} from ([a-z]{{2}}(?:-[a-z0-9]+)+)")
_OUR_ENDING = re.compile(rf" \[({SNAPSHOT_ID})(?: ({DISK_ID}) (\d{{8}}T\d{{6}}Z))?\]$")


def name_ending(snapshot_id: str) -> str:
    """Return the shortest ending of our names, which has only the source."""
    return f" [{snapshot_id}]"


def full_name(name: str, snapshot_id: str, source: Snapshot | None) -> str:
    """Return a name that ends in the source, with disk and time if they are known and there is room for them."""
    ours = _OUR_ENDING.search(name)
    stem = name[: ours.start()] if ours and ours[1] == snapshot_id else name
    disk_id = provenance_tags(source).get(SOURCE_DISK_ID) if source else None
    if source and source.created_at and disk_id:
        taken = source.created_at.astimezone(timezone.utc).strftime(TIME_IN_NAME)
        full = f"{stem} [{snapshot_id} {disk_id} {taken}]"
        if len(full) <= MAX_NAME:
            return full
    return stem + name_ending(snapshot_id)


def source_in_name(name: str) -> tuple[Provenance | None, bool]:
    """Return the source that a copy's name shows, and whether only this collection uses such names.

    Our ending takes precedence; otherwise the name must contain exactly one ID as a word. Only the service's default
    name for a copy shows the region (api-facts: cbs-default-name).
    """
    if ours := _OUR_ENDING.search(name):
        taken = _time_in_name(ours[3])
        return Provenance(ours[1], disk_id=ours[2], created_at=taken, managed=taken is not None), True
    if ours := _OUR_DEFAULT.fullmatch(name):
        return Provenance(ours[1]), True
    ids = set(_IDS.findall(name))
    default = _SERVICES_DEFAULT.fullmatch(name)
    return (Provenance(ids.pop(), default[1] if default else None) if len(ids) == 1 else None), False


def _time_in_name(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", TIME_IN_NAME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
