# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud CBS 2017-03-12, and the parts of the tag and STS services 2018-08-13 that it needs (api-facts:
cbs-wire).
"""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..state import Disk, SimulatedSnapshot, SnapshotGroup, course, new_id
from .cbs_tags import TagService
from .service import REGIONS, Api3Cloud, ApiError, page, required

#: The default name of a copy (api-facts: cbs-default-name).
DEFAULT_NAME = "Copied {source} from {region}"
#: The format of times in requests (TCCLI: datetime_iso).
DEADLINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_sessions = itertools.count(1)


@dataclass
class CbsSnapshot(SimulatedSnapshot):
    """A snapshot of CBS.

    ``deadline`` is aware; ``shared``: another account owns it. ``gone_at`` (monotonic): when a deleted snapshot stops
    showing.
    """

    deadline: datetime | None = None
    shared: bool = False
    usage: str = "DATA_DISK"
    mode: str = "STANDARD_SNAPSHOT"
    locked: bool = False
    gone_at: float | None = None
    #: The tags before each change, and when (monotonic) the change becomes visible.
    changes: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    def visible_tags(self, now: float) -> dict[str, str]:
        return next((before for shown_at, before in self.changes if now < shown_at), self.tags)


class Cbs(TagService, Api3Cloud):
    actions = {
        "CopySnapshotCrossRegions": (
            "cbs",
            "2017-03-12",
            {"DestinationRegions": list, "SnapshotId": str, "SnapshotName": str},
        ),
        "DescribeSnapshots": (
            "cbs",
            "2017-03-12",
            {"SnapshotIds": list, "Filters": list, "Limit": int, "Offset": int, "OrderField": str, "Order": str},
        ),
        "DescribeDisks": (
            "cbs",
            "2017-03-12",
            {
                "DiskIds": list,
                "Filters": list,
                "Limit": int,
                "Offset": int,
                "OrderField": str,
                "Order": str,
                "ReturnBindAutoSnapshotPolicy": bool,
            },
        ),
        "DescribeSnapshotGroups": ("cbs", "2017-03-12", {"Filters": list, "Offset": int, "Limit": int}),
        "DeleteSnapshots": ("cbs", "2017-03-12", {"SnapshotIds": list}),
        "ModifySnapshotAttribute": (
            "cbs",
            "2017-03-12",
            {"SnapshotId": str, "SnapshotName": str, "IsPermanent": bool, "Deadline": str},
        ),
        **TagService.actions,
        "AssumeRole": (
            "sts",
            "2018-08-13",
            {"RoleArn": str, "RoleSessionName": str, "DurationSeconds": int, "ExternalId": str},
        ),
        "AssumeRoleWithWebIdentity": (
            "sts",
            "2018-08-13",
            {
                "ProviderId": str,
                "WebIdentityToken": str,
                "RoleArn": str,
                "RoleSessionName": str,
                "DurationSeconds": int,
            },
        ),
    }

    def __init__(self, clock: Any):
        super().__init__(clock)
        self._reset_tags()

    def _reset_state(self) -> None:
        self.account.clear()
        self._reset_tags()

    def _make(self, things: list[dict[str, Any]]) -> list[str]:
        ids = []
        for thing in things:
            facts = {key: value for key, value in thing.items() if key != "kind"}
            if thing["kind"] == "disk":
                made: Any = Disk(new_id("disk-", 8), **facts)
            elif thing["kind"] == "group":
                # CBS accepts a group of the disks of one instance, and does not show the instance (api-facts:
                # cbs-snapshot-groups).
                made = SnapshotGroup(new_id("csnap-", 8), **{k: v for k, v in facts.items() if k != "instance_id"})
            else:
                made = CbsSnapshot(new_id("snap-", 8), created=self.clock.utc(), **facts)
            ids.append(self.account.add(made).id)
        return ids

    def _truth(self) -> list[dict[str, Any]]:
        now = self.clock.monotonic()
        every = (s for snapshots in self.account.snapshots.values() for s in snapshots.values())
        kept = [s for s in every if s.gone_at is None]
        hidden = ("created", "deadline", "changes", "gone_at")
        return [
            {
                "phase": s.phase(now),
                "expires": str(s.deadline or ""),
                **{k: v for k, v in vars(s).items() if k not in hidden},
            }
            for s in kept
        ]

    # -- copying ---------------------------------------------------------------------------------------

    def CopySnapshotCrossRegions(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        destinations, source_id = required(given, "DestinationRegions"), required(given, "SnapshotId")
        name = given.get("SnapshotName")
        if name is not None and not 1 <= len(name) <= 60:
            raise ApiError("InvalidParameterValue", "SnapshotName must have 1 to 60 characters.")
        source = self.account.snapshots.get(region, {}).get(source_id)
        if source is None or source.gone_at is not None:
            raise ApiError("InvalidSnapshotId.NotFound", f"The snapshot `{source_id}` does not exist.")
        if source.phase(self.clock.monotonic()) != "complete":
            raise ApiError("ResourceUnavailable.SnapshotCreating", "The snapshot is being created.")
        if source.encrypted:
            raise ApiError("UnsupportedOperation.SnapshotNotSupportCopy", "The snapshot does not support copying.")
        results = [self._result(source, d, name) for d in destinations]
        silent = self.control.settings["silent_regions"]
        return {"SnapshotCopyResultSet": [r for r in results if r["DestinationRegion"] not in silent]}

    def _result(self, source: Any, region: str, name: str | None) -> dict[str, Any]:
        try:
            copy_id, code, message = self._copy(source, region, name).id, "Success", ""
        except ApiError as error:
            copy_id, code, message = "", error.code, error.message
        return {"SnapshotId": copy_id, "DestinationRegion": region, "Code": code, "Message": message}

    def _copy(self, source: Any, region: str, name: str | None) -> CbsSnapshot:
        settings, now = self.control.settings, self.clock.monotonic()
        if region not in REGIONS or region == source.region:
            raise ApiError("InvalidParameterValue", f"The region `{region}` is not valid.")
        if region in settings["refused_regions"]:
            raise ApiError(settings["refused_regions"][region], "The copy to this region was refused.")
        running = self.account.running_copies(region)
        if any(copy.source_id == source.id for copy in running):
            raise ApiError("ResourceInUse.CopySnapshotConflict", "The snapshot is being copied to this region.")
        if len(running) >= settings["quota"]:
            raise ApiError("ResourceBusy", "The resource is busy, try again later.")
        if len(self.account.snapshots.get(region, {})) >= settings["snapshot_limit"]:
            raise ApiError("InsufficientSnapshotQuota", "Insufficient snapshot quota.")
        copy = CbsSnapshot(
            id=new_id("snap-", 8),
            region=region,
            created=self.clock.utc(),
            disk_id="",
            name=name or DEFAULT_NAME.format(source=source.id, region=source.region),
            size=source.size,
            source_id=source.id,
            source_region=source.region,
            **course(settings, source.id, now),
        )
        self.account.add(copy)
        return copy

    # -- reading ---------------------------------------------------------------------------------------

    def DescribeSnapshots(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        now = self.clock.monotonic()
        # The service removes failed copies (api-facts: cbs-states).
        copying: dict[str, list[str]] = {}
        for other in self.account.snapshots:
            for copy in self.account.running_copies(other):
                copying.setdefault(copy.source_id, []).append(other)
        visible = [s for s in self._present(region, now) if s.phase(now) != "failed"]
        shown = [self._shown(s, now, copying.get(s.id, [])) for s in visible]
        shown = _filtered(shown, given, "SnapshotIds", "SnapshotId", FILTERS, _snapshot_field)
        shown = _ordered(shown, given)
        return {"TotalCount": len(shown), "SnapshotSet": page(given, shown) or ([] if shown else None)}

    def DescribeDisks(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        shown = [self._shown_disk(disk) for disk in self.account.shown_disks(region)]
        shown = _filtered(shown, given, "DiskIds", "DiskId", DISK_FILTERS, _disk_field)
        if given.get("ReturnBindAutoSnapshotPolicy"):
            shown = [{**disk, "AutoSnapshotPolicyIds": []} for disk in shown]
        shown = _ordered(shown, given)
        return {"TotalCount": len(shown), "DiskSet": page(given, shown) or ([] if shown else None)}

    def DescribeSnapshotGroups(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        groups = self.account.groups.get(region, {}).values()
        forgets = self.control.settings["groups_forget"]
        shown = [_shown_group(group, self.account.members(group, forgets)) for group in groups]
        shown = _filtered(shown, given, "SnapshotGroupIds", "SnapshotGroupId", GROUP_FILTERS, _group_field)
        return {"TotalCount": len(shown), "SnapshotGroupSet": page(given, shown)}

    def _shown_disk(self, disk: Disk) -> dict[str, Any]:
        return _shown_disk(disk, self.clock.monotonic())

    def _present(self, region: str, now: float) -> list[Any]:
        """Return the snapshots that show. A deletion takes effect after its answer (api-facts: cbs-delete)."""
        kept = self.account.snapshots.get(region, {})
        for snapshot_id in [s.id for s in kept.values() if s.gone_at is not None and now >= s.gone_at]:
            del kept[snapshot_id]
        return list(self.account.shown(region))

    def _shown(self, snapshot: Any, now: float, copying: list[str]) -> dict[str, Any]:
        return {
            "SnapshotId": snapshot.id,
            "SnapshotName": snapshot.name,
            "SnapshotState": _state(snapshot, now),
            "Percent": snapshot.progress(now),
            "CopyFromRemote": bool(snapshot.source_id),
            "CopyingToRegions": copying,
            "DiskId": "" if snapshot.source_id else snapshot.disk_id,
            "DiskSize": snapshot.size,
            "DiskUsage": snapshot.usage,
            "Encrypt": snapshot.encrypted,
            "SnapshotType": "SHARED_SNAPSHOT" if snapshot.shared else "PRIVATE_SNAPSHOT",
            "IsPermanent": snapshot.deadline is None,
            "DeadlineTime": self._deadline_text(snapshot),
            "CreateTime": self._text(snapshot.created),
            "Images": [],
            "ImageCount": 0,
            "ShareReference": 0,
            "TimeStartShare": snapshot.created.strftime("%Y-%m-%d"),
            "Tags": [{"Key": key, "Value": value} for key, value in snapshot.visible_tags(now).items()],
            "Placement": _placement(snapshot.region, "", ""),
            "IsLocked": snapshot.locked,
            "LatestModifyTime": snapshot.created.isoformat(timespec="seconds"),
            "AutoSnapshotPolicyId": "",
            "SnapshotMode": snapshot.mode,
        }

    def _deadline_text(self, snapshot: Any) -> str:
        """Format the deadline, which is meaningless for a permanent snapshot that is no copy (documented sample)."""
        if snapshot.deadline is None and snapshot.source_id:
            return ""
        return self._text(snapshot.deadline or snapshot.created + timedelta(days=31))

    def _text(self, moment: datetime) -> str:
        """Format a time as the service does: China's time, without a zone."""
        return (moment + timedelta(hours=self.control.settings["zone_hours"])).strftime("%Y-%m-%d %H:%M:%S")

    # -- changing --------------------------------------------------------------------------------------

    def DeleteSnapshots(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        ids = required(given, "SnapshotIds")
        snapshots = [self._found(region, snapshot_id) for snapshot_id in ids]
        for snapshot in snapshots:
            if _state(snapshot, self.clock.monotonic()) != "NORMAL":
                raise ApiError("UnsupportedOperation.StateError", f"The state of `{snapshot.id}` does not allow that.")
            if snapshot.id in self.control.settings["in_use"]:
                raise ApiError("UnsupportedOperation.SnapshotHasBindedImage", f"An image uses `{snapshot.id}`.")
        now = self.clock.monotonic()
        for snapshot in snapshots:
            snapshot.gone_at = now + self.control.settings["deletes_after"]
        self._present(region, now)
        return {}

    def ModifySnapshotAttribute(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        snapshot = self._found(region, required(given, "SnapshotId"))
        if _state(snapshot, self.clock.monotonic()) != "NORMAL":
            raise ApiError("UnsupportedOperation.StateError", "The state of the snapshot does not allow that.")
        if "SnapshotName" in given:
            if len(given["SnapshotName"]) > 60:
                raise ApiError("InvalidParameterValue", "SnapshotName must have at most 60 characters.")
            snapshot.name = given["SnapshotName"]
        if given.get("IsPermanent") is False and "Deadline" in given:
            # Requests use ISO 8601 with a zone, unlike answers (api-facts: cbs-times).
            if not DEADLINE.fullmatch(given["Deadline"]):
                raise ApiError("InvalidParameterValue", "Deadline is not an ISO 8601 time with a zone.")
            moment = datetime.fromisoformat(given["Deadline"]).astimezone(self.clock.utc().tzinfo)
            if moment < self.clock.utc() + timedelta(days=1):
                raise ApiError("InvalidParameterValue", "Deadline must be at least one day ahead.")
            snapshot.deadline = moment
        elif given.get("IsPermanent"):
            snapshot.deadline = None
        return {}

    def _found(self, region: str, snapshot_id: str) -> Any:
        snapshot = self.account.snapshots.get(region, {}).get(snapshot_id)
        if snapshot is None or snapshot.phase(self.clock.monotonic()) == "failed":
            raise ApiError("InvalidSnapshotId.NotFound", f"The snapshot `{snapshot_id}` does not exist.")
        if snapshot.shared:
            raise ApiError("InvalidSnapshot.NotSupported", f"The snapshot `{snapshot_id}` is another account's.")
        return snapshot

    # -- roles -----------------------------------------------------------------------------------------

    def AssumeRole(self, given: dict[str, Any], _region: str) -> dict[str, Any]:
        arn, session = required(given, "RoleArn"), required(given, "RoleSessionName")
        keys = self.control.settings["roles"].get(arn)
        if keys is None:
            raise ApiError("ResourceNotFound.RoleNotFound", f"The role `{arn}` was not found (session {session}).")
        if given.get("ExternalId") != self.control.settings["external_ids"].get(arn):
            raise ApiError("UnauthorizedOperation", "The external ID is not the role's.")
        return self._assumed(keys)

    def AssumeRoleWithWebIdentity(self, given: dict[str, Any], _region: str) -> dict[str, Any]:
        arn, _session = required(given, "RoleArn"), required(given, "RoleSessionName")
        identity = [required(given, "ProviderId"), required(given, "WebIdentityToken")]
        if self.control.settings["web_identities"].get(arn) != identity:
            raise ApiError("InvalidParameter.WebIdentityTokenError", "The WebIdentityToken is not valid.")
        return self._assumed({})

    def _assumed(self, keys: dict[str, str]) -> dict[str, Any]:
        expires = int(time.time() + self.control.settings["session_seconds"])
        return {"Credentials": keys or self.session(), "ExpiredTime": expires, "Expiration": _iso(expires)}

    def session(self) -> dict[str, str]:
        """Issue temporary credentials that this cloud accepts for ``session_seconds``."""
        name = f"AKIDsession{next(_sessions)}"
        until = self.clock.monotonic() + self.control.settings["session_seconds"]
        keys = {"secret": f"secretOf{name}", "token": f"tokenOf{name}", "until": until}
        self.control.settings["keys"] = {**self.control.settings["keys"], name: keys}
        return {"TmpSecretId": name, "TmpSecretKey": keys["secret"], "Token": keys["token"]}


def _iso(stamp: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))


def _state(snapshot: Any, now: float) -> str:
    if snapshot.forced_state == "recycled":
        return "TORECYCLE"
    if snapshot.phase(now) != "running":
        return "NORMAL"
    if not snapshot.source_id:
        return "CREATING"
    return "CHECKING_COPIED" if snapshot.progress(now) >= 90 else "COPYING_FROM_REMOTE"


def _filtered(
    shown: list[dict[str, Any]], given: dict[str, Any], ids: str, key: str, names: set[str], field: Any
) -> list[dict[str, Any]]:
    if ids in given and "Filters" in given:
        raise ApiError("InvalidParameter", f"`{ids}` and `Filters` exclude each other.")
    if ids in given:
        if len(given[ids]) > 100:
            raise ApiError("InvalidParameterValue.LimitExceeded", f"At most 100 of `{ids}` are allowed.")
        return [item for item in shown if item[key] in given[ids]]
    for wanted in given.get("Filters", ()):
        name, values = wanted.get("Name", ""), wanted.get("Values") or []
        if name not in names and not (name.startswith("tag:") and "tag-key" in names):
            raise ApiError("InvalidFilter", f"The filter `{name}` is not supported.")
        if name == "disk-id" and len(values) > 10:
            raise ApiError("InvalidParameterValue.LimitExceeded", "At most 10 values are allowed for disk-id.")
        shown = [item for item in shown if any(field(item, name, str(value)) for value in values)]
    return shown


def _ordered(shown: list[dict[str, Any]], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Sort by creation time, the only supported and the default field; newest first by default."""
    if given.get("Order", "DESC") not in ("ASC", "DESC") or given.get("OrderField", "CREATE_TIME") != "CREATE_TIME":
        raise ApiError("InvalidParameterValue", "Order must be ASC or DESC, OrderField CREATE_TIME.")
    return sorted(shown, key=lambda item: str(item["CreateTime"]), reverse=given.get("Order", "DESC") == "DESC")


#: The member that each filter compares.
SNAPSHOT_FIELDS = {
    "snapshot-id": "SnapshotId",
    "snapshot-name": "SnapshotName",
    "snapshot-state": "SnapshotState",
    "snapshot-type": "SnapshotType",
    "disk-id": "DiskId",
    "disk-usage": "DiskUsage",
    "encrypt": "Encrypt",
}
DISK_FIELDS = {
    "disk-charge-type": "DiskChargeType",
    "disk-id": "DiskId",
    "disk-name": "DiskName",
    "disk-state": "DiskState",
    "disk-type": "DiskType",
    "disk-usage": "DiskUsage",
    "instance-id": "InstanceId",
    "portable": "Portable",
}
PLACES = {"project-id": "ProjectId", "zone": "Zone"}
GROUP_FIELDS = {
    "snapshot-group-id": "SnapshotGroupId",
    "snapshot-group-name": "SnapshotGroupName",
    "snapshot-group-state": "SnapshotGroupState",
}
FILTERS = {*SNAPSHOT_FIELDS, *PLACES}
GROUP_FILTERS = {*GROUP_FIELDS, "snapshot-id"}
DISK_FILTERS = {*DISK_FIELDS, *PLACES, "tag-key", "tag-value"}


def _snapshot_field(item: dict[str, Any], name: str, value: str) -> bool:
    return _is(item["Placement"][PLACES[name]] if name in PLACES else item[SNAPSHOT_FIELDS[name]], value)


def _group_field(item: dict[str, Any], name: str, value: str) -> bool:
    return value in item["SnapshotIdSet"] if name == "snapshot-id" else _is(item[GROUP_FIELDS[name]], value)


def _disk_field(item: dict[str, Any], name: str, value: str) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in item["Tags"] or ()}
    if name.startswith("tag:"):
        return bool(tags.get(name[4:]) == value)
    if name.startswith("tag-"):
        return value in (tags if name == "tag-key" else tags.values())
    return _is(item["Placement"][PLACES[name]] if name in PLACES else item[DISK_FIELDS[name]], value)


def _is(shown: Any, value: str) -> bool:
    """Compare a member with the value of a filter, which writes booleans in capitals."""
    return (str(shown).upper() if isinstance(shown, bool) else str(shown)) == value


def _placement(region: str, project: str, cluster: str | None) -> dict[str, Any]:
    return {
        "Zone": f"{region}-1",
        "ProjectId": 0,
        "ProjectName": project,
        "CageId": "",
        "CdcId": "",
        "CdcName": "",
        "DedicatedClusterId": cluster,
    }


#: Members that are the same on every disk, nulls included (recorded: tests/recorded/cbs/disk_unattached.json).
DISK: dict[str, Any] = {
    "DiskType": "CLOUD_PREMIUM",
    "DiskUsage": "DATA_DISK",
    "DiskChargeType": "POSTPAID_BY_HOUR",
    "DeleteWithInstance": False,
    "RenewFlag": "",
    "LatestOperation": "",
    "LatestOperationState": "",
    "LatestOperationRequestId": "",
    "DiskBackupQuota": 0,
    "DiskBackupCount": 0,
    "BackupDisk": False,
    "AutoRenewFlagError": False,
    "Rollbacking": False,
    "RollbackPercent": 0,
    "DeleteSnapshot": 0,
    "DifferDaysOfDeadline": None,
    "DeadlineTime": "",
    "DeadlineError": False,
    "ThroughputPerformance": 0,
    "Migrating": False,
    "MigratePercent": 0,
    "SnapshotAbility": True,
    "SnapshotSize": 0,
    "SnapshotCount": 0,
    "IsReturnable": False,
    "ReturnFailCode": 10,
    "ErrorPrompt": "",
    "Portable": True,
    "Shareable": False,
    "AutoSnapshotPolicyIds": None,
    "Encrypt": False,
}


def _shown_disk(disk: Disk, now: float) -> dict[str, Any]:
    holder, phase = disk.holder(now)
    return {
        **DISK,
        "DiskId": disk.id,
        "DiskName": disk.name,
        "CreateTime": "2022-08-30 14:24:09" if disk.created.endswith("Z") else disk.created,
        "DiskState": phase.upper() or "UNATTACHED",
        "DiskSize": disk.size,
        "Attached": bool(holder),
        "InstanceId": holder,
        "InstanceIdList": [holder] if holder else [],
        "InstanceType": "CVM" if holder else "",
        "LastAttachInsId": disk.attached_to or None,
        "Placement": {**_placement(disk.region, "Default Project", None), "Zone": disk.zone or f"{disk.region}-1"},
        "DiskType": disk.category or DISK["DiskType"],
        "Encrypt": disk.encrypted,
        "Tags": [{"Key": key, "Value": value} for key, value in disk.tags.items()],
    }


#: CBS's names for the states of a group.
GROUP_STATES = {"complete": "NORMAL", "running": "CREATING", "rolling_back": "ROLLBACKING"}


def _shown_group(group: SnapshotGroup, members: list[str]) -> dict[str, Any]:
    """Show a group. Its times have another format than those of snapshots (documented: snapshot_group.json)."""
    created = group.created.replace("Z", "+00:00")
    return {
        "SnapshotGroupId": group.id,
        "SnapshotGroupType": group.kind,
        "ContainRootSnapshot": False,
        "SnapshotIdSet": members,
        "SnapshotGroupState": GROUP_STATES[group.state],
        "Percent": 100 if group.state != "running" else 40,
        "SnapshotGroupName": group.name,
        "ModifyTime": created,
        "Images": [],
        "CreateTime": created,
        "ImageCount": 0,
        "DeadlineTime": None,
        "IsPermanent": True,
        "AutoSnapshotPolicyId": None,
    }
