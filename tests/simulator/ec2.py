# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 by moto, corrected in every row of contract E.6 that the collection can meet."""

from __future__ import annotations

import base64
import json
import os
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models import elastic_block_store as models
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.tags import TagResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from . import sigv4
from .control import Control, ControlledApp
from .ec2_rules import check_copy, check_snapshot_id, check_tag_limits, check_tags, invalid, matches

ACCESS_KEY, SECRET_KEY = "AKIASIMULATEDKEY0001", "simulatedSecret/K7MDENGbPxRfiCYEXAMPLEKEYab"
ACCOUNT = "123456789012"
#: Another account, with a key pair of its own.
OTHER_ACCESS_KEY, OTHER_SECRET_KEY = "AKIASIMULATEDKEY0002", "simulatedSecret/OTHERaccountCYEXAMPLEKEYab2"
OTHER_ACCOUNT = "210987654321"
DEFAULTS: dict[str, Any] = {
    "copy_seconds": 2.0,
    "copy_seconds_of": {},
    "quota": 20,
    "snapshot_limit": 100000,
    "latency": 0.0,
    "rate_limit": 0,
    "visible_after": 0.0,
    "bad_keys": [],
    "fail_copies_of": {},
    "fails_after": 1.0,
    "encryption_by_default": [],
    "denied": [],
    "in_use": [],
    "keys": {
        ACCESS_KEY: {"secret": SECRET_KEY, "token": None},
        OTHER_ACCESS_KEY: {"secret": OTHER_SECRET_KEY, "token": None, "account": OTHER_ACCOUNT},
    },
}
CODES = {
    "unavailable": ("Unavailable", "The service is unavailable. Please try again shortly.", 503),
    "throttle": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "expire": ("RequestExpired", "Request has expired.", 400),
}
#: HTTP statuses that moto does not give to EC2's codes.
STATUS = {"UnauthorizedOperation": 403, "DryRunOperation": 412}


class SimulatedCopy(models.Snapshot):
    """A copy that is under way for a while, then complete or failed."""

    def __init__(self, ec2: Ec2, backend: Any, source: models.Snapshot, **facts: Any):
        self._ec2 = ec2
        self._begun = ec2.clock.monotonic()
        self.duration: float = facts["duration"]
        self.failure: str | None = facts["failure"]
        super().__init__(backend, models.random_snapshot_id(), source.volume, facts["description"], facts["encrypted"])
        self.encrypted, self.kms_key_id = facts["encrypted"], facts["kms_key_id"]
        self.source_id = source.id
        self.start_time = ec2.clock.utc().replace(tzinfo=None)
        self.minutes: int | None = facts["minutes"]
        self.outpost_arn: str | None = facts["outpost_arn"]
        self.zone: str | None = facts["zone"]
        self.visible_at = self._begun + ec2.control.settings["visible_after"]

    @property
    def _age(self) -> float:
        return float(self._ec2.clock.monotonic() - self._begun)

    @property
    def status(self) -> str:
        if self._age < self.duration:
            return "pending"
        return "error" if self.failure else "completed"

    @status.setter
    def status(self, value: str) -> None:
        """moto sets a state that a copy does not have yet."""

    @property
    def progress(self) -> str:
        return f"{min(100, int(100 * self._age / self.duration)) if self.duration else 100}%"


