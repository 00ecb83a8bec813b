# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's table of what each cloud can do, made of what the adapters declare: python -m tests.capabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.cbs import CbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.ens import EnsCloud
from ansible_collections.multicloud.snapshots.plugins.modules import (
    cbs_snapshot_copy,
    ebs_snapshot_copy,
    ecs_snapshot_copy,
    ens_snapshot_copy,
)

CLOUDS: dict[str, tuple[Any, Any]] = {
    "EBS": (EbsCloud, ebs_snapshot_copy),
    "ECS": (EcsCloud, ecs_snapshot_copy),
    "ENS": (EnsCloud, ens_snapshot_copy),
    "CBS": (CbsCloud, cbs_snapshot_copy),
}


def _tags(cloud: Any, _options: Any) -> str:
    if cloud.tag_rules is None:
        return "no; the role marks the description"
    when = "in the copy call" if cloud.tags_in_copy_call else "right after the copy call"
    return f"{when}, {cloud.tag_rules.room(False)} of your own"


def _retention(cloud: Any, options: Any) -> str:
    if "retention_days" not in options:
        return "no"
    return "yes, set once complete" if cloud.expires_after_copying else "yes"


def _source(cloud: Any, _options: Any) -> str:
    if cloud.records_sources:
        return "yes"
    return "no, name and tags do" if cloud.names_tell_sources else "no, tags do"


def _in_progress(cloud: Any, _options: Any) -> str:
    if cloud.one_copy_per_disk:
        return "one per disk and region"
    return "a quota per region" if cloud.limits_copies_in_progress else "no limit is documented"


ROWS: dict[str, Callable[[Any, Any], str]] = {
    "tags of copies": _tags,
    "description of copies": lambda _cloud, options: "yes" if "description" in options else "no",
    "encryption of copies": lambda _cloud, options: "yes" if "encrypted" in options else "no",
    "the cloud deletes copies after `retention_days`": _retention,
    "a copy in progress can be cancelled": lambda cloud, _options: (
        "yes" if cloud.cancels_by_deletion else "no, deleted when complete"
    ),
    "the cloud records what a copy was made of": _source,
    "a client token against doubles": lambda cloud, _options: (
        "yes, and the copy is looked for" if cloud.takes_client_token else "no, the copy is looked for"
    ),
    "`--check` asks the cloud": lambda cloud, _options: "yes, by DryRun" if cloud.tells_permission else "no",
    "one call for several destinations": lambda cloud, _options: "yes" if cloud.many_destinations_per_call else "no",
    "copies within a region": lambda cloud, _options: "yes" if cloud.copies_within_region else "no",
    "copies in progress": _in_progress,
}


def table() -> str:
    """Return the table in Markdown."""
    lines = [f"| | {' | '.join(CLOUDS)} |", "|---" * (len(CLOUDS) + 1) + "|"]
    for what, tell in ROWS.items():
        cells = [tell(cloud, module.OPTIONS) for cloud, module in CLOUDS.values()]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
