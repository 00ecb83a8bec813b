# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries that make EC2 return what a run needs, and little else (api-facts: ebs-describe-limits).

There is no filter on the source of a copy. So copies are found by our tags, and copies of the console by its
description."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.model import SnapshotFilter
from ..._core.tags import SOURCE_DISK_ID, SOURCE_REGION, SOURCE_SNAPSHOT_ID
from .ec2_calls import VALUES_PER_FILTER, Filters, queries_of

#: Unfinished snapshots without their own volume: the copies that take room (api-facts: ebs-copy-mark).
COPIES_IN_PROGRESS: Filters = [
    {"Name": "status", "Values": ["pending"]},
    {"Name": "volume-id", "Values": ["vol-ffff*"]},
]


def queries_for_copies(source_ids: Sequence[str]) -> list[Filters]:
    """Return the queries that find the copies of these sources.

    For many sources, one query finds all copies of the console.
    """
    few = len(source_ids) <= VALUES_PER_FILTER
    described = [f"[Copied {i} from *" for i in source_ids] if few else ["[Copied snap-*"]
    return [*queries_of(f"tag:{SOURCE_SNAPSHOT_ID}", source_ids), *queries_of("description", described)]


def snapshots_for(wanted: SnapshotFilter) -> list[Filters]:
    """Return the queries that find all wanted snapshots, and as few others as possible."""
    if wanted.snapshot_ids is not None:
        return queries_of("snapshot-id", wanted.snapshot_ids)
    if wanted.only_copies:
        return _copies(wanted)
    if wanted.disk_ids is not None:
        return [*queries_of("volume-id", wanted.disk_ids), *queries_of(f"tag:{SOURCE_DISK_ID}", wanted.disk_ids)]
    return [()]


def _copies(wanted: SnapshotFilter) -> list[Filters]:
    """Return the queries for copies. A copy whose tags do not name its disk is not found by disk."""
    regions = wanted.copies_from
    of_regions = [] if regions is None else [{"Name": f"tag:{SOURCE_REGION}", "Values": sorted(regions)}]
    described = queries_of("description", ["[Copied snap-*"] if regions is None else _described(regions))
    disks = wanted.source_disk_ids if wanted.disk_ids is None else wanted.disk_ids
    ours = [of_regions] if disks is None else queries_of(f"tag:{SOURCE_DISK_ID}", disks, *of_regions)
    return [*ours, *described]


def _described(regions: Any) -> list[str]:
    return [f"[Copied snap-* from {region}]*" for region in sorted(regions)]


def tag_filters(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the filters that match all these tags; the value "*" means any value."""
    return [
        {"Name": "tag-key", "Values": [key]}
        if value == "*"
        # A backslash escapes wildcards.
        else {"Name": f"tag:{key}", "Values": [re.sub(r"([*?\\])", r"\\\1", value)]}
        for key, value in tags.items()
    ]
