# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who calls, as each SDK tells its service: an account's log of calls then shows which are ours."""

from __future__ import annotations

NAME = "ansible-multicloud.snapshots"
#: That of galaxy.yml, which no target has.
VERSION = "1.0.0"
