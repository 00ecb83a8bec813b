# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS accepts as tags and as a key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..._core.tags import TagRules

#: What the service accepts as tags of snapshots and disks.
TAG_RULES = TagRules(
    max_tags=20,
    max_key_length=128,
    max_value_length=128,
    reserved=("acs:", "aliyun"),
    forbidden=r"https?://|^acs:|^aliyun",
    case_insensitive_keys=True,  # api-facts: ecs-tag-keys
)
_KEY_ARN = re.compile(r"acs:kms:(?P<region>[a-z0-9-]+):\d*:(key|alias)/.+")


def key_problems(key: str, encrypted: bool, regions: Sequence[str]) -> list[str]:
    found = [] if encrypted else ["kms_key_id needs encrypted: true"]
    if len(regions) > 1:
        found.append(
            f"kms_key_id: a key encrypts copies in one region, not in {len(regions)}; use one task for each region"
        )
    match = _KEY_ARN.fullmatch(key)
    outside = [region for region in regions if match and match["region"] != region]
    if match and outside:
        found.append(
            f"kms_key_id: {key} is a key of {match['region']} and cannot encrypt copies in {', '.join(outside)}"
        )
    return found
