# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EBS direct APIs over simulated snapshots: written blocks and their contents (api-facts: ebs-blocks)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

BLOCK_BYTES = 524288
#: One block in this many is written.
WRITTEN_BLOCK_STEP = 3
PATH = re.compile(r"/snapshots/(?P<id>[^/]+)/blocks(/(?P<index>\d+))?")


def action_of(request: Request) -> str | None:
    """Return the operation of a request's path, or None if it is not of this service."""
    match = PATH.fullmatch(request.path)
    return None if match is None else "GetSnapshotBlock" if match["index"] else "ListSnapshotBlocks"


class Blocks:
    """ListSnapshotBlocks and GetSnapshotBlock of one simulated EC2. The content of a block follows from the origin of
    its data.
    """

    def __init__(self, ec2: Any):
        self._ec2 = ec2

    def __call__(self, environ: dict[str, Any], region: str, account: str) -> Response:
        request = Request(environ)
        match = PATH.fullmatch(request.path)
        action = action_of(request)
        if match is None or action is None:
            return _error("ValidationException", 400, "INVALID_CUSTOMER_KEY", "The path is none.")
        if self._ec2.denial(action):
            return _error(
                "AccessDeniedException", 403, "UNAUTHORIZED_ACCOUNT", f"Not authorized to perform ebs:{action}"
            )
        snapshot = self._ec2.seen_snapshot(region, match["id"], account)
        late = self._ec2.control.settings["blocks_shown_after"]
        if snapshot is None or snapshot.status != "completed" or getattr(snapshot, "age", late) < late:
            message = f"The snapshot '{match['id']}' does not exist."
            return _error("ResourceNotFoundException", 404, "SNAPSHOT_NOT_FOUND", message)
        if refused := self._refusal_for_key(snapshot):
            return refused
        if match["index"]:
            return self._block(snapshot, int(match["index"]), request.args.get("blockToken", ""))
        return self._listed(snapshot, request)

    def _refusal_for_key(self, snapshot: Any) -> Response | None:
        """Refuse because of the snapshot's key, with the reasons of the service's model (api-facts: ebs-blocks-key)."""
        key = snapshot.kms_key_id if snapshot.encrypted else None
        what = self._ec2.control.settings["keys_of_kms"].get(key)
        if what is None:
            return None
        message = f"The key {key} of the snapshot '{snapshot.id}' cannot be used."
        if what in ("undescribable", "invalid"):
            return _error("ResourceNotFoundException", 404, "DEPENDENCY_RESOURCE_NOT_FOUND", message)
        if what == "unusable":
            return _error("AccessDeniedException", 403, "DEPENDENCY_ACCESS_DENIED", message)
        return _error("ValidationException", 400, "INVALID_DEPENDENCY_REQUEST", message)

    def _listed(self, snapshot: Any, request: Request) -> Response:
        size = int(request.args.get("maxResults", 10000))
        if not 100 <= size <= 10000:
            return _error("ValidationException", 400, "INVALID_PARAMETER_VALUE", "MaxResults is not valid.")
        try:
            token = request.args.get("pageToken")
            start = int(base64.b64decode(token)) if token else 0
        except ValueError:
            return _error("ValidationException", 400, "INVALID_PAGE_TOKEN", "The page token is not valid.")
        size = min(size, self._ec2.control.settings["block_page_sizes"].get(snapshot.id, size))
        first = start if token else int(request.args.get("startingBlockIndex", 0))
        indexes = [i for i in self._written(snapshot) if i >= first]
        # A page may be empty without being the last.
        chosen = [] if self._ec2.control.settings["empty_page_first"] and token is None else indexes[:size]
        answer: dict[str, Any] = {
            "Blocks": [{"BlockIndex": i, "BlockToken": _token(snapshot, i)} for i in chosen],
            "ExpiryTime": self._ec2.clock.utc().timestamp() + 7 * 86400,
            "VolumeSize": snapshot.volume.size,
            "BlockSize": BLOCK_BYTES,
        }
        if len(chosen) < len(indexes):
            answer["NextToken"] = base64.b64encode(str(indexes[len(chosen)]).encode()).decode()
        return Response(json.dumps(answer), content_type="application/json")

    def _block(self, snapshot: Any, index: int, token: str) -> Response:
        if token != _token(snapshot, index) or index not in self._written(snapshot):
            return _error("ValidationException", 400, "INVALID_BLOCK_TOKEN", "The block token is not valid.")
        broken = index in self._ec2.control.settings["broken_blocks"].get(snapshot.id, ())
        data = content(root_of(snapshot) if not broken else f"broken {snapshot.id}", index)
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {
            "x-amz-Data-Length": str(len(data)),
            "x-amz-Checksum": checksum,
            "x-amz-Checksum-Algorithm": "SHA256",
        }
        return Response(data, headers=headers, content_type="application/octet-stream")

    def _written(self, snapshot: Any) -> list[int]:
        """Return the indexes of the written blocks; a copy has those of its source."""
        settings = self._ec2.control.settings
        missing = settings["missing_blocks"].get(snapshot.id, ())
        written = range(0, min(snapshot.volume.size * 2048, settings["blocks_up_to"]), WRITTEN_BLOCK_STEP)
        return [index for index in written if index not in missing]


def root_of(snapshot: Any) -> str:
    """Return the snapshot from which the data of a copy came."""
    root = getattr(snapshot, "root_id", None) or getattr(snapshot, "source_id", None)
    return str(root or snapshot.id)


def content(root: str, index: int) -> bytes:
    """Return the content of a block: the same in a snapshot and all its copies, whatever their keys."""
    return hashlib.sha256(f"{root} {index}".encode()).digest() * (BLOCK_BYTES // 32)


def _token(snapshot: Any, index: int) -> str:
    return base64.b64encode(hashlib.sha256(f"{snapshot.id} block {index}".encode()).digest()).decode()


def _error(code: str, status: int, reason: str, message: str) -> Response:
    body = json.dumps({"Message": message, "Reason": reason})
    return Response(body, status=status, headers={"x-amzn-ErrorType": code}, content_type="application/json")
