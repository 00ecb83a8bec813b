# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2's disks from snapshots, as recorded (api-facts: ebs-disk-create, ebs-disk-token, ebs-disk-delete)."""

from __future__ import annotations

import math
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.models import elastic_block_store as models
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from ..history import History, frozen
from .ec2_attachments import Attachments
from .ec2_rules import check_snapshot_id, check_tags, invalid
from .ec2_shown import tag_list

#: The smallest and the largest size of each type, in GiB.
SIZES = {
    "gp2": (1, 16384),
    "gp3": (1, 65536),
    "io1": (4, 16384),
    "io2": (4, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}
MISMATCH = "IdempotentParameterMismatch"


class SimulatedDisk(models.Volume):
    """A disk made from a snapshot: in progress for a while, then available, or gone if its key cannot be used."""

    def __init__(self, disks: Disks, backend: Any, volume_id: str, duration: float, vanishes: bool, **facts: Any):
        super().__init__(backend, volume_id, **facts)
        self._disks = disks
        self._started = disks.clock.monotonic()
        self.create_time = disks.clock.utc()
        self.duration = duration
        self.vanishes = vanishes
        self.visible_at = self._started + disks.settings["visible_after"]
        self.deleted_at = math.inf
        #: The rate in MiB/s at which its data is loaded, if the call set one.
        self.rate: int | None = None
        #: If a replica shows it: the time that the replica has reached.
        self.seen_at = math.inf

    @property
    def attachment(self) -> Any:
        """The attachment, if there is one."""
        held = self.__dict__.get("_attachment")
        return held if held and self._now < getattr(held, "gone_at", math.inf) else None

    @attachment.setter
    def attachment(self, value: Any) -> None:
        self.__dict__["_attachment"] = value

    @property
    def attachment_state(self) -> str:
        return str(self.attachment.state(self._now))

    @property
    def started(self) -> float:
        return self._started

    @property
    def _now(self) -> float:
        return float(min(self._disks.clock.monotonic(), self.seen_at))

    @property
    def is_shown(self) -> bool:
        return self.visible_at <= self._now and not self.is_gone

    @property
    def status(self) -> str:
        now = self._now
        if now >= self.deleted_at:
            return "deleting"
        if now - self._started < self.duration:
            return "creating"
        return "in-use" if self.attachment else "available"

    @property
    def loaded_percent(self) -> int:
        seconds = self.size * 1024 / self.rate if self.rate else self._disks.settings["loading_seconds"]
        passed = self._now - self._started - self.duration
        return 100 if passed >= seconds else max(0, int(100 * passed / seconds))

    @property
    def is_gone(self) -> bool:
        now = self._now
        vanished = self.vanishes and now - self._started >= min(self.duration, 1.0)
        return bool(vanished or now >= self.deleted_at + self._disks.settings["deleting_seconds"])


class Disks:
    """CreateVolume and DeleteVolume of one simulated EC2."""

    def __init__(self, ec2: Any):
        self._ec2 = ec2
        self.clock = ec2.clock
        #: By region and token: the request, and the ID in the answer.
        self.tokens: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        #: By region: deleted disks, as reads still show them for ``disks_listed_after`` seconds, and until when.
        self.deleted: dict[str, list[tuple[Any, float]]] = {}
        #: If set, reads are answered by lagging replicas.
        self.history: History | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self._ec2.control.settings)

    def install(self, answering: Any) -> None:
        ElasticBlockStore.create_volume = answering(self.create)  # type: ignore[method-assign]
        Attachments(self).install(answering)
        ElasticBlockStore.delete_volume = answering(self.delete)  # type: ignore[method-assign]
        AvailabilityZonesAndRegions.describe_availability_zones = answering(self.zones)  # type: ignore[method-assign]

    def shown(self, backend: Any, ids: Any) -> list[Any]:
        """Return the volumes that a read shows now."""
        self._sweep(backend)
        now = self.clock.monotonic()
        if self.history:
            seen = [v for v in self.history.seen(backend.region_name) if getattr(v, "is_shown", True)]
            return [v for v in seen if not ids or v.id in ids]
        old = {v.id: v for v, until in self.deleted.get(backend.region_name, ()) if now < until}
        known = [v for v in backend.describe_volumes(ids) if getattr(v, "visible_at", 0.0) <= now and v.id not in old]
        return [*known, *(v for v in old.values() if not ids or v.id in ids)]

    def _sweep(self, backend: Any) -> None:
        for volume in [v for v in backend.volumes.values() if getattr(v, "is_gone", False)]:
            del backend.volumes[volume.id]

    # -- making ----------------------------------------------------------------------------------------

    def create(self, call: Any) -> ActionResult:
        backend = call.ec2_backend
        self._sweep(backend)
        keys = ("SnapshotId", "AvailabilityZone", "AvailabilityZoneId", "Size", "VolumeType", "Iops", "KmsKeyId")
        keys = (*keys, "VolumeInitializationRate")
        asked = {key: call._get_param(key) for key in keys}
        asked["Encrypted"] = call._get_param("Encrypted")
        tags = check_tags(call._get_param("TagSpecifications", []) or [], "volume")
        snapshot, zone = self._checked(call, backend, asked)
        if denied := self._ec2.denial("CreateVolume"):
            raise invalid(denied[1], denied[0])
        if call._get_param("DryRun", False):
            raise DryRunClientError()
        token = call._get_param("ClientToken")
        replayed = self._replayed(backend, (call.region, token), {**asked, "tags": sorted(tags.items())})
        if replayed:
            return self._answer(replayed, dict(backend.tags.get(replayed.id, {})))
        if snapshot is not None and snapshot.status != "completed":
            raise invalid(f"Snapshot is in invalid state - {snapshot.status}", "IncorrectState")
        if snapshot is not None and snapshot.storage_tier == "archive":
            raise invalid(f"The snapshot '{snapshot.id}' is archived.", "IncorrectState")  # the real code is unknown
        disk = self._made(backend, asked, snapshot, zone)
        backend.volumes[disk.id] = disk
        backend.tags[disk.id].update(tags)
        if token:
            self.tokens[call.region, token] = ({**asked, "tags": sorted(tags.items())}, disk.id)
        return self._answer(disk, tags)

    def _checked(self, call: Any, backend: Any, asked: dict[str, Any]) -> tuple[Any, Any]:
        """Return snapshot and zone, or refuse. Checks in AWS's order, the configuration first."""
        kind, size = (asked["VolumeType"] or "gp2").lower(), asked["Size"]
        if asked["AvailabilityZone"] and asked["AvailabilityZoneId"]:
            raise invalid("AvailabilityZone and AvailabilityZoneId", "InvalidParameterCombination")
        if not asked["AvailabilityZone"] and not asked["AvailabilityZoneId"]:
            raise invalid("The request must contain the parameter zone", "MissingParameter")
        zone = next(
            (
                z
                for z in backend.describe_availability_zones()
                if asked["AvailabilityZone"] in (None, z.name) and asked["AvailabilityZoneId"] in (None, z.zone_id)
            ),
            None,
        )
        if zone is None:
            name = asked["AvailabilityZone"] or asked["AvailabilityZoneId"]
            raise invalid(f"The zone '{name}' does not exist.", "InvalidZone.NotFound")
        if kind not in SIZES:
            raise invalid(f"Unsupported volume type '{kind}' for volume creation.", "UnknownVolumeType")
        if kind in ("io1", "io2") and not asked["Iops"]:
            raise invalid("The request must contain the parameter iops", "MissingParameter")
        if asked["KmsKeyId"] and str(asked["Encrypted"]).lower() != "true":
            raise invalid(
                "The parameter [KmsKeyId] requires the parameter Encrypted to be set.", "InvalidParameterDependency"
            )
        if not 100 <= (asked["VolumeInitializationRate"] or 100) <= 300:
            raise invalid(
                f"The volume initialization rate {asked['VolumeInitializationRate']} is not within 100 to 300"
            )
        if len(call._get_param("ClientToken") or "") > 64:
            raise invalid("The client token is too long")
        if zone.name in self.settings["no_stock"]:
            raise invalid("There is not enough capacity to fulfill the request.", "InsufficientVolumeCapacity")
        if asked["SnapshotId"] is None:
            if size is None:
                raise invalid("The request must contain the parameter size/snapshot", "MissingParameter")
            return None, zone
        check_snapshot_id(asked["SnapshotId"])
        snapshot = self._ec2.seen_snapshot(call.region, asked["SnapshotId"], call.current_account)
        if snapshot is None:
            raise invalid("Snapshot does not exist", "InvalidSnapshot.NotFound")
        if snapshot.encrypted and str(asked["Encrypted"]).lower() == "false":
            raise invalid(
                "EncryptedVolume parameter [false] is inconsistent with snapshot encryption state [true]",
                "InvalidParameterCombination",
            )
        least, most = SIZES[kind]
        if not least <= max(size or 0, snapshot.volume.size) <= most:
            raise invalid(f"Volume of {size}GiB is not allowed for volume type {kind}")
        return snapshot, zone

    def _replayed(self, backend: Any, key: tuple[str, Any], asked: dict[str, Any]) -> Any:
        """Return the disk that a token has made already, or None. Refuse the token of another call or of a deleted
        disk.
        """
        if not key[1] or key not in self.tokens:
            return None
        before, disk_id = self.tokens[key]
        disk = backend.volumes.get(disk_id)
        if disk is None or disk.status == "deleting":
            raise invalid(
                f"The client token '{key[1]}' is associated with resource '{disk_id}' which has already been deleted. "
                "Please use a different client token.",
                MISMATCH,
            )
        if before != asked:
            raise invalid(
                "Parameters on this idempotent request are inconsistent with parameters used in previous request(s).",
                MISMATCH,
            )
        return disk

    def _made(self, backend: Any, asked: dict[str, Any], snapshot: Any, zone: Any) -> SimulatedDisk:
        making = [v for v in backend.volumes.values() if v.status == "creating"]
        if len(making) >= self.settings["disk_quota"]:
            raise invalid("Request limit exceeded.", "RequestLimitExceeded")
        size = max(asked["Size"] or 0, snapshot.volume.size if snapshot else 0)
        if sum(v.size for v in backend.volumes.values()) + size > self.settings["storage_limit"]:
            kind = asked["VolumeType"] or "gp2"
            raise invalid(
                f"You have exceeded your maximum {kind} storage limit of 50 TiB in this region. Please contact AWS "
                "Support "
                "to request an Elastic Block Store service limit increase.",
                "VolumeLimitExceeded",
            )
        by_default = zone.region_name in self.settings["encryption_by_default"]
        encrypted = bool(str(asked["Encrypted"]).lower() == "true" or by_default or (snapshot and snapshot.encrypted))
        key = asked["KmsKeyId"] or (snapshot.kms_key_id if snapshot and snapshot.encrypted else None)
        seconds = self.settings["disk_seconds_of"].get(asked["SnapshotId"], self.settings["disk_seconds"])
        disk = SimulatedDisk(
            self,
            backend,
            models.random_volume_id(),
            seconds,
            vanishes=self._is_key_bad(asked, snapshot) or asked["SnapshotId"] in self.settings["vanishing"],
            size=size,
            zone=zone,
            snapshot_id=asked["SnapshotId"],
            encrypted=encrypted,
            kms_key_id=(key or self._ec2.default_key(zone.region_name)) if encrypted else None,
            volume_type=(asked["VolumeType"] or "gp2").lower(),
            iops=asked["Iops"],
        )
        disk.rate = asked["VolumeInitializationRate"]
        return disk

    def _is_key_bad(self, asked: dict[str, Any], snapshot: Any) -> bool:
        """Whether the requested key, or the snapshot's, cannot be used. The latter needs no kms:DescribeKey."""
        keys = self.settings["keys_of_kms"]
        own = keys.get(snapshot.kms_key_id) if snapshot and snapshot.encrypted else None
        return bool(keys.get(asked["KmsKeyId"]) or own not in (None, "undescribable"))

    @staticmethod
    def _answer(disk: Any, tags: dict[str, str]) -> ActionResult:
        """Answer as recorded: no owner, ARN or attachments yet; the key only if the call named it."""
        return ActionResult(
            {
                "VolumeId": disk.id,
                "Size": disk.size,
                "SnapshotId": disk.snapshot_id or "",
                "AvailabilityZone": disk.zone.name,
                "AvailabilityZoneId": disk.zone.zone_id,
                "State": disk.status,
                "CreateTime": disk.create_time,
                "Encrypted": bool(disk.encrypted),
                "VolumeType": disk.volume_type,
                "Iops": disk.iops or 3000,
                "Throughput": 125,
                "MultiAttachEnabled": False,
                "Tags": tag_list(tags),
            }
        )

    @staticmethod
    def status_of(volume: Any) -> dict[str, Any]:
        """Return a volume as DescribeVolumeStatus shows it (api-facts: ebs-disk-warm)."""
        percent = getattr(volume, "loaded_percent", 100)
        details = {"io-enabled": "passed", "io-performance": "not-applicable"}
        details["initialization-state"] = "completed" if percent == 100 else "initializing"
        kind = "provisioned-rate" if getattr(volume, "rate", None) else "default"
        return {
            "VolumeId": volume.id,
            "AvailabilityZone": volume.zone.name,
            "VolumeStatus": {
                "Status": "ok",
                "Details": [{"Name": name, "Status": status} for name, status in details.items()],
            },
            "InitializationStatusDetails": {"InitializationType": kind, "Progress": percent},
            "Actions": [],
            "Events": [],
        }

    # -- deleting, zones -------------------------------------------------------------------------------

    def delete(self, call: Any) -> EmptyResult:
        backend, volume_id = call.ec2_backend, call._get_param("VolumeId") or ""
        if not volume_id.startswith("vol-"):
            raise invalid(f"The volume ID '{volume_id}' is malformed")
        if denied := self._ec2.denial("DeleteVolume"):
            raise invalid(denied[1], denied[0])
        call.error_on_dryrun()
        self._sweep(backend)
        volume = backend.volumes.get(volume_id)
        if volume is None or volume.status == "deleting":
            raise invalid(f"The volume '{volume_id}' does not exist.", "InvalidVolume.NotFound")
        if volume.attachment:
            instance = volume.attachment.instance.id
            raise invalid(f"Volume {volume_id} is currently attached to {instance}", "VolumeInUse")
        if self.settings["disks_listed_after"]:
            old = frozen(volume, dict(backend.tags.get(volume_id, {})))
            old.seen_at = now = self.clock.monotonic()
            self.deleted.setdefault(call.region, []).append((old, now + self.settings["disks_listed_after"]))
        if hasattr(volume, "deleted_at"):
            volume.deleted_at = self.clock.monotonic()
            self._sweep(backend)
        else:
            del backend.volumes[volume_id]
        return EmptyResult()

    def zones(self, call: Any) -> ActionResult:
        call.error_on_dryrun()
        zones = [
            {
                "OptInStatus": "opt-in-not-required",
                "RegionName": z.region_name,
                "ZoneName": z.name,
                "ZoneId": z.zone_id,
                "ZoneType": "availability-zone",
                "GroupName": z.region_name,
                "NetworkBorderGroup": z.region_name,
                "State": "available",
                "Messages": [],
            }
            for z in call.ec2_backend.describe_availability_zones()
        ]
        fields = {"opt-in-status": "OptInStatus", "state": "State", "zone-name": "ZoneName", "zone-id": "ZoneId"}
        fields |= {"zone-type": "ZoneType"}
        for name, values in call._filters_from_querystring().items():
            if name not in fields:
                raise invalid(f"The filter '{name}' is invalid")
            zones = [zone for zone in zones if zone[fields[name]] in values]
        return ActionResult({"AvailabilityZones": zones})
