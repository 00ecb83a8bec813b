# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's copy module."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.copying import copy_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    DESCRIPTION_OPTION,
    TAG_OPTIONS,
)

from .adapter import CONNECTION_OPTIONS, ToyCloud

OPTIONS = {
    **COPY_OPTIONS,
    **DESCRIPTION_OPTION,
    **TAG_OPTIONS,
    **CONNECTION_OPTIONS,
    "name": {"type": "str", "default": "copy-of-{snapshot_id}"},
}


def main() -> None:
    copy_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), ToyCloud)
