# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Alibaba Cloud ECS accepts, shows and cannot do. Imports no SDK, because the controller reads it too."""

from __future__ import annotations

from ..._core.capabilities import Capabilities, IdFormat
from ..._core.tags import TagRules
from ..._core.templates import TextRule
from .ecs_rules import TAG_RULES


class EcsCapabilities(Capabilities):
    """ECS snapshots, as data."""

    regions = IdFormat(r"[a-z]+(-[a-z0-9]+)+", "cn-hangzhou")
    snapshot_ids = IdFormat(r"s-[0-9a-z]+", "s-bp67acfmxazb4p****")
    disk_ids = IdFormat(r"d-[0-9a-z]+", "d-bp67acfmxazb4p****")
    instance_ids: IdFormat | None = IdFormat(r"i-[a-z0-9]{6,32}", "i-0jl1abcdefgh2ijklmno")
    name_rule = TextRule(
        max_length=128,
        min_length=2,
        pattern=r"(?!https?://)[^\W\d_][\w:.\-]*",
        wants="begin with a letter; after it, only letters, digits and : _ . - are allowed",
    )
    description_rule = TextRule(
        max_length=256, min_length=2, pattern=r"(?s)(?!https?://).*", wants="not begin with http:// or https://"
    )
    tag_rules: TagRules | None = TAG_RULES
    copies_within_region = True
    cancels_by_deletion = True
    lists_in_progress = True
    lists_snapshot_groups = True
    tagged_per_call = 50
    one_copy_per_disk = True
    finds_by_mark = True
    lock_modes: tuple[str, ...] = ("compliance",)
    #: The client token makes a repeated call safe.
    doubt_seconds = 10.0
    encrypts_copies = True
    expires_copies = True
    csi_driver = "diskplugin.csi.alibabacloud.com"  # (api-facts: csi-drivers)
