# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated clouds on loopback. EC2 is moto with corrections.

Each provider has a folder; what they share lies here. ``python -m tests.simulator`` starts every cloud on a free port
and prints the addresses as JSON."""

from __future__ import annotations