class Ec2:
    """One simulated EC2 with the snapshots of two accounts, over all regions."""

    def __init__(self, clock: Any):
        self.clock = clock
        self.control = Control(DEFAULTS, self._reset_state)
        self._install()
        self.app = ControlledApp(
            self.control,
            _WithStatus(DomainDispatcherApplication(create_backend_app), self._account_of),
            _action,
            sigv4.region_of,
            self._refusal,
            error_response,
            CODES,
            clock,
        )

    def reset(self) -> None:
        self.control.reset()
        self._reset_state()

    def _reset_state(self) -> None:
        for regions in list(ec2_backends.values()):
            for backend in list(regions.values()):
                backend.reset()

    def _account_of(self, access_key: str) -> str:
        """Return the account that a key belongs to."""
        return str(self.control.settings["keys"].get(access_key, {}).get("account", ACCOUNT))

    def snapshots(self, region: str) -> dict[str, Any]:
        """Return the server's own truth of a region, by ID."""
        return dict(ec2_backends[ACCOUNT][region].snapshots)

    def _refusal(self, request: Request) -> Response | None:
        refused = sigv4.refusal(request, self.control.settings["keys"])
        if refused is None and _action(request) in self.control.settings["denied"]:
            action = _action(request)
            refused = (
                "UnauthorizedOperation",
                f"You are not authorized to perform this operation. User: arn:aws:iam::{ACCOUNT}:user/dr is not "
                f"authorized to perform: ec2:{action} because no identity-based policy allows the ec2:{action} action",
                403,
            )
        return error_response(*refused) if refused else None

    def _install(self) -> None:
        """Put the corrections in place of moto's own answers."""
        ElasticBlockStore.copy_snapshot = _answering(self.copy_snapshot)  # type: ignore[method-assign]
        ElasticBlockStore.describe_snapshots = _answering(self.describe_snapshots)  # type: ignore[method-assign]
        ElasticBlockStore.describe_volumes = _answering(self.describe_volumes)  # type: ignore[method-assign]
        if not hasattr(ElasticBlockStore, "moto_modify_snapshot_attribute"):
            ElasticBlockStore.moto_modify_snapshot_attribute = ElasticBlockStore.modify_snapshot_attribute  # type: ignore[attr-defined]
        ElasticBlockStore.modify_snapshot_attribute = _answering(self.modify_snapshot_attribute)  # type: ignore[method-assign]
        ElasticBlockStore.delete_snapshot = _answering(self.delete_snapshot)  # type: ignore[method-assign]
        models.utcnow = lambda: self.clock.utc().replace(tzinfo=None)
        if not hasattr(TagResponse, "moto_create_tags"):
            TagResponse.moto_create_tags = TagResponse.create_tags  # type: ignore[attr-defined]
        TagResponse.create_tags = _answering(self.create_tags)  # type: ignore[method-assign]

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
        check_snapshot_id(source_id)
        check_copy(arguments, source_region, region)
        tags = check_tags(call._get_param("TagSpecifications", []) or [])
        if call._get_param("DryRun", False):
            raise DryRunClientError()
        source = self._source(call, source_id, source_region)
        backend = call.ec2_backend
        if self._pending(backend) >= settings["quota"]:
            raise invalid(
                f"Too many snapshot copies in progress. The limit is {settings['quota']} for this destination region.",
                "ResourceLimitExceeded",
            )
        if len(backend.snapshots) >= settings["snapshot_limit"]:
            raise invalid("Maximum allowed active snapshot limit exceeded.", "SnapshotLimitExceeded")
        encrypted, key, failure = self._encryption(source, arguments, region)
        failure = failure or settings["fail_copies_of"].get(source_id)
        duration = settings["copy_seconds_of"].get(source_id, settings["copy_seconds"])
        arguments.update(encrypted=encrypted, kms_key_id=key, failure=failure)
        copy = SimulatedCopy(
            self, backend, source, **arguments, duration=min(duration, settings["fails_after"]) if failure else duration
        )
        backend.snapshots[copy.id] = copy
        backend.tags[copy.id].update(tags)
        return ActionResult({"SnapshotId": copy.id, "Tags": _tag_list(tags)})

    def _pending(self, backend: Any) -> int:
        """Count the copies in progress; those that were seen to have ended are not looked at again."""
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

    def _source(self, call: Any, snapshot_id: str, region: str) -> Any:
        source = next((s for s in _of_all_accounts(region) if s.id == snapshot_id), None)
        if source is None or not _may_see(source, call.current_account):
            raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        if source.status != "completed":
            raise invalid(f"Snapshot {snapshot_id} is not in completed state", "IncorrectState")
        if getattr(source, "outpost_arn", None) or source.storage_tier == "archive":
            raise invalid(f"The snapshot {snapshot_id} cannot be copied", "InvalidParameterValue")
        return source

    def _encryption(self, source: Any, arguments: dict[str, Any], region: str) -> tuple[bool, str | None, str | None]:
        """Return whether the copy is encrypted, with which key, and why it will fail."""
        by_default = region in self.control.settings["encryption_by_default"]
        encrypted = arguments["encrypted"] or source.encrypted or by_default or bool(arguments["outpost_arn"])
        if not encrypted:
            return False, None, None
        asked = arguments["kms_key_id"]
        prefix = f"arn:aws:kms:{region}:{ACCOUNT}:key/"
        if asked is None:
            return True, default_key(region), None
        bad = asked in self.control.settings["bad_keys"] or (asked.startswith("arn:") and f":{region}:" not in asked)
        name = re.sub(r"^arn:aws:kms:[^:]*:[^:]*:", "", asked)
        key = name.removeprefix("key/") if not name.startswith("alias/") else str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        return True, prefix + key, "Given key ID is not accessible" if bad else None

    # -- reading --------------------------------------------------------------------------------------

    def describe_snapshots(self, call: Any) -> ActionResult:
        call.error_on_dryrun()
        account = call.current_account
        owners = [account if o == "self" else o for o in call._get_param("OwnerIds", []) or []]
        wants_own = "self" in (call._get_param("OwnerIds", []) or [])
        ids = call._get_param("SnapshotIds", []) or []
        seen = [s for s in _of_all_accounts(call.region) if _may_see(s, account) and self._visible(s)]
        if owners:
            # "self" also returns what other accounts share explicitly (contract E.2).
            seen = [s for s in seen if s.owner_id in owners or (wants_own and _shared_with(s, account))]
        restorers = [account if user == "self" else user for user in call._get_param("RestorableByUserIds", []) or []]
        if restorers:
            seen = [s for s in seen if any(_may_see(s, user) for user in restorers)]
        for snapshot_id in ids:
            check_snapshot_id(snapshot_id)
            if snapshot_id not in {s.id for s in seen}:
                raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        filters = call._filters_from_querystring()
        named = filters.get("snapshot-id")
        if named and not any(set(value) & set("*?\\") for value in named):
            seen = [s for s in seen if s.id in named]  # a filter as any other, but quick over thousands
        chosen = [s for s in seen if not ids or s.id in ids]
        shown = [(s, _shown(s, _tags(s, account))) for s in chosen]
        found = [
            facts for s, facts in shown if all(_passes(s, facts, name, values) for name, values in filters.items())
        ]
        return self._page(call, found, "Snapshots", bool(ids))

    def describe_volumes(self, call: Any) -> ActionResult:
        call.error_on_dryrun()
        backend = call.ec2_backend
        volumes = backend.describe_volumes(call._get_param("VolumeIds", []) or None)
        filters = call._filters_from_querystring()
        found = []
        for volume in volumes:
            tags = dict(backend.tags.get(volume.id, {}))
            if all(_volume_passes(volume, tags, name, values) for name, values in filters.items()):
                found.append(volume)
        return self._page(call, found, "Volumes", False)

    def _visible(self, snapshot: Any) -> bool:
        return bool(getattr(snapshot, "visible_at", 0.0) <= self.clock.monotonic())

    def _page(self, call: Any, found: list[Any], key: str, by_id: bool) -> ActionResult:
        size = call._get_param("MaxResults")
        token = call._get_param("NextToken")
        if size is not None and by_id:
            raise invalid("MaxResults cannot be used together with IDs", "InvalidParameterCombination")
        if size is None:
            return ActionResult({key: found})
        if not 5 <= size <= 1000:
            raise invalid(f"Value ({size}) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")
        start = json.loads(base64.b64decode(token)) if token else 0
        answer: dict[str, Any] = {key: found[start : start + size]}
        if start + size < len(found):
            answer["NextToken"] = base64.b64encode(json.dumps(start + size).encode()).decode()
        return ActionResult(answer)

    def modify_snapshot_attribute(self, call: Any) -> Any:
        snapshot = call.ec2_backend.snapshots.get(call._get_param("SnapshotId"))
        keys_of_aws = (default_key(call.region), call.ec2_backend.default_kms_key_id)
        if snapshot is not None and snapshot.encrypted and (snapshot.kms_key_id or keys_of_aws[0]) in keys_of_aws:
            raise invalid("Encrypted snapshots with EBS default key cannot be shared", "OperationNotPermitted")
        return call.moto_modify_snapshot_attribute()

    # -- other writes ---------------------------------------------------------------------------------

    def delete_snapshot(self, call: Any) -> EmptyResult:
        snapshot_id = call._get_param("SnapshotId")
        check_snapshot_id(snapshot_id)
        call.error_on_dryrun()
        snapshot = call.ec2_backend.snapshots.get(snapshot_id)
        if snapshot is None or snapshot.owner_id != call.current_account:
            raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        if snapshot_id in self.control.settings["in_use"]:
            raise invalid(
                f"The snapshot {snapshot_id} is currently in use by ami-0123456789abcdef0", "InvalidSnapshot.InUse"
            )
        del call.ec2_backend.snapshots[snapshot_id]
        return EmptyResult()

    def create_tags(self, call: Any) -> Any:
        tags = {tag["Key"]: tag.get("Value", "") for tag in call._get_param("Tags", [])}
        check_tag_limits(tags)
        for resource in call._get_param("Resources", []):
            snapshot = call.ec2_backend.snapshots.get(resource)
            if snapshot is not None and snapshot.owner_id != call.current_account:
                raise invalid(f"The snapshot '{resource}' does not exist.", "InvalidSnapshot.NotFound")
        return call.moto_create_tags()


