# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that the copy modules share, and the checks of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..capabilities import IdFormat
from ..cloud import SnapshotCloud
from ..errors import BadInput
from ..model import CopyRequest
from ..ranges import range_problems
from ..templates import TextRule, text_problems

#: Options of every copy module. Those that a cloud may not support are in the dicts below.
COPY_OPTIONS: dict[str, dict[str, Any]] = {
    "snapshot_ids": {
        "type": "list",
        "elements": "str",
        "required": True,
        "aliases": ["snapshot_id", "source_snapshot_id", "source_snapshot_ids"],
    },
    "source_region": {"type": "str", "required": True},
    "destination_regions": {"type": "list", "elements": "str", "required": True, "aliases": ["destination_region"]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "copy_ids": {"type": "list", "elements": "str"},
    "survivors": {"type": "dict"},
    "create": {"type": "bool", "default": True},
    "name": {"type": "str"},
    "replace_failed": {"type": "bool", "default": True},
    "replace_mismatched": {"type": "bool", "default": False},
    "remove_duplicates": {"type": "bool", "default": False},
    "max_in_flight": {"type": "int", "default": 20},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_delay": {"type": "int", "default": 15},
}
DESCRIPTION_OPTION: dict[str, dict[str, Any]] = {
    "description": {"type": "str", "default": "Copied from {snapshot_id} in {source_region}"},
}
TAG_OPTIONS: dict[str, dict[str, Any]] = {
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": False},
    "copy_tags": {"type": "bool", "default": False},
    "source_tags": {"type": "dict"},
}
#: The keys of an entry of ``also``. They are not suboptions: if an entry is not a dict, ansible-core's own message
#: would name neither the option nor the entry.
ALSO_OPTIONS: dict[str, dict[str, Any]] = {
    "region": {"type": "str", "required": True},
    "snapshot_ids": {"type": "list", "elements": "str"},
    "copies_from": {"type": "list", "elements": "str"},
    "source_disk_ids": {"type": "list", "elements": "str"},
}
INFO_OPTIONS: dict[str, dict[str, Any]] = {
    "disk_tags": {"type": "dict"},
    "disk_ids": {"type": "list", "elements": "str"},
    "snapshot_ids": {"type": "list", "elements": "str", "aliases": ["snapshot_id"]},
    "latest": {"type": "bool", "default": False},
    "copies_from": {"type": "list", "elements": "str"},
    "source_disk_ids": {"type": "list", "elements": "str"},
    "shard": {"type": "str"},
    "other_disks": {"type": "bool", "default": False},
    "sets": {"type": "bool", "default": False},
    "group_tag": {"type": "str"},
    "packed": {"type": "bool", "default": False},
    "also": {"type": "list", "elements": "dict"},
}


def further_queries(also: Sequence[Mapping[str, Any]] | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the parsed entries of ``also`` with all their keys, and their problems."""
    checked = [ArgumentSpecValidator(ALSO_OPTIONS).validate(entry) for entry in also or ()]
    problems = [f"also: entry {n}: {text}" for n, result in enumerate(checked, 1) for text in result.error_messages]
    return [result.validated_parameters for result in checked], problems


def id_problems(label: str, ids: Sequence[str], form: IdFormat) -> list[str]:
    """Return a problem for every ID that no snapshot or disk of the cloud can have."""
    return [
        f"{label}: {value!r} is not a valid ID (example: {form.example})"
        for value in dict.fromkeys(ids)
        if not form.matches(value)
    ]


def number_problems(params: Mapping[str, Any]) -> list[str]:
    """Return a problem for every number of the shared options that is out of range."""
    options = ("max_in_flight", "wait_timeout", "wait_delay")
    return [problem for option in options for problem in range_problems(option, params[option], 1)]


def copy_problems(cloud: SnapshotCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    """Return all problems of the options of a copy module. Makes no call."""
    found = id_problems("snapshot_ids", params["snapshot_ids"], cloud.snapshot_ids)
    found += number_problems(params)
    if params["copy_ids"] is not None:
        found += id_problems("copy_ids", params["copy_ids"], cloud.snapshot_ids)
        if params["state"] != "absent":
            found.append("copy_ids is only allowed with state: absent")
    found += id_problems("source_tags", [str(i) for i in params.get("source_tags") or ()], cloud.snapshot_ids)
    found += _survivor_problems(cloud, params)
    if not params["destination_regions"]:
        found.append("destination_regions: name at least one region")
    if not cloud.copies_within_region and params["source_region"] in params["destination_regions"]:
        found.append(
            f"destination_regions: {params['source_region']} is the source region, and this cloud cannot copy within a "
            "region"
        )
    if params["source_region"] or not cloud.finds_sources:
        found += required_region_problems(cloud, "source_region", params["source_region"])
    found += region_problems(cloud, "destination_regions", params["destination_regions"])
    found += cloud.place_problems(requests)
    if params["state"] == "absent":
        return found
    return found + _content_problems(cloud, params, requests) + cloud.option_problems(requests)


def _survivor_problems(cloud: SnapshotCloud, params: Mapping[str, Any]) -> list[str]:
    """Return the problems of ``survivors``.

    A survivor for a copy that ``copy_ids`` does not name is probably a mistake.
    """
    survivors, named = params["survivors"], params["copy_ids"]
    if survivors is None:
        return []
    if named is None:
        return ["survivors needs copy_ids, the copies to delete"]
    ids = [str(copy_id) for pair in survivors.items() for copy_id in pair]
    found = id_problems("survivors", ids, cloud.snapshot_ids)
    found += [f"survivors: {copy_id} is not one of copy_ids" for copy_id in survivors if copy_id not in named]
    return found + [
        f"survivors: {survivor} must remain, but copy_ids names it"
        for survivor in dict.fromkeys(map(str, survivors.values()))
        if survivor in named
    ]


def region_problems(cloud: SnapshotCloud, label: str, regions: Sequence[str]) -> list[str]:
    """Return a problem for every region that cannot exist."""
    problems = ((region, cloud.region_problem(region)) for region in regions)
    return [f"{label}: {region!r} {problem}" for region, problem in problems if problem]


def required_region_problems(cloud: SnapshotCloud, label: str, region: str | None) -> list[str]:
    """Return why a region cannot exist, or that it is missing."""
    return region_problems(cloud, label, [region]) if region else [f"{label} is required"]


def _content_problems(cloud: SnapshotCloud, params: Mapping[str, Any], requests: Sequence[CopyRequest]) -> list[str]:
    found: list[str] = []
    rules: dict[str, TextRule | None] = {"name": cloud.name_rule, "description": cloud.description_rule}
    for label, rule in rules.items():
        if rule and params.get(label) is not None:
            problem_of = cloud.name_problem if label == "name" else partial(_plain_problem, rule)
            found += text_problems(label, params[label], rule.max_length, problem_of, list(requests))
    if cloud.tag_rules and params.get("tags"):
        found += cloud.tag_rules.problems(tags_as_text(params["tags"]), params["name"] is not None)
    return found


def _plain_problem(rule: TextRule, text: str, _snapshot_id: str) -> str | None:
    return rule.problem(text)


def tags_as_text(tags: Any, label: str = "tags") -> dict[str, str]:
    """Return tags as clouds store them: numbers and booleans from YAML become strings, null becomes empty.

    Raises BadInput if they are not a dict.
    """
    if not isinstance(tags or {}, Mapping):
        raise BadInput([f"{label} must be a dict of keys and values, not {tags!r}"])
    tags = tags or {}
    return {str(key): _tag_value(value) for key, value in tags.items()}


def _tag_value(value: Any) -> str:
    """Return a value as text; a boolean as people write it in a tag, and as the roles do."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
