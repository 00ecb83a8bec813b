# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags that a copy of ours lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..errors import CopyError, NotFound
from ..model import Resource, TagChange
from ..tags import (
    REQUIRED_PROVENANCE,
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
from .desired import DesiredState
from .memory import Memory
from .updates import ChangeTags
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class SourceNeeded:
    """Some of the tags come from the source, which was not read yet."""


@dataclass(frozen=True, slots=True)
class TagsNotShown:
    """The cloud accepted changes of these keys, and does not show them."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagDrift:
    """The tags that a copy lacks, and what follows.

    ``may_show``: whether another run may have just set some. ``unread``: why the source, from which some of them come,
    could not be read. ``refused``: why the copy does not get a tag that the user requested.
    """

    next: ChangeTags | SourceNeeded | TagsNotShown | None = None
    may_show: bool = False
    unread: CopyError | None = None
    refused: CopyError | None = None


def tag_drift(desired: DesiredState, memory: Memory, copy: Resource, utc_now: datetime) -> TagDrift:
    """Return which tags a copy lacks, and what follows."""
    rules = desired.cloud.tag_rules
    if rules is None:
        return TagDrift()
    may_show, unread = _tags_may_show(desired, memory, copy, utc_now), _unread_source(desired, copy)
    if memory.writes.is_refused(copy.id, WriteKind.TAGS):
        return TagDrift(None, may_show, unread)  # that failure is reported
    lacking = missing_tags(copy.tags, desired.request.tags or {}, rules)
    refusals = (memory.refused_tags[key] for key in lacking if key in memory.refused_tags)
    following = _next(desired, memory, copy, rules, may_show)
    return TagDrift(following, may_show, unread, next(refusals, None))


def _next(
    desired: DesiredState, memory: Memory, copy: Resource, rules: TagRules, may_show: bool
) -> ChangeTags | SourceNeeded | TagsNotShown | None:
    """Return what follows for the tags of a copy; ``may_show`` as in ``TagDrift``."""
    if (_lacks_provenance(copy) or _purges(desired)) and desired.source is None:
        return SourceNeeded()
    change = _change_of(desired, copy, rules, may_show)
    change = replace(change, set={k: v for k, v in change.set.items() if k not in memory.refused_tags})
    accepted = memory.writes.tags.get(copy.id)
    if not accepted:
        return ChangeTags(change) if change else None
    sent = accepted.change
    if not desired.cloud.tags_in_copy_call and memory.seen[copy.id].shown_at <= accepted.at:
        return TagsNotShown((*sent.set, *sent.remove))
    if all(sent.set.get(k) == v for k, v in change.set.items()) and set(change.remove) <= set(sent.remove):
        # The cloud accepted the change, so a look that does not show it is stale. If another service sets the tags,
        # look for them.
        keys = () if desired.cloud.tags_in_copy_call else tuple(unapplied_keys(copy.tags, change, rules))
        return TagsNotShown(keys) if keys else None
    return ChangeTags(change)


def _unread_source(desired: DesiredState, copy: Resource) -> CopyError | None:
    """Return why the source could not be read, if tags of the copy depend on it. A deleted source is no failure."""
    found = desired.source.found if desired.source else None
    if not isinstance(found, CopyError) or isinstance(found, NotFound):
        return None
    return found if _lacks_provenance(copy) or _purges(desired) else None


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
    if desired.source and not desired.source_snapshot:
        return False  # nothing would be written
    age = utc_now - copy.created_at if copy.created_at else timedelta.max
    # A short run sets the tags while it can, because the other run may have been killed.
    patience = timedelta(seconds=min(desired.cloud.doubt_seconds, desired.policy.wait_timeout / 2))
    return SOURCE_SNAPSHOT_ID not in copy.tags and age < patience


def _change_of(desired: DesiredState, copy: Resource, rules: TagRules, may_show: bool) -> TagChange:
    """Return the change that gives a copy the tags of a request, and those that every new copy gets.

    ``may_show``: whether another run may have just set the latter.
    """
    request, source = desired.request, desired.source_snapshot
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
