# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated cloud as tests use it: they create disks and snapshots in its state, and run modules against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens import EnsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud

from tests.clouds import CLOUDS, Cloud
from tests.simulator.alibaba.service import ACCESS_KEY as ALIBABA_KEY
from tests.simulator.alibaba.service import SECRET_KEY as ALIBABA_SECRET
from tests.simulator.aws.ec2 import ACCESS_KEY, ACCOUNT, SECRET_KEY, SimulatedCopy, ec2_backends
from tests.simulator.state import Disk, SimulatedSnapshot, new_id
from tests.simulator.tencent.cbs import CbsSnapshot
from tests.simulator.tencent.service import SECRET_ID as TENCENT_ID
from tests.simulator.tencent.service import SECRET_KEY as TENCENT_KEY

from .harness import Outcome, run_module


class Estate:
    """What the estates of all clouds share. Each cloud adds constants, and creates things in the server's state."""

    cloud: Cloud
    server: Any
    clock: Any
    copy_action, list_action = "CopySnapshot", "DescribeSnapshots"
    delete_action, tag_action = "DeleteSnapshot", "TagResources"
    quick_reads: dict[str, Any] = {}
    #: Destinations besides the usual two.
    more_regions: list[str]
    #: The HTTP status of errors.
    status_of_errors = 400
    #: Whether the cloud says why a copy failed, and whether it records the source of a copy itself.
    gives_reason = True
    records_sources = False

    def __init_subclass__(cls) -> None:
        cls.module, cls.info_module = cls.cloud.copy_module, cls.cloud.info_module
        cls.source, cls.destination, cls.other_destination, cls.third_destination = cls.cloud.regions
        cls.six_regions = [cls.destination, cls.other_destination, *cls.more_regions]

    def __init__(self, server: Any, clock: Any, url: str):
        self.server, self.clock, self.url = server, clock, url

    def settings(self, **settings: Any) -> None:
        assert set(settings) <= set(self.server.control.settings)
        self.server.control.settings.update(settings)

    def set_faults(self, *faults: dict[str, Any]) -> None:
        self.server.control.set_faults(list(faults))

    def refuse(self, action: str, code: str, **facts: Any) -> None:
        """Let calls of an action be refused with a code; ``facts`` are those of a fault, such as ``times``."""
        self.set_faults({"action": action, "fault": "refuse", "code": code, "status": self.status_of_errors, **facts})

    @property
    def calls(self) -> Any:
        return self.server.control.calls

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Schedule an event at a time (monotonic seconds)."""
        self.clock.at(moment, act)

    def hide(self, copy: Any, seconds: float) -> None:
        """Hide a copy from reads for a while."""
        copy.visible_at = self.clock.monotonic() + seconds

    def connection(self) -> dict[str, Any]:
        raise NotImplementedError

    def create_foreign_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None, **facts: Any
    ) -> Any:
        """Create a copy as the console does: without our tags."""
        return self._plant(source_id, region or self.destination, {}, duration=seconds, failure=failure, **facts)

    def create_our_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None, **facts: Any
    ) -> Any:
        """Create a copy as an earlier run would."""
        disk, created = self._origin(source_id)
        tags = {
            "dr-copy:source-snapshot-id": source_id,
            "dr-copy:source-region": self.source,
            "dr-copy:source-disk-id": disk,
            "dr-copy:source-created-at": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self._plant(source_id, region or self.destination, tags, duration=seconds, failure=failure, **facts)

    def create_copied_snapshots(self, count: int, *regions: str) -> list[str]:
        """Create snapshots, each with a copy of ours in each of these regions; return their IDs."""
        sources: list[str] = [self.snapshot() for _n in range(count)]
        for region in regions or (self.destination,):
            for source in sources:
                self.create_our_copy(source, region)
        return sources

    def snapshot(self, disk: str | None = None, age_hours: float = 1, region: str | None = None, **tags: str) -> str:
        """Create a complete source snapshot."""
        raise NotImplementedError

    def create_unfinished_snapshot(self) -> str:
        made = self.snapshot()
        self.make_unfinished(made)
        return made

    def make_unfinished(self, snapshot_id: str) -> None:
        raise NotImplementedError

    def _origin(self, source_id: str) -> tuple[str, datetime]:
        """Return the disk of a snapshot, and when it was taken."""
        raise NotImplementedError

    def _plant(self, source_id: str, region: str, tags: dict[str, str], **facts: Any) -> Any:
        """Create a copy without a call."""
        raise NotImplementedError

    def key(self, letter: str) -> str:
        """Return a key at the destination, a different one for each letter."""
        return f"{letter * 8}-1111-4111-8111-111111111111"

    def create_encrypted_copy(self, source_id: str, key: str) -> Any:
        """Create a copy of ours that is encrypted with this key."""
        copy = self.create_our_copy(source_id)
        copy.encrypted, copy.kms_key_id = True, key
        return copy

    def make_older(self, copy: Any, seconds: float) -> None:
        """Let a copy be started this much earlier."""
        copy.created -= timedelta(seconds=seconds)

    def copies(self, region: str | None = None) -> list[Any]:
        """Return the true copies in a region, oldest first."""
        raise NotImplementedError

    def started_at(self, snapshot: Any) -> float:
        raise NotImplementedError

    def peak_in_progress(self) -> int:
        """Return the largest number of copies that were in progress at once."""
        spans = [(self.started_at(c), self.started_at(c) + c.duration) for c in self.copies()]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _end in spans)

    def run(self, *sources: str, check: bool = False, diff: bool = False, **options: Any) -> Outcome:
        """Run the copy module for these sources; options override."""
        given = {
            "snapshot_ids": list(sources),
            "source_region": self.source,
            "destination_regions": [self.destination],
            **self.connection(),
            **options,
        }
        given = {key: value for key, value in given.items() if value is not ...}
        return run_module(self.module, given, self.clock, check, diff)

    def info(self, region: str, **options: Any) -> Outcome:
        return run_module(self.info_module, {"region": region, **self.connection(), **options}, self.clock)


class EbsEstate(Estate):
    """EC2 in us-east-1, with copies wanted in eu-west-1."""

    adapter = EbsCloud
    cloud = CLOUDS["ebs"]
    more_regions = ["eu-west-2", "eu-west-3", "eu-north-1", "ap-southeast-1"]
    tag_action = "CreateTags"
    unknown_id = "snap-0f1e2d3c4b5a69788"
    source_name_limit = 250
    #: Options that keep the SDK from sleeping between its own attempts at reads, because it does not use the fake
    #: clock.
    quick_reads = {"aws_config": {"retries": {"total_max_attempts": 1}}}

    # -- the server's state --------------------------------------------------------------------------

    def untag(self, disk: str, key: str) -> None:
        """Remove a tag from a disk."""
        ec2_backends[ACCOUNT][self.source].delete_tags([disk], {key: None})

    def delete_source_disk(self, disk: str) -> None:
        ec2_backends[ACCOUNT][self.source].delete_volume(disk)

    def disk(self, **tags: str) -> str:
        backend = ec2_backends[ACCOUNT][self.source]
        volume = backend.create_volume(8, f"{self.source}a")
        backend.create_tags([volume.id], tags)
        return volume.id

    def snapshot(self, disk: str | None = None, age_hours: float = 1, region: str | None = None, **tags: str) -> str:
        """Create a complete source snapshot."""
        backend = ec2_backends[ACCOUNT][region or self.source]
        disk = disk or backend.create_volume(8, f"{region or self.source}a").id
        made = backend.create_snapshot(disk, "nightly")
        made.start_time = (self.clock.utc() - timedelta(hours=age_hours)).replace(tzinfo=None)
        backend.create_tags([made.id], tags)
        return made.id

    def get(self, snapshot_id: str, region: str | None = None) -> Any:
        """Return the server's own object of a snapshot."""
        return ec2_backends[ACCOUNT][region or self.source].snapshots[snapshot_id]

    def make_unfinished(self, snapshot_id: str) -> None:
        self.get(snapshot_id).status = "pending"

    def unknown_source(self, number: int) -> str:
        """Return an ID that no snapshot has."""
        return f"snap-{number:017x}"

    def all_snapshots(self, region: str) -> list[Any]:
        """Return the server's own objects of a region, copies or not, without moto's public ones."""
        return [s for s in self.server.snapshots(region).values() if s.owner_id == ACCOUNT]

    def phase_of(self, snapshot: Any) -> str:
        return {"pending": "running", "completed": "complete"}.get(snapshot.status, "failed")

    def started_at(self, snapshot: Any) -> float:
        return float(getattr(snapshot, "_started", 0.0))

    def copies(self, region: str | None = None) -> list[Any]:
        """Return the true copies in a region, oldest first."""
        return [s for s in self.server.snapshots(region or self.destination).values() if isinstance(s, SimulatedCopy)]

    def forget(self, snapshot_id: str, region: str | None = None) -> None:
        """Delete a snapshot without a call."""
        del ec2_backends[ACCOUNT][region or self.source].snapshots[snapshot_id]

    def copying_seconds(self) -> float:
        """Return the seconds from the start of the first copy to the end of the last one."""
        copies = self.copies()
        return float(max(c._started + c.duration for c in copies) - min(c._started for c in copies))

    def is_complete(self, copy: Any) -> bool:
        return bool(copy.status == "completed")

    def tags_of(self, copy: Any) -> dict[str, str]:
        return dict(copy.ec2_backend.tags.get(copy.id, {}))

    def set_tags(self, copy: Any, **tags: str) -> None:
        copy.ec2_backend.create_tags([copy.id], tags)

    def _origin(self, source_id: str) -> tuple[str, datetime]:
        source = self.get(source_id)
        return source.volume.id, source.start_time

    def _plant(self, source_id: str, region: str, tags: dict[str, str], **facts: Any) -> Any:
        """Create a copy without a call; without tags, with the description that the console sets."""
        backend = ec2_backends[ACCOUNT][region]
        arguments: dict[str, Any] = {
            "description": "an earlier copy" if tags else f"[Copied {source_id} from {self.source}] nightly",
            "encrypted": False,
            **dict.fromkeys(("kms_key_id", "minutes", "outpost_arn", "zone")),
            **facts,
        }
        copy = SimulatedCopy(self.server, backend, self.get(source_id), **arguments)
        backend.snapshots[copy.id] = copy
        backend.tags[copy.id].update(tags)
        return copy

    def key(self, letter: str) -> str:
        return f"arn:aws:kms:{self.destination}:{ACCOUNT}:key/{super().key(letter)}"

    def create_encrypted_copy(self, source_id: str, key: str) -> Any:
        return self.create_our_copy(source_id, encrypted=True, kms_key_id=key)

    def make_older(self, copy: Any, seconds: float) -> None:
        copy.start_time -= timedelta(seconds=seconds)

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


