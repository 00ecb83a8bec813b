# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated clouds for tests of restores: copies in one region, and the disks made from them there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs_disks import EcsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens_disks import EnsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_disks import EbsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_disks import CbsDisks

from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends
from tests.simulator.aws.ec2_attachments import Attachment
from tests.simulator.aws.ec2_disks import SimulatedDisk
from tests.simulator.state import Disk, new_id
from tests.simulator.tencent.cbs_disks import NEVER

from .estates import CbsEstate, EbsEstate, EcsEstate, EnsEstate
from .harness import Outcome, run_module


class Restores:
    """What tests do with restores on any cloud; a mixin before a cloud's estate."""

    restore_module: str
    attach_action = ""
    server_id = "i-0cc11dd22ee33ff44"
    make_action: str
    list_disks_action = "DescribeDisks"
    delete_disk_action = "DeleteDisk"
    offers_action: str
    #: The call that removes a tag from a disk, and whether there is one.
    untag_disk_action = "UntagResources"
    changes_tags_of_disks = True
    zone: str | None
    other_zone: str | None
    disk_type: str
    other_type: str
    #: The code of a deletion of an attached disk, and a size in GiB larger than any snapshot.
    in_use_code: str
    larger_size_gib = 100
    #: Regions that calls name besides that of the disks.
    central_regions: tuple[str, ...] = ()
    #: Whether the cloud shows the size of a snapshot.
    shows_sizes = True
    #: A size in GiB, and a type of disks that is not offered in this size but in 200 GiB; None if sizes do not show.
    unavailable_size: tuple[int, str] | None = None
    #: Whether a disk shows while it is being made; and for how long (seconds) disks of a killed run may not show. The
    #: next run starts that much later.
    shows_what_is_made = True
    #: What a run reads once in addition to the disks.
    extra_reads: dict[str, int] = {}
    lag_after_a_kill, pause_after_a_kill = 20.0, 0.0

    def restore(self: Any, *snapshots: str, check: bool = False, diff: bool = False, **options: Any) -> Outcome:
        """Run the restore module for these snapshots; options override, and ... leaves one out."""
        given = {
            "snapshot_ids": list(snapshots),
            "region": self.destination,
            "restore_id": "flood",
            **({"zone": self.zone} if self.zone else {}),
            **self.connection(),
            **options,
        }
        given = {key: value for key, value in given.items() if value is not ...}
        return run_module(self.restore_module, given, self.clock, check, diff)

    def create_unfinished_copy(self: Any) -> str:
        made = self.copy()
        vars(self.get(made, self.destination)).update(self.unfinished_facts)
        return str(made)

    def peak_disks_in_progress(self: Any) -> int:
        """Return the largest number of disks that were being made at once."""
        spans = [(d.started, d.started + d.duration) for d in self.disks()]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _end in spans)

    def record_regions_called(self: Any) -> set[str]:
        """Record from now on in which regions calls are made; return the set that is filled."""
        seen: set[str] = set()

        def note(_action: str, region: str) -> None:
            seen.add(region)

        self.server.control.script = note
        return seen

    def restore_tags_of(self, snapshot: str, restore_id: str = "flood") -> dict[str, str]:
        return {"dr-restore:id": restore_id, "dr-restore:snapshot-id": snapshot}


class EbsDisksEstate(Restores, EbsEstate):
    """Copies in eu-west-1."""

    adapter = EbsDisks
    untag_disk_action = "DeleteTags"
    restore_module = "ebs_snapshot_restore"
    make_action, list_disks_action, delete_disk_action = "CreateVolume", "DescribeVolumes", "DeleteVolume"
    offers_action = "DescribeAvailabilityZones"
    zone, other_zone = "eu-west-1a", "eu-west-1b"
    disk_type, other_type = "gp3", "gp2"
    in_use_code = "VolumeInUse"
    unavailable_size = 8, "st1"
    attach_action, detach_action = "AttachVolume", "DetachVolume"
    server_id, other_server_id, far_server_id = "i-0cc11dd22ee33ff44", "i-0cc11dd22ee33ff55", "i-0cc11dd22ee33ff66"
    extra_reads = {"DescribeVolumeStatus": 1}
    unfinished_facts = {"status": "pending"}

    @property
    def _backend(self) -> Any:
        return ec2_backends[ACCOUNT][self.destination]

    def copy(self, size: int = 8, **facts: Any) -> str:
        made = self.snapshot(self._backend.create_volume(size, f"{self.destination}a").id, region=self.destination)
        vars(self.get(made, self.destination)).update(facts)
        return made

    def disks(self) -> list[Any]:
        """Return the disks made from snapshots, oldest first."""
        self.server.disks.shown(self._backend, None)
        return [v for v in self._backend.volumes.values() if isinstance(v, SimulatedDisk) and v.deleted_at > 1e9]

    def plant(self, snapshot: str, tags: dict[str, str], seconds: float = 0.0, zone: str | None = None) -> Any:
        """Create a disk from a snapshot, as an earlier run or somebody else would."""
        source = self.get(snapshot, self.destination)
        facts = {"size": source.volume.size, "snapshot_id": snapshot, "volume_type": "gp3"}
        facts["zone"] = self._backend.get_zone_by_name(zone or self.zone)
        disk = SimulatedDisk(
            self.server.disks, self._backend, f"vol-{len(self._backend.volumes):017x}", seconds, False, **facts
        )
        self._backend.volumes[disk.id] = disk
        self._backend.tags[disk.id].update(tags)
        return disk

    def tags_of_disk(self, disk: Any) -> dict[str, str]:
        return dict(self._backend.tags.get(disk.id, {}))

    def attach(self, disk: Any, instance: str = "i-0cc11dd22ee33ff44") -> str:
        disk.attachment = Attachment(SimpleNamespace(id=instance), "/dev/sdf")
        return instance

    def detach(self, disk: Any) -> None:
        """Detach a disk without a call."""
        disk.attachment = None

    def holder_of(self, disk: Any) -> tuple[str, str]:
        return (disk.attachment.instance.id, disk.attachment_state) if disk.attachment else ("", "")

    def path_in_the_guest(self, disk_id: str) -> str:
        return "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + disk_id.replace("-", "")

    def remove_disk(self, disk: Any) -> None:
        """Delete a disk without a call."""
        del self._backend.volumes[disk.id]


