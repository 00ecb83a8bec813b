# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a copy of ours lacks: tags, expiry, lock, attachment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..errors import CopyError
from ..model import Resource, RestoredDisk, TagChange
from ..tags import RESTORE_ATTACHED_TO
from .attachments import NO_ATTACHMENT, AttachmentDrift, AttachmentNeed, attachment_drift, disk_change
from .desired import DesiredState
from .expiry import ExpiryDrift, ExpiryDue, ExpiryImpossible, ExpiryLater, expiry_drift
from .locking import NO_LOCK, LockDrift, LockNeed, lock_drift
from .memory import Memory
from .tag_drift import TagDrift, tag_drift
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class Drift:
    """What a copy lacks; ``attachment``: if the copy is a disk."""

    tags: TagDrift = TagDrift()
    expiry: ExpiryDrift | None = None
    lock: LockDrift = NO_LOCK
    attachment: AttachmentDrift = NO_ATTACHMENT

    @property
    def due(self) -> tuple[WriteKind, ...]:
        """The kinds of writes that are missing, in the order in which they are sent."""
        missing = (
            (WriteKind.TAGS, self.tags.change),
            (WriteKind.EXPIRY, self.expires_at),
            (WriteKind.LOCK, self.lock.need in (LockNeed.NOW, LockNeed.UNKNOWN)),
            (WriteKind.ATTACH, self.attachment.need is AttachmentNeed.NOW),
        )
        return tuple(kind for kind, is_missing in missing if is_missing)

    def next_write(self, may_lock: bool) -> WriteKind | None:
        """Return the first missing write that may be sent; without ``may_lock`` none that prevents a deletion."""
        prevents_deletion = (WriteKind.LOCK, WriteKind.ATTACH)
        may_be_sent = [kind for kind in self.due if may_lock or kind not in prevents_deletion]
        is_read = self.lock.need is not LockNeed.UNKNOWN
        return next((kind for kind in may_be_sent if kind != WriteKind.LOCK or is_read), None)

    @property
    def expires_at(self) -> datetime | None:
        """The time of expiry to set now."""
        return self.expiry.at if isinstance(self.expiry, ExpiryDue) else None

    @property
    def is_later(self) -> bool:
        """Whether it gets an expiry or a lock once it is complete."""
        return isinstance(self.expiry, ExpiryLater) or self.lock.is_later

    @property
    def refused(self) -> CopyError | None:
        """Why it does not get what the user requested."""
        return self.tags.refused or self.attachment.refusal

    @property
    def warning(self) -> str | None:
        if self.lock.warning:
            return self.lock.warning
        return self.expiry.warning if isinstance(self.expiry, (ExpiryLater, ExpiryImpossible)) else None

    @property
    def is_none(self) -> bool:
        tags, waits = self.tags, self.attachment.need is AttachmentNeed.WAIT
        return not (self.due or tags.needs_source or tags.unshown or tags.may_show or waits)


NO_DRIFT = Drift()


def drift_of(desired: DesiredState, memory: Memory, copy: Resource, now: float, utc_now: datetime) -> Drift:
    """Return what the copy that counts for a request lacks."""
    cloud = desired.cloud
    if isinstance(copy, RestoredDisk):
        return _disk_drift(desired, memory, copy)
    if not copy.ours or (cloud.tag_rules is None and not cloud.expires_after_copying):
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
    if is_refused and attachment.need is AttachmentNeed.NOW:
        attachment = NO_ATTACHMENT
    change = TagChange() if tags_are_refused else disk_change(desired.request, copy)
    if change and (refused := desired.cloud.tag_change_refusal(copy)):
        return Drift(TagDrift(refused=refused), attachment=attachment)
    return Drift(TagDrift(change), attachment=attachment)
