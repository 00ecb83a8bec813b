# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the address of a service and the timeouts of its calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._core.errors import BadInput

_ENDPOINT = re.compile(r"(https?://)?[A-Za-z0-9.\-_{}]+(:(?P<port>\d{1,5}))?/?")
#: The longest timeout in seconds (a day): longer than any call, and valid for every clock.
MAX_TIMEOUT_SECONDS = 86400


def checked_endpoint(endpoint: str | None, option: str = "endpoint_url") -> str | None:
    """Return the address of a service. Raises BadInput if it is invalid."""
    match = _ENDPOINT.fullmatch(endpoint or "x")
    if not match or int(match["port"] or 1) not in range(1, 65536) or "{" in (endpoint or "").replace("{region}", ""):
        raise BadInput([f"{option}: {endpoint!r} is not a valid address (example: https://host:port)"])
    return endpoint


def checked_timeouts(params: Mapping[str, Any]) -> tuple[int, int]:
    """Return connect_timeout and read_timeout in seconds. Raises BadInput if one is out of range."""
    wrong = [
        f"{name}: must be between 1 and {MAX_TIMEOUT_SECONDS}, not {params[name]}"
        for name in ("connect_timeout", "read_timeout")
        if not 1 <= params[name] <= MAX_TIMEOUT_SECONDS
    ]
    if wrong:
        raise BadInput(wrong)
    return params["connect_timeout"], params["read_timeout"]
