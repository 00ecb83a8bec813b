# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a copy of ours lacks: tags, expiry, lock, attachment."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..errors import CopyError, NotFound
from ..model import Resource, RestoredDisk, Snapshot, State, TagChange
from ..tags import (
    REQUIRED_PROVENANCE,
    RESTORE_ATTACHED_TO,
    SOURCE_CREATED_AT,
    SOURCE_DISK_ID,
    SOURCE_SNAPSHOT_ID,
    TagRules,
    change_of_tags,
    missing_tags,
    provenance_tags,
    tags_for_copy,
    unapplied_keys,
)
from .attachments import AttachmentDrift, attachment_drift, disk_change
from .desired import DesiredState
from .expiry import expiry_of
from .locking import is_known_unlocked, lock_due, locks_later
from .memory import Memory
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class TagDrift:
    """The tags that a copy lacks.

    ``unshown``: keys that the cloud accepted and does not show. ``may_show``: whether another run may have just set
    them. ``unread``: why the source, from which some of them come, could not be read. ``refused``: why the copy does
    not get a tag that the user requested.
    """

    change: TagChange = TagChange()
    needs_source: bool = False
    unshown: tuple[str, ...] = ()
    may_show: bool = False
    unread: CopyError | None = None
    refused: CopyError | None = None

    @property
    def first_change(self) -> TagChange:
        """The change to make first.

        Tags are removed before others are added, to make room; each half is reported separately.
        """
        return TagChange(remove=self.change.remove) if self.change.remove else self.change


@dataclass(frozen=True, slots=True)
class ExpiryDrift:
    """``at``: the time to set. ``later``: whether it is set once the copy is complete. ``warning``: why not now."""

    at: datetime | None = None
    later: bool = False
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class LockDrift:
    """``due``: it may be locked now; ``unknown``: its lock must be read first; ``later``: once it is complete."""

    due: bool = False
    unknown: bool = False
    later: bool = False
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What a copy lacks; ``attachment``: if the copy is a disk."""

    tags: TagDrift = TagDrift()
    expiry: ExpiryDrift = ExpiryDrift()
    lock: LockDrift = LockDrift()
    attachment: AttachmentDrift = AttachmentDrift()

    @property
    def due(self) -> tuple[WriteKind, ...]:
        """The kinds of writes that are missing, in the order in which they are sent."""
        missing = (
            (WriteKind.TAGS, self.tags.change),
            (WriteKind.EXPIRY, self.expiry.at),
            (WriteKind.LOCK, self.lock.due or self.lock.unknown),
            (WriteKind.ATTACH, self.attachment.is_due),
        )
        return tuple(kind for kind, is_missing in missing if is_missing)

    def next_write(self, may_lock: bool) -> WriteKind | None:
        """Return the first missing write that may be sent; without ``may_lock`` none that prevents a deletion."""
        prevents_deletion = (WriteKind.LOCK, WriteKind.ATTACH)
        may_be_sent = [kind for kind in self.due if may_lock or kind not in prevents_deletion]
        return next((kind for kind in may_be_sent if kind != WriteKind.LOCK or self.lock.due), None)

    @property
    def refused(self) -> CopyError | None:
        """Why it does not get what the user requested."""
        return self.tags.refused or self.attachment.refusal

    @property
    def warning(self) -> str | None:
        return self.lock.warning or self.expiry.warning

    @property
    def is_none(self) -> bool:
        tags = self.tags
        return not (self.due or tags.needs_source or tags.unshown or tags.may_show or self.attachment.waits)


NO_DRIFT = Drift()


def drift_of(desired: DesiredState, memory: Memory, copy: Resource, now: float, utc_now: datetime) -> Drift:
    """Return what the copy that counts for a request lacks."""
    cloud = desired.cloud
    if isinstance(copy, RestoredDisk):
        return _disk_drift(desired, memory, copy)
    if not copy.ours or (cloud.tag_rules is None and not cloud.expires_after_copying):
        return NO_DRIFT
    return Drift(
        _tag_drift(desired, memory, copy, utc_now),
        _expiry_drift(desired, memory, copy, utc_now),
        _lock_drift(desired, memory, copy, now),
    )


def _disk_drift(desired: DesiredState, memory: Memory, copy: Resource) -> Drift:
    tags_are_refused = memory.writes.is_given_up(copy.id, WriteKind.TAGS)
    attachment = attachment_drift(desired.request, memory, copy)
    # A disk is attached only with the tag by which it can be detached again.
    is_marked = copy.tags.get(RESTORE_ATTACHED_TO) == desired.request.instance
    if memory.writes.is_given_up(copy.id, WriteKind.ATTACH) or (tags_are_refused and not is_marked):
        attachment = replace(attachment, is_due=False)
    change = TagChange() if tags_are_refused else disk_change(desired.request, copy)
    if change and (refused := desired.cloud.tag_change_refusal(copy)):
        return Drift(TagDrift(refused=refused), attachment=attachment)
    return Drift(TagDrift(change), attachment=attachment)


def _expiry_drift(desired: DesiredState, memory: Memory, copy: Resource, utc_now: datetime) -> ExpiryDrift:
    request = desired.request
    if not desired.cloud.expires_after_copying or memory.writes.is_over(copy.id, WriteKind.EXPIRY):
        return ExpiryDrift()
    if copy.state is State.COMPLETED:
        at, warning = expiry_of(request, copy, utc_now)
        return ExpiryDrift(at, warning=warning)
    if not request.retention_days or copy.expires_at or copy.held:
        return ExpiryDrift()
    return ExpiryDrift(
        later=True,
        warning=f"{copy.region}: copies are still in progress, and retention_days can only be set on complete ones; "
        "the next run sets it",
    )


def _lock_drift(desired: DesiredState, memory: Memory, copy: Resource, now: float) -> LockDrift:
    if locks_later(desired, copy):
        waits = "copies are still in progress, and only complete copies can be locked; the next run locks them"
        warning = f"{copy.region}: {waits}"
        return LockDrift(later=True, warning=None if desired.policy.wait else warning)
    if not lock_due(desired, memory, copy):
        return LockDrift()
    # During the pause after a refused lock, nothing is read for it.
    pauses = memory.writes.may_be_sent_at(copy.id, WriteKind.LOCK) > now
    unknown = not pauses and not is_known_unlocked(desired, memory, copy, now)
    return LockDrift(due=not unknown, unknown=unknown)


def _unread_source(desired: DesiredState, copy: Resource) -> CopyError | None:
    """Return why the source could not be read, if tags of the copy depend on it. A deleted source is no failure."""
    if not isinstance(desired.source, CopyError) or isinstance(desired.source, NotFound):
        return None
    return desired.source if desired.cloud.tag_rules and (_lacks_provenance(copy) or _purges(desired)) else None


def _purges(desired: DesiredState) -> bool:
    """Whether tags other than the source's are removed."""
    request = desired.request
    asked = request.copy_tags and request.tags is not None and request.source_tags is None
    return desired.policy.purge_tags and asked


