# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a copy of ours lacks: tags, expiry, lock, attachment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..errors import CopyError
from ..model import Resource, RestoredDisk
from ..tags import RESTORE_ATTACHED_TO
from .attachments import Attaching, AttachmentDrift, NeverAttached, attachment_drift, disk_change
from .desired import DesiredState
from .expiry import ExpiryDrift, ExpiryImpossible, ExpiryLater, expiry_drift
from .locking import LockDrift, LockLater, LockUnread, lock_drift
from .memory import Memory
from .tag_drift import TagDrift, tag_drift
from .updates import AddLock, AttachDisk, ChangeTags, SetExpiry, Update
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class Drift:
    """What a copy lacks, by aspect; None if it lacks nothing. ``attachment``: if the copy is a disk."""

    tags: TagDrift = TagDrift()
    expiry: ExpiryDrift | None = None
    lock: LockDrift | None = None
    attachment: AttachmentDrift | None = None

    @property
    def due(self) -> tuple[Update, ...]:
        """The writes that are missing, in the order in which they are sent."""
        lock = self.lock.update if isinstance(self.lock, LockUnread) else self.lock
        aspects = (self.tags.next, self.expiry, lock, self.attachment)
        return tuple(update for update in aspects if isinstance(update, (ChangeTags, SetExpiry, AddLock, AttachDisk)))

    def next_update(self, may_lock: bool) -> Update | None:
        """Return the first missing write that may be sent; without ``may_lock`` none that prevents a deletion."""
        for update in self.due:
            match update:
                case ChangeTags():
                    return update.first_half
                case SetExpiry():
                    return update
                case AddLock() if may_lock and not isinstance(self.lock, LockUnread):
                    return update
                case AttachDisk() if may_lock:
                    return update
        return None

    @property
    def locks_later(self) -> bool:
        """Whether it is locked once it is complete."""
        return isinstance(self.lock, LockLater)

    @property
    def is_later(self) -> bool:
        """Whether it gets an expiry or a lock once it is complete."""
        return isinstance(self.expiry, ExpiryLater) or self.locks_later

    @property
    def refused(self) -> CopyError | None:
        """Why it does not get what the user requested."""
        return self.tags.refused or (self.attachment.why if isinstance(self.attachment, NeverAttached) else None)

    @property
    def warning(self) -> str | None:
        if isinstance(self.lock, LockLater) and self.lock.warning:
            return self.lock.warning
        return self.expiry.warning if isinstance(self.expiry, (ExpiryLater, ExpiryImpossible)) else None

    @property
    def is_none(self) -> bool:
        """Whether nothing is to be written now, and nothing is to be read or to be waited for before a write."""
        return not (self.due or self.tags.next or self.tags.may_show or isinstance(self.attachment, Attaching))


NO_DRIFT = Drift()


def drift_of(desired: DesiredState, memory: Memory, copy: Resource, now: float, utc_now: datetime) -> Drift:
    """Return what the primary copy for a request lacks."""
    if isinstance(copy, RestoredDisk):
        return _disk_drift(desired, memory, copy)
    cloud = desired.cloud
    if not copy.ours or not (cloud.tag_rules or cloud.expires_after_copying or cloud.lock_modes):
        return NO_DRIFT
    return Drift(
        tag_drift(desired, memory, copy, utc_now),
        expiry_drift(desired, memory, copy, utc_now),
        lock_drift(desired, memory, copy, now),
    )


def _disk_drift(desired: DesiredState, memory: Memory, copy: Resource) -> Drift:
    tags_are_refused = memory.writes.is_given_up(copy.id, WriteKind.TAGS)
    attachment = attachment_drift(desired.request, memory, copy)
    # A disk is attached only with the tag by which it can be detached again.
    is_marked = copy.tags.get(RESTORE_ATTACHED_TO) == desired.request.instance
    is_refused = memory.writes.is_given_up(copy.id, WriteKind.ATTACH) or (tags_are_refused and not is_marked)
    if is_refused and isinstance(attachment, AttachDisk):
        attachment = None
    change = None if tags_are_refused else disk_change(desired.request, copy)
    if not change:
        return Drift(attachment=attachment)
    if refused := desired.cloud.tag_change_refusal(copy):
        return Drift(TagDrift(refused=refused), attachment=attachment)
    return Drift(TagDrift(ChangeTags(change)), attachment=attachment)
