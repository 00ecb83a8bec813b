# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendors' other clients against the simulators: ``make clients``.

The collection speaks to a simulator by one SDK, and reads its answers by its own parser. Here the clients that it does
not use send the same operations: awscli, tccli, and Alibaba Cloud's newer SDKs. Their models also say which members an
answer has, and of which types.
"""

from __future__ import annotations
