# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of snapshots, which the tag service 2018-08-13 stores (api-facts: cbs-tag-service, cbs-tag-quota)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Ambiguous, CopyError, NotFound, TagsFull
from ..._core.model import TagChange
from ..._core.safe_calls import batches
from ..._core.tags import PROVENANCE_KEYS, SOURCE_SNAPSHOT_ID
from ..wording import first_ids
from .client import Service
from .errors import TagBound, failure

#: The most tags per call.
TAGS_PER_CALL = 10


class Tags:
    """Changes tags in one account. Once a quota of tags has refused a key, no call sends that key again."""

    def __init__(self, service: Service):
        self._service = service
        #: The refused keys, with the refusal of each.
        self.refused: dict[str, CopyError] = {}

    def change(self, region: str, resource: str, ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """Make one change to at most ten resources. ``resource`` is the service's name for their type.

        Provenance is set last, so a copy with provenance has all other tags too. Tags that a quota refuses are left
        out. Returns the failures by ID: TagsFull if no tag is left. Raises a CopyError: Ambiguous if some of the tags
        were changed before, so that a look shows them.
        """
        failed: dict[str, CopyError] = {}
        for keys in batches(change.remove, TAGS_PER_CALL):
            failed.update(self._call("UnTagResources", region, resource, _without(ids, failed), TagKeys=keys))
        pairs = sorted(change.set.items(), key=lambda pair: (pair[0] in PROVENANCE_KEYS, pair[0] == SOURCE_SNAPSHOT_ID))
        left = list(batches([pair for pair in pairs if pair[0] not in self.refused], TAGS_PER_CALL))
        has_changed = bool(change.remove)
        while left:
            few = left.pop(0)
            tags = [{"TagKey": key, "TagValue": value} for key, value in few]
            try:
                failed.update(self._call("TagResources", region, resource, _without(ids, failed), Tags=tags))
                has_changed = True
            except TagsFull as error:
                # The answer does not say which tag was refused.
                left[:0] = [[pair] for pair in few] if len(few) > 1 else []
                self.refused.update({few[0][0]: error} if len(few) == 1 else {})
            except CopyError as error:
                raise error.as_kind(Ambiguous) if has_changed else error from error
        full = next((error for key, error in self.refused.items() if key in change.set), None)
        return {**failed, **dict.fromkeys(_without(ids, failed), full)} if full and not has_changed else failed

    def delete(self, region: str, tags: Sequence[tuple[str, str]], each: bool) -> None:
        """Delete at most ten tags from the account.

        With ``each``, delete them individually if the service refuses them together; a tag that is in use or gone is
        skipped (api-facts: cbs-tag-delete). Raises a CopyError for other failures.
        """
        given = [{"TagKey": key, "TagValue": value} for key, value in tags]
        try:
            self._service.write("DeleteTags", region, "Deleting tags that no copy has", service="tag", Tags=given)
        except (NotFound, TagBound):
            for pair in tags if each and len(tags) > 1 else ():
                self.delete(region, [pair], each)

    def _call(self, action: str, region: str, resource: str, ids: Sequence[str], **given: Any) -> dict[str, CopyError]:
        """Call the service, whose successful answer may contain failures (api-facts: cbs-tag-service)."""
        if not ids:
            return {}
        names = [f"qcs::cvm:{region}:uin/:{resource}/{snapshot_id}" for snapshot_id in ids]
        answer = self._service.write(
            action, region, f"Tagging {first_ids(ids)} in {region}", service="tag", ResourceList=names, **given
        )
        failed: dict[str, CopyError] = {}
        for item in answer.get("FailedResources") or ():
            # The service may add the account to the name, so only the ID at its end is compared.
            snapshot_id = str(item.get("Resource")).rpartition("/")[2]
            activity = f"Tagging {snapshot_id} in {region}"
            error = failure(item.get("Code"), item.get("Message"), activity, answer.get("RequestId"))
            if isinstance(error, TagsFull):
                raise error  # the quota applies to the account
            failed[snapshot_id] = error
        return failed


def _without(ids: Sequence[str], failed: Mapping[str, CopyError]) -> list[str]:
    return [snapshot_id for snapshot_id in ids if snapshot_id not in failed]
