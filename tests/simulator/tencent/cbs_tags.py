# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tag service 2018-08-13, as far as snapshots and disks use it (api-facts: cbs-tag-service, cbs-tag-quota)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from .service import ACCOUNT, ApiError, required

TAG = "tag", "2018-08-13"
TAG_TEXT = re.compile(r"[\w+\-=.:/@()\[\],;><]([\w +\-=.:/@()\[\],;><]*[\w+\-=.:/@()\[\],;><])?")
SNAPSHOT_RESOURCE = re.compile(
    rf"qcs::cvm:(?P<region>[a-z0-9-]+):(uin/)?({ACCOUNT})?:snapshot/(?P<id>snap-[0-9a-z]{{8}})"
)
DISK_RESOURCE = re.compile(rf"qcs::cvm:(?P<region>[a-z0-9-]+):(uin/)?({ACCOUNT})?:volume/(?P<id>disk-[0-9a-z]{{8}})")
Pair = tuple[str, str]


class TagService:
    """The tag service for the snapshots and disks of an account. Tags of the account exist until they are deleted."""

    actions = {
        "TagResources": (*TAG, {"ResourceList": list, "Tags": list}),
        "UnTagResources": (*TAG, {"ResourceList": list, "TagKeys": list}),
        "DeleteTags": (*TAG, {"Tags": list}),
    }
    clock: Any
    control: Any
    account: Any

    def _reset_tags(self) -> None:
        #: Tags of names that belong to no snapshot.
        self.stray_tags: dict[str, dict[str, str]] = {}
        #: Tags of the account, whether they are in use or not.
        self.kept_tags: set[Pair] = set()

    def TagResources(self, given: dict[str, Any], _region: str) -> dict[str, Any]:
        resources = required(given, "ResourceList")
        if len(resources) > 10:
            raise ApiError("LimitExceeded.ResourceNumPerRequest", "At most 10 resources are allowed.")
        pairs = dict(_tags(given))
        code = self._quota_refusal({*pairs.items()})
        if code and not self.control.settings["tag_quota_in_answer"]:
            raise ApiError(code, "The quota of tags is used up.")
        if not code:
            self.kept_tags |= {*pairs.items()}
        return self._each(resources, lambda kept: {**kept, **pairs}, code)

    def UnTagResources(self, given: dict[str, Any], _region: str) -> dict[str, Any]:
        resources, keys = required(given, "ResourceList"), required(given, "TagKeys")
        if len(resources) > 10:
            raise ApiError("LimitExceeded.ResourceNumPerRequest", "At most 10 resources are allowed.")
        return self._each(resources, lambda kept: {key: value for key, value in kept.items() if key not in keys})

    def DeleteTags(self, given: dict[str, Any], _region: str) -> dict[str, Any]:
        """Delete unused tags.

        A setting says whether a tag in use also prevents the deletion of the others, because that is not documented.
        """
        pairs, kept, bound = _tags(given), self._account_tags(), self._bound_tags()
        refusals = [_refusal_to_delete(pair, kept, bound) for pair in pairs]
        refused = next((code for code in refusals if code), None)
        if not refused or not self.control.settings["deletes_tags_together"]:
            self.kept_tags = kept - {pair for pair, code in zip(pairs, refusals) if not code}
        if refused:
            raise ApiError(refused, "A tag cannot be deleted.")
        return {}

    def _quota_refusal(self, pairs: set[Pair]) -> str | None:
        """Return the code of the quota that new tags would exceed (api-facts: cbs-tag-quota)."""
        settings, kept = self.control.settings, self._account_tags()
        new = pairs - kept
        values = Counter(key for key, _value in kept)
        new_keys = {key for key, _value in new} - {*values}
        if settings["tag_keys"] is not None and new_keys and len(values) + len(new_keys) > settings["tag_keys"]:
            return "LimitExceeded.TagKey"
        if settings["tag_values"] is not None and any(values[key] >= settings["tag_values"] for key, _value in new):
            return "LimitExceeded.TagValue"
        return None

    def _account_tags(self) -> set[Pair]:
        return self.kept_tags | self._bound_tags()

    def _bound_tags(self) -> set[Pair]:
        now = self.clock.monotonic()
        things = [
            thing
            for regions in (self.account.snapshots, self.account.disks)
            for kept in regions.values()
            for thing in kept.values()
            if getattr(thing, "gone_at", None) is None or now < thing.gone_at
        ]
        return {pair for thing in things for pair in thing.tags.items()}

    def _each(self, resources: list[str], change: Any, refused: str | None = None) -> dict[str, Any]:
        """Change the tags of each resource. The service silently accepts a wrong name (api-facts: cbs-tag-service)."""
        now, failed = self.clock.monotonic(), []
        for name in resources:
            match = DISK_RESOURCE.fullmatch(name)
            disk = self.account.disks.get(match["region"], {}).get(match["id"]) if match else None
            if disk is not None and not refused:
                disk.tags = change(disk.tags)
                continue
            match = SNAPSHOT_RESOURCE.fullmatch(name)
            snapshot = self.account.snapshots.get(match["region"], {}).get(match["id"]) if match else None
            if snapshot is None and not refused:
                if not name.startswith("qcs::") or name.count(":") != 5:
                    raise ApiError("InvalidParameterValue.ResourceDescriptionError", f"`{name}` is not a resource.")
                self.stray_tags[name] = change(self.stray_tags.get(name, {}))
                continue
            code = refused or self.control.settings["untaggable"].get(snapshot.id)
            after = {} if refused else change(snapshot.tags)
            code = "FailedOperation" if snapshot and snapshot.shared else code
            if code or len(after) > 50:
                code = code or "LimitExceeded.ResourceAttachedTags"
                failed.append({"Resource": name, "Code": code, "Message": "The tags of the resource were not changed."})
                continue
            if not self.control.settings["deaf_tags"]:
                shown_at = now + self.control.settings["tags_visible_after"]
                snapshot.changes = [*(c for c in snapshot.changes if now < c[0]), (shown_at, snapshot.tags)]
                snapshot.tags = after
        return {"FailedResources": failed}


