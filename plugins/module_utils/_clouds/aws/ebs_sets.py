# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which EBS snapshots were taken together. EC2 has no groups of snapshots (api-facts: ebs-sets, ebs-scripts)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from ..._core.grouping import grouped_pairs
from ..._core.model import Snapshot
from ..._core.sets import ListedSet, Member

#: How CreateImage describes the snapshots of an image; older ones name the volume too.
_OF_AN_IMAGE = re.compile(
    r"Created by CreateImage\((?P<instance>i-[0-9a-f]+)\) for (?P<image>ami-[0-9a-f]+)(?: from vol-[0-9a-f]+)?"
)
#: The longest ID of a set: the tag of a copy has the size and the consistency too, and at most 256 characters.
MAX_ID = 200
#: The tags of Data Lifecycle Manager on the snapshots that it takes between two scripts.
_SCRIPTS = ("aws:dlm:pre-script", "aws:dlm:post-script")


def sets_of(snapshots: Iterable[Snapshot], set_tag: str) -> list[ListedSet]:
    """Return the sets that snapshots show: by the value of the user's tag, else by the image to which they belong."""
    found = grouped_pairs(
        (key, Member(snapshot.id, snapshot.disk_id, _between_scripts(snapshot.tags)))
        for snapshot in snapshots
        if (key := _set_of(snapshot, set_tag))
    )
    return [
        ListedSet(set_id, tuple(members), instance_id is not None) for (set_id, instance_id), members in found.items()
    ]


def _set_of(snapshot: Snapshot, set_tag: str) -> tuple[str, str | None] | None:
    """Return the ID of a snapshot's set, and the instance if the snapshot shows it."""
    if set_tag and (value := snapshot.tags.get(set_tag, "").strip()):
        return _id_of(value), None
    match = _OF_AN_IMAGE.fullmatch(snapshot.description)
    return (match["image"], match["instance"]) if match else None


def _id_of(value: str) -> str:
    """Return the ID of a set with this value of the tag: the value itself, if it has room in the tag of a copy."""
    return value if len(value) <= MAX_ID and value.isprintable() else hashlib.sha256(value.encode()).hexdigest()


def _between_scripts(tags: Mapping[str, str]) -> bool:
    return all(tags.get(key) == "SUCCESS" for key in _SCRIPTS)
