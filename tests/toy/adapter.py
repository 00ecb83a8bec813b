# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's adapter, written from docs/docsite/rst/adding_a_cloud.rst."""

from __future__ import annotations

import http.client
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.paging import Page, by_offset, joined_pages
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.user_agent import NAME, VERSION
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities, IdFormat
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.cloud import SnapshotCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    FIX_THE_CAUSE,
    Ambiguous,
    CopyError,
    Credentials,
    Forbidden,
    NotFound,
    QuotaFull,
    Refused,
    Throttled,
    Unreachable,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.listing import Listing, Pages
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import (
    CopyOrder,
    CopyRequest,
    Disk,
    Evidence,
    Provenance,
    Snapshot,
    SnapshotFilter,
    State,
    TagChange,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import TagRules, provenance_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.templates import TextRule

from .server import signature

PAGE = 100
STATES = {"running": State.PENDING, "complete": State.COMPLETED, "failed": State.ERROR}
ERRORS: dict[str, type[CopyError]] = {
    "Denied": Forbidden,
    "NotFound": NotFound,
    "Throttled": Throttled,
    "TooManyCopies": QuotaFull,
    "Expired": Credentials,
    "WrongSignature": Credentials,
}
KIND_HINTS: dict[type[CopyError], str] = {Refused: FIX_THE_CAUSE, Credentials: "Check the keys of this task."}
CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "endpoint_url": {"type": "str", "required": True},
    "access_key": {"type": "str", "required": True, "no_log": False},
    "secret_key": {"type": "str", "required": True, "no_log": True},
    "read_timeout": {"type": "int", "default": 30},
}


class ToyCapabilities(Capabilities):
    """The toy's snapshots, as data."""

    regions = IdFormat(r"toy-[a-z]+", "toy-north")
    snapshot_ids = IdFormat(r"t-[0-9a-z]{8,20}", "t-00000001")
    disk_ids = IdFormat(r"td-[0-9a-z]{8,20}", "td-00000001")
    name_rule, description_rule = TextRule(max_length=128), TextRule(max_length=256)
    tag_rules = TagRules(max_tags=50, max_key_length=128, max_value_length=256)
    cancels_by_deletion = True
    tagged_per_call = 50


class ToyCloud(ToyCapabilities, SnapshotCloud):
    """The toy's snapshots of one account."""

    def __init__(self, module: Any):
        super().__init__()
        self._params = module.params

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return []

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        return {**self._by_id(region or "", snapshot_ids)}

    def refresh(self, region: str, resource_ids: Sequence[str]) -> dict[str, Snapshot]:
        return self._by_id(region, resource_ids)

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        pages = self.pages()
        return pages.listing([s for s in self._listed(region, pages) if s.is_copy])

    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        return self._listed(region, self.pages())

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        shown = self._call(Unreachable, "DescribeDisks", region)["Disks"]
        disks = [Disk(d["Id"], region, d["Name"], tags=d["Tags"], snapshot_id="") for d in shown]
        return [disk for disk in disks if disk.has_tags(tags) and (not disk_ids or disk.disk_id in disk_ids)]

    def begin_one(self, order: CopyOrder) -> Snapshot:
        request = order.request
        given = {"SnapshotId": request.snapshot_id, "From": order.source.region, "Tags": dict(order.tags)}
        given.update(Name=order.name, Description=order.description)
        answer = self._call(Ambiguous, "CopySnapshot", request.region, **given)
        return self.new_copy(order, answer["SnapshotId"], "running")

    def delete_one(self, region: str, resource_id: str) -> None:
        self._call(Ambiguous, "DeleteSnapshot", region, SnapshotId=resource_id)

    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        ids = list(resource_ids)
        if change.set:
            self._call(Ambiguous, "TagResources", region, SnapshotIds=ids, Tags=dict(change.set))
        if change.remove:
            self._call(Ambiguous, "UntagResources", region, SnapshotIds=ids, Keys=list(change.remove))
        return {}

    def _by_id(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        return {s.id: s for s in self._listed(region, self.pages(), SnapshotIds=list(snapshot_ids))}

    def _listed(self, region: str, pages: Pages, **given: Any) -> list[Snapshot]:
        def page(part: Mapping[str, Any]) -> Page:
            answer = self._call(Unreachable, "DescribeSnapshots", region, **given, **part)
            return Page(answer["Snapshots"], answer["Total"])

        found = joined_pages(page, by_offset(PAGE), lambda s: s["Id"], pages, f"Listing the snapshots in {region}")
        return [_snapshot(shown, region) for shown in found]

    def _call(self, lost: type[CopyError], action: str, region: str, **given: Any) -> dict[str, Any]:
        """Make a call, once. Raises a CopyError: ``lost`` if it is unknown whether the call took effect."""
        body = json.dumps({"Action": action, "Region": region, **given}).encode()
        key, activity = self._params["access_key"], f"{action} in {region}"
        headers = {
            "Authorization": f"{key}:{signature(self._params['secret_key'], body)}",
            "User-Agent": f"{NAME}/{VERSION}",
        }
        place = urlsplit(self._params["endpoint_url"])
        self.calls[action] += 1
        try:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=self._params["read_timeout"])
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            shown = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise lost(f"{activity}: {type(error).__name__} {error}") from error
        finally:
            connection.close()
        self.clock.record_date(answer.headers.get("Date"))
        if answer.status == 200:
            return dict(shown)
        kind = lost if answer.status >= 500 else ERRORS.get(shown["Code"], Refused)
        hint = KIND_HINTS.get(kind)
        raise kind(f"{activity}: {shown['Message']}", code=shown["Code"], request_id=shown["RequestId"], hint=hint)


def _snapshot(shown: Mapping[str, Any], region: str) -> Snapshot:
    copied, state = shown["CopiedFrom"], STATES.get(shown["State"], State.PENDING)
    source = (provenance_of(shown["Tags"]) or Provenance(*copied)) if copied else None
    return Snapshot(
        id=shown["Id"],
        region=region,
        state=state,
        provider_state=shown["State"],
        progress=100 if state is State.COMPLETED else min(shown["Percent"], 99),
        size_gib=shown["Gigabytes"],
        encrypted=False,
        created_at=datetime.fromisoformat(shown["Created"]),
        name=shown["Name"],
        description=shown["Description"],
        tags=shown["Tags"],
        disk_id=None if copied else shown["Disk"],
        is_copy=bool(copied),
        source=source,
        evidence=Evidence.MARKED if source else Evidence.UNSURE,
        reason=shown["Reason"],
    )
