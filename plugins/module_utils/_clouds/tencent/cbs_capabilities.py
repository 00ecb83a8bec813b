# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Tencent Cloud CBS accepts, shows and cannot do. Imports no SDK, because the controller reads it too."""

from __future__ import annotations

from ..._core.capabilities import Capabilities, IdFormat
from ..._core.sets import SET
from ..._core.tags import PROVEN_AT, PROVEN_BEFORE, SOURCE_CREATED_AT, SOURCE_SNAPSHOT_ID, TagRules
from ..._core.templates import TextRule
from .cbs_names import DISK_ID, MAX_NAME, SNAPSHOT_ID

#: What the service accepts as tags of snapshots and disks.
TAG_RULES = TagRules(
    max_tags=50,
    max_key_length=127,
    max_value_length=255,
    min_value_length=1,
    reserved=("qcs:", "project"),
    forbidden=r"[^\w +\-=.:/@()\[\],;><]|^ | $",
)


class CbsCapabilities(Capabilities):
    """CBS snapshots, as data."""

    regions = IdFormat(r"[a-z]{2}(-[a-z0-9]+)+", "ap-guangzhou")
    snapshot_ids = IdFormat(SNAPSHOT_ID, "snap-ckgjwkqh")
    disk_ids = IdFormat(DISK_ID, "disk-hdh1y4za")
    instance_ids: IdFormat | None = IdFormat(r"ins-[a-z0-9]{6,16}", "ins-1a2b3c4d")
    name_rule = TextRule(max_length=MAX_NAME, min_length=1)
    description_rule = None
    tag_rules: TagRules | None = TAG_RULES
    many_destinations_per_call = True
    lists_in_progress = True
    lists_snapshot_groups = True
    tags_in_copy_call = False
    tagged_per_call = 10
    deleted_per_call = 100
    passing_tags: tuple[str, ...] = (SOURCE_SNAPSHOT_ID, SOURCE_CREATED_AT, PROVEN_AT, PROVEN_BEFORE, SET)
    deletes_later = True
    expires_after_copying = True
    gone_hint = (
        "CBS shows no failed copies and gives no reason. Look for the copy in CloudAudit and in the console's "
        "messages, and check the account's balance and snapshot quota. Run again to make a new copy."
    )
    expires_copies = True
    restores_system_disks = False
    csi_driver = "com.tencent.cloud.csi.cbs"  # (api-facts: csi-drivers)
