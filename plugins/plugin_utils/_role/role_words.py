# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of modules with the names of a role's variables: ``wait_timeout`` becomes ``dr_copy_wait_timeout``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping


class RoleWords:
    """``variable_of``: options of the modules, each with the variable of the role that sets it.

    ``passed_on``: options without a variable, which users set in the variable ``options_variable``.
    """

    def __init__(
        self, variable_of: Mapping[str, str], passed_on: Collection[str] = (), options_variable: str = ""
    ) -> None:
        self._variable_of, self._options_variable = variable_of, options_variable
        long = "|".join(sorted(option for option in variable_of if "_" in option))
        # Options that are also ordinary words count as options only if a colon follows.
        short = "|".join(sorted(option for option in variable_of if "_" not in option)) or "(?!)"
        self._option = re.compile(rf"(?<![\w{{.-])(?:({long})\b(?!\.\w)|({short})(?=: ))")
        self._passed_on = re.compile(rf"\b({'|'.join(passed_on) or '(?!)'}): (\w+)")

    def in_text(self, text: str) -> str:
        """Return a text with the names of the role's variables in place of those options."""
        text = self._passed_on.sub(rf"{self._options_variable}: {{\1: \2}}", text)
        return self._option.sub(lambda found: self._variable_of[found[0]], text)
