# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the restore modules, and the checks of their values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..disks import DiskCloud
from ..model import CopyRequest
from ..ranges import range_problems
from ..tags import RESTORE_KEYS
from .options import id_problems, number_problems, required_region_problems, tags_as_text

#: Options of every restore module; a cloud adds ``disk_type``, and ``zone`` if it has zones.
RESTORE_OPTIONS: dict[str, dict[str, Any]] = {
    "snapshot_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["snapshot_id"]},
    "restore_id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "disk_ids": {"type": "list", "elements": "str"},
    "size_gib": {"type": "int"},
    "encrypted": {"type": "bool", "default": False},
    "kms_key_id": {"type": "str", "no_log": False},
    "tags": {"type": "dict"},
    "expires_after_hours": {"type": "int", "default": 0},
    "max_in_flight": {"type": "int", "default": 20},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_delay": {"type": "int", "default": 15},
}
#: Options on a cloud that attaches disks.
ATTACHING_OPTIONS = {**RESTORE_OPTIONS, "attach_to": {"type": "str"}, "device": {"type": "str"}}
#: The most hours until expiry: ten years.
MAX_HOURS = 87600
RESTORE_ID_FORMAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
#: What that format allows, in words.
RESTORE_ID_RULE = "Use 1 to 48 letters, digits, '.', '_' or '-', and begin with a letter or a digit"


def restore_problems(cloud: DiskCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    """Return all problems of the options of a restore module. Makes no call."""
    found = id_problems("snapshot_ids", params["snapshot_ids"], cloud.snapshot_ids)
    if not RESTORE_ID_FORMAT.fullmatch(params["restore_id"]):
        found.append(f"restore_id: {params['restore_id']!r} is not valid. {RESTORE_ID_RULE}")
    found += number_problems(params)
    if params["disk_ids"] is not None:
        found += id_problems("disk_ids", params["disk_ids"], cloud.disk_ids)
        if params["state"] != "absent":
            found.append("disk_ids is only allowed with state: absent")
    found += required_region_problems(cloud, "region", params["region"])
    found += _attach_problems(cloud, params)
    if params["state"] == "absent":
        return found
    if cloud.has_zones and not params["zone"]:
        found.append("zone is required")
    found += range_problems("size_gib", params["size_gib"], 1, 65536)
    found += range_problems("expires_after_hours", params["expires_after_hours"], 0, MAX_HOURS)
    if params["kms_key_id"] and not params["encrypted"]:
        found.append("kms_key_id needs encrypted: true")
    tags = tags_as_text(params["tags"])
    found += [f"tags: {key!r} is set by this module itself" for key in tags if key.lower() in RESTORE_KEYS]
    found += replace(cloud.disk_tag_rules, ours=RESTORE_KEYS).problems(tags, named=False)
    return list(dict.fromkeys(found + cloud.option_problems(requests)))


def _attach_problems(cloud: DiskCloud, params: Mapping[str, Any]) -> list[str]:
    instance, device = params.get("attach_to"), params.get("device")
    found = []
    if instance and cloud.instance_ids:
        found += id_problems("attach_to", [instance], cloud.instance_ids)
    if not device:
        return found
    if cloud.device_pattern is None:
        return [*found, "device: this cloud chooses it; leave it out"]
    if not re.fullmatch(cloud.device_pattern, device):
        found.append(f"device: {device!r} is not the name of a device (such as {cloud.device_example})")
    if not instance:
        found.append("device needs attach_to")
    if len(params["snapshot_ids"]) > 1:
        found.append("device: applies to one disk, but snapshot_ids has several entries; omit device")
    return found
