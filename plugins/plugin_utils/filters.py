# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filter plugins share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError


def as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function as a filter: what is wrong with its arguments becomes a message that names the filter."""

    @wraps(function)
    def filter_(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            told = f"a row has no key {error}" if isinstance(error, KeyError) else str(error)
            raise AnsibleFilterError(f"{function.__name__}: {told}") from error

    return filter_
