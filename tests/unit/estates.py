# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated cloud as tests use it: they create disks and snapshots in its state, and run modules against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens import EnsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud

from tests.clouds import CLOUDS, Cloud
from tests.simulator.alibaba import ACCESS_KEY as ALIBABA_KEY
from tests.simulator.alibaba import SECRET_KEY as ALIBABA_SECRET
from tests.simulator.cbs import CbsSnapshot
from tests.simulator.ec2 import ACCESS_KEY, ACCOUNT, SECRET_KEY, Ec2, SimulatedCopy, ec2_backends
from tests.simulator.state import Disk, SimulatedSnapshot, new_id
from tests.simulator.tencent import SECRET_ID as TENCENT_ID
from tests.simulator.tencent import SECRET_KEY as TENCENT_KEY

from .harness import Outcome, run_module


class Estate:
    """What the estates of all clouds share. Each cloud adds constants, and creates things in the server's state."""

    cloud: Cloud
    server: Any
    clock: Any
    quick_reads: dict[str, Any] = {}
    #: Whether the cloud says why a copy failed, and whether it records the source of a copy itself.
    gives_reason = True
    records_sources = False

    def __init_subclass__(cls) -> None:
        cls.module, cls.info_module = cls.cloud.copy_module, cls.cloud.info_module
        cls.source, cls.destination, cls.other_destination, cls.third_destination = cls.cloud.regions

    def settings(self, **settings: Any) -> None:
        assert set(settings) <= set(self.server.control.settings)
        self.server.control.settings.update(settings)

    def faults(self, *faults: dict[str, Any]) -> None:
        self.server.control.set_faults(list(faults))

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
    copy_action, list_action, delete_action, tag_action = (
        "CopySnapshot",
        "DescribeSnapshots",
        "DeleteSnapshot",
        "CreateTags",
    )
    unknown_id = "snap-0f1e2d3c4b5a69788"
    source_name_limit = 250
    #: Options that keep the SDK from sleeping between its own attempts at reads, because it does not use the fake
    #: clock.
    quick_reads = {"aws_config": {"retries": {"total_max_attempts": 1}}}

    def __init__(self, ec2: Ec2, clock: Any, url: str):
        self.server = ec2
        self.clock = clock
        self.url = url

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

    def unfinished_snapshot(self) -> str:
        made = self.snapshot()
        self.make_unfinished(made)
        return made

    def make_unfinished(self, snapshot_id: str) -> None:
        self.get(snapshot_id).status = "pending"

    def unknown_source(self, number: int) -> str:
        """Return an ID that no snapshot has."""
        return f"snap-{number:017x}"

    def everything(self, region: str) -> list[Any]:
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

    def peak_in_progress(self, region: str | None = None) -> int:
        """Return the largest number of copies that were in progress at once."""
        spans = [(c._started, c._started + c.duration) for c in self.copies(region)]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _end in spans)

    def span(self) -> float:
        """Return the seconds from the start of the first copy to the end of the last one."""
        copies = self.copies()
        return float(max(c._started + c.duration for c in copies) - min(c._started for c in copies))

    def is_complete(self, copy: Any) -> bool:
        return bool(copy.status == "completed")

    def tags_of(self, copy: Any) -> dict[str, str]:
        return dict(copy.ec2_backend.tags.get(copy.id, {}))

    def set_tags(self, copy: Any, **tags: str) -> None:
        copy.ec2_backend.create_tags([copy.id], tags)

    def foreign_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None, **facts: Any
    ) -> Any:
        """Create a copy as the console does: with a description, without tags."""
        return self._plant(
            source_id, region, seconds, failure, f"[Copied {source_id} from {self.source}] nightly", {}, facts
        )

    def our_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None, **facts: Any
    ) -> Any:
        """Create a copy as an earlier run would."""
        source = self.get(source_id)
        tags = {
            "dr-copy:source-snapshot-id": source_id,
            "dr-copy:source-region": self.source,
            "dr-copy:source-disk-id": source.volume.id,
            "dr-copy:source-created-at": source.start_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self._plant(source_id, region, seconds, failure, "an earlier copy", tags, facts)

    def _plant(
        self,
        source_id: str,
        region: str | None,
        seconds: float,
        failure: str | None,
        description: str,
        tags: dict[str, str],
        facts: dict[str, Any],
    ) -> Any:
        backend = ec2_backends[ACCOUNT][region or self.destination]
        arguments: dict[str, Any] = {
            "description": description,
            "encrypted": False,
            "kms_key_id": None,
            "minutes": None,
            "outpost_arn": None,
            "zone": None,
            "duration": seconds,
            "failure": failure,
            **facts,
        }
        copy = SimulatedCopy(self.server, backend, self.get(source_id), **arguments)
        backend.snapshots[copy.id] = copy
        backend.tags[copy.id].update(tags)
        return copy

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


class EcsEstate(Estate):
    """ECS in cn-hangzhou, with copies wanted in cn-beijing."""

    adapter = EcsCloud
    cloud = CLOUDS["ecs"]
    copy_action, list_action = "CopySnapshot", "DescribeSnapshots"
    unknown_id = "s-bp67acfmxazb4p0000"
    disk_prefix, snapshot_prefix = "d-", "s-"
    disk_digits = 20
    source_name_limit = 120
    gives_reason = False
    records_sources = True

    def __init__(self, server: Any, clock: Any, url: str):
        self.server = server
        self.clock = clock
        self.url = url

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "access_key": ALIBABA_KEY, "secret_key": ALIBABA_SECRET, "read_timeout": 5}

    def disk(self, **tags: str) -> str:
        return self.server.estate.add(Disk(new_id(self.disk_prefix), self.source, tags.get("Name", ""), tags=tags)).id

    def snapshot(self, disk: str | None = None, age_hours: float = 1, region: str | None = None, **tags: str) -> str:
        """Create a complete source snapshot; its tag Name becomes its name."""
        name = tags.pop("Name", "nightly")
        created = self.clock.utc() - timedelta(hours=age_hours)
        made = SimulatedSnapshot(
            new_id(self.snapshot_prefix), region or self.source, created, disk or self.disk(), name, tags=tags
        )
        return self.server.estate.add(made).id

    def get(self, snapshot_id: str, region: str | None = None) -> Any:
        return self.server.estate.snapshots[region or self.source][snapshot_id]

    def unfinished_snapshot(self) -> str:
        made = self.snapshot()
        self.make_unfinished(made)
        return made

    def make_unfinished(self, snapshot_id: str) -> None:
        self.get(snapshot_id).forced_state = "running"

    def unknown_source(self, number: int) -> str:
        """Return an ID that no snapshot has."""
        return f"{self.snapshot_prefix}zz{number:06d}"

    def everything(self, region: str) -> list[Any]:
        """Return the server's own objects of a region, copies or not."""
        return list(self.server.estate.snapshots.get(region, {}).values())

    def phase_of(self, snapshot: Any) -> str:
        return str(snapshot.phase(self.clock.monotonic()))

    def started_at(self, snapshot: Any) -> float:
        return float(snapshot.started)

    def copies(self, region: str | None = None) -> list[Any]:
        return [s for s in self.server.estate.snapshots.get(region or self.destination, {}).values() if s.source_id]

    def is_complete(self, copy: Any) -> bool:
        return copy.phase(self.clock.monotonic()) == "complete"

    def tags_of(self, copy: Any) -> dict[str, str]:
        return dict(copy.tags)

    def set_tags(self, copy: Any, **tags: str) -> None:
        copy.tags.update(tags)

    def untag(self, disk: str, key: str) -> None:
        """Remove a tag from a disk."""
        del self.server.estate.disks[self.source][disk].tags[key]

    def delete_source_disk(self, disk: str) -> None:
        del self.server.estate.disks[self.source][disk]

    def forget(self, snapshot_id: str, region: str | None = None) -> None:
        del self.server.estate.snapshots[region or self.source][snapshot_id]

    def peak_in_progress(self, region: str | None = None) -> int:
        spans = [(c.started, c.started + c.duration) for c in self.copies(region)]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _end in spans)

    def foreign_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None
    ) -> Any:
        """Create a copy as the console does: without our tags."""
        return self._plant(source_id, region, seconds, failure, {})

    def our_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None
    ) -> Any:
        """Create a copy as an earlier run would."""
        source = self.get(source_id)
        tags = {
            "dr-copy:source-snapshot-id": source_id,
            "dr-copy:source-region": self.source,
            "dr-copy:source-disk-id": source.disk_id,
            "dr-copy:source-created-at": source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self._plant(source_id, region, seconds, failure, tags)

    def _plant(
        self, source_id: str, region: str | None, seconds: float, failure: str | None, tags: dict[str, str]
    ) -> Any:
        source = self.get(source_id)
        return self.server.estate.add(
            SimulatedSnapshot(
                new_id(self.snapshot_prefix),
                region or self.destination,
                self.clock.utc(),
                source.disk_id,
                "a-copy",
                "a copy",
                tags,
                source_id=source_id,
                source_region=self.source,
                started=self.clock.monotonic(),
                duration=seconds,
                failure=failure,
            )
        )


class EnsEstate(EcsEstate):
    """Edge nodes: cn-hangzhou-26, with copies wanted on cn-chengdu-26."""

    adapter = EnsCloud
    cloud = CLOUDS["ens"]
    unknown_id = "sp-5nnqx3qsr4lx9cqm5"
    snapshot_prefix = "sp-"


class CbsEstate(EcsEstate):
    """CBS in ap-guangzhou, with copies wanted in ap-beijing."""

    adapter = CbsCloud
    cloud = CLOUDS["cbs"]
    copy_action, list_action = "CopySnapshotCrossRegions", "DescribeSnapshots"
    delete_action, tag_action = "DeleteSnapshots", "TagResources"
    unknown_id = "snap-zzzzzzzz"
    disk_prefix, snapshot_prefix = "disk-", "snap-"
    disk_digits = 8
    source_name_limit = 55
    gives_reason = False
    records_sources = False

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, "secret_id": TENCENT_ID, "secret_key": TENCENT_KEY, "read_timeout": 5}

    def disk(self, **tags: str) -> str:
        made = Disk(new_id(self.disk_prefix, 8), self.source, tags.get("Name", ""), tags=tags)
        return self.server.estate.add(made).id

    def snapshot(self, disk: str | None = None, age_hours: float = 1, region: str | None = None, **tags: str) -> str:
        name = tags.pop("Name", "nightly")
        created = self.clock.utc() - timedelta(hours=age_hours)
        made = CbsSnapshot(new_id("snap-", 8), region or self.source, created, disk or self.disk(), name, tags=tags)
        return self.server.estate.add(made).id

    def copies(self, region: str | None = None) -> list[Any]:
        """Return the existing copies; the service removes a failed one, and after a while a deleted one."""
        now = self.clock.monotonic()
        kept = [s for s in super().copies(region) if s.phase(now) != "failed"]
        return [s for s in kept if s.gone_at is None or now < s.gone_at]

    def foreign_copy(
        self, source_id: str, region: str | None = None, seconds: float = 0.0, failure: str | None = None
    ) -> Any:
        """Create a copy as the console does: with a name, without tags."""
        return self._copy(source_id, region, seconds, failure, f"Copied {source_id} from {self.source}", {})

    def our_copy(
        self,
        source_id: str,
        region: str | None = None,
        seconds: float = 0.0,
        failure: str | None = None,
        name: str = "a-copy",
        tagged: bool = True,
    ) -> Any:
        source = self.get(source_id)
        tags = {
            "dr-copy:source-snapshot-id": source_id,
            "dr-copy:source-region": self.source,
            "dr-copy:source-disk-id": source.disk_id,
            "dr-copy:source-created-at": source.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self._copy(source_id, region, seconds, failure, name, tags if tagged else {})

    def _copy(
        self, source_id: str, region: str | None, seconds: float, failure: str | None, name: str, tags: dict[str, str]
    ) -> Any:
        return self.server.estate.add(
            CbsSnapshot(
                new_id("snap-", 8),
                region or self.destination,
                self.clock.utc(),
                "",
                name,
                tags=tags,
                source_id=source_id,
                source_region=self.source,
                started=self.clock.monotonic(),
                duration=seconds,
                failure=failure,
            )
        )
