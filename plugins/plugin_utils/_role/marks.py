# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles write on copies beside the modules' provenance."""

from __future__ import annotations

#: ATTACHED_TO holds the instance's ID and, if the cloud shows one, the device: ``i-0aa11bb22cc33dd44 /dev/sdf``.
PLAN, DISK_NAME, ATTACHED_TO = "dr-copy:plan", "dr-copy:disk-name", "dr-copy:attached-to"
#: What a level of a drill claims, from the weaker to the stronger.
LEVELS = ("creatable", "readable")
