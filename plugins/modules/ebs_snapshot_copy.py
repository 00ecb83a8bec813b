#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ebs_snapshot_copy
short_description: Copy EBS snapshots to other AWS regions
version_added: 1.0.0
description:
  - Copies many EBS snapshots to many regions in one task, and keeps as many copies in progress as AWS allows.
  - Uses existing copies, complete or in progress, including those made in the AWS console, instead of making others.
  - Can replace M(community.aws.ec2_snapshot_copy); every option of that module keeps its name and meaning. The
    defaults of O(wait_timeout) and O(description) differ.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  destination_regions:
    description:
      - Regions that the copies go to. Without it, O(region) is the destination.
    type: list
    elements: str
    aliases: [destination_region]
  name:
    description:
      - The tag C(Name) of each copy, at most 256 characters. Without it a copy has no such tag, unless O(tags) or
        O(copy_tags) set one.
  completion_duration_minutes:
    description:
      - Make time-based copies, which AWS completes within this many minutes; 15 to 2880, in steps of 15. They cost
        extra.
      - Cannot be combined with O(destination_outpost_arn) or O(destination_availability_zone).
    type: int
  destination_outpost_arn:
    description:
      - ARN of an Outpost in the destination region that the copies go to.
      - AWS copies to an Outpost only from its own region, so O(source_region) must be the destination region.
      - Copies on an Outpost are always encrypted, so O(encrypted) must be true.
    type: str
  destination_availability_zone:
    description:
      - Local Zone of the destination region that the copies go to, such as C(us-east-1-bos-1a).
      - AWS copies to a Local Zone only from its own region, so O(source_region) must be the destination region.
    type: str
  lock_days:
    description:
      - Lock copies for this many days, counted from the moment of locking; 1 to 36500. For each source and region the
        module locks one copy, the one in RV(copies), once it is complete. It locks only a copy that this collection
        made and that has no lock. Nobody can delete a locked copy, and this module does not try. It never changes or
        removes a lock.
    type: int
  lock_mode:
    description:
      - Callers with the permission C(ec2:UnlockSnapshot) can end a V(governance) lock. Nobody can end a V(compliance)
        lock early, not even right after it was set.
    type: str
    choices: [governance, compliance]
    default: governance
notes:
  - The module cannot read the tags of a snapshot that another account shares; set them with O(source_tags). AWS may
    show a newly shared snapshot late. If you list the snapshot in O(source_tags), the module retries for a minute.
  - A copy of an encrypted source is always encrypted. Every copy in a region with encryption by default is encrypted
    too.
  - O(kms_key_id) is a key's ID or alias, or the ARN of either. The key of an existing copy is compared only if both are
    ARNs of keys, or the same kind of alias.
  - AWS may accept a copy request that it cannot fulfill, for example because the snapshot was deleted or the caller is
    not allowed to use the key. Such a copy fails later, and the failure quotes AWS's message.
extends_documentation_fragment:
  - multicloud.snapshots._copy
  - multicloud.snapshots._copy.source
  - multicloud.snapshots._copy.description
  - multicloud.snapshots._copy.encryption
  - multicloud.snapshots._copy.tags
  - multicloud.snapshots._copy.attributes
  - multicloud.snapshots._aws
seealso:
  - module: multicloud.snapshots.ebs_snapshot_info
  - module: amazon.aws.ec2_snapshot
"""

EXAMPLES = r"""
- name: Copy one snapshot to a second region and wait until it is complete
  multicloud.snapshots.ebs_snapshot_copy:
    snapshot_id: snap-0aa11bb22cc33dd44
    source_region: us-east-1
    destination_regions: eu-west-1
    wait: true

- name: Copy several snapshots to two regions, encrypted, with tags
  multicloud.snapshots.ebs_snapshot_copy:
    snapshot_ids:
      - snap-0aa11bb22cc33dd44
      - snap-0bb22cc33dd44ee55
    source_region: us-east-1
    destination_regions: [eu-north-1, eu-central-1]
    name: "{source_name} from {source_region}"
    encrypted: true
    copy_tags: true
    tags:
      purpose: disaster-recovery
    wait: true
    wait_timeout: 7200

- name: Start the copies without waiting for them; a later run adopts them
  multicloud.snapshots.ebs_snapshot_copy:
    snapshot_ids: [snap-0aa11bb22cc33dd44]
    source_region: us-east-1
    region: eu-west-1

- name: Delete the copies of a snapshot
  multicloud.snapshots.ebs_snapshot_copy:
    snapshot_id: snap-0bb22cc33dd44ee55
    source_region: us-east-1
    destination_region: eu-central-1
    state: absent
