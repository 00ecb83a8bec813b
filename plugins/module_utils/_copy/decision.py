# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done for one requested copy, decided from the copies that are there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .errors import CopyError, FailedCopy, Mismatch, Refused
from .model import Action, CopyOrder, CopyRequest, Snapshot, State, TagChange

REPLACE = "Set replace_failed: true, the default, to have it replaced."


@dataclass(frozen=True)
class Policy:
    """The user's options that hold for every copy of a run; ``wait_delay`` in seconds."""

    replace_failed: bool = True
    replace_mismatched: bool = False
    remove_duplicates: bool = False
    purge_tags: bool = False
    max_in_flight: int = 20
    wait: bool = False
    wait_delay: float = 15.0
    copy_ids: frozenset[str] | None = None


@dataclass(frozen=True)
class Decision:
    """What is to be done for one request.

    ``copy`` is the copy that counts, where one is there; ``order`` is set where one is to be begun.
    ``change`` and ``expiry`` bring an existing copy of ours into line, ``expires_when_complete`` one in progress.
    ``failed`` go once a copy that fits is begun, ``misfits`` once one is complete, ``surplus`` at once,
    ``unfinished`` as soon as they are complete. ``leftover`` names those that should go and must not.
    ``known`` are the IDs of all copies of this source that were there before.
    """

    request: CopyRequest
    action: Action = Action.NONE
    copy: Snapshot | None = None
    order: CopyOrder | None = None
    error: CopyError | None = None
    culprit: str | None = None
    change: TagChange = field(default_factory=TagChange)
    expiry: datetime | None = None
    expires_when_complete: bool = False
    failed: tuple[Snapshot, ...] = ()
    misfits: tuple[Snapshot, ...] = ()
    surplus: tuple[Snapshot, ...] = ()
    unfinished: tuple[Snapshot, ...] = ()
    leftover: tuple[tuple[Snapshot, CopyError], ...] = ()
    duplicates: tuple[Snapshot, ...] = ()
    known: frozenset[str] = frozenset()

    @property
    def lacks_copy(self) -> bool:
        """Whether a copy is wanted and none is there that fits."""
        return self.copy is None and self.action in (Action.CREATED, Action.REPLACED)


def rank(copy: Snapshot) -> tuple[bool, bool, str, str]:
    """Sort key by which one of several copies of a source counts: the least does (interface, point 1)."""
    created = copy.created_at.isoformat() if copy.created_at else "9999"
    return (not copy.ours, copy.state is not State.COMPLETED, created, copy.snapshot_id)


def decide_present(request: CopyRequest, copies: Sequence[Snapshot], policy: Policy) -> Decision:
    """Decide how a source comes to have its copy, given all its copies in that place."""
    live = sorted((c for c in copies if c.state is not State.ERROR), key=rank)
    failed = tuple(c for c in copies if c.state is State.ERROR)
    fitting = [c for c in live if request.misfit(c) is None]
    misfits = tuple(c for c in live if request.misfit(c) is not None)
    known = frozenset(c.snapshot_id for c in copies)
    duplicates = _duplicates(live)
    removable_misfits = tuple(c for c in misfits if c.deletable and policy.replace_mismatched)
    removable_failed = tuple(c for c in failed if c.deletable and policy.replace_failed)
    if fitting:
        copy = fitting[0]
        settled = copy.state is State.COMPLETED
        surplus = tuple(c for c in duplicates if policy.remove_duplicates and _is_surplus(c, live))
        removable_misfits = tuple(c for c in removable_misfits if c not in surplus)
        replaced = bool(removable_failed or (removable_misfits and settled))
        action = Action.REPLACED if replaced else Action.NONE if settled else Action.ADOPTED
        return Decision(
            request,
            action,
            copy,
            failed=removable_failed,
            misfits=removable_misfits,
            surplus=surplus,
            duplicates=duplicates,
            known=known,
        )
    if misfits and not policy.replace_mismatched:
        return Decision(
            request,
            error=_mismatch(request, misfits[0]),
            culprit=misfits[0].snapshot_id,
            duplicates=duplicates,
            known=known,
        )
    if failed and not policy.replace_failed:
        return Decision(
            request,
            error=failure_of(failed[0], REPLACE),
            culprit=failed[0].snapshot_id,
            duplicates=duplicates,
            known=known,
        )
    return Decision(
        request,
        Action.REPLACED if failed or misfits else Action.CREATED,
        failed=removable_failed,
        misfits=removable_misfits,
        duplicates=duplicates,
        known=known,
    )


