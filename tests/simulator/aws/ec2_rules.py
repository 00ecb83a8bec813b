# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EC2 refuses and moto accepts (api-facts: ebs-moto)."""

from __future__ import annotations

import re
from typing import Any

from botocore.session import Session
from moto.ec2.exceptions import EC2ClientError

SNAPSHOT_ID = re.compile(r"snap-([0-9a-f]{8}|[0-9a-f]{17})")
#: IDs that AWS never issues, and that it distinguishes from others (api-facts: ebs-impossible-ids).
NEVER_ISSUED = ("snap-0123456789abcdef0", "snap-00000000000000000")
#: Each region and its partition.
REGIONS = {
    region: partition
    for partition in Session().get_available_partitions()
    for region in Session().get_available_regions("ec2", partition_name=partition)
}


def invalid(message: str, code: str = "InvalidParameterValue") -> EC2ClientError:
    return EC2ClientError(code, message)


def check_snapshot_id(snapshot_id: str | None) -> None:
    if not snapshot_id:
        raise invalid("The request must contain the parameter SnapshotId", "MissingParameter")
    if not SNAPSHOT_ID.fullmatch(snapshot_id) or snapshot_id in NEVER_ISSUED:
        raise invalid(f'Invalid id: "{snapshot_id}"', "InvalidSnapshotID.Malformed")


def check_source_id(snapshot_id: str | None) -> None:
    """Refuse what CopySnapshot does not accept as an ID, before it checks the permission (api-facts:
    ebs-impossible-ids).
    """
    if snapshot_id is None:
        raise invalid("The request must contain the parameter SourceSnapshotId", "MissingParameter")
    if not SNAPSHOT_ID.fullmatch(snapshot_id) or snapshot_id in NEVER_ISSUED:
        raise invalid("The specified snapshotId is invalid")


def check_copy(arguments: dict[str, Any], source_region: str | None, region: str) -> None:
    """Refuse what AWS's CopySnapshot refuses before it reads the source."""
    if source_region not in REGIONS or REGIONS[source_region] != REGIONS.get(region):
        raise invalid(f"{source_region} is not a valid region name.", "InvalidRegion")
    if len(arguments["description"] or "") > 255:
        raise invalid("Description must be at most 255 characters long")
    if arguments["kms_key_id"] and not arguments["encrypted"]:
        raise invalid(
            "The parameter KmsKeyId requires the parameter Encrypted to be set.", "InvalidParameterCombination"
        )
    minutes = arguments["minutes"]
    if minutes is not None and (not 15 <= minutes <= 2880 or minutes % 15):
        raise invalid(
            f"'{minutes}' is not a valid value for completion duration. Specify a value between 15 and 2880 minutes, "
            "in 15 minute increments only"
        )
    if arguments["outpost_arn"] and arguments["zone"]:
        raise invalid("DestinationOutpostArn and DestinationAvailabilityZone", "InvalidParameterCombination")
    if arguments["outpost_arn"] and f":{region}:" not in arguments["outpost_arn"]:
        raise invalid(f"The Outpost {arguments['outpost_arn']} does not exist in {region}")
    if (arguments["outpost_arn"] or arguments["zone"]) and source_region != region:
        raise invalid(f"The snapshot must be in {region}")
    if (arguments["outpost_arn"] or arguments["zone"]) and minutes is not None:
        raise invalid("CompletionDurationMinutes is not supported", "InvalidParameterCombination")


def check_tags(specifications: list[dict[str, Any]], resource: str = "snapshot") -> dict[str, str]:
    """Return the tags for what is created. If AWS would refuse them, refuse, and create nothing."""
    tags: dict[str, str] = {}
    for specification in specifications:
        if specification.get("ResourceType") != resource:
            kind = specification.get("ResourceType")
            raise invalid(f"'{kind}' is not a valid taggable resource type for this operation.")
        for tag in specification.get("Tags", []):
            if tag["Key"] in tags:
                raise invalid(f"Duplicate tag key '{tag['Key']}' specified.")
            tags[tag["Key"]] = tag.get("Value", "")
    check_tag_limits(tags)
    if len(tags) > 50:
        raise invalid("The maximum number of tags for a resource has been reached.", "TagLimitExceeded")
    return tags


def check_tag_limits(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        if not 1 <= len(key) <= 128:
            raise invalid(f"Tag key exceeds the maximum length of 128 characters: {key[:20]}")
        if len(value or "") > 256:
            raise invalid("Tag value exceeds the maximum length of 256 characters")


def matches(pattern: str, value: str) -> bool:
    """Compare as EC2's filters do: ``*`` and ``?`` are wildcards, a backslash escapes them, ``[`` is an ordinary
    character.
    """
    parts = re.findall(r"\\.|.", pattern, re.S)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, value, re.S) is not None
