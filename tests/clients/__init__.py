# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendors' other clients against the simulators: ``make clients``.

The collection calls a simulator with one SDK, and reads the answers with its own parser. Here the clients that it does
not use send the same operations: awscli, tccli, and Alibaba Cloud's newer SDKs. Their models also define the members of
an answer, and their types.
"""

from __future__ import annotations
