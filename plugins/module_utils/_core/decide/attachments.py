# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks of a restore to attach to an instance, and which to detach again (promises: attaching)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..errors import CopyError, Refused
from ..model import CopyRequest, Resource, State, TagChange, disk_of
from ..tags import RESTORE_ATTACHED_TO
from .due_writes import NO_WAIT, Wait, when_to_write
from .expiry import expiry_change
from .memory import Memory
from .timing import look_until_shown
from .updates import AttachDisk
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class Attaching:
    """The disk is being attached, or is still in use by somebody else."""


@dataclass(frozen=True, slots=True)
class NeverAttached:
    """``why``: it is not attached, although that is requested."""

    why: CopyError


AttachmentDrift: TypeAlias = "AttachDisk | Attaching | NeverAttached"


def disk_change(request: CopyRequest, copy: Resource) -> TagChange:
    """Return the change of a disk's tags: its time of expiry, and the instance to which it is about to be attached."""
    change, instance, disk = expiry_change(request, copy), request.instance, disk_of(copy)
    is_free = disk is not None and disk.attached_to is None  # else somebody else attached it, or its tag is there
    if not instance or not is_free or not copy.certainly_ours or copy.tags.get(RESTORE_ATTACHED_TO) == instance:
        return change
    return replace(change, set={**change.set, RESTORE_ATTACHED_TO: instance})


def attachment_drift(request: CopyRequest, memory: Memory, copy: Resource) -> AttachmentDrift | None:
    """Return what a disk still needs to be attached.

    A run attaches it once, and never detaches it from another instance.
    """
    instance, disk = request.instance, disk_of(copy)
    if not instance or disk is None or copy.state is not State.COMPLETED:
        return None
    if not copy.certainly_ours:
        return _never(copy, instance, "because it is not certain that this restore made it")
    if disk.attached_to not in (None, instance):
        return _never(copy, instance, f"because it is attached to {disk.attached_to}")
    if disk.attached_to == instance:
        return None if disk.attachment == "attached" else Attaching()
    is_free = not disk.in_use and memory.writes.accepted_at(copy.id, WriteKind.ATTACH) is None
    return AttachDisk(instance, request.disk.device) if is_free else Attaching()


def _never(copy: Resource, instance: str, why: str) -> NeverAttached:
    return NeverAttached(
        Refused(
            f"The disk {copy.id} in {copy.region} is not attached to {instance}, {why}",
            hint="Detach it there first if it is no longer needed, or set another restore_id for other disks.",
        )
    )


def is_ours_to_detach(request: CopyRequest, copy: Resource) -> bool:
    """Whether a restore has attached a disk to the named instance, and nothing else holds the disk."""
    instance, disk = request.instance, disk_of(copy)
    return (
        instance is not None
        and disk is not None
        and disk.attached_to == instance == copy.tags.get(RESTORE_ATTACHED_TO)
        and copy.certainly_ours
        and not (copy.is_locked or copy.has_hold_tag)
    )


def detachments_now(memory: Memory, attached: Sequence[Resource], now: float) -> tuple[tuple[Resource, ...], Wait]:
    """Return the disks that may be detached now, and when to go on with the others."""
    detach, wait = [], NO_WAIT
    for copy in attached:
        if memory.writes.is_given_up(copy.id, WriteKind.DETACH):
            continue
        disk = disk_of(copy)
        is_attached = disk is not None and disk.attachment == "attached"
        detached_at = memory.writes.accepted_at(copy.id, WriteKind.DETACH)
        if detached_at is not None or not is_attached:
            since = memory.seen[copy.id].known_at if detached_at is None else detached_at
            wait |= Wait(look_until_shown(memory, since))
        elif later := when_to_write(memory, copy.id, WriteKind.DETACH, now):
            wait |= later
        else:
            detach.append(copy)
    return tuple(detach), wait
