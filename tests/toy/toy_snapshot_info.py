# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's info module."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.info_run import show_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import INFO_OPTIONS

from .adapter import CONNECTION_OPTIONS, ToyCloud

OPTIONS = {**INFO_OPTIONS, **CONNECTION_OPTIONS, "region": {"type": "str", "required": True}}


def main() -> None:
    show_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), ToyCloud)
