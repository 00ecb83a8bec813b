# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of snapshots, which the tag service 2018-08-13 keeps (api-facts: cbs-tag-service)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core.cloud import batches
from ..._core.errors import CopyError
from ..._core.model import TagChange
from ..._core.tags import PROVENANCE_KEYS, SOURCE_SNAPSHOT_ID
from .client import Service, some
from .errors import failure

#: Tags of one call.
TAGS = 10


def change_tags(
    service: Service, region: str, resource: str, ids: Sequence[str], change: TagChange
) -> dict[str, CopyError]:
    """Make one change to at most ten snapshots, provenance last: a copy with provenance has all other tags too.

    ``resource`` is the service's word for them. Returns what failed, by ID.
    """
    failed: dict[str, CopyError] = {}
    pairs = sorted(change.set.items(), key=lambda pair: (pair[0] in PROVENANCE_KEYS, pair[0] == SOURCE_SNAPSHOT_ID))
    calls: list[tuple[str, dict[str, Any]]] = [
        ("UnTagResources", {"TagKeys": keys}) for keys in batches(change.remove, TAGS)
    ]
    for few in batches(pairs, TAGS):
        calls.append(("TagResources", {"Tags": [{"TagKey": key, "TagValue": value} for key, value in few]}))
    for action, given in calls:
        left = [snapshot_id for snapshot_id in ids if snapshot_id not in failed]
        if left:
            failed.update(_change(service, action, region, resource, left, **given))
    return failed


def _change(
    service: Service, action: str, region: str, resource: str, ids: Sequence[str], **given: Any
) -> dict[str, CopyError]:
    """Call the service, whose clean answer may hold failures (api-facts: cbs-tag-service)."""
    names = [f"qcs::cvm:{region}:uin/:{resource}/{snapshot_id}" for snapshot_id in ids]
    tried = f"Tagging {some(ids)} in {region}"
    answer = service.write(action, region, tried, service="tag", ResourceList=names, **given)
    failed: dict[str, CopyError] = {}
    for item in answer.get("FailedResources") or ():
        # The service may write the account into the name, so the ID at its end is compared.
        snapshot_id = str(item.get("Resource")).rpartition("/")[2]
        tried = f"Tagging {snapshot_id} in {region}"
        failed[snapshot_id] = failure(item.get("Code"), item.get("Message"), tried, answer.get("RequestId"))
    return failed
