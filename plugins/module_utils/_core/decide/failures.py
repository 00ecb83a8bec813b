# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of decisions, with their messages."""

from __future__ import annotations

from collections.abc import Mapping

from ..capabilities import Capabilities
from ..errors import CopyError, FailedCopy, Mismatch, NotFound, Refused, TimedOut
from ..model import CopyRequest, Evidence, Resource, RestoredDisk, Trait, disk_of
from ..times import iso_utc
from .copies import misfit
from .writes import WriteKind

REPLACE = "Set replace_failed: true, the default, to replace it."
CREATE = "Remove create: false to make a new copy."
AGAIN = "Run again to continue where this run stopped, or raise wait_timeout."


def failed_copy(copy: Resource, hint: str) -> FailedCopy:
    """Return the failure of a copy that the cloud shows as failed, with the cloud's reason."""
    reason = copy.reason or "the cloud gives no reason"
    return FailedCopy(
        f"The {copy.noun} {copy.id} in {copy.region} has failed (state {copy.provider_state}): {reason}",
        hint=hint,
    )


def missing_copy(request: CopyRequest, copy: Resource, hint: str) -> FailedCopy:
    """Return the failure of a copy that the cloud accepted and no longer shows, or shows as being deleted."""
    return FailedCopy(
        f"The {copy.noun} {copy.id} of {request.snapshot_id} is no longer shown in {request.region}: "
        f"it was deleted, or it failed and the cloud removed it (last seen {copy.provider_state or 'in progress'})",
        hint=hint,
    )


def mismatch(request: CopyRequest, copy: Resource, cloud: Capabilities, hint: str | None = None) -> Mismatch:
    return Mismatch(
        f"The {copy.noun} {copy.id} of {request.snapshot_id} in {copy.region} does not match the request: "
        f"{misfit(request, copy, cloud)}",
        hint=hint or cloud.misfit_hint,
    )


def no_copy(request: CopyRequest) -> NotFound:
    """Return the failure of a request that has no copy and may not start one."""
    return NotFound(
        f"There is no copy of {request.snapshot_id} in {request.region}, and create: false prevents making one",
        hint=CREATE,
    )


def no_survivor(copy: Resource, survivor_id: str, shown: Resource | None) -> Refused:
    """Return the failure of a copy that is not deleted because its survivor is archived, or not complete."""
    if shown and shown.is_archived:
        why = "is archived"
    else:
        why = f"is {shown.provider_state or 'in progress'} and not complete" if shown else "does not exist"
    return Refused(
        f"The copy {copy.id} in {copy.region} was not deleted, because its survivor {survivor_id} {why}",
        hint=f"Find out what happened to {survivor_id}. The next run decides again which copies to delete.",
    )


def not_ours(copy: Resource) -> Refused:
    """Return the failure of a copy that is not certainly a copy of ours, so that no run deletes it."""
    why = None
    if copy.source and copy.evidence is Evidence.UNSURE:
        why = f"only its {'tags show' if isinstance(copy, RestoredDisk) else 'name or description shows'} its source"
    elif copy.ours and copy.evidence is Evidence.UNCONFIRMED:
        why = "only its tags show that it is a copy"
    if why:
        return Refused(
            f"The {copy.noun} {copy.id} in {copy.region} is not deleted, because {why}",
            hint="Check it in the cloud's console, and delete it there if it is no longer needed.",
        )
    return Refused(
        f"The {copy.noun} {copy.id} in {copy.region} was not made by this collection, so it is not deleted",
        hint="Delete it with the cloud's own tools if it is no longer needed.",
    )


