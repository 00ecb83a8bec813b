# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of requests that are not settled at wait_timeout."""

from __future__ import annotations

from ..errors import AcceptedWithoutId, Ambiguous, CopyError, TimedOut, Underway
from ..model import CopyRequest, Resource, State
from .copy_call import CopyCall, InDoubt
from .desired import DesiredState
from .failures import AGAIN
from .memory import Memory


def timed_out(
    desired: DesiredState,
    memory: Memory,
    copy: Resource | None,
    unread: CopyError | None,
    source_unread: CopyError | None,
) -> CopyError | None:
    """Return the failure of a request that is not settled at wait_timeout.

    ``unread`` is why its region cannot be read, ``source_unread`` why the region of its source cannot.
    """
    request, absent = desired.request, desired.policy.deletion is not None
    if not memory.was_listed and not unread:
        return TimedOut(
            f"{request.region} was not read within wait_timeout, so it is unknown whether it has a {request.noun} of "
            f"{request.snapshot_id}",
            hint=AGAIN,
        )
    lost = _call_in_doubt(desired, memory.copy_call) if copy is None else None
    if lost:
        return lost
    if unread:
        is_complete = copy is not None and copy.state is State.COMPLETED and not memory.is_unseen(copy.id)
        # It was seen complete, so a refused last look is only a warning.
        return None if is_complete and not absent else _region_unread(request, copy, unread)
    if copy is None:
        return _not_started(desired, memory, source_unread)
    if not desired.policy.wait:
        return None
    if copy.state is not State.PENDING:
        sighting = memory.seen.get(copy.id)
        return _not_shown(request, copy) if sighting and sighting.misses and not absent else None
    return _still_in_progress(request, copy, absent)


def _still_in_progress(request: CopyRequest, copy: Resource, absent: bool) -> TimedOut:
    if absent:
        return TimedOut(
            f"The {request.noun} {copy.id} of {request.snapshot_id} in {request.region} could not be deleted "
            f"within wait_timeout; it is {_shown(copy)}",
            hint="Run again to delete it once it is complete, or raise wait_timeout.",
        )
    return TimedOut(
        f"The {request.noun} {copy.id} of {request.snapshot_id} in {request.region} is still "
        f"{_shown(copy)} after wait_timeout; the cloud continues to make it",
        hint=f"Run again to adopt the {request.noun}, or raise wait_timeout.",
    )


def _shown(copy: Resource) -> str:
    """Return the state of a copy in progress; some clouds do not show it before it is complete."""
    return f"{copy.provider_state} ({copy.progress} %)" if copy.provider_state else "in progress"


def _call_in_doubt(desired: DesiredState, call: CopyCall) -> CopyError | None:
    """Return the failure of a request whose copy call is in doubt and that shows no copy."""
    request = desired.request
    match call.state:
        case InDoubt(error=Underway() as error):
            return error.as_kind(
                Underway,
                f"{error} (another call is already making this {request.noun}, but the cloud did not show it within "
                "wait_timeout)",
                f"Run again to adopt the {request.noun} once the cloud shows it.",
            )
        case InDoubt(error=AcceptedWithoutId() as error):
            return error
        case InDoubt(error=error):
            return error.as_kind(
                Ambiguous,
                f"The response to the call for a {request.noun} of {request.snapshot_id} in {request.region} was lost, "
                f"and no such {request.noun} shows yet. Cause: {error}",
                f"{desired.cloud.before_calling_again}Run again in a minute: the next run adopts the {request.noun} "
                "if it was made.",
            )
    return None


def _region_unread(request: CopyRequest, copy: Resource | None, unread: CopyError) -> CopyError:
    if copy:
        unknown = f"the state of the {request.noun} {copy.id} of {request.snapshot_id} is unknown"
    else:
        unknown = f"it is unknown whether it has a {request.noun} of {request.snapshot_id}"
    return unread.as_kind(
        type(unread),
        f"{request.region} could not be read within wait_timeout, so {unknown}. Cause: {unread}",
        unread.hint or AGAIN,
    )


def _not_started(desired: DesiredState, memory: Memory, source_unread: CopyError | None) -> CopyError | None:
    """Return the failure of a request without a copy."""
    request, error = desired.request, memory.copy_call.error
    if source_unread:
        return source_unread.as_kind(
            type(source_unread),
            f"The source snapshot {request.snapshot_id} in {request.source_region or 'any region'} could not be read "
            f"within wait_timeout. Cause: {source_unread}",
            source_unread.hint or AGAIN,
        )
    if desired.policy.deletion:
        return None if memory.listings.is_confirmed else _not_confirmed(request)
    if error:
        return error.as_kind(type(error), f"{str(error).rstrip('.')} (retried until wait_timeout)", error.hint or AGAIN)
    if not desired.policy.create:
        return TimedOut(
            f"No {request.noun} of {request.snapshot_id} in {request.region} appeared within wait_timeout, and "
            "create: false prevents making one",
            hint=AGAIN,
        )
    return TimedOut(
        f"The {request.noun} of {request.snapshot_id} in {request.region} could not be started within wait_timeout",
        hint="Run again to continue where this run stopped, or raise wait_timeout or max_in_flight.",
    )


def _not_confirmed(request: CopyRequest) -> TimedOut:
    """Return the failure of a deletion whose only listing may lack a copy (promises: listings)."""
    return TimedOut(
        f"It is unknown whether {request.region} has more copies of {request.snapshot_id}: wait_timeout had passed "
        "before the run could list the copies a second time",
        hint=AGAIN,
    )


def _not_shown(request: CopyRequest, copy: Resource) -> TimedOut:
    return TimedOut(
        f"The {request.noun} {copy.id} of {request.snapshot_id} in {request.region} was "
        f"{copy.provider_state or 'in progress'}, but the last read before wait_timeout did not show it",
        hint=f"Run again: the next run finds the {request.noun}, or makes a new one.",
    )
