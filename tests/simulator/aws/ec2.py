# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 by moto, corrected wherever the collection could notice a difference from AWS (api-facts: ebs-moto)."""

from __future__ import annotations

import base64
import json
import math
import os
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models import elastic_block_store as models
from moto.ec2.responses import EC2Response
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.tags import TagResponse
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from .. import caches
from ..control import Control, ControlledApp
from ..history import History
from ..locks import holds
from . import ec2_blocks as blocks
from . import kms, sigv4, sts
from .ec2_attachments import Attachment
from .ec2_blocks import Blocks
from .ec2_disks import Disks
from .ec2_large import LargeRegion, fill, page_text
from .ec2_locks import Locks
from .ec2_rules import check_copy, check_snapshot_id, check_source_id, check_tag_limits, check_tags, invalid
from .ec2_shown import check_filters, passes, shown, tag_list, volume_passes, volume_shown

ACCESS_KEY, SECRET_KEY = "AKIASIMULATEDKEY0001", "simulatedSecret/K7MDENGbPxRfiCYEXAMPLEKEYab"
KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
ACCOUNT = "123456789012"
#: Another account, with its own key pair.
OTHER_ACCESS_KEY, OTHER_SECRET_KEY = "AKIASIMULATEDKEY0002", "simulatedSecret/OTHERaccountCYEXAMPLEKEYab2"
OTHER_ACCOUNT = "210987654321"
DEFAULTS: dict[str, Any] = {
    "quota": 20,
    "budgets": {},
    "shared_after": 0.0,
    "keys_of_kms": {},
    "encryption_by_default": [],
    "loading_seconds": 600.0,
    "storage_limit": 50 * 1024,
    "vanishing": [],
    "no_stock": [],
    "deleting_seconds": 5.0,
    "disks_listed_after": 0.0,
    "blocks_shown_after": 0.0,
    "empty_page_first": False,
    "block_page_sizes": {},  # by snapshot ID: how many blocks a page of its listing holds at most
    "blocks_up_to": 4096,
    "broken_blocks": {},
    "missing_blocks": {},
    "roles": {},
    "session_seconds": 3600.0,
    "keys": {
        ACCESS_KEY: {"secret": SECRET_KEY, "token": None},
        OTHER_ACCESS_KEY: {"secret": OTHER_SECRET_KEY, "token": None, "account": OTHER_ACCOUNT},
    },
}
#: How often AWS lets an account call in a region: the size of a bucket, and its refill a second (api-facts:
#: ebs-call-rates).
BUDGETS = {
    "DescribeSnapshots": [100, 20],
    "DescribeVolumes": [100, 20],
    "ModifySnapshotAttribute": [100, 5],
    "DeleteSnapshot": [100, 5],
}
CODES = {
    "unavailable": ("Unavailable", "The service is unavailable. Please try again shortly.", 503),
    "throttle": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "expire": ("RequestExpired", "Request has expired.", 400),
}
#: Operations that check their parameters before they check the permission.
JUDGED_FIRST = (
    *("CopySnapshot", "CreateVolume", "DeleteVolume"),
    *("ListSnapshotBlocks", "GetSnapshotBlock", "DescribeKey"),
)
#: HTTP statuses of EC2's codes that moto does not use.
STATUS = {"UnauthorizedOperation": 403, "DryRunOperation": 412, "AuthFailure": 403, "AccessDenied": 403}
#: What happens to a copy whose source is not complete or not visible to CopySnapshot: it is accepted, and fails later.
NOT_FOUND, NOT_COMPLETE = "Source snapshot is not found", "Source snapshot is not complete"


