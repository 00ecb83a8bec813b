# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of all copy modules; options that only some clouds have are in sections of their own."""

    DOCUMENTATION = r"""
options:
  snapshot_ids:
    description:
      - IDs of the snapshots to copy. A single ID works as well.
      - An empty list does nothing, and is not an error. Repeated IDs count once.
    type: list
    elements: str
    required: true
    aliases: [snapshot_id, source_snapshot_id, source_snapshot_ids]
  state:
    description:
      - V(present) makes the copies that are missing.
      - V(absent) deletes the copies of these snapshots in these regions, even if the sources no longer exist. A copy is
        deleted only if this collection certainly made it or, on Alibaba Cloud, if the cloud records its source. Other
        copies are kept, and RV(failures) names them.
    type: str
    choices: [present, absent]
    default: present
  copy_ids:
    description:
      - Delete only these copies. Copies in progress are kept.
      - Only with O(state=absent).
    type: list
    elements: str
  survivors:
    description:
      - Maps each copy in O(copy_ids) to the copy that must survive it, both by ID. The module deletes a copy only if a
        read within the last 15 seconds showed its survivor as complete. Otherwise it keeps the copy, and RV(failures)
        names it.
      - This protects the last good copy of a disk, even if somebody deletes other copies in the meantime. The role
        P(multicloud.snapshots.dr_copy#role) always sets it.
      - Only with O(copy_ids).
    type: dict
  create:
    description:
      - With V(false) the module makes and replaces no copy. It only updates the tags, the expiry and the lock of
        existing copies. A snapshot without a copy is a failure of the kind V(not_found).
    type: bool
    default: true
  name: # each module describes its own
    type: str
  replace_failed:
    description:
      - Replace a copy that had failed before this run. With V(false) it is reported as failed.
      - The run does not retry a copy that fails while it is running.
    type: bool
    default: true
  replace_mismatched:
    description:
      - If no copy has the requested encryption and key, make one. Once that copy is complete, delete the older copies
        with another encryption or key, if this collection made them. Newer copies are kept, so that two runs with
        different keys never delete each other's last copy.
    type: bool
    default: false
  remove_duplicates:
    description:
      - If a source has several complete copies in a region with the same encryption and key, delete the copies that
        this collection made, except the earliest of them. The module keeps held copies.
      - While no copy is complete, nothing is deleted.
    type: bool
    default: false
  max_in_flight:
    description:
      - Maximum number of copies in progress at the same time in one destination region. Copies that others in the
        account have started count too, if the cloud lists them. The run always starts at least one copy of its
        own.
      - The run respects the cloud's quota, so a higher number does no harm.
    type: int
    default: 20
  wait:
    description:
      - With V(false), the module returns when the cloud has accepted every copy.
      - With V(true), the module returns when every copy is complete. With O(state=absent), it returns when every copy
        that it deletes is gone.
      - If two runs with V(true) copy the same snapshot at the same time, the run that made the later copy deletes it,
        and waits for the earlier one.
    type: bool
    default: false
  wait_timeout:
    description:
      - Maximum time for the whole task in seconds, including the time spent waiting for quota; at least 1.
      - After that the task fails, and the copies continue in the cloud. The next run adopts them.
    type: int
    default: 3600
  wait_delay:
    description:
      - Longest pause between two polls, in seconds. For new or nearly complete copies, the pauses are shorter.
    type: int
    default: 15
notes:
  - The module never deletes a copy that has the tag C(dr-copy:hold) with any value, also C(false). With
    O(state=absent), RV(failures) names it.
  - O(name) and the description are set when a copy is made, and never change an existing copy. They may contain the
    placeholders C({snapshot_id}), C({source_name}), C({source_region}), C({source_created_at}) (ISO 8601, UTC),
    C({destination_region}) and C({disk_id}). For literal braces write C({{) and C(}}).
  - A second run makes no copy call, and returns the same IDs with RV(ignore:changed=false).
  - While it runs, a task shows its progress on stderr every 30 seconds, and when a new phase begins. It shows none over
    SSH, as another user, in check mode, with C(async) or with O(ignore:no_log). To turn it off, set the variable
    C(snapshot_copy_progress=false).
  - If the response to a copy call is lost, the module looks for the copy before it calls again. If the
    cloud shows that copy too late, a second copy is possible. The next run then reports it in RV(duplicates).
"""

    SOURCE = r"""
options:
  source_region:
    description:
      - Region of the snapshots to copy.
    type: str
    required: true
"""

    DESTINATIONS = r"""
options:
  destination_regions:
    description:
      - Regions that the copies go to.
    type: list
    elements: str
    required: true
    aliases: [destination_region]
"""

    DESCRIPTION = r"""
options:
  description:
    description:
      - Description of each copy. May contain the same placeholders as O(name).
      - At most 255 characters on AWS. On Alibaba Cloud 2 to 256 characters, and it must not begin with C(http://) or
        C(https://).
    type: str
    default: Copied from {snapshot_id} in {source_region}
"""

    ENCRYPTION = r"""
options:
  encrypted:
    description:
      - Encrypt the copies. Without O(kms_key_id) the cloud uses its default key for the account in that region.
      - With V(true), an existing copy that is not encrypted does not match; see O(replace_mismatched).
    type: bool
    default: false
  kms_key_id:
    description:
      - KMS key of the destination region for the copies; needs O(encrypted=true).
      - An existing copy with another key does not match; see O(replace_mismatched). The module compares the two keys
        only if it knows both in the same form. The description or the notes of the module say which forms it
        compares.
    type: str
"""

    RETENTION = r"""
options:
  retention_days:
    description:
      - Let the cloud delete each copy this many days after it was made; 1 to 65536, on CBS at least 2 to have an
        effect. Without it, a copy remains until somebody deletes it. The module sets no expiry on a held copy, and
        does not remove one.
    type: int
"""

    TAGS = r"""
options:
  tags:
    description:
      - Tags for each copy. Existing copies made by this collection get them too. CBS accepts no empty values.
      - Every copy also gets the tags C(dr-copy:source-snapshot-id), C(dr-copy:source-region), C(dr-copy:source-disk-id)
        and C(dr-copy:source-created-at). Later runs identify the copy by these tags. The module reserves room for them.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Remove the tags that O(tags) does not list. Has no effect without O(tags).
      - Keeps all tags whose keys begin with C(dr-copy:), keys that the cloud reserves, and with O(copy_tags) the keys
        of the source.
    type: bool
    default: false
  copy_tags:
    description:
      - When a copy is made, give it the source's tags too. O(tags) take precedence.
      - Tags that the cloud would refuse, or that exceed its limit, are left out with a warning.
    type: bool
    default: false
  source_tags:
    description:
      - Maps the ID of a source snapshot to the tags that O(copy_tags) uses instead of the snapshot's own tags, such as
        those of its disk.
    type: dict
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - Makes the same reads and decisions as a real run.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
"""
