# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module that shares snapshots; the module's documentation says why permissions are only added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..._core.errors import BadInput, CopyError, Retry, Throttled
from ..._core.module.options import id_problems, required_region_problems
from ..._core.module.runner import calls_reported, deadline_after, end_module, guarded
from ..._core.pacing import retry_until_answered
from ..._core.ranges import range_problems
from ..._core.words import first_failures
from .client import AwsModule
from .ebs import EbsCloud
from .ebs_sharing import EbsSharing

OPTIONS = {
    "snapshot_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["snapshot_id"]},
    "account_id": {"type": "str", "required": True},
    "wait_timeout": {"type": "int", "default": 300},
}


def share_snapshots(module: AwsModule) -> None:
    """Run the module and end it."""
    keys: dict[str, Any] = {"changed": False, "shared": [], "failures": [], "api_calls": {}}
    guarded(module, lambda: _share(module, keys), keys)


def _share(module: AwsModule, keys: dict[str, Any]) -> None:
    cloud = EbsSharing(module)
    deadline = deadline_after(module.params["wait_timeout"])
    cloud.use_deadline(deadline)
    region, account = cloud.home_region or "", str(module.params["account_id"])
    ids = list(dict.fromkeys(module.params["snapshot_ids"]))
    problems = _problems(cloud, region, account, ids)
    problems += range_problems("wait_timeout", module.params["wait_timeout"], 0)
    if problems:
        raise BadInput(problems)
    with calls_reported(module, cloud, keys):
        shared_ids = retry_until_answered(lambda: cloud.list_shared(region, account), deadline) if ids else set()
        for snapshot_id in ids:
            changed = snapshot_id not in shared_ids
            try:
                if changed and not module.check_mode:
                    retry_until_answered(partial(cloud.share, region, snapshot_id, account), deadline)
            except CopyError as error:
                keys["failures"].append(_with_hint(error).as_result(snapshot_id, region))
            else:
                keys["changed"] = keys["changed"] or changed
                row = {"snapshot_id": snapshot_id, "region": region, "account": account, "changed": changed}
                keys["shared"].append(row)
    end_module(module, keys, first_failures(keys["failures"]))


def _problems(cloud: EbsCloud, region: str, account: str, ids: Sequence[str]) -> list[str]:
    found = id_problems("snapshot_ids", ids, cloud.snapshot_ids)
    if not re.fullmatch(r"[0-9]{12}", account):
        found.append(f"account_id: {account!r} is not a valid account ID (example: 123456789012)")
    return found + required_region_problems(cloud, "region", region)


def _with_hint(error: CopyError) -> CopyError:
    if error.retry is Retry.NEVER:
        return error
    more_time = ", or raise wait_timeout" if isinstance(error, Throttled) else ""
    return error.as_kind(type(error), hint=f"Run again to share the others{more_time}.")
