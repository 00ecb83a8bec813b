# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the address of a service and the timeouts of its calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._core.errors import BadInput
from .._core.ranges import range_problems

_ENDPOINT = re.compile(r"(https?://)?[A-Za-z0-9.\-_{}]+(:(?P<port>\d{1,5}))?/?")
#: The longest timeout in seconds (a day): longer than any call, and valid for every clock.
MAX_TIMEOUT_SECONDS = 86400


def checked_endpoint(endpoint: str | None, option: str = "endpoint_url") -> str | None:
    """Return the address of a service. Raises BadInput if it is invalid."""
    if not endpoint:
        return endpoint
    match = _ENDPOINT.fullmatch(endpoint)
    if not match or int(match["port"] or 1) not in range(1, 65536) or set("{}") & set(endpoint.replace("{region}", "")):
        raise BadInput([f"{option}: {endpoint!r} is not a valid address (example: https://host:port)"])
    return endpoint


def checked_timeouts(params: Mapping[str, Any]) -> tuple[int, int]:
    """Return connect_timeout and read_timeout in seconds. Raises BadInput if one is out of range."""
    names = ("connect_timeout", "read_timeout")
    problems = [text for name in names for text in range_problems(name, params[name], 1, MAX_TIMEOUT_SECONDS)]
    if problems:
        raise BadInput(problems)
    return params["connect_timeout"], params["read_timeout"]
