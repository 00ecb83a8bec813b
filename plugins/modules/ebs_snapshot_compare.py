#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ebs_snapshot_compare
short_description: Compare random blocks of EBS copies with their sources
version_added: 1.0.0
description:
  - Reads random blocks of copies through the EBS direct APIs, and compares their checksums with those of the same
    blocks of their sources.
  - Also compares which blocks are written. For a snapshot with up to 10,000 written blocks (about 5 GB of data) it
    compares the whole list. For a larger one it compares about 100 entries from each random position.
  - The role P(multicloud.snapshots.dr_restore#role) uses it for drills of the level V(readable).
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  copies:
    description:
      - Copies to compare, each with its source. All copies must be in O(region). An empty list does nothing.
    type: list
    elements: dict
    required: true
    suboptions:
      snapshot_id:
        description:
          - ID of the copy.
        type: str
        required: true
      source_snapshot_id:
        description:
          - ID of its source. Without it the blocks of the copy are only read, not compared.
        type: str
      source_region:
        description:
          - Region of its source.
        type: str
  blocks:
    description:
      - How many blocks of each copy to read, 1 to 1000. A block has 512 KiB.
    type: int
    default: 16
  wait_timeout:
    description:
      - Seconds to wait for throttling, for all copies together.
    type: int
    default: 3600
extends_documentation_fragment:
  - multicloud.snapshots._aws
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - Only reads, so check mode does the same.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - Equal blocks do not prove that the other blocks are equal, that a file system is intact, or that a system boots.
  - A deleted source is not a failure. RV(comparisons[].compared) is then false, and RV(comparisons[].note) says why.
  - If the source cannot be read for another reason, the comparison fails, because its result is unknown.
  - Blocks of snapshots with different keys can be compared, because AWS returns them decrypted.
  - If O(endpoint_url) is that of EC2 only, the module calls AWS's own address of the EBS direct APIs.
seealso:
  - module: multicloud.snapshots.ebs_snapshot_copy
  - module: multicloud.snapshots.ebs_snapshot_restore
"""

EXAMPLES = r"""
- name: Compare 16 random blocks of a copy with its source
  multicloud.snapshots.ebs_snapshot_compare:
    region: eu-west-1
    copies:
      - snapshot_id: snap-0aa11bb22cc33dd44
        source_snapshot_id: snap-0bb22cc33dd44ee55
        source_region: us-east-1
"""

RETURN = r"""
comparisons:
  description: One entry for each copy, in the order given. Also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the copy.
      type: str
      sample: snap-0aa11bb22cc33dd44
    region:
      description: Region of the copy.
      type: str
      sample: eu-west-1
    source_snapshot_id:
      description: ID of its source, as given.
      type: str
      sample: snap-0bb22cc33dd44ee55
    source_region:
      description: Region of its source, as given.
      type: str
      sample: us-east-1
    blocks:
      description: How many blocks of the copy were read.
      type: int
      sample: 16
    compared:
      description: >-
        V(true) if all blocks that were read have the same checksums as those of the source, V(false) if there is no
        source to compare with, null if the comparison failed.
      type: bool
      sample: true
    note:
      description: Null, or why blocks were not compared, or not read.
      type: str
      sample: null
    error:
      description: Null, or what went wrong, as in RV(failures).
      type: dict
      sample: null
failures:
  description: >-
    What went wrong, in the form of the copy modules. A block that differs, or that only one of the two has, is a
    failure of the kind V(mismatch), and the message names it.
  returned: always
  type: list
  elements: dict
  sample: []
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"GetSnapshotBlock": 32, "ListSnapshotBlocks": 3}
"""

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_comparing import (
    OPTIONS,
    compare_copies,
)


def main() -> None:
    compare_copies(AwsModule(argument_spec=OPTIONS, supports_check_mode=True))


if __name__ == "__main__":
    main()
