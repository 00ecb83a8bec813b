# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What brings a copy of ours into line: its tags, its expiry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..errors import CopyError, NotFound, TagsFull
from ..model import Snapshot, State, TagChange
from ..tags import (
    SOURCE_CREATED_AT,
    SOURCE_DISK_ID,
    SOURCE_SNAPSHOT_ID,
    change_of_tags,
    lacking,
    provenance_tags,
    tags_for_copy,
    undone,
)
from .attachments import disk_change, wish_of
from .expiry import expiry_of
from .locks import is_known_unlocked, lock_due, locks_later
from .memory import Memory
from .wanted import Wanted
from .writes import ATTACH, EXPIRY, LOCK, TAGS


@dataclass(frozen=True, slots=True)
class Drift:
    """What a copy lacks.

    ``unshown``: tags that the cloud accepted and does not show; ``expires_later``: once complete. ``unread``: why the
    source, which some of the tags come from, could not be read. ``refused``: why it does not get a tag that the user
    asked for. ``tags_may_show``: another run may have just set its tags.
    """

    change: TagChange = TagChange()
    expiry: datetime | None = None
    needs_source: bool = False
    unshown: tuple[str, ...] = ()
    expires_later: bool = False
    lock: bool = False
    needs_locks: bool = False
    locks_later: bool = False
    warning: str | None = None
    unread: CopyError | None = None
    refused: CopyError | None = None
    tags_may_show: bool = False
    #: Of a disk: whether it is to be attached, and whether it is not yet.
    attach: bool = False
    attaching: bool = False

    @property
    def due(self) -> tuple[str, ...]:
        """The kinds of writes that are missing, in the order in which they are sent."""
        missing = (
            (TAGS, self.change),
            (EXPIRY, self.expiry),
            (LOCK, self.lock or self.needs_locks),
            (ATTACH, self.attach),
        )
        return tuple(what for what, wanted in missing if wanted)

    @property
    def first_change(self) -> TagChange:
        """The change of tags that comes first. Tags are removed before others are added, to make room; each half is
        reported by itself."""
        return TagChange(remove=self.change.remove) if self.change.remove else self.change

    @property
    def is_none(self) -> bool:
        return not (self.due or self.needs_source or self.unshown or self.attaching or self.tags_may_show)


NO_DRIFT = Drift()


def drift_of(wanted: Wanted, memory: Memory, copy: Snapshot, now: float, today: datetime) -> Drift:
    """Say what a copy lacks that counts for a request."""
    request, cloud = wanted.request, wanted.cloud
    if copy.disk is not None:
        if memory.writes.is_refused(copy.snapshot_id, TAGS):
            return NO_DRIFT
        wish, change = wish_of(request, memory, copy), disk_change(request, copy)
        is_due = wish.is_due and not memory.writes.is_refused(copy.snapshot_id, ATTACH)
        return Drift(change, attach=is_due, attaching=wish.waits, refused=wish.refusal)
    if not copy.ours or (cloud.tag_rules is None and not cloud.expires_after_copying):
        return NO_DRIFT
    may_show = _tags_may_show(wanted, memory, copy, today)
    change, needs_source, unshown = (
        _tag_drift(wanted, memory, copy, may_show) if cloud.tag_rules else (TagChange(), False, ())
    )
    refusals = [cloud.refused_tags[k] for k in lacking(copy.tags, request.tags or {}) if k in cloud.refused_tags]
    expiry, warning, later = None, None, False
    if cloud.expires_after_copying and not memory.writes.is_over(copy.snapshot_id, EXPIRY):
        if copy.state is State.COMPLETED:
            expiry, warning = expiry_of(request, copy, today)
        elif request.retention_days and not copy.expires_at:
            later = True
            warning = (
                f"{copy.region}: copies are still in progress, and retention_days can only be set on complete ones; "
                "the next run sets it"
            )
    lock = lock_due(wanted, memory, copy)
    refused = memory.writes.refusal_of(copy.snapshot_id, LOCK)
    # While a refused lock pauses, nothing is read for it.
    needs_locks = lock and not (refused and refused.until > now) and not is_known_unlocked(wanted, memory, copy, now)
    lock_later = locks_later(wanted, copy)
    if lock_later and not wanted.policy.wait:
        warning = (
            f"{copy.region}: copies are still in progress, and a lock begins on complete ones; the next run sets it"
        )
    unread = _unread_source(wanted, copy)
    lock = lock and not needs_locks
    full = next(iter(refusals), None)
    return Drift(
        change, expiry, needs_source, unshown, later, lock, needs_locks, lock_later, warning, unread, full, may_show
    )