def _answering(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a method for moto's request classes of one of ours, which takes the request as its argument."""

    def method(call: Any) -> Any:
        return answer(call)

    return method


class _WithStatus:
    """Tells moto the caller's account, and gives its answers the HTTP status that AWS gives to a code."""

    def __init__(self, app: Any, account_of: Callable[[str], str]):
        self._app = app
        self._account_of = account_of

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(sigv4.key_of(environ.get("HTTP_AUTHORIZATION", "")))
        answer = Response.from_app(self._app.get_application(environ), environ, buffered=True)
        if answer.status_code >= 400:
            code = re.search(rb"<Code>([^<]+)</Code>", answer.get_data())
            answer.status_code = STATUS.get(code.group(1).decode() if code else "", answer.status_code)
        return answer(environ, start_response)


def error_response(code: str, message: str, status: int) -> Response:
    """Answer with an error in EC2's form."""
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>'
        f"</Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>",
        status=status,
        content_type="text/xml;charset=UTF-8",
    )


def _action(request: Request) -> str:
    return str(request.form.get("Action") or request.args.get("Action") or request.path)


def _is_pending_copy(snapshot: Any) -> bool:
    return isinstance(snapshot, SimulatedCopy) and snapshot.status == "pending"


def default_key(region: str) -> str:
    """Return the key that AWS itself manages for EBS in a region."""
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{uuid.uuid5(uuid.NAMESPACE_DNS, f'aws/ebs {region}')}"


