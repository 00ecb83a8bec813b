# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shares snapshots with another account. Permissions are only added; the module's documentation says why."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from ..._core.errors import BadInput, CopyError, Forbidden, Retry
from ..._core.model import State
from ..._core.module.options import id_problems, region_problems
from ..._core.module.runner import Module, deadline_after, end_module, guarded
from ..._core.pacing import persist
from ..._core.waiting import Deadline
from .client import AwsModule
from .ebs import EbsCloud

OPTIONS = {
    "snapshot_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["snapshot_id"]},
    "account_id": {"type": "str", "required": True},
    "wait_timeout": {"type": "int", "default": 300},
}
#: AWS's words if the key is its own, which no other account can use.
DEFAULT_KEY = "default key"
KEY_HINT = (
    "The snapshot is encrypted with the key that AWS manages for EBS, which no other account can use. Copy it within "
    "its own "
    "account with a key of yours (ebs_snapshot_copy with encrypted and kms_key_id), or encrypt the disk with such a "
    "key; then "
    "let the other account use that key."
)


class EbsSharing(EbsCloud):
    """The calls of EC2 that allow another account to use a snapshot."""

    def list_shared(self, region: str, account: str) -> set[str]:
        """Return the account's own snapshots that another account may use, in one listing. Raises a CopyError."""
        activity = f"Listing the snapshots in {region} that the account {account} may use"
        listed = self._ec2.snapshots(region, activity, OwnerIds=["self"], RestorableByUserIds=[account]).values()
        return {s.id for s in listed if s.owned and s.state is not State.ABSENT}

    def share(self, region: str, snapshot_id: str, account: str) -> None:
        """Allow another account to use a snapshot. Is safe to repeat. Raises a CopyError."""
        activity = f"Sharing {snapshot_id} in {region} with the account {account}"
        change = self._ec2.writer(region).modify_snapshot_attribute
        arguments = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [account]}
        try:
            self._ec2.write(activity, partial(change, SnapshotId=snapshot_id, **arguments))
        except Forbidden as error:
            raise error.as_kind(
                Forbidden, hint=f"Grant ec2:ModifySnapshotAttribute in {region} to the caller."
            ) from error
        except CopyError as error:
            if DEFAULT_KEY in error.message:
                raise error.as_kind(type(error), hint=KEY_HINT) from error
            raise


def share_snapshots(module: AwsModule) -> None:
    """Run the module and end it."""
    keys: dict[str, Any] = {"changed": False, "shared": [], "failures": [], "api_calls": {}}
    guarded(module, lambda: _share(module, keys), keys)


def _share(module: Module, keys: dict[str, Any]) -> None:
    cloud = EbsSharing(module)
    deadline = cloud.deadline = deadline_after(module.params["wait_timeout"])
    region, account = cloud.home_region or "", str(module.params["account_id"])
    ids = list(dict.fromkeys(module.params["snapshot_ids"]))
    problems = _problems(cloud, region, account, ids)
    if module.params["wait_timeout"] < 0:
        problems.append(f"wait_timeout: must be at least 0, not {module.params['wait_timeout']}")
    if problems:
        raise BadInput(problems)
    try:
        shared_ids = persist(lambda: cloud.list_shared(region, account), deadline) if ids else set()
        for snapshot_id in ids:
            _share_one(cloud, region, snapshot_id, account, shared_ids, keys, module.check_mode, deadline)
    finally:
        keys["api_calls"] = dict(sorted(cloud.calls.items()))
        for warning in cloud.warnings:
            module.warn(warning)
    sentences = (f"{failure['message']}. {failure['hint'] or ''}".strip() for failure in keys["failures"][:10])
    end_module(module, keys, " ".join(sentences))


def _problems(cloud: EbsCloud, region: str, account: str, ids: Sequence[str]) -> list[str]:
    found = id_problems("snapshot_ids", ids, cloud.snapshot_id_pattern, cloud.snapshot_id_example)
    if not re.fullmatch(r"[0-9]{12}", account):
        found.append(f"account_id: {account!r} is not a valid account ID (example: 123456789012)")
    return found + (region_problems(cloud, "region", [region]) if region else ["region: is required"])


def _share_one(
    cloud: EbsSharing,
    region: str,
    snapshot_id: str,
    account: str,
    shared_ids: Collection[str],
    keys: dict[str, Any],
    planned: bool,
    deadline: Deadline,
) -> None:
    changed = snapshot_id not in shared_ids
    try:
        if changed and not planned:
            persist(lambda: cloud.share(region, snapshot_id, account), deadline)
    except CopyError as error:
        if error.retry is not Retry.NEVER:
            error = error.as_kind(type(error), hint="Run again to share the others, or raise wait_timeout.")
        keys["failures"].append(error.as_result(snapshot_id, region))
    else:
        keys["changed"] = keys["changed"] or changed
        keys["shared"].append({"snapshot_id": snapshot_id, "region": region, "account": account, "changed": changed})
