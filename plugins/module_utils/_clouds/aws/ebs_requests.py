# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts orders into the arguments of EC2's calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.model import CopyOrder


def arguments_of(order: CopyOrder) -> dict[str, Any]:
    """Return the arguments of CopySnapshot; botocore adds DestinationRegion and PresignedUrl."""
    request = order.request
    arguments = {
        "SourceRegion": request.source_region,
        "SourceSnapshotId": request.snapshot_id,
        "Description": order.description,
        "Encrypted": request.encrypted or None,
        "KmsKeyId": request.kms_key_id,
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": tag_list(order.tags)}],
        **request.options,
    }
    return {key: value for key, value in arguments.items() if value is not None}


def volume_arguments_of(order: CopyOrder, token: str, rate: int = 0) -> dict[str, Any]:
    """Return the arguments of CreateVolume. ``rate`` is in MiB/s, 0 for AWS's default (api-facts: ebs-disk-warm)."""
    request = order.request
    arguments = {
        "SnapshotId": request.snapshot_id,
        "AvailabilityZone": request.disk.zone,
        "VolumeType": request.disk.disk_type,
        "Size": request.disk.size_gib,
        # A disk from an encrypted snapshot is always encrypted; false would be refused (api-facts: ebs-disk-create).
        "Encrypted": request.encrypted or None,
        "KmsKeyId": request.kms_key_id,
        "VolumeInitializationRate": rate or None,
        "TagSpecifications": [{"ResourceType": "volume", "Tags": tag_list(request.tags or {})}],
        "ClientToken": token,
    }
    return {key: value for key, value in arguments.items() if value is not None}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
