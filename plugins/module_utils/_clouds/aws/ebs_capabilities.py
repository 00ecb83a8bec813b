# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS EBS accepts, shows and cannot do. Imports no SDK, because the controller reads it too."""

from __future__ import annotations

from ..._core.capabilities import Capabilities, IdFormat
from ..._core.tags import TagRules
from ..._core.templates import TextRule

#: What the service accepts as tags of snapshots and disks.
TAG_RULES = TagRules(max_tags=50, max_key_length=128, max_value_length=256, reserved=("aws:",), name_key="Name")


class EbsCapabilities(Capabilities):
    """EBS snapshots, as data."""

    snapshot_ids = IdFormat(r"snap-(?:[0-9a-f]{17}|[0-9a-f]{8})", "snap-0123456789abcdef0")
    disk_ids = IdFormat(r"vol-(?:[0-9a-f]{17}|[0-9a-f]{8})", "vol-0123456789abcdef0")
    instance_ids: IdFormat | None = IdFormat(r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})", "i-0123456789abcdef0")
    name_rule = TextRule(max_length=256)
    description_rule = TextRule(max_length=255)
    tag_rules: TagRules | None = TAG_RULES
    copies_within_region = True
    cancels_by_deletion = True
    calls_at_once = 4
    lists_in_progress = True
    names_sets_by_tag = True
    lists_by_source = True
    tagged_per_call = 1000
    may_encrypt_by_default = True
    lock_modes: tuple[str, ...] = ("governance", "compliance")
    encrypts_copies = True
    shows_keys = True
    shares_snapshots = True
    max_read_blocks = 1000
    shared_source_seconds = 60.0  # (api-facts: ebs-just-shared)
    initialization_rates: tuple[int, int] | None = (100, 300)  # (api-facts: ebs-disk-warm)
    csi_driver = "ebs.csi.aws.com"  # (api-facts: csi-drivers)
