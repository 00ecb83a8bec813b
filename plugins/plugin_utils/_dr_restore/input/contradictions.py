# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role dr_restore that contradict each other, or that their cloud does not support."""

from __future__ import annotations

import math
import re

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore_options import (
    MAX_HOURS,
    RESTORE_ID_FORMAT,
    RESTORE_ID_RULE,
)

from ..._role.rows import parse_time
from ..._role.table import as_mapping, unsupported
from .inventory import EMPTY_INVENTORY, Inventory, usable_problems
from .variables import VARIABLES, Variables

#: The prefix of drill IDs; IDs of restores never have it.
OF_DRILLS = "drill-"
#: The valid names of objects in a cluster that have no stricter limit.
SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
#: What to do about a variable that a cloud does not support; {cloud} is its name.
INSTEAD = {
    "zone": ": {cloud} has no zones; the node is dr_restore_region",
    "disk_tags": ": copies on {cloud} do not show the tags of disks; select disks by ID (dr_restore_disk_ids)",
    "disk_names": ": copies on {cloud} do not show the names of disks; select disks by ID (dr_restore_disk_ids)",
    "waves": ": copies on {cloud} do not show the tags of disks; restore wave by wave, by dr_restore_disk_ids",
    "max_gib": ": {cloud} does not report the size of a snapshot; limit a drill by dr_restore_count",
}
#: Variables of drills only, which a restore with the same inventory ignores.
ONLY_DRILLS = ("max_gib", "test_instance", "test_host", "checks")


def contradictions(values: Variables, inventory: Inventory = EMPTY_INVENTORY) -> list[str]:
    """Return the problems of variables that are invalid together or on their cloud (promises: options)."""
    cloud, now = values.cloud, parse_time(values.started_at)
    capabilities = CLOUDS[cloud] if cloud else None
    problems = [
        f"dr_restore_{name}{INSTEAD.get(name, ' is not supported on {cloud}').format(cloud=cloud)}"
        for name in (unsupported(VARIABLES, as_mapping(values), capabilities) if capabilities else ())
        if values.is_drill or name not in ONLY_DRILLS
    ]
    if capabilities and capabilities.has_zones and not values.zone:
        problems.append("dr_restore_zone is required: the zone of the disks")
    if not RESTORE_ID_FORMAT.fullmatch(values.id):
        problems.append(f"dr_restore_id: {values.id!r} is not valid. {RESTORE_ID_RULE}")
    if values.id.startswith(OF_DRILLS) and not values.is_drill:
        problems.append(f"dr_restore_id must not begin with {OF_DRILLS}: drills use such names, and delete their disks")
    at = parse_time(values.at)
    if at and now and at > now:
        problems.append(f"dr_restore_at ({values.at}) is in the future")
    problems += _too_long(values)
    rate, rates = values.initialization_rate, capabilities.initialization_rates if capabilities else None
    if rate and rates and not rates[0] <= rate <= rates[1]:
        problems.append(f"dr_restore_initialization_rate must be 0 or {rates[0]} to {rates[1]} MiB/s, not {rate}")
    if values.wait_timeout == 0:
        problems.append("dr_restore_wait_timeout must be at least 1")
    if values.waves and not values.wait and not values.is_drill:
        problems.append("dr_restore_waves needs dr_restore_wait: true, because each wave waits for the previous one")
    if values.rto_minutes and not values.wait and not values.is_drill:
        problems.append(
            "dr_restore_rto_minutes needs dr_restore_wait: true, because otherwise the run does not see when disks are "
            "available"
        )
    classes = {"kubernetes_class": values.kubernetes_class, "kubernetes_storage_class": values.kubernetes_storage_class}
    for name, given in classes.items():
        if given and not SUBDOMAIN.fullmatch(given):
            problems.append(f"dr_restore_{name} must be the name of a class in a cluster, not {given!r}")
    return problems + (_of_drill(values, capabilities, inventory) if values.is_drill else [])


def _too_long(values: Variables) -> list[str]:
    """Return the problem of times that nobody means; a drill computes the expiry of its disks from its timeout."""
    if values.is_drill and 2 * values.wait_timeout > 3600 * MAX_HOURS:
        return [f"dr_restore_wait_timeout must be at most {1800 * MAX_HOURS} for a drill"]
    if values.expires_after_hours > MAX_HOURS:
        return [f"dr_restore_expires_after_hours must be at most {MAX_HOURS}"]
    return []


def _of_drill(values: Variables, capabilities: Capabilities | None, inventory: Inventory) -> list[str]:
    problems = []
    if values.level == "readable" and capabilities and not capabilities.max_read_blocks:
        able = ", ".join(name for name, cloud in CLOUDS.items() if cloud.max_read_blocks)
        problems.append(
            f"dr_restore_level: blocks cannot be read on {values.cloud}, so readable is not supported there (it is on "
            f"{able}). Set creatable"
        )
    if values.level == "usable" and capabilities and not capabilities.instance_ids:
        able = ", ".join(name for name, cloud in CLOUDS.items() if cloud.instance_ids)
        problems.append(
            f"dr_restore_level: disks cannot be attached on {values.cloud}, so usable is not supported there (it is on "
            f"{able}). Set creatable"
        )
    elif values.level == "usable" and capabilities:
        problems += usable_problems(values, capabilities, inventory)
    most = capabilities.max_read_blocks if capabilities else 0
    if values.level == "readable" and most and not 1 <= values.blocks <= most:
        problems.append(f"dr_restore_blocks must be 1 to {most}, not {values.blocks}")
    if values.count == 0:
        problems.append("dr_restore_count must be at least 1")
    if not values.wait:
        problems.append("dr_restore_wait must be true for a drill, which waits until its disks are available")
    if 2 * values.wait_timeout > 3600 * values.expires_after_hours:
        least = math.ceil(2 * values.wait_timeout / 3600)
        problems.append(
            f"dr_restore_expires_after_hours must be at least {least} (twice dr_restore_wait_timeout, which is "
            f"{values.wait_timeout} seconds), not {values.expires_after_hours}"
        )
    if values.metrics_dir:
        from ..._role import metrics  # its package takes longer to load than everything else

        problems += [f"dr_restore_metrics_dir needs {metrics.MISSING}"] if metrics.MISSING else []
    return problems
