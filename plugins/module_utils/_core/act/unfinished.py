# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes on copies that a run leaves undone. Pure."""

from __future__ import annotations

from ..decide import failures
from ..decide.writes import DELETE, DETACH, TAGS
from ..errors import CopyError, TagsFull
from .attempt import Attempt


def unfinished(attempt: Attempt) -> list[tuple[str, CopyError]]:
    """Return the failures of writes on copies that are there: refused for good, or not done in time."""
    decision, memory, region = attempt.decision, attempt.memory, attempt.request.region
    wanted = attempt.wanted
    found = []
    for (snapshot_id, what), refusal in memory.writes.refusals.items():
        if what == TAGS and isinstance(refusal.error, TagsFull) and wanted.cloud.tag_rules:
            continue  # a failure only where the user asked for the tag
        if refusal.is_final and not (what == DELETE and snapshot_id in memory.own):
            found.append((snapshot_id, refusal.error))
        elif _is_still_wanted(attempt, snapshot_id, what):
            found.append((snapshot_id, failures.not_written(snapshot_id, region, what, refusal.error)))
    if wanted.policy.wait and wanted.cloud.deletes_later and not decision.settled:
        unseen = [i for i in memory.still_shown if i not in memory.seen]
        found += [(i, failures.deletion_not_shown(i, region)) for i in unseen]
    reported = {snapshot_id for snapshot_id, _error in found}
    if not decision.settled and attempt.error is None:
        unsent = [
            c.snapshot_id for c in decision.doomed if c.snapshot_id in memory.seen and c.snapshot_id in decision.stays
        ]
        unsent = [i for i in unsent if i not in reported]
        found += [(i, failures.not_written(i, region, DELETE, None)) for i in unsent]
    copy = attempt.copy
    if copy and copy.snapshot_id not in reported and attempt.error is None:
        if decision.drift.due:
            what = decision.drift.due[0]
            found.append((copy.snapshot_id, failures.not_written(copy.snapshot_id, region, what, None)))
        elif decision.drift.unshown:
            found.append((copy.snapshot_id, failures.tags_not_shown(copy, decision.drift.unshown)))
        elif decision.drift.tags_may_show and not decision.needs_source:
            found.append((copy.snapshot_id, failures.tags_late(copy)))
        elif decision.drift.attaching and wanted.policy.wait:
            found.append((copy.snapshot_id, failures.attachment_not_shown(copy)))
        if decision.drift.refused:
            found.append((copy.snapshot_id, decision.drift.refused))
    return found


def _is_still_wanted(attempt: Attempt, snapshot_id: str, what: str) -> bool:
    """Whether a refused write is still needed: a look may have shown that it took effect, or is not needed."""
    decision = attempt.decision
    if attempt.error or what in (DELETE, DETACH):
        return attempt.error is None and any(c.snapshot_id == snapshot_id for c in decision.doomed)
    return what in decision.drift.due
