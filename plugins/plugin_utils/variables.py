# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables: judged and normalised, all faults in one message."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from .selection import parts_of

#: What each cloud's copy module lacks (interface, section 1): such a variable is refused, not passed over.
NOT_HONOURED: dict[str, tuple[str, ...]] = {
    "ebs": ("retention_days",),
    "cbs": ("description", "encrypted", "kms_key_id"),
    "ens": ("tags", "encrypted", "kms_key_id", "retention_days"),
}
#: Options of the copy modules that the role sets itself; copy_options holds the others.
SET_BY_ROLE = (
    "snapshot_ids",
    "snapshot_id",
    "source_snapshot_id",
    "source_snapshot_ids",
    "source_region",
    "destination_regions",
    "destination_region",
    "state",
    "copy_ids",
    "name",
    "description",
    "tags",
    "resource_tags",
    "copy_tags",
    "encrypted",
    "kms_key_id",
    "retention_days",
    "remove_duplicates",
    "max_in_flight",
    "wait",
    "wait_timeout",
    "wait_delay",
    "source_tags",
)


class Wrong(ValueError):
    """A value that cannot be taken; says what would be."""


def text(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        raise Wrong("must be a text")
    return str(value).strip()


def whole_number(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\s*\d+\s*", str(value)):
        raise Wrong(f"must be a whole number from 0, not {value!r}")
    return int(str(value))


def truth(value: Any) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise Wrong(f"must be true or false, not {value!r}") from None


def texts(value: Any) -> list[str]:
    """Take a list, a JSON list, or a text with one entry a line or with commas."""
    if isinstance(value, str):
        value = _json(value, list) or re.split(r"[\n,]", value)
    if not isinstance(value, (list, tuple)):
        raise Wrong("must be a list, or a text with commas or one entry a line")
    return list(dict.fromkeys(part for part in (text(entry).strip() for entry in value) if part))


def mapping(value: Any) -> dict[str, Any]:
    """Take a dict, a JSON object, or a text of key=value, one a line."""
    if isinstance(value, Mapping):
        return {str(key): entry for key, entry in value.items()}
    if not isinstance(value, str):
        raise Wrong("must be a dict, a JSON object, or one key=value a line")
    if value.strip().startswith("{"):
        return dict(_json(value, dict) or {})
    pairs = {}
    for number, line in enumerate(value.splitlines(), 1):
        key, sign, entry = line.partition("=")
        if line.strip() and (not sign or not key.strip()):
            # The line itself is not shown: it may hold a secret.
            raise Wrong(f"must be a dict, a JSON object, or one key=value a line; line {number} is none")
        if not line.strip():
            continue
        pairs[key.strip()] = entry.strip()
    return pairs


def tags(value: Any) -> dict[str, str]:
    """Take tags as a mapping; YAML's true and false are the words that people tag with."""
    found = {key: str(entry).lower() if isinstance(entry, bool) else entry for key, entry in mapping(value).items()}
    return {key: "" if entry is None else text(entry) for key, entry in found.items()}


def _json(value: str, kind: type) -> Any:
    if not value.strip().startswith("[" if kind is list else "{"):
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise Wrong(f"is no valid JSON ({error})") from None


def one_of(*choices: str) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if value not in choices:
            raise Wrong(f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    return take


#: Every variable of the role: how it is taken, and its default. None as default: required.
VARIABLES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "cloud": (one_of("ebs", "ecs", "ens", "cbs"), None),
    "source_region": (text, None),
    "destination_regions": (texts, None),
    "disk_tags": (tags, {"dr-copy": "true"}),
    "disk_ids": (texts, []),
    "select": (one_of("latest", "all"), "latest"),
    "max_snapshot_age_hours": (whole_number, 0),
    "name": (text, ""),
    "description": (text, ""),
    "tags": (tags, {}),
    "copy_tags": (truth, True),
    "encrypted": (truth, False),
    "kms_key_id": (text, ""),
    "retention_days": (whole_number, 0),
    "copy_options": (mapping, {}),
    "keep": (whole_number, 0),
    "keep_days": (whole_number, 0),
    "max_in_flight": (whole_number, 20),
    "wait": (truth, True),
    "wait_timeout": (whole_number, 10800),
    "wait_delay": (whole_number, 15),
    "allow_empty": (truth, True),
    "remove_duplicates": (truth, False),
    "rpo_hours": (whole_number, 0),
    "report_dir": (text, ""),
    "shard": (text, ""),
    "connection": (mapping, {}),
    "source_connection": (mapping, {}),
}
#: Hold credentials, so they are judged here but never handed on as facts.
SECRET = ("connection", "source_connection")


def judged(given: Mapping[str, Any], names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the role's variables, without their prefix, as their types, and every problem with them.

    ``values`` holds them, and beside them ``now`` (ISO 8601), ``ends_at`` (seconds since 1970), when wait_timeout will be
    over, ``across_accounts``, and the ``place`` within each region, None for the region itself. ``problems`` names each
    wrong one. ``warnings`` names what is allowed but may hurt, and those of ``names``, the names that the user has set,
    which look misspelt.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, (take, default) in VARIABLES.items():
        value = given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if default is None:
                problems.append(f"dr_copy_{name} is required")
            values[name] = default
            continue
        try:
            values[name] = take(value)
        except Wrong as wrong:
            problems.append(f"dr_copy_{name} {wrong}")
            values[name] = default
    problems += _contradictions(values)
    begun = datetime.now(timezone.utc)
    values["now"] = begun.strftime("%Y-%m-%dT%H:%M:%SZ")
    values["ends_at"] = int(begun.timestamp()) + values["wait_timeout"]
    values["across_accounts"] = bool(values["source_connection"])
    options = values["copy_options"]
    values["place"] = options.get("destination_outpost_arn") or options.get("destination_availability_zone") or None
    values["report_dir"] = os.path.abspath(os.path.expanduser(values["report_dir"])) if values["report_dir"] else ""
    return {
        "values": {name: value for name, value in values.items() if name not in SECRET},
        "problems": list(dict.fromkeys(problems)),
        "warnings": [*_misspelt(names), *_risks(values)],
    }


def _misspelt(names: Sequence[str]) -> list[str]:
    known = [f"dr_copy_{name}" for name in VARIABLES]
    unknown = [name for name in names if name not in known]
    near = {name: get_close_matches(name, known, 1, 0.85) for name in unknown}
    return [f"{name} is no variable of the role; is {match[0]} meant?" for name, match in near.items() if match]


def _risks(values: Mapping[str, Any]) -> list[str]:
    if not values["retention_days"] or values["rpo_hours"]:
        return []
    told = "dr_copy_retention_days lets the cloud delete copies by itself, even the newest of a disk"
    return [f"{told}; set dr_copy_rpo_hours, so that the role fails when a disk has none left"]


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    faults = []
    cloud = values["cloud"]
    for name in NOT_HONOURED.get(str(cloud), ()):
        if values[name]:
            faults.append(f"dr_copy_{name}: {cloud} has no such option")
    if values["source_connection"] and cloud != "ebs":
        faults.append("dr_copy_source_connection: only ebs copies across accounts")
    try:
        parts_of(values["shard"])
    except ValueError as wrong:
        faults.append(f"dr_copy_shard {wrong}")
    if values["destination_regions"] == []:
        faults.append("dr_copy_destination_regions is required")
    if values["source_region"] and values["source_region"] in (values["destination_regions"] or ()):
        faults.append(f"dr_copy_destination_regions must not hold dr_copy_source_region ({values['source_region']})")
    if not values["disk_tags"] and not values["disk_ids"]:
        faults.append("dr_copy_disk_tags may be empty only together with dr_copy_disk_ids")
    if values["kms_key_id"] and not values["encrypted"]:
        faults.append("dr_copy_kms_key_id needs dr_copy_encrypted: true")
    for name in ("max_in_flight", "wait_delay"):
        if values[name] == 0:
            faults.append(f"dr_copy_{name} must be at least 1")
    taken = sorted(set(values["copy_options"] or ()) & set(SET_BY_ROLE))
    if taken:
        faults.append(
            f"dr_copy_copy_options must not hold {', '.join(taken)}: the role sets these by variables of its own"
        )
    return faults