class SimulatedCopy(models.Snapshot):
    """A copy that is in progress for a while, then complete or failed."""

    #: If a replica shows it: the time that the replica has reached.
    seen_at = math.inf

    def __init__(self, ec2: Ec2, backend: Any, source: models.Snapshot | None, **facts: Any):
        self._ec2 = ec2
        self._started = ec2.clock.monotonic()
        self.duration: float = facts["duration"]
        self.failure: str | None = facts["failure"]
        volume = source.volume if source else _NoVolume()
        super().__init__(backend, models.random_snapshot_id(), volume, facts["description"], facts["encrypted"])
        self.encrypted, self.kms_key_id = facts["encrypted"], facts["kms_key_id"]
        #: The key as the caller named it, which shows until the copy is complete.
        self.asked_key: str = facts.get("asked_key") or self.kms_key_id or ""
        self.source_id = source.id if source else facts["source_id"]
        self.start_time = ec2.clock.utc().replace(tzinfo=None)
        self.minutes: int | None = facts["minutes"]
        self.outpost_arn: str | None = facts["outpost_arn"]
        self.zone: str | None = facts["zone"]
        self.visible_at = self._started + ec2.control.settings["visible_after"]

    @property
    def age(self) -> float:
        return float(min(self._ec2.clock.monotonic(), self.seen_at) - self._started)

    @property
    def completed_at(self) -> datetime:
        return self.start_time + timedelta(seconds=self.duration)

    @property
    def status(self) -> str:
        if self.age < self.duration:
            return "pending"
        return "error" if self.failure else "completed"

    @status.setter
    def status(self, value: str) -> None:
        """moto sets a state before the copy has one."""

    @property
    def lacks_metadata(self) -> bool:
        """Whether AWS has not read the source yet (api-facts: ebs-copy-phases)."""
        return self.failure in (NOT_FOUND, NOT_COMPLETE) or self.age < min(1.0, self.duration / 4)

    @property
    def progress(self) -> str:
        if self.status == "completed":
            return "100%"
        return "99%" if not self.failure and self.age >= self.duration / 2 else "0%"


class _NoVolume:
    """The volume of a copy that was made from nothing."""

    id, size = "vol-ffffffff", 0


def _forget(snapshot_id: str) -> None:
    for backend in list(ec2_backends[ACCOUNT].values()):
        backend.snapshots.pop(snapshot_id, None)


def _finish(seconds: float) -> None:
    for backend in list(ec2_backends[ACCOUNT].values()):
        for copy in list(backend.snapshots.values()):
            if _is_pending_copy(copy):
                copy.duration = copy.age + seconds


