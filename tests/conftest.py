# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the tests when several processes run them."""

from __future__ import annotations

import os


def pytest_collection_modifyitems(items):
    """Give each process its share of the long tests first, so that none is left alone with them at the end."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        # Stable. Each process of `worksteal` starts with an equal, contiguous part.
        items.sort(key=lambda item: ("playbooks" not in item.path.parts, item.get_closest_marker("slow") is None))
        # The others would wait while one process sets up the controller.
        with_controller = [item for item in items if "awx" in item.fixturenames]
        dealt = [item for item in items if item not in with_controller]
        items[:] = [*with_controller, *(item for first in range(processes) for item in dealt[first::processes])]