def _tags_may_show(desired: DesiredState, memory: Memory, copy: Resource, utc_now: datetime) -> bool:
    """Whether another run may have set tags that do not show yet.

    New tags would overwrite them, and with them the mark of that run's plan (promises: provenance). This does not apply
    to a run that does not wait, because its copy would stay without tags, or to check mode, which overwrites nothing.
    """
    if (
        not desired.policy.wait
        or desired.policy.check_mode
        or desired.cloud.tags_in_copy_call
        or copy.id in memory.own_copies
    ):
        return False
    if desired.source_is_read and not isinstance(desired.source, Snapshot):
        return False  # nothing would be written
    age = utc_now - copy.created_at if copy.created_at else timedelta.max
    # A short run sets the tags while it can, because the other run may have been killed.
    patience = timedelta(seconds=min(desired.cloud.doubt_seconds, desired.policy.wait_timeout / 2))
    return SOURCE_SNAPSHOT_ID not in copy.tags and age < patience


def _tag_drift(desired: DesiredState, memory: Memory, copy: Resource, utc_now: datetime) -> TagDrift:
    """Return which tags a copy lacks, or that the source is needed first."""
    request, cloud = desired.request, desired.cloud
    lacking = missing_tags(copy.tags, request.tags or {}, cloud.tag_rules)
    refusals = [memory.refused_tags[key] for key in lacking if key in memory.refused_tags]
    may_show = _tags_may_show(desired, memory, copy, utc_now)
    drift = TagDrift(may_show=may_show, unread=_unread_source(desired, copy), refused=next(iter(refusals), None))
    if cloud.tag_rules is None or memory.writes.may_be_sent_at(copy.id, WriteKind.TAGS) == math.inf:
        return replace(drift, refused=None)  # that failure is reported
    if (_lacks_provenance(copy) or _purges(desired)) and not desired.source_is_read:
        return replace(drift, needs_source=True)
    change = _change_of(desired, copy, cloud.tag_rules, may_show)
    change = replace(change, set={k: v for k, v in change.set.items() if k not in memory.refused_tags})
    accepted = memory.writes.tags.get(copy.id)
    if not accepted:
        return replace(drift, change=change)
    sent = accepted.change
    if not cloud.tags_in_copy_call and memory.seen[copy.id].shown_at <= accepted.at:
        return replace(drift, unshown=(*sent.set, *sent.remove))
    if all(sent.set.get(k) == v for k, v in change.set.items()) and set(change.remove) <= set(sent.remove):
        # The cloud accepted the change, so a look that does not show it is stale. If another service sets the tags,
        # look for them.
        unshown = () if cloud.tags_in_copy_call else tuple(unapplied_keys(copy.tags, change, cloud.tag_rules))
        return replace(drift, unshown=unshown)
    return replace(drift, change=change)


def _change_of(desired: DesiredState, copy: Resource, rules: TagRules, may_show: bool) -> TagChange:
    """Return the change that gives a copy the tags of a request, and those that every new copy gets.

    ``may_show``: whether another run may have just set the latter.
    """
    request, source = desired.request, desired.source if isinstance(desired.source, Snapshot) else None
    purge = desired.policy.purge_tags and not (_purges(desired) and source is None)
    change = change_of_tags(request, copy, rules, purge, request.carried_tags(source))
    if source and not may_show and _lacks_provenance(copy):
        if SOURCE_SNAPSHOT_ID in copy.tags:
            known = provenance_tags(source)
            missing = {k: known[k] for k in (SOURCE_DISK_ID, SOURCE_CREATED_AT) if k in known and k not in copy.tags}
        else:
            # Without the source, set no guessed values: later runs would treat them as certain.
            missing = missing_tags(copy.tags, tags_for_copy(request, source, rules, None)[0], rules)
        change = TagChange({**change.set, **missing}, tuple(key for key in change.remove if key not in missing))
    return change


def _lacks_provenance(copy: Resource) -> bool:
    """Whether the run that made a copy of ours ended before it set the tags, or knew less than is known now."""
    return not copy.tags.keys() >= REQUIRED_PROVENANCE
