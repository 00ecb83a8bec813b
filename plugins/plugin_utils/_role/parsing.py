# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses values of variables from YAML, JSON or a survey answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from .calendar import zone_of

#: Values by name as a user sets them, of any type until they are parsed.
RawVariables = Mapping[str, Any]
#: The longest tag key and value on any cloud.
MAX_KEY, MAX_VALUE = 128, 256
#: The most digits of an integer, so that it fits into 64 bits.
MAX_NUMBER = 18


class InvalidValue(ValueError):
    """An invalid value; the message says what would be valid."""


def without_values(message: str) -> str:
    """Return Ansible's message about a variable that cannot be evaluated, without the values that it repeats.

    Before 2.19, if a variable uses an undefined one, the message contains all of it: the secrets of a connection, too.
    """
    return message.rpartition("}: ")[2] or "a variable cannot be evaluated"


def as_text(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        raise InvalidValue("must be text, not a list or a dict")
    return str(value).strip()


def as_whole_number(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\s*[0-9]+\s*", str(value)):
        raise InvalidValue(f"must be a whole number, 0 or more, not {value!r}")
    digits = str(value).strip().lstrip("0")
    if len(digits) > MAX_NUMBER:
        raise InvalidValue(f"must be a number of at most {MAX_NUMBER} digits")
    return int(digits or "0")


def as_time_zone(value: Any) -> str:
    """Check the name of a time zone. Returns the name, because facts cannot hold objects."""
    try:
        zone_of(as_text(value))
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    return as_text(value)


def as_bool(value: Any) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise InvalidValue(f"must be true or false, not {value!r}") from None


def is_true(value: Any) -> bool:
    """Whether the modules read this value as true."""
    return bool(boolean(value, strict=False))


def as_list(value: Any) -> list[str]:
    """Parse a list, a JSON list, or a string with one entry per line or separated by commas."""
    if isinstance(value, str):
        entries = parsed_json(value, list)
        value = re.split(r"[\n,]", value) if entries is None else entries
    if not isinstance(value, (list, tuple)):
        raise InvalidValue("must be a list, or text with commas or one entry per line")
    parts = (as_text(entry) for entry in value if entry is not None)
    return list(dict.fromkeys(part for part in parts if part))


def as_dict(value: Any) -> RawVariables:
    """Parse a dict, a JSON object, or a string with one key=value per line."""
    if isinstance(value, Mapping):
        return {str(key): entry for key, entry in value.items()}
    if not isinstance(value, str):
        raise InvalidValue("must be a dict, a JSON object, or one key=value per line")
    if value.strip().startswith("{"):
        return dict(parsed_json(value, dict) or {})
    pairs = {}
    for number, line in enumerate(value.splitlines(), 1):
        key, sign, entry = line.partition("=")
        if line.strip() and (not sign or not key.strip()):
            # The line itself is not shown: it may hold a secret.
            raise InvalidValue(f"must be a dict, a JSON object, or one key=value per line; line {number} is not")
        if not line.strip():
            continue
        pairs[key.strip()] = entry.strip()
    return pairs


def as_tags(value: Any) -> dict[str, str]:
    """Parse tags as a dict; YAML's true and false become strings as people write them in tags."""
    found = {key: str(entry).lower() if isinstance(entry, bool) else entry for key, entry in as_dict(value).items()}
    return {key: "" if entry is None else as_text(entry) for key, entry in found.items()}


def as_tag_filter(value: Any) -> dict[str, str]:
    """Parse tags to search for. Refuses tags that no cloud allows, because they would never be found."""
    tags = as_tags(value)
    for key, entry in tags.items():
        if not 1 <= len(key) <= MAX_KEY or len(entry) > MAX_VALUE:
            raise InvalidValue(
                f"has a tag that no cloud accepts: {key[:40]!r}; a key has 1 to {MAX_KEY} characters, a value up "
                f"to {MAX_VALUE}"
            )
    return tags


def parsed_json(value: str, kind: type) -> Any:
    """Parse JSON if it begins as a list or a dict, else return None."""
    if not value.strip().startswith("[" if kind is list else "{"):
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise InvalidValue(f"is not valid JSON ({error})") from None


def one_of(choices: Collection[str]) -> Callable[[Any], str]:
    """Return a parser that accepts one of these choices, as they are at the time of parsing."""

    def take(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidValue(f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    return take


def number(name: str, value: Any) -> float:
    """Return a user's number if it is 0 or more. Otherwise raises ValueError with its name."""
    try:
        taken = float(value)
    except (TypeError, ValueError):
        taken = -1.0
    if not 0 <= taken < float("inf"):
        raise ValueError(f"{name} must be a number from 0, not {value!r}")
    return taken


def each_once(name: str, given: Sequence[str]) -> list[str]:
    """Return a user's list of names, each once. Raises ValueError with its name for a text, which is no list."""
    if isinstance(given, str):
        raise ValueError(f"{name} must be a list of names, not the text {given!r}")
    return list(dict.fromkeys(given))
