# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables say about which snapshots are copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import has_tag, has_tags

from ...._role.answers import SnapshotRow
from ...._role.rows import SnapshotTime, hours_since, is_complete
from ..plan_reasons import EXCLUDED, FAILED, IS_A_COPY, OBSTACLE, STALE, UNFINISHED, UNTAGGED
from ..retention import Retention, retention_of

if TYPE_CHECKING:  # filters load this file but need no variables
    from ...input.variables import Variables


@dataclass(frozen=True)
class Rules:
    """What the variables say about which snapshots are copied. Raises ValueError for another ``select``."""

    select: str  #: "latest" or "all"
    retention: Retention
    retention_days: float
    max_age_hours: float
    tags: Mapping[str, str]
    excluded_tags: Mapping[str, str]
    destination_regions: Sequence[str]
    group_tag: str
    set_seconds: float  #: The maximum time between the snapshots of a set that the cloud does not report.

    def __post_init__(self) -> None:
        if self.select not in ("latest", "all"):
            raise ValueError(f"select must be latest or all, not {self.select!r}")

    @property
    def latest(self) -> bool:
        return self.select == "latest"

    def why_unusable(self, snapshot: SnapshotRow) -> str | None:
        """Return why a snapshot cannot be copied, or None if it can."""
        if snapshot.get("source"):
            return IS_A_COPY
        tags = snapshot.get("tags") or {}
        if any(has_tag(tags, *tag) for tag in self.excluded_tags.items()):
            return EXCLUDED
        if not has_tags(tags, self.tags):
            return UNTAGGED
        if not is_complete(snapshot):
            return UNFINISHED if snapshot["state"] == "pending" else FAILED
        if snapshot.get("obstacle"):
            return OBSTACLE
        age = hours_since(snapshot["created_at"], self.retention.now)
        return STALE if age is None or (self.max_age_hours and age > self.max_age_hours) else None

    def expiry_passed(self, taken: SnapshotTime) -> bool:
        """Whether the cloud's own expiry would already have deleted a copy that was made together with the snapshot."""
        age = (self.retention.now - taken.time) / timedelta(days=1)
        return not self.latest and bool(self.retention_days) and age >= self.retention_days


def rules_of(values: Variables) -> Rules:
    """Return the rules of the role's variables."""
    return Rules(
        select=values.select,
        retention=retention_of(values),
        retention_days=values.retention_days,
        max_age_hours=values.max_snapshot_age_hours,
        tags=values.snapshot_tags,
        excluded_tags=values.exclude_snapshot_tags,
        destination_regions=values.destination_regions,
        group_tag=values.group_tag,
        set_seconds=values.set_seconds,
    )