def _unread_source(wanted: Wanted, copy: Snapshot) -> CopyError | None:
    """Return why the source could not be read, if tags of the copy depend on it. That it is gone is no failure."""
    if not isinstance(wanted.source, CopyError) or isinstance(wanted.source, NotFound):
        return None
    return wanted.source if wanted.cloud.tag_rules and (_lacks_provenance(copy) or _purges(wanted)) else None


def _purges(wanted: Wanted) -> bool:
    """Whether other tags than the source's go."""
    request = wanted.request
    asked = request.copy_tags and request.tags is not None and request.source_tags is None
    return wanted.policy.purge_tags and asked


def _tags_may_show(wanted: Wanted, memory: Memory, copy: Snapshot, today: datetime) -> bool:
    """Whether the tags of another run's copy may be set and not show yet: they would be written over, and with them the
    mark of that run's plan (promises: provenance). A run that does not wait leaves no copy without tags for that."""
    if not wanted.policy.wait or wanted.cloud.tags_in_copy_call or copy.snapshot_id in memory.own:
        return False
    if isinstance(wanted.source, CopyError):
        return False  # nothing would be written
    age = today - copy.created_at if copy.created_at else timedelta.max
    # A run of little time sets them while it can: they may be those of a run that was killed.
    longest = timedelta(seconds=min(wanted.cloud.doubt_seconds, wanted.policy.wait_timeout / 2))
    return SOURCE_SNAPSHOT_ID not in copy.tags and age < longest


def _tag_drift(
    wanted: Wanted, memory: Memory, copy: Snapshot, may_show: bool
) -> tuple[TagChange, bool, tuple[str, ...]]:
    """Return the change of tags that a copy lacks, whether it needs the source first, and what does not show yet.

    ``may_show``: whether another run may have just set what comes with a copy.
    """
    request, cloud, source = wanted.request, wanted.cloud, wanted.source
    refused = memory.writes.refusal_of(copy.snapshot_id, TAGS)
    if cloud.tag_rules is None or (refused and refused.is_final and not isinstance(refused.error, TagsFull)):
        return TagChange(), False, ()
    incomplete, purges = _lacks_provenance(copy), _purges(wanted)
    if (incomplete or purges) and not wanted.source_is_read:
        return TagChange(), True, ()
    there = source if isinstance(source, Snapshot) else None
    kept = request.source_tags or (there.tags if there else {})
    purge = wanted.policy.purge_tags and not (purges and there is None)
    change = change_of_tags(request, copy, cloud.tag_rules, purge, kept if request.copy_tags else {})
    if incomplete and there and not may_show:
        if SOURCE_SNAPSHOT_ID in copy.tags:
            known = provenance_tags(there)
            missing = {k: known[k] for k in (SOURCE_DISK_ID, SOURCE_CREATED_AT) if k in known and k not in copy.tags}
        else:
            # Without the source, guess nothing: later runs would take it for certain.
            missing = lacking(copy.tags, tags_for_copy(request, there, cloud.tag_rules, None)[0], cloud.tag_rules)
        change = TagChange({**change.set, **missing}, tuple(key for key in change.remove if key not in missing))
    change = replace(change, set={k: v for k, v in change.set.items() if k not in cloud.refused_tags})
    sent = memory.writes.tags.get(copy.snapshot_id)
    if not sent:
        return change, False, ()
    if (
        not cloud.tags_in_copy_call
        and memory.seen[copy.snapshot_id].shown_at <= memory.writes.accepted[copy.snapshot_id, TAGS]
    ):
        return TagChange(), False, (*sent.set, *sent.remove)
    if all(sent.set.get(k) == v for k, v in change.set.items()) and set(change.remove) <= set(sent.remove):
        # The cloud accepted it: a look that does not show it is old. Where tags come by another service, look for
        # them.
        return TagChange(), False, () if cloud.tags_in_copy_call else tuple(undone(copy.tags, change, cloud.tag_rules))
    return change, False, ()


def _lacks_provenance(copy: Snapshot) -> bool:
    """Whether the run that made a copy of ours was cut off before its tags, or knew less than is known now."""
    return not {SOURCE_SNAPSHOT_ID, SOURCE_DISK_ID, SOURCE_CREATED_AT} <= {*copy.tags}
