# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the private filters of the roles share: one filter a role, whose first argument names a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ._filters import as_filter


def filter_of(name: str, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return a role's private filter, which calls the function that its first argument names."""

    def filter_(value: Any, what: str, /, *args: Any, **kwargs: Any) -> Any:
        if what not in functions:
            raise AnsibleFilterError(f"{name}: there is no {what!r}; it is private to the role {name}")
        return as_filter(functions[what], f"{name} {what}")(value, *args, **kwargs)

    return filter_