def _tags(given: dict[str, Any]) -> list[Pair]:
    """Parse the tags of a request, at most ten; a key must not repeat."""
    tags = required(given, "Tags")
    if len(tags) > 10:
        raise ApiError("LimitExceeded.TagNumPerRequest", "At most 10 tags are allowed.")
    pairs = [(tag.get("TagKey") or "", tag.get("TagValue") or "") for tag in tags]
    for key, value in pairs:
        _check_tag(key, value)
    if "ResourceList" in given and len({key for key, _value in pairs}) < len(pairs):
        raise ApiError("InvalidParameterValue.TagKeyDuplicate", "A tag key comes twice.")
    return pairs


def _refusal_to_delete(pair: Pair, kept: set[Pair], bound: set[Pair]) -> str | None:
    if pair in bound:
        return "FailedOperation.TagAttachedResource"
    return None if pair in kept else "ResourceNotFound.TagNonExist"


def _check_tag(key: str, value: str) -> None:
    kind = "InvalidParameterValue"
    if key.startswith(("qcs:", "project")):
        raise ApiError(f"{kind}.ReservedTagKey", "The tag key is reserved.")
    for word, text, longest in (("Key", key, 127), ("Value", value, 255)):
        if not text:
            raise ApiError(f"{kind}.Tag{word}Empty", f"The tag {word.lower()} is empty.")
        if len(text) > longest:
            raise ApiError(f"{kind}.Tag{word}LengthExceeded", f"The tag {word.lower()} is too long.")
        if not TAG_TEXT.fullmatch(text):
            raise ApiError(
                f"{kind}.Tag{word}CharacterIllegal", f"The tag {word.lower()} holds a character that is not allowed."
            )
