# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of clouds: the capabilities of each, by the prefix of its modules' names. Imports no SDK."""

from __future__ import annotations

from .._core.capabilities import Capabilities
from .alibaba.ecs_capabilities import EcsCapabilities
from .alibaba.ens_capabilities import EnsCapabilities
from .aws.ebs_capabilities import EbsCapabilities
from .tencent.cbs_capabilities import CbsCapabilities

CLOUDS: dict[str, Capabilities] = {
    "ebs": EbsCapabilities(),
    "ecs": EcsCapabilities(),
    "ens": EnsCapabilities(),
    "cbs": CbsCapabilities(),
}
