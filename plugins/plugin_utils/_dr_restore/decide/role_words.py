# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module says, with the names that the role's users know: ``restore_id`` is ``dr_restore_id`` to them. Pure."""

from __future__ import annotations

import re

from ..._role.answers import Failure
from ..._role.call import RawAnswer
from ..input.variables import VARIABLES

#: Options of the restore modules by the role's variables that they are set by.
_OPTIONS = {to.argument: f"dr_restore_{name}" for name, variable in VARIABLES.items() for to in variable.to}
_LONG = "|".join(sorted(option for option in _OPTIONS if "_" in option))
#: Options that are also ordinary words are options where a colon follows.
_SHORT = "|".join(sorted(option for option in _OPTIONS if "_" not in option))
_OPTION = re.compile(rf"(?<![\w.-])(?:({_LONG})\b(?!\.)|({_SHORT})(?=: ))")


def in_role_words(result: RawAnswer) -> RawAnswer:
    """Return a module's result with the role's words in what it says of failures. A cloud's words stay as they are."""
    words = dict(result)
    quotes_cloud = any(failure.get("code") for failure in words.get("failures") or ())
    if isinstance(words.get("msg"), str) and not quotes_cloud:
        words["msg"] = _for_role(words["msg"])
    if words.get("failures"):
        words["failures"] = [_failure(failure) for failure in words["failures"]]
    if words.get("disks"):
        words["disks"] = [
            {**disk, "error": _failure(disk["error"])} if disk.get("error") else disk for disk in words["disks"]
        ]
    return words


def _failure(failure: Failure) -> Failure:
    message, hint = failure["message"], failure["hint"]
    message = message if failure["code"] else _for_role(message)
    return {**failure, "message": message, "hint": hint and _for_role(hint)}


def _for_role(text: str) -> str:
    return _OPTION.sub(lambda found: _OPTIONS[found[0]], text)
