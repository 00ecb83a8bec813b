# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edge Node Service, API 2017-11-10 (api-facts: ens-copy-call)."""

from __future__ import annotations

import re
from typing import Any

from ..state import Disk, SimulatedSnapshot, course, new_id
from .service import ApiError, RpcCloud, json_list, parse_int, required

STATUS = {"running": "creating", "complete": "available", "failed": "error", "deleting": "deleting"}
NAME = re.compile(r"(?!https?://)[^\W\d_][\w:\-]{1,127}")
#: The filters of disks, by the member that they compare.
DISK_FILTERS = ("DiskId", "DiskName", "InstanceId", "SnapshotId", "Status")
NODE = re.compile(r"[a-z]+-[a-z]+(-[a-z0-9]+)*-\d+")


class Ens(RpcCloud):
    version = "2017-11-10"
    host = "ens.aliyuncs.com"
    product = "Ens"
    snapshot_prefix = "sp-"
    also_numbered = {"EnsRegionIds"}
    parameters = {
        "CopySnapshot": {
            "SnapshotId",
            "DestinationRegionIds",
            "DestinationSnapshotName",
            "DestinationSnapshotDescription",
            "InstanceBillingCycle",
        },
        "DescribeSnapshots": {
            "EnsRegionId",
            "EnsRegionIds",
            "SnapshotId",
            "SnapshotName",
            "DiskId",
            "PageNumber",
            "PageSize",
        },
        "DescribeDisks": {
            "EnsRegionId",
            "EnsRegionIds",
            "DiskId",
            "DiskIds",
            "DiskName",
            "InstanceId",
            "SnapshotId",
            "Status",
            "PageNumber",
            "PageSize",
        },
        "DeleteSnapshot": {"SnapshotId"},
    }

    def CopySnapshot(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        settings, now = self.control.settings, self.clock.monotonic()
        source_id = required(given, "SnapshotId")
        required(given, "DestinationRegionIds")
        nodes = json_list(given, "DestinationRegionIds", 100, "InvalidDestinationRegionIds") or []
        name, description = given.get("DestinationSnapshotName"), given.get("DestinationSnapshotDescription")
        if not nodes or any(not NODE.fullmatch(node) for node in nodes):
            raise ApiError("InvalidDestinationRegionIds", "The specified parameter DestinationRegionIds is invalid.")
        if name is not None and not NAME.fullmatch(name):
            raise ApiError(
                "InvalidDestinationSnapshotName", "The specified parameter DestinationSnapshotName is invalid."
            )
        if description is not None and (not 2 <= len(description) <= 256 or re.match(r"https?://", description)):
            raise ApiError("InvalidDestinationSnapshotDescription")
        if given.get("InstanceBillingCycle", "Day") not in ("Hour", "Day", "Month"):
            raise ApiError("InvalidInstanceBillingCycle", "The specified parameter InstanceBillingCycle is invalid.")
        source = self.account.find(source_id)
        if source is None or source.phase(now) != "complete":
            raise ApiError("InvalidSnapshotId", "The specified parameter SnapshotId is invalid.")
        taken, refused = [], []
        for node in nodes:
            full = len(self.account.running_copies(node)) >= settings["quota"]
            if node in settings["refused_nodes"] or node == source.region or full:
                refused.append({"EnsRegionId": node})
                continue
            copy = SimulatedSnapshot(
                id=new_id("sp-"),
                region=node,
                created=self.clock.utc(),
                disk_id=source.disk_id,
                name=name or "",
                description=description or "",
                source_id=source_id,
                source_region=source.region,
                **course(settings, source_id, now),
                billing_cycle=given.get("InstanceBillingCycle"),
            )
            self.account.add(copy)
            # The documentation calls these instance IDs (api-facts: ens-copy-ids).
            answers = {"snapshot": copy.id, "instance": f"e{copy.id[-9:]}", "another": new_id("sp-")}
            taken.append({"EnsRegionId": node, "InstanceId": [answers[settings["returned_ids"]]]})
        if not taken and settings["all_refused_as"] == "error":
            raise ApiError("SaleControl.VerificationFailed", "You did not pass the salecontrol verification.")
        status = "PartSuccess" if refused else "AllSuccess"
        return {"AllocationId": taken, "BizStatusCode": status, "UnAllocationId": refused}

    def DescribeSnapshots(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        text = given.get("SnapshotId", "")
        ids = None
        if text:
            ids = json_list(given, "SnapshotId", 100, "InvalidSnapshotId") if text.startswith("[") else [text]
        now, shows_source = self.clock.monotonic(), self.control.settings["shows_sources"]
        found = [
            _shown(s, now, shows_source)
            for node in self._nodes(given, self.account.snapshots)
            for s in self.account.shown(node)
            if (ids is None or s.id in ids)
            and given.get("SnapshotName", s.name) == s.name
            and given.get("DiskId", s.disk_id) == s.disk_id
        ]
        return self._page(given, found, lambda items: {"Snapshots": items})

    def DescribeDisks(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        ids = json_list(given, "DiskIds", 100, "InvalidDiskIds")
        shown = [
            _shown_disk(d, self.clock.monotonic())
            for node in self._nodes(given, self.account.disks)
            for d in self.account.shown_disks(node)
            if ids is None or d.id in ids
        ]
        found = [disk for disk in shown if all(given.get(key, disk[key]) == disk[key] for key in DISK_FILTERS)]
        return {"Code": 0, **self._page(given, found, lambda items: {"Disks": {"Disks": items}})}

    def DeleteSnapshot(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        snapshot = self.account.find(required(given, "SnapshotId"))
        if snapshot is None:
            raise ApiError("ERROR_SNAPSHOT_NOT_FOUND", "The snapshot does not exist.")
        if snapshot.phase(self.clock.monotonic()) == "running":
            raise ApiError("ERROR_SNAPSHOT_COPY_IN_PROGRESS", "The destination has an unfinished copy.")
        if snapshot.id in self.control.settings["in_use"]:
            raise ApiError("SNAPSHOT_CLONE_DISK_NOT_NULL", "A disk was made of the snapshot.")
        del self.account.snapshots[snapshot.region][snapshot.id]
        return {}

    def _nodes(self, given: dict[str, str], things: dict[str, Any]) -> list[str]:
        if "EnsRegionId" in given:
            return [given["EnsRegionId"]]
        nodes = [value for name, value in given.items() if name.startswith("EnsRegionIds.")] or None
        nodes = nodes or json_list(given, "EnsRegionIds", 100, "InvalidEnsRegionIds")
        return list(things) if nodes is None else nodes

    def _page(self, given: dict[str, str], found: list[Any], form: Any) -> dict[str, Any]:
        number, size = parse_int(given, "PageNumber", 1, 1, 10**6), parse_int(given, "PageSize", 10, 1, 50)
        size = min(size, self.control.settings["page_cap"])
        chosen = found[(number - 1) * size : number * size]
        counts = {"items": len(found), "pages": -(-len(found) // size), "zero": 0}
        how = self.control.settings["counts"]
        count = {} if how == "nothing" else {"TotalCount": counts[how]}
        return {"PageNumber": number, "PageSize": size, **count, **form(chosen)}


def _shown(snapshot: SimulatedSnapshot, now: float, shows_source: bool) -> dict[str, Any]:
    shown = {
        "SnapshotId": snapshot.id,
        "SnapshotName": snapshot.name,
        "Description": snapshot.description,
        "Status": STATUS[snapshot.phase(now)],
        "CreationTime": snapshot.created.strftime("%Y-%m-%d %H:%M:%S"),
        "EnsRegionId": snapshot.region,
        "Size": str(snapshot.size * 1024),
        "SnapshotType": "",
        "SourceDiskId": snapshot.disk_id,
        "SourceDiskType": "2",
        "SourceDiskCategory": "cloud_efficiency",
    }
    if shows_source:
        shown.update(SourceSnapshotId=snapshot.source_id, SourceEnsRegionId=snapshot.source_region)
    return shown


def _shown_disk(disk: Disk, now: float) -> dict[str, Any]:
    return {
        "DiskId": disk.id,
        "DiskName": disk.name,
        "EnsRegionId": disk.region,
        "Size": disk.size * 1024,
        "Status": "In-use" if disk.attached_to else "Creating" if disk.is_being_made(now) else "Available",
        "Type": "data",
        "Category": disk.category or "cloud_efficiency",
        "Encrypted": disk.encrypted,
        "EncryptedKeyId": disk.kms_key_id,
        "SerialId": disk.id[2:],
        "InstanceId": disk.attached_to,
        "InstanceName": "",
        "SnapshotId": disk.snapshot_id,
        "Portable": True,
        "DeleteWithInstance": False,
        "DiskChargeType": "postpay",
        "Description": "",
        "CreationTime": disk.created,
        "Tags": {"Tags": [{"Key": key, "Value": value} for key, value in disk.tags.items()]},
    }
