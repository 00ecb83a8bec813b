# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes on copies that a run has not completed."""

from __future__ import annotations

from collections.abc import Iterator

from ..decide import failures
from ..decide.attachments import Attaching
from ..decide.tag_drift import TagsNotShown
from ..decide.writes import AcceptedWrite, GivenUp, WriteKind
from ..errors import CopyError, TagsFull
from ..model import Resource
from .attempt import Attempt


def unfinished(attempt: Attempt, was_open: bool) -> list[tuple[str, CopyError]]:
    """Return the failures of writes on existing copies: refused for good, or not done in time.

    ``was_open``: whether there still was work for the request when the run ended.
    """
    decision, memory, region = attempt.decision, attempt.memory, attempt.request.region
    desired = attempt.desired
    found = []
    for (copy_id, kind), state in memory.writes.states.items():
        if isinstance(state, AcceptedWrite):
            continue
        if isinstance(state.error, TagsFull) and desired.cloud.tag_rules:
            continue  # a failure only if the user requested the tag
        if isinstance(state, GivenUp) and not (kind == WriteKind.DELETE and copy_id in memory.own_copies):
            found.append((copy_id, state.error))
        elif _is_still_wanted(attempt, copy_id, kind):
            found.append((copy_id, failures.not_written(copy_id, region, kind, state.error)))
    if desired.policy.wait and desired.cloud.deletes_later and was_open:
        still_there = [i for i in memory.still_shown if i not in memory.seen]
        found += [(i, failures.deletion_not_shown(i, region)) for i in still_there]
    reported = {copy_id for copy_id, _error in found}
    if attempt.is_open:
        unsent = [c.id for c in decision.deletions.to_delete if c.id not in reported]
        unsent = [i for i in unsent if i in memory.seen and i in decision.deletions.survivor_of]
        found += [(i, failures.not_written(i, region, WriteKind.DELETE, None)) for i in unsent]
    if attempt.error is None and attempt.copy and attempt.copy.id not in reported:
        found += [(attempt.copy.id, why) for why in _of_copy(attempt, attempt.copy)]
    return found


def _of_copy(attempt: Attempt, copy: Resource) -> Iterator[CopyError]:
    """Yield the failures of the primary copy: what it still lacks."""
    decision, drift = attempt.decision, attempt.decision.drift
    if drift.due:
        yield failures.not_written(copy.id, attempt.request.region, drift.due[0].kind, None)
    elif isinstance(drift.tags.next, TagsNotShown):
        yield failures.tags_not_shown(copy, drift.tags.next.keys)
    elif drift.tags.may_show and not decision.steps.needs_source:
        yield failures.tags_late(copy)
    elif isinstance(drift.attachment, Attaching) and attempt.desired.policy.wait:
        yield failures.attachment_not_shown(copy)


def _is_still_wanted(attempt: Attempt, copy_id: str, kind: WriteKind) -> bool:
    """Whether a refused write is still needed. A look may have shown that it took effect or is no longer needed."""
    decision = attempt.decision
    if attempt.error or kind in (WriteKind.DELETE, WriteKind.DETACH):
        return attempt.error is None and any(c.id == copy_id for c in decision.deletions.to_delete)
    return any(update.kind is kind for update in decision.drift.due)
