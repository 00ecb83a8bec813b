# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user agent that each SDK sends, so that an account's log shows which calls are ours."""

from __future__ import annotations

NAME = "ansible-multicloud.snapshots"
#: The version in galaxy.yml, which target hosts do not have.
VERSION = "1.0.0"