class EcsDisksEstate(Restores, EcsEstate):
    """Copies in cn-beijing."""

    adapter = EcsDisks
    restore_module = "ecs_snapshot_restore"
    make_action, offers_action = "CreateDisk", "DescribeAvailableResource"
    zone: str | None = "cn-beijing-b"
    other_zone: str | None = "cn-beijing-c"
    disk_type, other_type = "cloud_essd", "cloud_efficiency"
    unavailable_size = 10, "cloud_efficiency"
    in_use_code = "IncorrectDiskStatus"
    attach_action, detach_action = "AttachDisk", "DetachDisk"
    server_id, other_server_id, far_server_id = "i-0cc11dd22ee33ff44", "i-0cc11dd22ee33ff55", "i-0cc11dd22ee33ff66"
    unfinished_facts = {"forced_state": "running"}

    def copy(self, size: int = 40, **facts: Any) -> str:
        made = self.snapshot(region=self.destination)
        vars(self.get(made, self.destination)).update(facts, size=size)
        return made

    def disks(self) -> list[Any]:
        """Return the disks made from snapshots, oldest first."""
        kept = self.server.account.disks.get(self.destination, {}).values()
        return [disk for disk in kept if disk.snapshot_id and disk.gone_at is None]

    def plant(self, snapshot: str, tags: dict[str, str], seconds: float = 0.0, zone: str | None = None) -> Any:
        """Create a disk from a snapshot, as an earlier run or somebody else would."""
        facts = {"zone": zone or self.zone or "", "category": self.disk_type, "snapshot_id": snapshot}
        facts["created"] = self.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
        size = self.get(snapshot, self.destination).size
        started = self.clock.monotonic()
        made = Disk(
            new_id(self.disk_prefix, self.id_digits),
            self.destination,
            "planted",
            size,
            tags,
            started=started,
            duration=seconds,
            **facts,
        )
        return self.server.account.add(made)

    def tags_of_disk(self, disk: Any) -> dict[str, str]:
        return dict(disk.tags)

    def attach(self, disk: Any, instance: str = "i-0cc11dd22ee33ff44") -> str:
        disk.attached_to, disk.attached_at, disk.detached_at = instance, 0.0, None
        return instance

    def detach(self, disk: Any) -> None:
        """Detach a disk without a call."""
        disk.attached_to = ""

    def holder_of(self, disk: Any) -> tuple[str, str]:
        held: tuple[str, str] = disk.holder(self.clock.monotonic())
        return held

    def path_in_the_guest(self, disk_id: str) -> str:
        return "/dev/disk/by-id/virtio-" + disk_id.removeprefix("d-")

    def remove_disk(self, disk: Any) -> None:
        """Delete a disk without a call."""
        del self.server.account.disks[self.destination][disk.id]


class EnsDisksEstate(EcsDisksEstate, EnsEstate):
    """Copies on cn-chengdu-26."""

    adapter = EnsDisks
    changes_tags_of_disks = False
    restore_module = "ens_snapshot_restore"
    attach_action = detach_action = ""
    offers_action = "DescribeCloudDiskAvailableResourceInfo"
    zone = other_zone = None
    disk_type, other_type = "cloud_efficiency", "cloud_ssd"
    shows_sizes, unavailable_size = False, None
    #: All calls go to the central endpoint, which has only this region.
    central_regions = ("cn-hangzhou",)
    #: Without a token, the promise holds once the cloud shows the disk.
    pause_after_a_kill = 25.0


class CbsDisksEstate(EcsDisksEstate, CbsEstate):
    """Copies in ap-beijing."""

    adapter = CbsDisks
    untag_disk_action = "UnTagResources"
    restore_module = "cbs_snapshot_restore"
    make_action, delete_disk_action, offers_action = "CreateDisks", "TerminateDisks", "DescribeDiskConfigQuota"
    zone, other_zone = "ap-beijing-3", "ap-beijing-4"
    disk_type, other_type = "CLOUD_PREMIUM", "CLOUD_SSD"
    unavailable_size = 15, "CLOUD_PREMIUM"
    in_use_code = "ResourceUnavailable.Attached"
    shows_what_is_made = False
    attach_action, detach_action = "AttachDisks", "DetachDisks"
    server_id, other_server_id, far_server_id = "ins-1a2b3c4d", "ins-1a2b3c4e", "ins-1a2b3c4f"

    def plant(self, snapshot: str, tags: dict[str, str], seconds: float = 0.0, zone: str | None = None) -> Any:
        made = super().plant(snapshot, tags, seconds, zone)
        made.created = self.server._text(self.clock.utc())
        return made

    def disks(self) -> list[Any]:
        return [disk for disk in super().disks() if disk.visible_at < NEVER]