class Ec2:
    """One simulated EC2 with the snapshots of two accounts, in all regions."""

    #: If set, reads of the account's own snapshots are answered by lagging replicas.
    history: History | None = None
    #: The instance that moto answers for; moto's answers and objects are those of the whole process.
    served: Ec2 | None = None

    def __init__(self, clock: Any):
        caches.install_caches()
        self.clock = clock
        self.control = Control(
            DEFAULTS, self._reset_state, self._make, self._truth, fill=self.fill, forget=_forget, finish=_finish
        )
        #: By region: snapshots besides moto's objects, if a test uses an account of realistic size.
        self.large: dict[str, LargeRegion] = {}
        self.disks = Disks(self)
        self._install()
        self.app = ControlledApp(
            self.control,
            _WithStatus(
                DomainDispatcherApplication(create_backend_app), self._account_of, Blocks(self), kms.Keys(self)
            ),
            _action,
            sigv4.region_of,
            self._refusal,
            error_response,
            CODES,
            clock,
            {"no_snapshot_id": _without_snapshot_id},
        )

    def reset(self) -> None:
        self.control.reset()
        self._reset_state()

    def _reset_state(self) -> None:
        self.history = None
        self.large = {}
        self.disks.tokens.clear()
        self.disks.deleted.clear()
        self.disks.history = None
        for regions in list(ec2_backends.values()):
            for backend in list(regions.values()):
                backend.reset()

    def _make(self, things: list[dict[str, Any]]) -> list[str]:
        """Make disks and complete snapshots from dicts of their facts; ``kind`` says which of the two."""
        ids = []
        for thing in things:
            backend = ec2_backends[ACCOUNT][thing["region"]]
            if thing["kind"] == "disk":
                made = backend.create_volume(8, f"{thing['region']}a")
                names = {"Name": thing["name"]} if "name" in thing else {}
                backend.tags[made.id].update({**names, **thing.get("tags", {})})
                if "attached_to" in thing:
                    made.attachment = Attachment(SimpleNamespace(id=thing["attached_to"]), thing["device"])
            else:
                made = backend.create_snapshot(thing["disk_id"], thing.get("name", ""))
            ids.append(made.id)
        return ids

    def _truth(self) -> list[dict[str, Any]]:
        """Return the true state of every disk and snapshot."""
        rows: list[dict[str, Any]] = []
        for region, backend in list(ec2_backends[ACCOUNT].items()):
            rows += [{"kind": "disk", "id": disk.id, "source_id": ""} for disk in self.disks.shown(backend, None)]
            rows += [
                {
                    "id": snapshot.id,
                    "region": region,
                    "source_id": getattr(snapshot, "source_id", ""),
                    "phase": {"pending": "running", "completed": "complete"}.get(snapshot.status, "failed"),
                }
                for snapshot in backend.snapshots.values()
                if snapshot.owner_id == ACCOUNT
            ]
        return rows

    def fill(
        self,
        disks: int,
        snapshots: int,
        copies: int,
        source_region: str = "us-east-1",
        destination_region: str = "eu-west-1",
        due: int = 0,
    ) -> None:
        """Create an account with this many tagged disks, own snapshots and copies; see ``ec2_large.fill``."""
        backend = ec2_backends[ACCOUNT][source_region]
        volumes = [backend.create_volume(8, f"{source_region}a").id for _n in range(disks)]
        for number, volume in enumerate(volumes):
            backend.tags[volume].update({"dr-copy": "true", "Name": f"disk-{number:05}"})
        now = self.clock.utc().replace(tzinfo=None, microsecond=0)
        made = fill(ACCOUNT, now, volumes, source_region, snapshots, copies, due)
        self.large = dict(zip((source_region, destination_region), made, strict=True))

    def _large(self, region: str) -> LargeRegion:
        return self.large.get(region) or LargeRegion()

    def open(self, regions: Iterable[str]) -> None:
        """Let moto create what it creates, with random IDs, when it first sees a region."""
        for region in regions:
            _of_all_accounts(region)

    def _account_of(self, access_key: str) -> str:
        """Return the account that an access key belongs to."""
        return str(self.control.settings["keys"].get(access_key, {}).get("account", ACCOUNT))

    def snapshots(self, region: str) -> dict[str, Any]:
        """Return the true snapshots of a region, by ID."""
        return dict(ec2_backends[ACCOUNT][region].snapshots)

    def _refusal(self, request: Request) -> Response | None:
        if Ec2.served is not self:
            return error_response("Simulator", "A later simulated EC2 of this process has taken this one's place.", 400)
        refused = sigv4.refusal(request, self.control.settings["keys"], self.clock.monotonic())
        if refused is None and _action(request) not in JUDGED_FIRST:
            refused = self.denial(_action(request))
        return error_response(*refused) if refused else None

    def denial(self, action: str) -> tuple[str, str, int] | None:
        if action not in self.control.settings["denied"]:
            return None
        return (
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. User: arn:aws:iam::{ACCOUNT}:user/dr is not authorized "
            "to "
            f"perform: ec2:{action} on resource: arn:aws:ec2:eu-west-1::snapshot/* because no identity-based policy "
            "allows "
            f"the ec2:{action} action. Encoded authorization failure message: {uuid.uuid4().hex}_{uuid.uuid4().hex}-A",
            403,
        )

    def _install(self) -> None:
        """Replace moto's own answers with the corrections."""
        Ec2.served = self
        ElasticBlockStore.copy_snapshot = _answering(self.copy_snapshot)  # type: ignore[method-assign]
        ElasticBlockStore.describe_snapshots = _answering(self.describe_snapshots)  # type: ignore[method-assign]
        ElasticBlockStore.describe_volumes = _answering(self.describe_volumes)  # type: ignore[method-assign]
        ElasticBlockStore.describe_volume_status = _answering(self.describe_volume_status)  # type: ignore[attr-defined]
        if not hasattr(ElasticBlockStore, "moto_modify_snapshot_attribute"):
            ElasticBlockStore.moto_modify_snapshot_attribute = ElasticBlockStore.modify_snapshot_attribute  # type: ignore[attr-defined]
        ElasticBlockStore.modify_snapshot_attribute = _answering(self.modify_snapshot_attribute)  # type: ignore[method-assign]
        ElasticBlockStore.delete_snapshot = _answering(self.delete_snapshot)  # type: ignore[method-assign]
        self.disks.install(_answering)
        Locks(self).install(_answering)
        models.utcnow = lambda: self.clock.utc().replace(tzinfo=None)
        if not hasattr(TagResponse, "moto_create_tags"):
            TagResponse.moto_create_tags = TagResponse.create_tags  # type: ignore[attr-defined]
        TagResponse.create_tags = _answering(self.create_tags)  # type: ignore[method-assign]
        sts.install(self.control, self.clock)

    # -- CopySnapshot -------------------------------------------------------------------------------

    def copy_snapshot(self, call: Any) -> ActionResult:
        settings, region = self.control.settings, call.region
        arguments = {
            "description": call._get_param("Description") or "",
            "encrypted": bool(call._get_param("Encrypted", False)),
            "kms_key_id": call._get_param("KmsKeyId"),
            "minutes": call._get_param("CompletionDurationMinutes"),
            "outpost_arn": call._get_param("DestinationOutpostArn"),
            "zone": call._get_param("DestinationAvailabilityZone"),
        }
        source_id, source_region = call._get_param("SourceSnapshotId"), call._get_param("SourceRegion")
        check_source_id(source_id)
        check_copy(arguments, source_region, region)
        tags = check_tags(call._get_param("TagSpecifications", []) or [])
        if denied := self.denial("CopySnapshot"):
            raise invalid(denied[1], denied[0])
        if call._get_param("DryRun", False):
            raise DryRunClientError()
        backend = call.ec2_backend
        if self._pending(backend) >= settings["quota"]:
            raise invalid(
                f"Too many snapshot copies in progress. The limit is {settings['quota']} for this destination region.",
                "ResourceLimitExceeded",
            )
        if len(backend.snapshots) >= settings["snapshot_limit"]:
            raise invalid("Maximum allowed active snapshot limit exceeded.", "SnapshotLimitExceeded")
        source, failure = self._source(call, source_id, source_region)
        asked_key = arguments["kms_key_id"]
        encrypted, key, failure_of_key = self._encryption(source, arguments, region)
        failure = failure or failure_of_key or settings["fail_copies_of"].get(source_id)
        duration = settings["copy_seconds_of"].get(source_id, settings["copy_seconds"])
        arguments.update(encrypted=encrypted, kms_key_id=key, failure=failure, source_id=source_id)
        arguments["asked_key"] = asked_key or ("alias/aws/ebs" if encrypted else None)
        copy = SimulatedCopy(
            self, backend, source, **arguments, duration=min(duration, settings["fails_after"]) if failure else duration
        )
        backend.snapshots[copy.id] = copy
        backend.tags[copy.id].update(tags)
        return ActionResult({"SnapshotId": copy.id, **({"Tags": tag_list(tags)} if tags else {})})

    def _pending(self, backend: Any) -> int:
        """Count the copies in progress; copies that have ended are not checked again."""
        ended = backend.__dict__.setdefault("ended_copies", set())
        if len(ended) > len(backend.snapshots):
            ended.clear()
        running = 0
        for snapshot_id in backend.snapshots.keys() - ended:
            if _is_pending_copy(backend.snapshots[snapshot_id]):
                running += 1
            else:
                ended.add(snapshot_id)
        return running

    def _source(self, call: Any, snapshot_id: str, region: str) -> tuple[Any, str | None]:
        """Return the source, and why its copy will fail: AWS refuses nothing at once (api-facts: ebs-late-failures)."""
        source = self.seen_snapshot(region, snapshot_id, call.current_account)
        if source is None:
            return None, NOT_FOUND
        if source.status != "completed":
            return source, NOT_COMPLETE
        elsewhere = region != call.region and is_local_zone(getattr(source, "zone", None), region)
        if getattr(source, "outpost_arn", None) or source.storage_tier == "archive" or elsewhere:
            raise invalid(f"The snapshot {snapshot_id} cannot be copied")
        return source, None

    def seen_snapshot(self, region: str, snapshot_id: str, account: str) -> Any:
        """Return a snapshot that an account may use, or None."""
        source = self._large(region).snapshots.get(snapshot_id)
        source = source or next((s for s in _of_all_accounts(region) if s.id == snapshot_id), None)
        return source if source is not None and self._may_see(source, account) else None

    @staticmethod
    def default_key(region: str) -> str:
        return default_key(region)

    def _encryption(self, source: Any, arguments: dict[str, Any], region: str) -> tuple[bool, str | None, str | None]:
        """Return whether the copy is encrypted, its key, and why it will fail. Raises what AWS refuses at once."""
        by_default = region in self.control.settings["encryption_by_default"]
        encrypted = arguments["encrypted"] or by_default or bool(arguments["outpost_arn"])
        if not encrypted and not (source and source.encrypted):
            return False, None, None
        asked = arguments["kms_key_id"]
        if asked is None:
            return True, default_key(region), None
        what = self.control.settings["keys_of_kms"].get(asked)
        if what in ("disabled", "invalid") or (asked.startswith("arn:") and f":{region}:" not in asked):
            raise invalid(f"The specified keyId {asked} is {what or 'invalid'}")
        if what == "undescribable":
            raise invalid(f"Not authorized to use key {asked} ", "AuthFailure")
        name = re.sub(r"^arn:aws:kms:[^:]*:[^:]*:", "", asked)
        key = name.removeprefix("key/") if not name.startswith("alias/") else str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        failure = "Given key ID is not accessible" if what == "unusable" else None
        return True, f"arn:aws:kms:{region}:{ACCOUNT}:key/{key}", failure

    # -- reading --------------------------------------------------------------------------------------

    def describe_snapshots(self, call: Any) -> str:
        call.error_on_dryrun()
        account = call.current_account
        owners = [account if o == "self" else o for o in call._get_param("OwnerIds", []) or []]
        ids = call._get_param("SnapshotIds", []) or []
        there = self.history.seen(call.region) if self.history else _of_all_accounts(call.region)
        seen = [s for s in there if self._may_see(s, account) and self._visible(s)]
        if owners:
            # "self" does not return what other accounts share (api-facts: ebs-own-snapshots).
            seen = [s for s in seen if s.owner_id in owners]
        restorers = call._get_param("RestorableByUserIds", []) or []
        if restorers:
            seen = [s for s in seen if any(self._restorable(s, user, account) for user in restorers)]
        large = self._large(call.region) if account == ACCOUNT else LargeRegion()
        for snapshot_id in ids:
            check_snapshot_id(snapshot_id)
            if snapshot_id not in large.snapshots and snapshot_id not in {s.id for s in seen}:
                raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        filters = call._filters_from_querystring()
        check_filters("DescribeSnapshots", filters)
        named = filters.get("snapshot-id")
        if named and not any(set(value) & set("*?\\") for value in named):
            seen = [s for s in seen if s.id in named]  # an ordinary filter, but fast over thousands
        chosen = [s for s in seen if not ids or s.id in ids]
        shown_all = [shown(s, _tags(s, account)) for s in chosen]
        found = [facts for facts in shown_all if all(passes(facts, name, values) for name, values in filters.items())]
        if large.snapshots:
            found += large.find({**filters, "snapshot-id": ids} if ids else filters)
        return self.page(call, found, "Snapshots", bool(ids), _written)

    def _restorable(self, snapshot: Any, user: str, account: str) -> bool:
        """Whether RestorableByUserIds shows a snapshot. "self": own and explicitly shared snapshots; "all": public
        ones.
        """
        if user == "all":
            return "all" in snapshot.create_volume_permission_groups
        if user == "self":
            return snapshot.owner_id == account or self._shared_with(snapshot, account)
        return self._may_see(snapshot, user)

    def _shared_with(self, snapshot: Any, account: str) -> bool:
        since = snapshot.__dict__.get("shared_since", {}).get(account, float("-inf"))
        known = self.clock.monotonic() - since >= self.control.settings["shared_after"]
        return known and account in snapshot.create_volume_permission_userids

    def _may_see(self, snapshot: Any, account: str) -> bool:
        return (
            snapshot.owner_id == account
            or self._shared_with(snapshot, account)
            or "all" in snapshot.create_volume_permission_groups
        )

    def describe_volumes(self, call: Any) -> str:
        call.error_on_dryrun()
        backend = call.ec2_backend
        volumes = self.disks.shown(backend, call._get_param("VolumeIds", []) or None)
        filters = call._filters_from_querystring()
        check_filters("DescribeVolumes", filters)
        found = []
        for volume in volumes:
            tags = getattr(volume, "seen_tags", None) or dict(backend.tags.get(volume.id, {}))
            facts = volume_shown(volume, tags, call.region)
            if all(volume_passes(facts, name, values) for name, values in filters.items()):
                found.append(facts)
        return self.page(call, found, "Volumes", False, _written)

    def describe_volume_status(self, call: Any) -> Any:
        call.error_on_dryrun()
        volumes = self.disks.shown(call.ec2_backend, call._get_param("VolumeIds", []) or None)
        found = [self.disks.status_of(volume) for volume in volumes if volume.status not in ("creating", "deleting")]
        return self.page(call, found, "VolumeStatuses", bool(call._get_param("VolumeIds", [])))

    def _visible(self, snapshot: Any) -> bool:
        return bool(getattr(snapshot, "visible_at", 0.0) <= self.clock.monotonic())

    def page(
        self, call: Any, found: list[Any], key: str, by_id: bool, write: Callable[[dict[str, Any]], Any] = ActionResult
    ) -> Any:
        size = call._get_param("MaxResults")
        token = call._get_param("NextToken")
        if size is not None and by_id:
            raise invalid("MaxResults cannot be used together with IDs", "InvalidParameterCombination")
        if size is None:
            return write({key: found})
        if not 5 <= size <= 1000:
            raise invalid(f"Value ({size}) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")
        start = json.loads(base64.b64decode(token)) if token else 0
        answer: dict[str, Any] = {key: found[start : start + size]}
        if start + size < len(found):
            answer["NextToken"] = base64.b64encode(json.dumps(start + size).encode()).decode()
        return write(answer)

    def modify_snapshot_attribute(self, call: Any) -> Any:
        snapshot = call.ec2_backend.snapshots.get(call._get_param("SnapshotId"))
        keys_of_aws = (default_key(call.region), call.ec2_backend.default_kms_key_id)
        if snapshot is not None and snapshot.encrypted and (snapshot.kms_key_id or keys_of_aws[0]) in keys_of_aws:
            raise invalid("Encrypted snapshots with EBS default key cannot be shared", "OperationNotPermitted")
        if snapshot is not None:
            since = snapshot.__dict__.setdefault("shared_since", {})
            since.update((user, self.clock.monotonic()) for user in call._get_param("UserIds", []) or [])
        return call.moto_modify_snapshot_attribute()

    # -- other writes ---------------------------------------------------------------------------------

    def delete_snapshot(self, call: Any) -> EmptyResult:
        snapshot_id = call._get_param("SnapshotId")
        check_snapshot_id(snapshot_id)
        call.error_on_dryrun()
        if large := self._large_with(call.region, [snapshot_id]):
            del large.snapshots[snapshot_id]
            large.changed()
            return EmptyResult()
        snapshot = call.ec2_backend.snapshots.get(snapshot_id)
        if snapshot is None or snapshot.owner_id != call.current_account:
            raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        if snapshot_id in self.control.settings["in_use"]:
            raise invalid(
                f"The snapshot {snapshot_id} is currently in use by ami-0123456789abcdef0", "InvalidSnapshot.InUse"
            )
        if holds(snapshot, self.clock.utc()):
            raise invalid(f"The snapshot '{snapshot_id}' is locked.", "InvalidSnapshot.InUse")
        del call.ec2_backend.snapshots[snapshot_id]
        return EmptyResult()

    def create_tags(self, call: Any) -> Any:
        tags = {tag["Key"]: tag.get("Value", "") for tag in call._get_param("Tags", [])}
        check_tag_limits(tags)
        for resource in call._get_param("Resources", []):
            snapshot = call.ec2_backend.snapshots.get(resource)
            if snapshot is not None and snapshot.owner_id != call.current_account:
                raise invalid(f"The snapshot '{resource}' does not exist.", "InvalidSnapshot.NotFound")
        if large := self._large_with(call.region, call._get_param("Resources", [])):
            named = call._get_param("Resources", [])
            for resource in large.snapshots.keys() & named:
                large.snapshots[resource].seen_tags.update(tags)
            large.changed()
            call.ec2_backend.create_tags([r for r in named if r not in large.snapshots], tags)
            return EmptyResult()
        return call.moto_create_tags()

    def _large_with(self, region: str, ids: Iterable[str]) -> LargeRegion | None:
        """Return the large account of a region if it contains one of these IDs."""
        large = self._large(region)
        return large if any(snapshot_id in large.snapshots for snapshot_id in ids) else None


