#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ens_snapshot_copy
short_description: Copy snapshots of Alibaba Cloud Edge Node Service disks to other nodes
version_added: 1.0.0
description:
  - Copies many snapshots of disks on edge nodes to many nodes. Here a region is a node, such as V(cn-hangzhou-26).
  - Uses existing copies instead of making others. A second copy would be billed, and the service has no client token,
    so the module checks every node before it repeats a call.
  - The service has no snapshot tags, so there are no options for them.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  source_region:
    description:
      - Node of the snapshots to copy. Without it the snapshots are looked up by their IDs.
    type: str
  destination_regions:
    description:
      - Nodes that the copies go to.
    type: list
    elements: str
    required: true
    aliases: [destination_region]
  name:
    description:
      - Name of each copy. 2 to 128 characters; a letter first, then letters, digits, and C(:) C(_) C(-).
      - If the service does not show the source of a copy, later runs recognize it by the default name or the default
        O(description). So change only one of them.
    default: copy-of-{snapshot_id}
  instance_billing_cycle:
    description:
      - How new copies are billed. Existing copies are not changed.
      - Without it the service decides. It is not documented which cycle it chooses, or whether it charges a started
        cycle in full. So use V(Hour) for copies that you will soon delete.
    type: str
    choices: [Hour, Day, Month]
extends_documentation_fragment:
  - multicloud.snapshots._copy
  - multicloud.snapshots._copy.description
  - multicloud.snapshots._copy.attributes
  - multicloud.snapshots._alibaba
requirements:
  - python >= 3.10
  - aliyun-python-sdk-ens >= 3.0.19
  - aliyun-python-sdk-core >= 2.14.0
  - alibabacloud_credentials >= 1.0.9, for credentials other than a key pair or a token
seealso:
  - module: multicloud.snapshots.ens_snapshot_info
"""

EXAMPLES = r"""
- name: Copy one snapshot to two nodes and wait until the copies are complete
  multicloud.snapshots.ens_snapshot_copy:
    snapshot_id: sp-5aa11bb22cc33dd44
    destination_regions: [cn-chengdu-26, cn-shanghai-27]
    instance_billing_cycle: Day
    wait: true

- name: Delete the copies of a snapshot, also one that is still in progress
  multicloud.snapshots.ens_snapshot_copy:
    snapshot_id: sp-5aa11bb22cc33dd44
    destination_region: cn-shanghai-27
    state: absent
    wait: true
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
      sample: sp-5aa11bb22cc33dd44
    source_region:
      description: Node of the source.
      type: str
      sample: cn-hangzhou-26
    region:
      description: Node of the copy.
      type: str
      sample: cn-chengdu-26
    snapshot_id:
      description: ID of the copy; null if there is none.
      type: str
      sample: sp-5ff99ee88dd77cc66
    action:
      description: >-
        What the run did. V(none): the run changed nothing. The copy was complete or could not be started; with
        O(state=absent), it did not exist or was kept. V(adopted): it used a copy in progress that another run or a
        person had started. V(created): it started a copy. V(replaced): it started a copy in place of a failed one.
        V(deleted): it deleted the copy.
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
      description: Always null, because the unit of sizes on ENS is uncertain.
      type: int
      sample: null
    encrypted:
      description: Whether the copy is encrypted.
      type: bool
      sample: false
    created_at:
      description: When the copy was started, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    locked_until:
      description: Always null, because ENS has no locks.
      type: str
      sample: null
    name:
      description: Name of the copy.
      type: str
      sample: copy-of-sp-5aa11bb22cc33dd44
    description:
      description: Description of the copy.
      type: str
      sample: Copied from sp-5aa11bb22cc33dd44 in cn-hangzhou-26
    tags:
      description: Always empty, because ENS has no tags of snapshots.
      type: dict
      sample: {}
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
      sample: sp-5aa11bb22cc33dd44
    region:
      description: Node of the copy.
      type: str
      sample: cn-chengdu-26
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
      sample: InvalidSecurityToken.Expired
    message:
      description: What was tried, on which ID and region, with the cloud's own message.
      type: str
      sample: "Copying sp-5aa11bb22cc33dd44 from cn-hangzhou-26 to cn-chengdu-26: Specified SecurityToken is expired."
    request_id:
      description: The cloud's ID of the request. The cloud's support asks for it.
      type: str
      sample: 8ab6b0ae-4b8f-4b2e-9d0c-7f1d8e1f0d11
    hint:
      description: What to do next.
      type: str
      sample: "Check access_key, secret_key and security_token (or the profile), and this machine's clock."
duplicates:
  description: >-
    Other copies of the same source in the same region. A warning names them.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: sp-5aa11bb22cc33dd44
    region:
      description: Node of the copy.
      type: str
      sample: cn-chengdu-26
    snapshot_id:
      description: ID of the duplicate.
      type: str
      sample: sp-5ee88dd77cc66bb55
deleted_ids:
  description: >-
    IDs of all copies that this run deleted; in check mode, of those that it would delete. They include copies that
    this run made and then deleted, because another run had started an earlier copy.
  returned: always
  type: list
  elements: str
  sample: [sp-5ee88dd77cc66bb55]
counts:
  description: >-
    Number of copies by action (C(created), C(adopted), C(replaced), C(unchanged); C(updated) is always 0), of snapshots
    deleted for any reason (C(deleted)), and of copies by outcome (C(completed), C(pending), C(failed)).
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
  sample: sp-5ff99ee88dd77cc66
diff:
  description: The copies that change, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"copies": []}, "after": {"copies": []}}
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens import EnsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.copying import copy_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    DESCRIPTION_OPTION,
)

OPTIONS = {
    **COPY_OPTIONS,
    **DESCRIPTION_OPTION,
    **CONNECTION_OPTIONS,
    "source_region": {"type": "str"},
    "name": {"type": "str", "default": "copy-of-{snapshot_id}"},
    "instance_billing_cycle": {"type": "str", "choices": ["Hour", "Day", "Month"]},
}


def own_options(params: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    return None, {"InstanceBillingCycle": params["instance_billing_cycle"]}


def main() -> None:
    copy_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), EnsCloud, own_options)


if __name__ == "__main__":
    main()