def held_copy(copy: Resource) -> Refused:
    if Trait.IN_USE in copy.traits:
        return Refused(
            f"The {copy.noun} {copy.id} in {copy.region} {copy.obstacle or 'is in use'}, so it is not deleted",
            hint="Detach it first if it is no longer needed, then run again.",
        )
    if copy.is_locked:
        until = f" until {iso_utc(copy.locked_until)}" if copy.locked_until else ""
        return Refused(
            f"The copy {copy.id} in {copy.region} is locked{until}, so it is not deleted",
            hint="Wait until the lock ends, or end the lock if the cloud allows it.",
        )
    return Refused(
        f"The {copy.noun} {copy.id} in {copy.region} is held by its tag dr-copy:hold, so it is not deleted",
        hint="Remove the tag dr-copy:hold from it first.",
    )


def not_cancellable(copy: Resource) -> Refused:
    return Refused(
        f"The {copy.noun} {copy.id} in {copy.region} is still in progress, and this cloud cannot cancel it",
        hint="Set wait: true to delete it when it is complete, or run again later.",
    )


def tags_not_shown(copy: Resource, keys: tuple[str, ...]) -> TimedOut:
    return TimedOut(
        f"The cloud accepted the tags of the copy {copy.id} in {copy.region}, but does not show this change: "
        f"{', '.join(keys)}",
        hint="The copy itself is good. Run again to tag it. If this happens again, check the tags in the console and "
        "the caller's permission for the tag service.",
    )


def tags_late(copy: Resource) -> TimedOut:
    return TimedOut(
        f"The copy {copy.id} in {copy.region}, which another run has just started, does not show its tags yet",
        hint="The copy itself is good. Run again: the next run sets the tags if the cloud does not show them by then.",
    )


def tags_full(refused: Mapping[str, CopyError]) -> str | None:
    """Return a warning about the tags that no copy gets because a quota of the account has refused them, or None."""
    if not refused:
        return None
    codes = ", ".join(sorted({str(error.code) for error in refused.values()}))
    hint = next(iter(refused.values())).hint
    return (
        f"A quota of the account's tags is used up ({codes}), so these are not set: {', '.join(sorted(refused))}. The "
        f"copies are usable, and later runs recognize them without these tags. {hint}"
    )


def source_not_read(copy: Resource, why: CopyError | None) -> CopyError:
    """Return the failure of tags from a source that could not be read, or not within wait_timeout."""
    message = f"The tags of the copy {copy.id} in {copy.region} were not updated, because its source "
    if why is None:
        return TimedOut(f"{message}was not read within wait_timeout", hint=AGAIN)
    return why.as_kind(type(why), f"{message}could not be read: {why}", why.hint or AGAIN)


def attachment_not_shown(copy: Resource) -> TimedOut:
    disk = disk_of(copy)
    state = disk.attachment if disk else None
    return TimedOut(
        f"The disk {copy.id} in {copy.region} was not shown as attached within wait_timeout "
        f"({state or copy.provider_state})",
        hint="Run again. If this happens again, look at the disk and the instance in the console.",
    )


def deletion_not_shown(copy_id: str, region: str) -> TimedOut:
    return TimedOut(
        f"The cloud accepted the deletion of {copy_id} in {region}, but still shows it after wait_timeout",
        hint="Run again. If this happens again, check it in the console.",
    )


def not_written(copy_id: str, region: str, kind: WriteKind, why: CopyError | None) -> CopyError:
    """Return the failure of a write that was not done by wait_timeout."""
    not_done = {
        WriteKind.TAGS: "The tags of {} in {} were not set",
        WriteKind.EXPIRY: "The expiry time of {} in {} was not set",
        WriteKind.LOCK: "The lock of {} in {} was not set",
        WriteKind.ATTACH: "The disk {} in {} was not attached",
        WriteKind.DETACH: "The disk {} in {} was not detached",
        WriteKind.DELETE: "{} in {} was not deleted",
    }
    message = not_done[kind].format(copy_id, region)
    reason = f" ({why})" if why else ""
    message = f"{message} within wait_timeout{reason}"
    return (
        why.as_kind(type(why), message, why.hint or AGAIN)
        if why and kind == WriteKind.DELETE
        else TimedOut(message, hint=AGAIN)
    )
