# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares random blocks of copies with those of their sources by checksum."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ..._core.errors import BadInput, CopyError, Mismatch, NotFound, Refused
from ..._core.module.options import id_problems, region_problems, required_region_problems
from ..._core.module.runner import calls_reported, deadline_after, end_module, guarded
from ..._core.ranges import range_problems
from ..._core.words import quoted_failures
from .client import AwsModule
from .ebs_blocks import PAGE, BlockRange, EbsBlocks
from .ebs_capabilities import EbsCapabilities
from .ebs_rules import partition_problem

OPTIONS = {
    "copies": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "snapshot_id": {"type": "str", "required": True},
            "source_snapshot_id": {"type": "str"},
            "source_region": {"type": "str"},
        },
    },
    "blocks": {"type": "int", "default": 16},
    "wait_timeout": {"type": "int", "default": 3600},
}
#: The number of blocks listed from each random index, if a snapshot has more than a page of blocks.
WINDOW = 100
#: How many random indexes are drawn for each wanted block, because blocks may be far apart.
DRAWS = 2
GONE = "does not exist, or this account is not allowed to see it"
DIFFERS_HINT = "Do not rely on this copy: restore from another one. To replace it, delete it and copy again."


class Comparison:
    """One copy and the snapshot that it was made from."""

    def __init__(self, cloud: EbsBlocks, region: str, given: Mapping[str, Any], wanted: int):
        self._cloud, self._wanted = cloud, wanted
        self._copy = region, str(given["snapshot_id"])
        self._source = given.get("source_region") or "", given.get("source_snapshot_id") or ""
        self.row: dict[str, Any] = {
            "snapshot_id": self._copy[1],
            "region": region,
            "source_snapshot_id": self._source[1] or None,
            "source_region": self._source[0] or None,
            "blocks": 0,
            "compared": None,
            "note": None,
            "error": None,
        }

    def run(self) -> None:
        """Compare copy and source. Raises a CopyError if they differ, or if one cannot be read."""
        window = self._cloud.list_blocks(*self._copy, 0, PAGE, is_new=True)
        if not self._find_source():
            self.row["compared"] = False
            if not window.tokens:
                raise Refused(
                    f"{self._copy[1]} has no written block, and there is no source to compare it with: nothing was read"
                )
        read: set[int] = set()
        for found in self._windows(window):
            of_source = self._listed_of_source(found, window) if self._with_source else None
            # One of the two listings may go further than the other (api-facts: ebs-blocks).
            common = found.tokens.keys() if of_source is None else found.tokens.keys() & of_source.tokens.keys()
            among, still_wanted = sorted(common - read), self._wanted - len(read)
            for index in random.sample(among, min(len(among), still_wanted if found is window else 1)):
                self._compare_block(index, found, of_source)
                read.add(index)
                self.row["blocks"] = len(read)
            if len(read) >= self._wanted:
                break
        if self._with_source:
            self.row["compared"] = True
        if not read:
            self.row["note"] = "neither the copy nor its source has a written block, so nothing was read"

    def _find_source(self) -> bool:
        """Return whether the source shows, and note why not. Raises a CopyError if it cannot be read."""
        region, snapshot_id = self._source
        self._with_source = False
        if not region or not snapshot_id:
            self.row["note"] = "its source is unknown, so its blocks were read and not compared"
            return False
        try:
            self._cloud.list_blocks(region, snapshot_id, 0, 1)
        except NotFound:
            self.row["note"] = f"its source {snapshot_id} in {region} {GONE}, so its blocks were read and not compared"
            return False
        self._with_source = True
        return True

    def _windows(self, first: BlockRange) -> Iterator[BlockRange]:
        """Yield all blocks if they fit into a page; else blocks from random indexes on, and finally the first page."""
        total = first.size_gib * 2**30 // first.block_size
        for _draw in range(DRAWS * self._wanted if first.end is not None else 0):
            yield self._cloud.list_blocks(*self._copy, random.randrange(total), WINDOW)
        yield first

    def _listed_of_source(self, of_copy: BlockRange, whole: BlockRange) -> BlockRange:
        """List the same blocks of the source. Raises Mismatch if one of the two lacks a block of the other."""
        of_source = self._cloud.list_blocks(*self._source, of_copy.first, PAGE if of_copy is whole else WINDOW)
        if (of_copy.size_gib, of_copy.block_size) != (of_source.size_gib, of_source.block_size):
            raise self._mismatch(
                f"has {of_copy.size_gib} GiB in blocks of {of_copy.block_size} bytes, but {self._source_label()} has "
                f"{of_source.size_gib} GiB in blocks of {of_source.block_size} bytes"
            )
        end = min(math.inf if window.end is None else window.end for window in (of_copy, of_source))
        here, there = ({index for index in window.tokens if index < end} for window in (of_copy, of_source))
        if missing := there - here:
            raise self._mismatch(f"lacks the block {min(missing)}, which {self._source_label()} has")
        if more := here - there:
            raise self._mismatch(f"has the block {min(more)}, which {self._source_label()} lacks")
        return of_source

    def _compare_block(self, index: int, of_copy: BlockRange, of_source: BlockRange | None) -> None:
        found = self._cloud.checksum(*self._copy, index, of_copy.tokens[index])
        if of_source and found != self._cloud.checksum(*self._source, index, of_source.tokens[index]):
            raise self._mismatch(f"differs in the block {index} from {self._source_label()}")

    def _source_label(self) -> str:
        return f"its source {self._source[1]} in {self._source[0]}"

    def _mismatch(self, what: str) -> Mismatch:
        return Mismatch(f"The copy {self._copy[1]} in {self._copy[0]} {what}", hint=DIFFERS_HINT)


def compare_copies(module: AwsModule) -> None:
    """Run the module and end it."""
    keys: dict[str, Any] = {"changed": False, "comparisons": [], "failures": [], "api_calls": {}}
    guarded(module, partial(_compare, module, keys), keys)


def _compare(module: AwsModule, keys: dict[str, Any]) -> None:
    cloud, params = EbsBlocks(module), module.params
    cloud.use_deadline(deadline_after(params["wait_timeout"]))
    region = cloud.home_region or ""
    if problems := _problems(cloud, region, params):
        raise BadInput(problems)
    with calls_reported(module, cloud, keys):
        for given in params["copies"]:
            comparison = Comparison(cloud, region, given, params["blocks"])
            try:
                comparison.run()
            except CopyError as error:
                failure = error.as_result(comparison.row["source_snapshot_id"], region, given["snapshot_id"])
                comparison.row["error"] = failure
                keys["failures"].append(failure)
            keys["comparisons"].append(comparison.row)
    end_module(module, keys, quoted_failures(keys["failures"]))


def _problems(cloud: EbsBlocks, region: str, params: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("snapshot_id", "source_snapshot_id"):
        found += id_problems(f"copies.{key}", [c[key] for c in params["copies"] if c[key]], cloud.snapshot_ids)
    regions = [c["source_region"] for c in params["copies"] if c["source_region"]]
    found += region_problems(cloud, "copies.source_region", list(dict.fromkeys(regions)))
    found += [problem for source in dict.fromkeys(regions) if (problem := partition_problem(source, region))]
    found += range_problems("blocks", params["blocks"], 1, EbsCapabilities.max_read_blocks)
    found += range_problems("wait_timeout", params["wait_timeout"], 1)
    return found + required_region_problems(cloud, "region", region)
