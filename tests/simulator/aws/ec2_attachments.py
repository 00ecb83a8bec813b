# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attaching and detaching EC2's volumes (api-facts: ebs-disk-attach)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from .ec2_rules import invalid

DEVICE = re.compile(r"(?:/dev/)?(?:sd|xvd)([a-z]{1,2}\d{0,2})")


@dataclass(frozen=True)
class Attachment:
    """An attachment.

    ``attached_at`` (monotonic): when it is complete; ``gone_at``: when the volume is free again.
    """

    instance: Any
    device: str
    attached_at: float = 0.0
    gone_at: float = math.inf

    def state(self, now: float) -> str:
        if self.gone_at < math.inf:
            return "detaching"
        return "attaching" if now < self.attached_at else "attached"


class Attachments:
    """AttachVolume and DetachVolume of one simulated EC2. The setting ``instances`` has zone and state by ID."""

    def __init__(self, disks: Any):
        self._disks = disks

    def install(self, answering: Any) -> None:
        ElasticBlockStore.attach_volume = answering(self.attach)  # type: ignore[method-assign]
        ElasticBlockStore.detach_volume = answering(self.detach)  # type: ignore[method-assign]

    def attach(self, call: Any) -> ActionResult:
        volume, instance_id, device = self._volume(call), call._get_param("InstanceId"), call._get_param("Device")
        instance = self._disks.settings["instances"].get(instance_id)
        if instance is None:
            raise invalid(f"The instance ID '{instance_id}' does not exist", "InvalidInstanceID.NotFound")
        slot = DEVICE.fullmatch(device or "")
        if slot is None:
            raise invalid(f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.")
        call.error_on_dryrun()
        if volume.attachment:
            raise invalid(f"{volume.id} is already attached to an instance", "VolumeInUse")
        if volume.status != "available":
            raise invalid(f"{volume.id} is not 'available'.", "IncorrectState")
        if instance["zone"] != volume.zone.name:
            raise invalid(
                f"The volume '{volume.id}' is not in the same availability zone as instance '{instance_id}'",
                "InvalidVolume.ZoneMismatch",
            )
        if instance.get("state", "running") not in ("running", "stopped"):
            raise invalid(f"Instance '{instance_id}' is not 'running'.", "IncorrectState")
        there = [v.attachment for v in call.ec2_backend.volumes.values() if v.attachment]
        used = [DEVICE.fullmatch(a.device) for a in there if a.instance.id == instance_id]
        if any(other and other[1] == slot[1] for other in used) or device in instance.get("devices", ()):
            raise invalid(f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use")
        attached_at = self._disks.clock.monotonic() + self._disks.settings["attach_seconds"]
        volume.attachment = Attachment(SimpleNamespace(id=instance_id), device, attached_at)
        return self._answer(volume, "attaching")

    def detach(self, call: Any) -> ActionResult:
        volume, instance_id = self._volume(call), call._get_param("InstanceId")
        call.error_on_dryrun()
        attachment = volume.attachment
        if not attachment or attachment.gone_at < math.inf:
            raise invalid(f"Volume '{volume.id}' is in the '{volume.status}' state.", "IncorrectState")
        if instance_id not in (None, attachment.instance.id):
            raise invalid(
                f"The volume '{volume.id}' is not attached to instance '{instance_id}'.", "InvalidAttachment.NotFound"
            )
        gone_at = self._disks.clock.monotonic() + self._disks.settings["detach_seconds"]
        answer = self._answer(volume, "detaching")
        volume.attachment = replace(attachment, gone_at=gone_at)
        return answer

    def _volume(self, call: Any) -> Any:
        volume_id = call._get_param("VolumeId") or ""
        volume = call.ec2_backend.volumes.get(volume_id)
        if volume is None or volume.status == "deleting":
            raise invalid(f"The volume '{volume_id}' does not exist.", "InvalidVolume.NotFound")
        return volume

    @staticmethod
    def _answer(volume: Any, state: str) -> ActionResult:
        attachment = volume.attachment
        return ActionResult(
            {
                "VolumeId": volume.id,
                "InstanceId": attachment.instance.id,
                "Device": attachment.device,
                "State": state,
                "DeleteOnTermination": False,
            }
        )
