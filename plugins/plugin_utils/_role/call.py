# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call of a module, which knows the type of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .answers import Answer

#: Arguments of a module by their names. The table of variables gives them, and the module checks them.
Arguments = dict[str, Any]
#: What a module or a task of a play has returned, before its call gives it a type.
RawAnswer = dict[str, Any]
#: Runs a module by its full name with these arguments; returns its result, also where it failed.
RunsModule = Callable[[str, Arguments], RawAnswer]
#: What a call returns.
Returned = TypeVar("Returned", bound=Answer)


@dataclass(frozen=True)
class Call(Generic[Returned]):
    """A module by its full name, and its arguments, connection options among them. Its type says what it returns."""

    module: str
    arguments: Arguments
