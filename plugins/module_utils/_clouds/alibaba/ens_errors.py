# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes of ENS: their classes and hints."""

from __future__ import annotations

from ..._core.errors import Ambiguous, Busy, CopyError, NotFound

ORDER_FAILED = "Order.CreateFailed"
ERRORS: dict[str, type[CopyError]] = {
    "ens.interface.error": Ambiguous,
    **dict.fromkeys(("InvalidSnapshotId", "ERROR_SNAPSHOT_NOT_FOUND", "INSTANCE_ID_NOT_FOUND"), NotFound),
    **dict.fromkeys((ORDER_FAILED, "ERROR_SNAPSHOT_COPY_IN_PROGRESS", "DISK_SNAPSHOT_STATUS_NOT_MATCH"), Busy),
}
HINTS = {
    "ENS_SERVICE_ARREARAGE": "Settle the account's bill.",
    "SaleControl.VerificationFailed": "Ask Alibaba Cloud to allow this account to buy the resource on that node.",
    ORDER_FAILED: "Check the account's balance and the node's capacity, then run again.",
    "SNAPSHOT_CLONE_DISK_NOT_NULL": "A disk was created from this copy. Delete the disk first, or keep the copy.",
}
