# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every copy module, on ECS."""

from __future__ import annotations

from tests.unit.contracts.copying import CopyContract


class TestEcs(CopyContract):
    on = "ecs"