"""

RETURN = r"""
copies:
  description: >-
    One entry for each source and destination, in the order of the request. Also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-0aa11bb22cc33dd44
    source_region:
      description: Region of the source.
      type: str
      sample: us-east-1
    region:
      description: Region of the copy.
      type: str
      sample: eu-west-1
    snapshot_id:
      description: ID of the copy; null if there is none.
      type: str
      sample: snap-0ff99ee88dd77cc66
    action:
      description: >-
        What the run did. V(none): the run changed nothing. The copy was complete or could not be started; with
        O(state=absent), it did not exist or was kept. V(adopted): it used a copy in progress that another run or a
        person had started. V(created): it started a copy. V(replaced): it started a copy in place of a failed or
        mismatched one. V(updated): it changed the tags or lock of a copy. V(deleted): it deleted the copy.
      type: str
      sample: created
    state:
      description: One of V(pending), V(completed), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: completed
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: completed
    progress:
      description: Progress of the copy in percent. If the cloud reports no progress, 0 until the copy is complete.
      type: int
      sample: 100
    size_gib:
      description: Size of the disk, in GiB.
      type: int
      sample: 100
    encrypted:
      description: Whether the copy is encrypted.
      type: bool
      sample: true
    created_at:
      description: When the copy was started, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    locked_until:
      description: >-
        When the lock of the copy ends, ISO 8601 in UTC; null if it has none, or this run did not read it. In check mode
        also the end of the lock that the run would set.
      type: str
      sample: null
    name:
      description: Name of the copy.
      type: str
      sample: database from us-east-1
    description:
      description: Description of the copy.
      type: str
      sample: Copied from snap-0aa11bb22cc33dd44 in us-east-1
    tags:
      description: Tags of the copy.
      type: dict
      sample: {"dr-copy:source-snapshot-id": "snap-0aa11bb22cc33dd44", "dr-copy:source-region": "us-east-1"}
    error:
      description: What went wrong with this copy, in the form of RV(failures); null if nothing went wrong.
      type: dict
      sample: null
failures:
  description: What went wrong, one entry for each failure.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-0aa11bb22cc33dd44
    region:
      description: Region of the copy.
      type: str
      sample: eu-west-1
    snapshot_id:
      description: ID of the copy that failed; null if there is none.
      type: str
      sample: null
    kind:
      description: >-
        One of V(refused), V(not_found), V(not_ready), V(failed_copy), V(timeout), V(ambiguous), V(mismatch), V(busy),
        V(credentials), V(connection).
      type: str
      sample: credentials
    code:
      description: The cloud's own code; null if it gave none.
      type: str
      sample: RequestExpired
    message:
      description: What was tried, on which ID and region, with the cloud's own message.
      type: str
      sample: "Copying snap-0aa11bb22cc33dd44 from us-east-1 to eu-west-1: Request has expired."
    request_id:
      description: The cloud's ID of the request. The cloud's support asks for it.
      type: str
      sample: 8ab6b0ae-4b8f-4b2e-9d0c-7f1d8e1f0d11
    hint:
      description: What to do next.
      type: str
      sample: "Log in again, and check this machine's clock: AWS accepts a request for five minutes."
duplicates:
  description: >-
    Other copies of the same source in the same region, with the same encryption and key. A warning names them.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-0aa11bb22cc33dd44
    region:
      description: Region of the copy.
      type: str
      sample: eu-west-1
    snapshot_id:
      description: ID of the duplicate.
      type: str
      sample: snap-0ee88dd77cc66bb55
deleted_ids:
  description: >-
    IDs of all copies that this run deleted; in check mode, of those that it would delete. They include copies that
    this run made and then deleted, because another run had started an earlier copy.
  returned: always
  type: list
  elements: str
  sample: [snap-0ee88dd77cc66bb55]
counts:
  description: >-
    Number of copies by action (C(created), C(adopted), C(replaced), C(updated), C(unchanged)), of snapshots deleted for
    any reason (C(deleted)), and of copies by outcome (C(completed), C(pending), C(failed)).
  returned: always
  type: dict
  sample:
    {created: 2, adopted: 0, replaced: 0, updated: 0, deleted: 0, unchanged: 38, completed: 40, pending: 0, failed: 0}
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"CopySnapshot": 3, "DescribeSnapshots": 4}
snapshot_id:
  description: ID of the copy, if exactly one was requested.
  returned: when one source and one destination are given
  type: str
  sample: snap-0ff99ee88dd77cc66
diff:
  description: The copies that change, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"copies": []}, "after": {"copies": []}}
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.copying import copy_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    DESCRIPTION_OPTION,
    TAG_OPTIONS,
)

OPTIONS = {
    **COPY_OPTIONS,
    **DESCRIPTION_OPTION,
    **TAG_OPTIONS,
    "destination_regions": {"type": "list", "elements": "str", "aliases": ["destination_region"]},
    "encrypted": {"type": "bool", "default": False},
    "kms_key_id": {"type": "str", "no_log": False},
    "completion_duration_minutes": {"type": "int"},
    "destination_outpost_arn": {"type": "str"},
    "destination_availability_zone": {"type": "str"},
    "lock_days": {"type": "int"},
    "lock_mode": {"type": "str", "choices": ["governance", "compliance"], "default": "governance"},
}


def own_options(params: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    outpost, zone = params["destination_outpost_arn"] or None, params["destination_availability_zone"] or None
    return outpost or zone, {
        "CompletionDurationMinutes": params["completion_duration_minutes"],
        "DestinationOutpostArn": outpost,
        "DestinationAvailabilityZone": zone,
    }


def main() -> None:
    copy_snapshots(AwsModule(argument_spec=OPTIONS, supports_check_mode=True), EbsCloud, own_options)


if __name__ == "__main__":
    main()