def _of_all_accounts(region: str) -> list[Any]:
    return [
        snapshot
        for account in (ACCOUNT, OTHER_ACCOUNT)
        for snapshot in list(ec2_backends[account][region].snapshots.values())
    ]


def _shared_with(snapshot: Any, account: str) -> bool:
    return account in snapshot.create_volume_permission_userids


def _may_see(snapshot: Any, account: str) -> bool:
    return (
        snapshot.owner_id == account
        or _shared_with(snapshot, account)
        or "all" in snapshot.create_volume_permission_groups
    )


def _tags(snapshot: Any, account: str) -> dict[str, str]:
    """Return the tags as ``account`` sees them: those of a shared snapshot stay with its owner."""
    return dict(snapshot.ec2_backend.tags.get(snapshot.id, {})) if snapshot.owner_id == account else {}


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _shown(snapshot: Any, tags: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "SnapshotId": snapshot.id,
        "VolumeId": getattr(snapshot, "shown_volume_id", snapshot.volume.id),
        "State": snapshot.status,
        "StartTime": snapshot.start_time.replace(tzinfo=timezone.utc),
        "Progress": snapshot.progress,
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "VolumeSize": snapshot.volume.size,
        "Encrypted": bool(snapshot.encrypted),
        "StorageTier": snapshot.storage_tier,
        "Tags": _tag_list(tags),
    }
    if snapshot.encrypted and snapshot.kms_key_id:
        facts["KmsKeyId"] = snapshot.kms_key_id
    if isinstance(snapshot, SimulatedCopy):
        facts["VolumeId"] = "vol-ffffffff"
        facts["TransferType"] = "time-based" if snapshot.minutes else "standard"
        if snapshot.minutes:
            facts["CompletionDurationMinutes"] = snapshot.minutes
        if snapshot.outpost_arn:
            facts["OutpostArn"] = snapshot.outpost_arn
        if snapshot.zone:
            facts["AvailabilityZone"] = snapshot.zone
        if snapshot.status == "error":
            facts["StateMessage"] = snapshot.failure
    return facts


_FILTERS = {
    "description": "Description",
    "owner-alias": "OwnerAlias",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "storage-tier": "StorageTier",
    "transfer-type": "TransferType",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}


def _passes(_snapshot: Any, facts: dict[str, Any], name: str, values: list[str]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in facts["Tags"]}
    if name.startswith("tag:") or name in ("tag-key", "tag-value"):
        return _tags_pass(tags, name, values)
    if name == "encrypted":
        return str(facts["Encrypted"]).lower() in values
    if name == "start-time":
        return any(matches(v, facts["StartTime"].strftime("%Y-%m-%dT%H:%M:%S.000Z")) for v in values)
    if name not in _FILTERS:
        raise invalid(f"The filter '{name}' is invalid")
    return any(matches(value, str(facts.get(_FILTERS[name], ""))) for value in values)


def _tags_pass(tags: dict[str, str], name: str, values: list[str]) -> bool:
    if name == "tag-key":
        return any(matches(value, key) for value in values for key in tags)
    if name == "tag-value":
        return any(matches(value, held) for value in values for held in tags.values())
    key = name.removeprefix("tag:")
    return key in tags and any(matches(value, tags[key]) for value in values)


def _volume_passes(volume: Any, tags: dict[str, str], name: str, values: list[str]) -> bool:
    if name.startswith("tag"):
        return _tags_pass(tags, name, values)
    return any(matches(value, str(volume.get_filter_value(name, "DescribeVolumes"))) for value in values)


def moment(text: str) -> datetime:
    """Read an ISO 8601 text as moto keeps times: without a zone, UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)


__all__ = ["ACCESS_KEY", "ACCOUNT", "SECRET_KEY", "EC2ClientError", "Ec2", "SimulatedCopy", "moment"]
