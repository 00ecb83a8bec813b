# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes on existing copies and disks, each with what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias

from ..model import LockRequest, TagChange
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class ChangeTags:
    kind: ClassVar[WriteKind] = WriteKind.TAGS
    change: TagChange

    @property
    def first_half(self) -> ChangeTags:
        """What is sent first: tags are removed before others are set, to make room."""
        return ChangeTags(TagChange(remove=self.change.remove)) if self.change.remove else self


@dataclass(frozen=True, slots=True)
class SetExpiry:
    """``at``: the time of expiry (aware)."""

    kind: ClassVar[WriteKind] = WriteKind.EXPIRY
    at: datetime


@dataclass(frozen=True, slots=True)
class AddLock:
    kind: ClassVar[WriteKind] = WriteKind.LOCK
    lock: LockRequest


@dataclass(frozen=True, slots=True)
class AttachDisk:
    """``device``: the cloud's name for the device; None if the cloud chooses it."""

    kind: ClassVar[WriteKind] = WriteKind.ATTACH
    instance: str
    device: str | None


@dataclass(frozen=True, slots=True)
class DetachDisk:
    kind: ClassVar[WriteKind] = WriteKind.DETACH
    instance: str


#: The writes on the primary copy.
Update: TypeAlias = "ChangeTags | SetExpiry | AddLock | AttachDisk"
#: The writes that take one copy in each call.
SingleWrite: TypeAlias = "SetExpiry | AddLock | AttachDisk | DetachDisk"
