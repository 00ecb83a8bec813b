# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What brings an existing copy of ours into line: its tags, its expiry. No calls."""

from __future__ import annotations

from dataclasses import replace

from .._clouds.base import SnapshotCloud
from .decision import Decision, Policy
from .errors import CopyError
from .model import Snapshot, State, TagChange
from .retention import expiry_of
from .tagging import change_of_tags, lacking, tags_for_copy
from .waiting import Deadline


def lacks_provenance(cloud: SnapshotCloud, copy: Snapshot | None) -> bool:
    """Whether a copy of ours was never tagged, since the run that made it was cut off."""
    return not cloud.tags_in_copy_call and copy is not None and copy.ours and not (copy.source and copy.source.managed)


def purging_needs_source(decision: Decision, policy: Policy) -> bool:
    """Whether the source's keys are to be spared from purging."""
    copy, request = decision.copy, decision.request
    purges = policy.purge_tags and request.copy_tags and request.tags is not None and request.source_tags is None
    return purges and copy is not None and copy.ours


def with_tags(
    cloud: SnapshotCloud, decision: Decision, source: Snapshot | CopyError | None, policy: Policy
) -> Decision:
    """Add what brings the tags of a copy of ours into line; keys that may be the source's are not purged."""
    copy, request = decision.copy, decision.request
    if copy is None or not copy.ours or cloud.tag_rules is None:
        return decision
    kept = request.source_tags or (source.tags if isinstance(source, Snapshot) else {})
    unsure = purging_needs_source(decision, policy) and not isinstance(source, Snapshot)
    change = change_of_tags(
        request, copy, cloud.tag_rules, policy.purge_tags and not unsure, kept if request.copy_tags else {}
    )
    if lacks_provenance(cloud, copy) and isinstance(source, Snapshot):
        # Without its source a copy stays known by its name: what is guessed here later runs would take for certain.
        wanted, _left_out = tags_for_copy(request, source, cloud.tag_rules, None)
        change = TagChange(
            {**change.set, **lacking(copy.tags, wanted)}, tuple(key for key in change.remove if key not in wanted)
        )
    return replace(decision, change=change)


def with_expiry(cloud: SnapshotCloud, decision: Decision, deadline: Deadline, warnings: list[str]) -> Decision:
    """Add the expiry that a complete copy of ours lacks, where the run that made it could not set it."""
    if not cloud.expires_after_copying or decision.copy is None:
        return decision
    now, copy = deadline.utc(), decision.copy
    if copy.state is State.PENDING:
        finished = replace(copy, state=State.COMPLETED, created_at=copy.created_at or now)
        return replace(decision, expires_when_complete=expiry_of(decision.request, finished, now)[0] is not None)
    expiry, warning = expiry_of(decision.request, copy, now)
    warnings += [warning] if warning else []
    return replace(decision, expiry=expiry)