def decide_absent(request: CopyRequest, copies: Sequence[Snapshot], policy: Policy, cancels: bool) -> Decision:
    """Decide which copies of a source go, given all its copies in that place."""
    chosen = sorted((c for c in copies if policy.copy_ids is None or c.snapshot_id in policy.copy_ids), key=rank)
    surplus: list[Snapshot] = []
    unfinished: list[Snapshot] = []
    leftover: list[tuple[Snapshot, CopyError]] = []
    for copy in chosen:
        if not copy.deletable_on_request:
            leftover.append((copy, _not_certain(copy)))
        elif copy.state is not State.PENDING:
            surplus.append(copy)
        elif policy.copy_ids is not None:
            continue
        elif cancels:
            surplus.append(copy)
        elif policy.wait:
            unfinished.append(copy)
        else:
            leftover.append((copy, _not_cancellable(copy)))
    first = next(iter(surplus + unfinished), None)
    return Decision(
        request,
        Action.DELETED if first else Action.NONE,
        first,
        surplus=tuple(surplus),
        unfinished=tuple(unfinished),
        leftover=tuple(leftover),
        known=frozenset(c.snapshot_id for c in chosen),
    )


def removable_at_once(decision: Decision) -> tuple[Snapshot, ...]:
    """Return the copies that go without waiting for a new one."""
    if decision.copy is None or decision.action is Action.DELETED:
        return decision.surplus
    settled = decision.copy.state is State.COMPLETED
    return decision.surplus + decision.failed + (decision.misfits if settled else ())


def failure_of(copy: Snapshot, hint: str) -> FailedCopy:
    """Return the failure of a copy that the cloud shows as failed, with the cloud's reason."""
    reason = copy.reason or "the cloud gives no reason"
    return FailedCopy(
        f"The copy {copy.snapshot_id} in {copy.region} has failed (state {copy.provider_state}): {reason}", hint=hint
    )


def _duplicates(live: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """Return, of copies in the order of their rank, all but the first of each encryption and key."""
    return tuple(c for i, c in enumerate(live) if any(_alike(c, earlier) for earlier in live[:i]))


def _is_surplus(copy: Snapshot, live: Sequence[Snapshot]) -> bool:
    """Whether a duplicate may go: complete, ours, and the one that counts of its kind is complete too."""
    counts = next(c for c in live if _alike(c, copy))
    return copy.deletable and copy.state is counts.state is State.COMPLETED


def _alike(one: Snapshot, other: Snapshot) -> bool:
    return (bool(one.encrypted), one.kms_key) == (bool(other.encrypted), other.kms_key)


def _mismatch(request: CopyRequest, copy: Snapshot) -> Mismatch:
    return Mismatch(
        f"The copy {copy.snapshot_id} of {request.snapshot_id} in {copy.region} does not fit: {request.misfit(copy)}",
        hint="Set replace_mismatched: true to make a copy that fits beside it.",
    )


def _not_certain(copy: Snapshot) -> Refused:
    return Refused(
        f"The copy {copy.snapshot_id} in {copy.region} was not made by this collection, so it is not deleted",
        hint="Delete it with the cloud's own tools if nobody needs it.",
    )


def _not_cancellable(copy: Snapshot) -> Refused:
    return Refused(
        f"The copy {copy.snapshot_id} in {copy.region} is still in progress, and this cloud cannot cancel it",
        hint="Set wait: true to delete it when it is complete, or run again later.",
    )
