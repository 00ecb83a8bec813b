# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the private filters of the roles share: one filter a role, whose first argument names a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ._filters import as_filter
from ._role.parsing import as_dict


def connection(given: Any) -> dict[str, Any]:
    """Return connection options, given in YAML or in a survey, as a dict."""
    return as_dict(given or {})


def loaded(given: Any) -> Any:
    """Return what is given: asked for where nothing but the plugin is to be loaded."""
    return given


EVERY_ROLES: dict[str, Callable[..., Any]] = {"connection": connection, "loaded": loaded}


def filter_of(name: str, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return a role's private filter, which calls the function that its first argument names."""

    def filter_(value: Any, what: str, /, *args: Any, **kwargs: Any) -> Any:
        if what not in functions:
            raise AnsibleFilterError(f"{name}: there is no {what!r}; it is private to the role {name}")
        return as_filter(functions[what], f"{name} {what}")(value, *args, **kwargs)

    return filter_
