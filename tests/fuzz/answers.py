# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Malformed answers of a server: truncated, with wrong types, without keys, endless."""

from __future__ import annotations

import json
import random
import re
from typing import Any

SHARE = 0.3
#: The source and the owner of a copy: nobody can detect a cloud that reports them wrongly.
TRUSTED = {
    "key",
    "value",
    "ownerId",
    "description",
    "snapshotId",
    "transferType",
    "volumeId",
    "availabilityZone",
    "outpostArn",
}
TRUSTED |= {"SnapshotId", "SourceSnapshotId", "SourceRegionId", "SourceEnsRegionId", "EnsRegionId", "SourceDiskId"}
TRUSTED |= {
    "SnapshotName",
    "Tags",
    "CopyFromRemote",
    "SnapshotType",
    "Description",
    "TotalCount",
    "NextToken",
    "Status",
    "status",
}
TRUSTED |= {"SnapshotState", "Account", "encrypted", "Encrypted", "kmsKeyId", "Error"}


def malformed(action: str, body: bytes, content_type: str, draw: random.Random) -> bytes:
    """Return an answer, sometimes malformed."""
    if draw.random() > SHARE or "Copy" in action or "Delete" in action:
        return body
    if b"<" in body[:5]:
        return _malformed_xml(body, draw)
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    return json.dumps(_malformed_json(answer, draw)).encode()


def _malformed_xml(body: bytes, draw: random.Random) -> bytes:
    kind = draw.choice(("cut", "empty", "drop", "retype", "token"))
    if kind == "cut":
        return body[: len(body) // 2]
    if kind == "empty":
        return b""
    tags = [tag for tag in re.findall(rb"<(\w+)>[^<]*</\1>", body) if tag.decode() not in TRUSTED]
    if not tags:
        return body
    tag = draw.choice(tags)
    if kind == "drop":
        return re.sub(rb"<" + tag + rb">[^<]*</" + tag + rb">", b"", body, count=1)
    if kind == "token":
        return body.replace(b"</DescribeSnapshotsResponse>", b"<nextToken>same</nextToken></DescribeSnapshotsResponse>")
    return re.sub(rb"<" + tag + rb">[^<]*</" + tag + rb">", b"<" + tag + b">&lt;odd&gt;</" + tag + b">", body, count=1)


def _malformed_json(answer: Any, draw: random.Random) -> Any:
    """Change one place in the answer, at any depth."""
    places = [(holder, key) for holder, key in _places(answer) if key not in TRUSTED]
    if not places:
        return answer
    holder, key = draw.choice(places)
    kinds = ("drop", "null", "text", "number", "list", "dict", "time")
    kind = draw.choice(kinds if isinstance(holder, dict) else kinds[1:])
    if isinstance(holder[key], list) and kind == "list":
        kind = "null"  # an empty listing is valid
    if kind == "drop" and isinstance(holder, dict):
        del holder[key]
    else:
        odd: dict[str, Any] = {
            "null": None,
            "text": "odd",
            "number": -7,
            "list": [],
            "dict": {},
            "time": "2026/11/21 soon",
        }
        holder[key] = odd.get(kind)
    return answer


def _places(part: Any) -> Any:
    if isinstance(part, dict):
        for key, value in part.items():
            yield part, key
            if key not in TRUSTED:
                yield from _places(value)
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield part, number
            yield from _places(value)