class EcsEstate(Estate):
    """ECS in cn-hangzhou, with copies wanted in cn-beijing."""

    adapter = EcsCloud
    cloud = CLOUDS["ecs"]
    more_regions = ["cn-shenzhen", "cn-chengdu", "cn-qingdao", "cn-huhehaote"]
    unknown_id = "s-bp67acfmxazb4p0000"
    disk_prefix, snapshot_prefix = "d-", "s-"
    id_digits = 20
    snapshot_class = SimulatedSnapshot
    source_name_limit = 120
    gives_reason = False
    records_sources = True

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "access_key": ALIBABA_KEY, "secret_key": ALIBABA_SECRET, "read_timeout": 5}

    def disk(self, **tags: str) -> str:
        made = Disk(new_id(self.disk_prefix, self.id_digits), self.source, tags.get("Name", ""), tags=tags)
        return self.server.account.add(made).id

    def snapshot(self, disk: str | None = None, age_hours: float = 1, region: str | None = None, **tags: str) -> str:
        """Create a complete source snapshot; its tag Name becomes its name."""
        name = tags.pop("Name", "nightly")
        created = self.clock.utc() - timedelta(hours=age_hours)
        made = self.snapshot_class(
            new_id(self.snapshot_prefix, self.id_digits),
            region or self.source,
            created,
            disk or self.disk(),
            name,
            tags=tags,
        )
        return self.server.account.add(made).id

    def get(self, snapshot_id: str, region: str | None = None) -> Any:
        return self.server.account.snapshots[region or self.source][snapshot_id]

    def make_unfinished(self, snapshot_id: str) -> None:
        self.get(snapshot_id).forced_state = "running"

    def unknown_source(self, number: int) -> str:
        """Return an ID that no snapshot has."""
        return f"{self.snapshot_prefix}zz{number:06d}"

    def all_snapshots(self, region: str) -> list[Any]:
        """Return the server's own objects of a region, copies or not."""
        return list(self.server.account.snapshots.get(region, {}).values())

    def phase_of(self, snapshot: Any) -> str:
        return str(snapshot.phase(self.clock.monotonic()))

    def started_at(self, snapshot: Any) -> float:
        return float(snapshot.started)

    def copies(self, region: str | None = None) -> list[Any]:
        return [s for s in self.server.account.snapshots.get(region or self.destination, {}).values() if s.source_id]

    def is_complete(self, copy: Any) -> bool:
        return copy.phase(self.clock.monotonic()) == "complete"

    def tags_of(self, copy: Any) -> dict[str, str]:
        return dict(copy.tags)

    def set_tags(self, copy: Any, **tags: str) -> None:
        copy.tags.update(tags)

    def untag(self, disk: str, key: str) -> None:
        """Remove a tag from a disk."""
        del self.server.account.disks[self.source][disk].tags[key]

    def delete_source_disk(self, disk: str) -> None:
        del self.server.account.disks[self.source][disk]

    def forget(self, snapshot_id: str, region: str | None = None) -> None:
        del self.server.account.snapshots[region or self.source][snapshot_id]

    def _origin(self, source_id: str) -> tuple[str, datetime]:
        source = self.get(source_id)
        return source.disk_id, source.created

    def _plant(self, source_id: str, region: str, tags: dict[str, str], **facts: Any) -> Any:
        facts = {"disk_id": self.get(source_id).disk_id, "name": "a-copy", "description": "a copy", **facts}
        copy = self.snapshot_class(
            new_id(self.snapshot_prefix, self.id_digits),
            region,
            self.clock.utc(),
            tags=tags,
            source_id=source_id,
            source_region=self.source,
            started=self.clock.monotonic(),
            **facts,
        )
        return self.server.account.add(copy)


