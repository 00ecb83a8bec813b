# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and how a run of a role takes place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The host, the mode, the version of ansible-core, and the number of ``plans`` in the play."""

    host: str
    check_mode: bool = False
    ansible: str = ""
    plans: int = 1
