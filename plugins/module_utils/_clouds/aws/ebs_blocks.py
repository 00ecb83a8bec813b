# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads blocks of EBS snapshots through the EBS direct APIs (api-facts: ebs-blocks)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._core.errors import Forbidden, NotFound, Unreachable
from ..._core.pacing import retry_until_answered
from ..paging import items_of
from .ebs import EbsCloud
from .errors import BLOCK_KEY_ACTIONS

#: The smallest and the largest page size.
MIN_PAGE, PAGE = 100, 10000
#: How long (seconds) a complete copy may be missing from the EBS direct APIs.
SHOWN_SECONDS = 60.0
BLOCKS_HINT = (
    "Grant the caller ebs:ListSnapshotBlocks and ebs:GetSnapshotBlock on this snapshot, and if it is encrypted "
    f"{BLOCK_KEY_ACTIONS} on its key; see the guide on permissions."
)


@dataclass(frozen=True)
class BlockRange:
    """The written blocks from ``first`` up to, but excluding, ``end`` (None: up to the end of the snapshot).

    ``tokens`` are those that AWS requires to read each block; ``size_gib`` and ``block_size`` are those of the
    snapshot.
    """

    first: int
    end: int | None
    tokens: dict[int, str]
    size_gib: int
    block_size: int


class EbsBlocks(EbsCloud):
    """EBS with the blocks of its snapshots. Each method raises only CopyError."""

    def list_blocks(
        self, region: str, snapshot_id: str, first: int, max_blocks: int, is_new: bool = False
    ) -> BlockRange:
        """List about ``max_blocks`` written blocks from index ``first`` on.

        With ``is_new``, wait for a snapshot that shows late.
        """
        ask = partial(self._ec2.block_reader(region).list_snapshot_blocks, SnapshotId=snapshot_id)
        ask = partial(ask, MaxResults=min(PAGE, max(MIN_PAGE, max_blocks)))
        activity = f"Listing the blocks of {snapshot_id} in {region}"
        read = partial(self._page, activity, ask)
        tokens: dict[int, str] = {}
        seen: set[str] = set()
        # AWS accepts a first index together with a page token, but ignores the index.
        given: dict[str, Any] = {"StartingBlockIndex": first}
        while True:
            page, found = self._read_with_retries(partial(read, given), is_new and not tokens)
            tokens.update(found)
            token = page.get("NextToken")
            if not token or len(tokens) >= max_blocks:
                break
            if token in seen:
                raise Unreachable(f"{activity}: the pages of the listing do not end")
            seen.add(token)
            given = {"NextToken": token}
        end = max(tokens) + 1 if token and tokens else None
        return BlockRange(first, end, tokens, int(page["VolumeSize"]), int(page["BlockSize"]))

    def checksum(self, region: str, snapshot_id: str, index: int, token: str) -> str:
        """Read a block; return the base64 checksum of its content."""
        activity = f"Reading the block {index} of {snapshot_id} in {region}"
        ask = self._ec2.block_reader(region).get_snapshot_block

        def read() -> tuple[str, str | None]:
            answer = ask(SnapshotId=snapshot_id, BlockIndex=index, BlockToken=token)
            data = answer["BlockData"].read()
            return base64.b64encode(hashlib.sha256(data).digest()).decode(), answer.get("Checksum")

        def read_block() -> str:
            found, checksum = self._ec2.read(activity, read)
            if checksum and found != checksum:
                raise Unreachable(f"{activity}: the checksum of the received block is not the one that AWS reports")
            return found

        return str(retry_until_answered(partial(self._with_hint, read_block), self.deadline))

    def _page(self, activity: str, ask: Any, given: Any) -> tuple[Any, dict[int, str]]:
        page = self._ec2.read(activity, partial(ask, **given))
        listed = items_of(page, "Blocks", activity=activity)
        if not (page.get("BlockSize") and page.get("VolumeSize")):
            raise Unreachable(f"{activity}: the response does not contain the size of a block, or of the snapshot")
        if not all(block.get("BlockToken") and "BlockIndex" in block for block in listed):
            raise Unreachable(f"{activity}: the response contains a block without its index or token")
        return page, {int(block["BlockIndex"]): str(block["BlockToken"]) for block in listed}

    def _read_with_retries(self, read: Any, may_show_late: bool) -> Any:
        ask = partial(self._with_hint, read)
        until = self.deadline.now() + SHOWN_SECONDS
        while True:
            try:
                return retry_until_answered(ask, self.deadline)
            except NotFound:
                if not may_show_late or self.deadline.passed or self.deadline.now() >= until:
                    raise
                self.deadline.sleep(5.0)

    @staticmethod
    def _with_hint(call: Any) -> Any:
        try:
            return call()
        except Forbidden as error:
            raise error.as_kind(Forbidden, hint=BLOCKS_HINT) from error
