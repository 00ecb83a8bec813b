# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Alibaba Cloud Edge Node Service accepts, shows and cannot do.

Imports no SDK, because the controller reads it too.
"""

from __future__ import annotations

from ..._core.capabilities import Capabilities, IdFormat
from ..._core.tags import TagRules
from ..._core.templates import TextRule


class EnsCapabilities(Capabilities):
    """ENS snapshots, as data."""

    regions = IdFormat(r"[a-z0-9]+(-[a-z0-9]+)+", "cn-hangzhou-26")
    region_noun = "node"
    snapshot_ids = IdFormat(r"sp-[0-9a-z]+", "sp-5nnqx3qsr4lx9cqm5****")
    disk_ids = IdFormat(r"d-[0-9a-z]+", "d-5nnqx3qsr4lx9cqm5****")
    name_rule = TextRule(
        max_length=128,
        min_length=2,
        pattern=r"(?!https?://)[^\W\d_][\w:\-]*",
        wants="begin with a letter; after it, only letters, digits and : _ - are allowed, but no period",
    )
    description_rule = TextRule(
        max_length=256, min_length=2, pattern=r"(?s)(?!https?://).*", wants="not begin with http:// or https://"
    )
    tag_rules: TagRules | None = None
    finds_sources = True
    many_destinations_per_call = True
    read_per_call = 50  #: One page (api-facts: ens-describe-limits).
    #: There is no client token, and a second order is billed.
    doubt_seconds = 120.0
    before_calling_again = "Look in the console first, because a second order is billed. "
    has_zones = False
    shows_sizes = False
    billing_cycles: tuple[str, ...] = ("Hour", "Day", "Month")