def _written(answer: dict[str, Any]) -> str:
    """Write a listing without moto's serializer, which would take longer than everything else."""
    key = next(iter(answer))
    facts = [one if isinstance(one, dict) else shown(one, one.seen_tags) for one in answer[key]]
    return page_text(key, facts, answer.get("NextToken"))


def _answering(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a method for moto's request classes from one of ours, which takes the request as its argument."""

    def method(call: Any) -> Any:
        return answer(call)

    return method


class _WithStatus:
    """Gives moto the account of the caller, and its answers the HTTP status that AWS uses for a code."""

    def __init__(self, app: Any, account_of: Callable[[str], str], blocks: Blocks, keys: kms.Keys):
        self._app = app
        self._account_of = account_of
        self._blocks = blocks
        self._keys = keys

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(sigv4.key_of(environ.get("HTTP_AUTHORIZATION", "")))
        request = Request(environ)
        if blocks.action_of(request):
            account = environ["HTTP_X_MOTO_ACCOUNT_ID"]
            return self._blocks(environ, sigv4.region_of(request), account)(environ, start_response)
        if kms.action_of(request):
            return self._keys(request)(environ, start_response)
        if sigv4.service_of(environ.get("HTTP_AUTHORIZATION", "")) == "ec2":
            answer = _by_moto(environ)
        else:
            answer = Response.from_app(self._app.get_application(environ), environ, buffered=True)
        if answer.status_code >= 400:
            code = re.search(rb"<Code>([^<]+)</Code>", answer.get_data())
            answer.status_code = STATUS.get(code.group(1).decode() if code else "", answer.status_code)
        return answer(environ, start_response)


def _by_moto(environ: dict[str, Any]) -> Response:
    """Let moto's EC2 answer without its Flask application, which takes as long as the answer itself."""
    request = BackendRequest(environ)
    try:
        status, headers, body = EC2Response.dispatch(request, request.raw_url, dict(request.headers))
    except EC2ClientError as error:
        status, headers, body = 400, {}, error.response["Error"]["Message"]
    return Response(body, status=status, headers=headers)


def error_response(code: str, message: str, status: int) -> Response:
    """Answer with an error in EC2's form."""
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response>'
        f"<Errors><Error><Code>{code}</Code><Message>{message}</Message>"
        f"</Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>",
        status=status,
        content_type="text/xml;charset=UTF-8",
    )


