# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of modules with the names of the role's variables: ``restore_id`` becomes ``dr_restore_id``."""

from __future__ import annotations

from ..._role.answers import Failure
from ..._role.call import RawAnswer
from ..._role.role_words import RoleWords
from .variables import VARIABLES

_WORDS = RoleWords(
    {argument.name: f"dr_restore_{name}" for name, variable in VARIABLES.items() for argument in variable.sets}
)


def in_role_words(result: RawAnswer) -> RawAnswer:
    """Return a module's result with the names of the role's variables in its failures.

    A cloud's own words stay unchanged.
    """
    words = dict(result)
    quotes_cloud = any(failure.get("code") for failure in words.get("failures") or ())
    if isinstance(words.get("msg"), str) and not quotes_cloud:
        words["msg"] = _WORDS.in_text(words["msg"])
    if words.get("failures"):
        words["failures"] = [_failure(failure) for failure in words["failures"]]
    if words.get("disks"):
        words["disks"] = [
            {**disk, "error": _failure(disk["error"])} if disk.get("error") else disk for disk in words["disks"]
        ]
    return words


def _failure(failure: Failure) -> Failure:
    message, hint = failure["message"], failure["hint"]
    message = message if failure["code"] else _WORDS.in_text(message)
    return {**failure, "message": message, "hint": hint and _WORDS.in_text(hint)}
