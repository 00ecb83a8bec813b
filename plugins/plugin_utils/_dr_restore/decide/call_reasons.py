# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a call made nothing from a copy."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ..._role.answers import Answer, ComparedCopyRow, RestoredDiskRow
from ..._role.failures import failures_of


def reason_of(row: RestoredDiskRow | ComparedCopyRow | None, answer: Answer, copy_id: str | None) -> str:
    """Return why nothing was made from a copy, in the cloud's words; empty if that is unknown.

    The reason is the error in the row of the copy. If there is none, the failures of the call apply, such as a zone
    that does not exist.
    """
    if row and row["error"]:
        return quoted_failures([row["error"]])
    failures = failures_of(answer)
    own = [failure for failure in failures if failure.get("snapshot_id") == copy_id]
    return quoted_failures(own or [failure for failure in failures if not failure.get("snapshot_id")])
