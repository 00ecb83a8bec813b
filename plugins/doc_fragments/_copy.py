# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of all copy modules; those that only some clouds have stand apart."""

    DOCUMENTATION = r"""
options:
  snapshot_ids:
    description:
      - IDs of the snapshots to copy. A single ID works as well.
      - An empty list is no error and does nothing. An ID that is given twice counts once.
    type: list
    elements: str
    required: true
    aliases: [snapshot_id, source_snapshot_id, source_snapshot_ids]
  state:
    description:
      - V(present) makes the copies that are missing.
      - V(absent) deletes the copies of these snapshots in these regions, also when the sources are gone, and nothing
        else. Only what is certain to be a copy made by this collection is deleted; whatever else is found is left and
        named in RV(failures).
    type: str
    choices: [present, absent]
    default: present
  copy_ids:
    description:
      - Of the copies found, delete only these, and leave one that is in progress.
      - Only with O(state=absent).
    type: list
    elements: str
  name: # what each cloud's is stands in its module
    type: str
  replace_failed:
    description:
      - Replace a copy that had failed before this run. With V(false) it is reported as failed.
      - A copy that fails during this run is never tried again by it.
    type: bool
    default: true
  replace_mismatched:
    description:
      - Where a copy does not fit what is asked, make the wanted one beside it, and delete the other, if it was made by
        this collection, once the new one is complete.
    type: bool
    default: false
  remove_duplicates:
    description:
      - Delete complete copies made by this collection beyond the one that counts.
      - While none is complete nothing is removed.
    type: bool
    default: false
  max_in_flight:
    description:
      - How many copies may be in progress at once in one destination region, those of others in the account included
        where the cloud shows them. At least one of this run is always asked for.
      - What the cloud allows is followed, so a number above its quota does no harm.
    type: int
    default: 20
  wait:
    description:
      - V(false) returns when the cloud has accepted every copy.
      - V(true) returns when every copy is complete.
      - Two runs with V(true) at the same time leave one copy. The run that made the later copy takes it back, and waits
        for the earlier one.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds for the whole call, the time spent waiting for quota included; at least 1.
      - When they are over the task fails, and the copies go on in the cloud. The next run adopts them.
    type: int
    default: 3600
  wait_delay:
    description:
      - Longest pause between two polls, in seconds. While copies are young or nearly complete the pauses are shorter.
    type: int
    default: 15
notes:
  - A copy with the tag C(dr-copy:hold), whatever its value, is deleted by nothing; O(state=absent) names it in
    RV(failures).
  - O(name) and what else describes a copy is given when it is made and never changes an existing one. Such texts may
    hold the placeholders C({snapshot_id}), C({source_name}), C({source_region}), C({source_created_at}) (ISO 8601,
    UTC), C({destination_region}) and C({disk_id}). Write C({{) and C(}}) for braces.
  - A second run makes no copy call, and returns the same IDs with RV(ignore:changed=false).
  - While it runs, a task shows on stderr how far it is, at each change and every 30 seconds. The variable
    C(snapshot_copy_progress=false) keeps it quiet, as O(ignore:no_log) does.
  - A call whose answer is lost is looked for before it is made again, so that no second copy is made.
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
      - Description of each copy. May hold placeholders as O(name).
    type: str
    default: Copied from {snapshot_id} in {source_region}
"""

    ENCRYPTION = r"""
options:
  encrypted:
    description:
      - Encrypt the copies.
      - With V(true) an existing copy that is not encrypted does not fit, see O(replace_mismatched).
    type: bool
    default: false
  kms_key_id:
    description:
      - KMS key of the destination region for the copies; needs O(encrypted=true).
      - An existing copy with another key does not fit, see O(replace_mismatched). Keys are compared only where both are
        known in the same form; the notes say which.
    type: str
"""

    RETENTION = r"""
options:
  retention_days:
    description:
      - So many days after it was made the cloud deletes the copy; 1 to 65536. Without it a copy stays until it is
        deleted.
    type: int
"""

    TAGS = r"""
options:
  tags:
    description:
      - Tags that each copy is to have. Existing copies made by this collection are brought into line.
      - Every copy gets the tags C(dr-copy:source-snapshot-id), C(dr-copy:source-region), C(dr-copy:source-disk-id) and
        C(dr-copy:source-created-at) as well, by which later runs know it. Room for them is kept.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Take away other tags; only where O(tags) is given.
      - Spares the C(dr-copy:) tags that every copy gets, the tag C(dr-copy:hold), keys that the cloud reserves, and
        with O(copy_tags) the source's keys.
    type: bool
    default: false
  copy_tags:
    description:
      - When a copy is made, give it the source's tags too. O(tags) win over them.
      - Tags that the cloud would not take, or that find no room, are left out with a warning.
    type: bool
    default: false
  source_tags:
    description:
      - Tags that O(copy_tags) takes instead of a source's own, such as those of its disk. A dict of snapshot IDs, each
        with a dict of tags; sources that it does not name give their own.
    type: dict
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - Takes the same decisions as a real run, by the same reads.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
"""
