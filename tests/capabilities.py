# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's table of what each cloud can do, made of what the adapters declare: python -m tests.capabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.clouds import CLOUDS as TABLE

CLOUDS: dict[str, tuple[Any, Any]] = {
    name.upper(): (cloud.load("adapter"), cloud.load_module()) for name, cloud in TABLE.items()
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


#: Facts for readers that no adapter declares, since no code depends on them (docs/development/api-facts.md).
FACTS: dict[str, dict[str, str]] = {
    "the cloud records what a copy was made of": {
        "ECS": "yes",
        "ENS": "yes",
        "CBS": "no, name and tags do",
    },
    "a client token against doubles": {"ECS": "yes, and the copy is looked for"},
    "`--check` asks the cloud": {"EBS": "yes, by DryRun"},
    "copies in progress": {"EBS": "a quota per region", "ECS": "one per disk and region"},
}
OTHERWISE = {
    "the cloud records what a copy was made of": "no, tags do",
    "a client token against doubles": "no, the copy is looked for",
    "`--check` asks the cloud": "no",
    "copies in progress": "no limit is documented",
}


ROWS: dict[str, Callable[[Any, Any], str]] = {
    "tags of copies": _tags,
    "description of copies": lambda _cloud, options: "yes" if "description" in options else "no",
    "encryption of copies": lambda _cloud, options: "yes" if "encrypted" in options else "no",
    "the cloud deletes copies after `retention_days`": _retention,
    "locks of copies (`lock_days`)": lambda cloud, _options: " or ".join(cloud.lock_modes) or "no",
    "a copy in progress can be cancelled": lambda cloud, _options: (
        "yes" if cloud.cancels_by_deletion else "no, deleted when complete"
    ),
    "one call for several destinations": lambda cloud, _options: "yes" if cloud.many_destinations_per_call else "no",
    "copies within a region": lambda cloud, _options: "yes" if cloud.copies_within_region else "no",
    "restoring disks by the role": lambda cloud, _options: "by name, tag or ID" if cloud.tag_rules else "by ID",
}


def table() -> str:
    """Return the table in Markdown."""
    lines = [f"| | {' | '.join(CLOUDS)} |", "|---" * (len(CLOUDS) + 1) + "|"]
    for what, tell in ROWS.items():
        cells = [tell(cloud, module.OPTIONS) for cloud, module in CLOUDS.values()]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    for what, facts in FACTS.items():
        lines.append(f"| {what} | {' | '.join(facts.get(cloud) or OTHERWISE[what] for cloud in CLOUDS)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