def _without_snapshot_id(answer: Response) -> Response:
    return Response(re.sub(rb"<snapshotId>.*?</snapshotId>", b"", answer.get_data()), headers=answer.headers)


def _action(request: Request) -> str:
    named = blocks.action_of(request) or kms.action_of(request)
    return str(named or request.form.get("Action") or request.args.get("Action") or request.path)


def _is_pending_copy(snapshot: Any) -> bool:
    return isinstance(snapshot, SimulatedCopy) and snapshot.status == "pending"


def default_key(region: str) -> str:
    """Return AWS's own default key for EBS in a region."""
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{uuid.uuid5(uuid.NAMESPACE_DNS, f'aws/ebs {region}')}"


def is_local_zone(zone: str | None, region: str) -> bool:
    """Whether a zone that a snapshot shows is a Local Zone of the region."""
    return (zone or "").startswith(f"{region}-")


def _of_all_accounts(region: str) -> list[Any]:
    return [
        snapshot
        for account in (ACCOUNT, OTHER_ACCOUNT)
        for snapshot in list(ec2_backends[account][region].snapshots.values())
    ]


def _tags(snapshot: Any, account: str) -> dict[str, str]:
    """Return the tags as ``account`` sees them: the tags of a shared snapshot are visible only to its owner."""
    tags = getattr(snapshot, "seen_tags", None)
    tags = snapshot.ec2_backend.tags.get(snapshot.id, {}) if tags is None else tags
    return dict(tags) if snapshot.owner_id == account else {}


def moment(text: str) -> datetime:
    """Parse an ISO 8601 string as moto stores times: UTC, without a zone."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)


__all__ = ["ACCESS_KEY", "ACCOUNT", "SECRET_KEY", "EC2ClientError", "Ec2", "SimulatedCopy", "moment"]
