# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the tables of what each cloud supports, from what the adapters declare.

``python -m tests.documentation.capabilities`` prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from tests.clouds import CLOUDS as TABLE
from tests.documentation.tables import list_table

CLOUDS: dict[str, tuple[Any, Any]] = {
    name.upper(): (cloud.load("adapter"), cloud.load_module()) for name, cloud in TABLE.items()
}


def _tags(cloud: Any, _options: Any) -> str:
    if cloud.tag_rules is None:
        return "none; the role uses the description"
    when = "by the copy call" if cloud.tags_in_copy_call else "right after the copy call"
    room, named = cloud.tag_rules.room(False), cloud.tag_rules.room(True)
    return f"set {when}, up to {room} of your own" + (f" ({named} with ``name``)" if named != room else "")


def _retention(cloud: Any, options: Any) -> str:
    if "retention_days" not in options:
        return "no"
    return "yes, set once a copy is complete" if cloud.expires_after_copying else "yes"


def _levels(cloud: Any, _options: Any) -> str:
    levels = {"creatable": True, "readable": cloud.max_read_blocks, "usable": cloud.instance_ids}
    return ", ".join(f"``{level}``" for level, is_possible in levels.items() if is_possible)


#: Facts for readers that no adapter declares, because no code depends on them (docs/development/api-facts.md).
FACTS: dict[str, dict[str, str]] = {
    "The cloud records the source of a copy": {
        "ECS": "yes, according to its documentation",
        "ENS": "yes, according to its documentation",
        "CBS": "no, name and tags do",
    },
    "A client token prevents a second copy": {"ECS": "yes"},
    "``--check`` asks the cloud": {"EBS": "yes, with DryRun"},
    "Limit on copies in progress": {"EBS": "a quota per region", "ECS": "one per disk and region"},
    "Restores of system disks": {
        "ECS": "as data disks, if ECS allows it",
        "ENS": "not documented",
        "CBS": "no; create an image",
    },
    "Best consistency of a set": {
        "EBS": "``application``",
        "ECS": "``crash``",
        "CBS": "``near``, or ``crash`` if the API calls the group consistent",
    },
}
OTHERWISE = {
    "The cloud records the source of a copy": "no, tags do",
    "A client token prevents a second copy": "no",
    "``--check`` asks the cloud": "no",
    "Limit on copies in progress": "none documented",
    "Restores of system disks": "as data disks",
    "Best consistency of a set": "``near``",
}


ROWS: dict[str, Callable[[Any, Any], str]] = {
    "Tags on copies": _tags,
    "Descriptions of copies": lambda _cloud, options: "yes" if "description" in options else "no",
    "Encryption of copies": lambda _cloud, options: "yes" if "encrypted" in options else "no",
    "The cloud deletes copies after ``retention_days``": _retention,
    "Locks on copies (``lock_days``)": lambda cloud, _options: " or ".join(cloud.lock_modes) or "no",
    "A copy in progress can be canceled": lambda cloud, _options: (
        "yes" if cloud.cancels_by_deletion else "no, it is deleted when complete"
    ),
    "One call copies to several destinations": lambda cloud, _options: (
        "yes" if cloud.many_destinations_per_call else "no"
    ),
    "Copies within a region": lambda cloud, _options: "yes" if cloud.copies_within_region else "no",
    "Copies to another account": lambda cloud, _options: "yes" if cloud.shares_snapshots else "no",
    "Restores attach disks (``attach_to``)": lambda cloud, _options: "yes" if cloud.instance_ids else "no",
    "Levels of a drill": _levels,
    "``dr_restore`` chooses disks by": lambda cloud, _options: "name, tag or ID" if cloud.tag_rules else "ID",
}


#: The tables of the guide, with the features in each.
TABLES: dict[str, tuple[str, ...]] = {
    "Copies": (
        "Tags on copies",
        "Descriptions of copies",
        "Encryption of copies",
        "Copies within a region",
        "Copies to another account",
        "The cloud records the source of a copy",
        "Best consistency of a set",
    ),
    "Deletion and locks": (
        "The cloud deletes copies after ``retention_days``",
        "Locks on copies (``lock_days``)",
        "A copy in progress can be canceled",
    ),
    "Restores and drills": (
        "Restores attach disks (``attach_to``)",
        "Restores of system disks",
        "``dr_restore`` chooses disks by",
        "Levels of a drill",
    ),
    "Calls": (
        "One call copies to several destinations",
        "A client token prevents a second copy",
        "Limit on copies in progress",
        "``--check`` asks the cloud",
    ),
}


def tables() -> str:
    """Return the tables in reStructuredText."""
    rows = {}
    for what, support in ROWS.items():
        rows[what] = [what, *(support(cloud, module.OPTIONS) for cloud, module in CLOUDS.values())]
    for what, facts in FACTS.items():
        rows[what] = [what, *(facts.get(cloud) or OTHERWISE[what] for cloud in CLOUDS)]
    return "\n\n".join(
        list_table(["Feature", *CLOUDS], [rows.pop(what) for what in features], title)
        for title, features in TABLES.items()
    )


def support_of_variables(
    variables: Mapping[str, Any], prefix: str, clouds: Mapping[str, Any], only_drills: Collection[str] = ()
) -> str:
    """Return a Markdown table of the clouds' support, for variables that not every cloud supports.

    ``only_drills`` are variables that restores ignore.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, variable in variables.items():
        supported = [variable.is_supported(cloud) for cloud in clouds.values()]
        if not all(supported):
            no = "ignored" if variable.is_ignorable else "refused in drills" if name in only_drills else "refused"
            alike.setdefault(tuple("yes" if one else no for one in supported), []).append(f"`{prefix}{name}`")
    lines = [f"| Variables | {' | '.join(clouds)} |", "|---" * (len(clouds) + 1) + "|"]
    return "\n".join([*lines, *(f"| {', '.join(names)} | {' | '.join(cells)} |" for cells, names in alike.items())])


if __name__ == "__main__":
    print(tables())
