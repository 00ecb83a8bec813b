# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module call that has the type of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .answers import Answer

#: Arguments of a module by name. They come from the table of variables, and the module checks them.
Arguments = dict[str, Any]
#: What a module or a task of a play has returned, before the call assigns a type to it.
RawAnswer = dict[str, Any]
#: Runs a module by its full name with these arguments; returns its result, also if it failed.
RunsModule = Callable[[str, Arguments], RawAnswer]
#: The least seconds of a call, even if earlier calls have used up all the time.
MIN_SECONDS = 300
#: What a call returns.
Returned = TypeVar("Returned", bound=Answer)


@dataclass(frozen=True)
class Call(Generic[Returned]):
    """A module by its full name, and its arguments, including connection options.

    The type parameter is what it returns.
    """

    module: str
    arguments: Arguments