class EnsEstate(EcsEstate):
    """Edge nodes: cn-hangzhou-26, with copies wanted on cn-chengdu-26."""

    adapter = EnsCloud
    cloud = CLOUDS["ens"]
    more_regions = ["cn-beijing-28", "cn-wuhan-telecom-4", "cn-xian-5", "cn-nanjing-6"]
    unknown_id = "sp-5nnqx3qsr4lx9cqm5"
    snapshot_prefix = "sp-"


class CbsEstate(EcsEstate):
    """CBS in ap-guangzhou, with copies wanted in ap-beijing."""

    adapter = CbsCloud
    cloud = CLOUDS["cbs"]
    more_regions = ["ap-chengdu", "ap-nanjing", "ap-chongqing", "ap-hongkong"]
    copy_action = "CopySnapshotCrossRegions"
    delete_action = "DeleteSnapshots"
    unknown_id = "snap-zzzzzzzz"
    disk_prefix, snapshot_prefix = "disk-", "snap-"
    id_digits = 8
    status_of_errors = 200
    snapshot_class = CbsSnapshot
    source_name_limit = 55
    gives_reason = False
    records_sources = False

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "secret_id": TENCENT_ID, "secret_key": TENCENT_KEY, "read_timeout": 5}

    def copies(self, region: str | None = None) -> list[Any]:
        """Return the existing copies; the service removes a failed one, and after a while a deleted one."""
        now = self.clock.monotonic()
        kept = [s for s in super().copies(region) if s.phase(now) != "failed"]
        return [s for s in kept if s.gone_at is None or now < s.gone_at]

    def create_our_copy(self, *source: Any, tagged: bool = True, **facts: Any) -> Any:
        """Create a copy as an earlier run would; without tags, as one that ended before it could tag the copy."""
        copy = super().create_our_copy(*source, **facts)
        copy.tags = copy.tags if tagged else {}
        return copy

    def _plant(self, source_id: str, region: str, tags: dict[str, str], **facts: Any) -> Any:
        """Create a copy without a call; without tags, with the name that the console sets."""
        name = "a-copy" if tags else f"Copied {source_id} from {self.source}"
        return super()._plant(source_id, region, tags, **{"disk_id": "", "name": name, "description": "", **facts})


PROVENANCE = {
    "dr-copy:source-snapshot-id",
    "dr-copy:source-region",
    "dr-copy:source-disk-id",
    "dr-copy:source-created-at",
}


def service_of(estate):
    """Return the service object of an adapter, connected to the simulator."""
    params = {"connect_timeout": 5, "validate_certs": True, **estate.connection()}
    return estate.adapter(SimpleNamespace(params=params))._service
