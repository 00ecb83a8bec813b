# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filter plugins share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import Any

from ansible.errors import AnsibleFilterError

#: A filter as Jinja calls it, with any arguments that a template passes.
Filter = Callable[..., Any]


def as_filter(function: Callable[..., object], name: str | None = None) -> Filter:
    """Return a function as a filter, which reports problems with its arguments in messages that name the filter.

    ``name`` is the name of the filter, by default that of the function.
    """

    called = name or function.__name__
    takes = signature(function)

    @wraps(function)
    def filter_(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = takes.bind(*args, **kwargs)
        except TypeError as error:
            known = ", ".join(list(takes.parameters)[1:]) or "none"
            raise AnsibleFilterError(f"{called}: {error}; its arguments are {known}") from error
        try:
            return function(*bound.args, **bound.kwargs)
        except KeyError as error:
            raise AnsibleFilterError(f"{called}: a row has no key {error}") from error
        except (OSError, ValueError) as error:
            raise AnsibleFilterError(f"{called}: {error}") from error
        except (AttributeError, TypeError):
            wrong = ", ".join(f"{key} is {_kind(value)}" for key, value in bound.arguments.items())
            raise AnsibleFilterError(
                f"{called}: an argument has the wrong type; rows are lists of dicts, as the info modules "
                "return "
                f"them ({wrong})"
            ) from None

    return filter_


def _kind(value: Any) -> str:
    """Describe an argument without its value, which may be long or secret."""
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a dict"
    if isinstance(value, Sequence):
        kinds = sorted({_kind(entry) for entry in value})
        return f"a list of {' and of '.join(kinds)}" if kinds else "an empty list"
    return "nothing" if value is None else "a number" if isinstance(value, (int, float)) else "of another kind"
