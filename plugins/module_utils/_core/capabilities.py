# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cloud accepts, shows and cannot do: data and pure functions, for decisions that make no calls."""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import CopyError
from .model import CopyOrder, CopyRequest, Resource, Snapshot
from .pacing import UNSEEN_SECONDS
from .tags import TagRules
from .templates import TextRule


class IdFormat(NamedTuple):
    """The form of a cloud's IDs of one kind: a regular expression for complete IDs, and an example."""

    pattern: str
    example: str

    def matches(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None


class Capabilities:
    """What a cloud accepts, shows and cannot do: data and pure functions, for decisions that make no calls."""

    #: The form of a region's name, and the word for it; a cloud whose SDK knows the regions has no form.
    regions: IdFormat | None = None
    region_noun = "region"
    snapshot_ids: IdFormat
    disk_ids: IdFormat
    #: None if this collection attaches no disks on this cloud.
    instance_ids: IdFormat | None = None
    #: What the cloud accepts; None if it has no such feature.
    name_rule: TextRule
    description_rule: TextRule | None
    tag_rules: TagRules | None
    #: Whether source and destination region may be the same.
    copies_within_region = False
    #: Whether a source can be found without its region.
    finds_sources = False
    #: Whether copies in progress can be listed without the complete copies, of which there may be thousands.
    lists_in_progress = False
    #: Whether the copies of some sources can be listed without the copies of all others.
    lists_by_source = False
    #: Whether one call can find our copies of one source by their mark, but not the copies of others.
    finds_by_mark = False
    #: Whether one call can start the copies of one source in several regions.
    many_destinations_per_call = False
    #: Whether a copy in progress can be cancelled by deleting it.
    cancels_by_deletion = False
    #: Whether the cloud has groups of snapshots, which a separate call lists.
    lists_snapshot_groups = False
    #: Whether a tag of snapshots, which the user names, can show which snapshots were taken together.
    names_sets_by_tag = False
    #: Whether a disk can have only one unfinished copy at a destination.
    one_copy_per_disk = False
    #: How many copy calls the SDK can make at once, in threads.
    calls_at_once = 1
    #: Whether the copy call sets the tags. Otherwise a later call sets them, and the run looks for them after that.
    tags_in_copy_call = True
    #: Keys of our tags with a new value on every copy, if the cloud counts the values of an account until they are
    #: deleted.
    passing_tags: tuple[str, ...] = ()
    #: How many copies one call can tag with the same tags, delete, and read by ID.
    tagged_per_call = 1
    deleted_per_call = 1
    read_per_call = 100
    #: Whether the expiry of a copy is set once the copy is complete.
    expires_after_copying = False
    #: Whether a copy can be encrypted on request, and whether the user can set its expiry.
    encrypts_copies = False
    expires_copies = False
    #: Whether the state of a copy's key can be read.
    shows_keys = False
    #: Whether a module of this collection shares snapshots with another account.
    shares_snapshots = False
    #: Whether disks are in zones; whether a disk can be made from a system disk's snapshot; whether the cloud shows the
    #: size of a snapshot.
    has_zones = True
    restores_system_disks = True
    shows_sizes = True
    #: How many blocks of a copy a drill may read at most; 0 if blocks cannot be read.
    max_read_blocks = 0
    #: The name of the CSI driver for its disks; None if there is none.
    csi_driver: str | None = None
    #: The lowest and the highest rate (MiB/s) at which the cloud loads a disk's data on request; None if it accepts no
    #: rate.
    initialization_rates: tuple[int, int] | None = None
    #: The billing cycles of a disk order, in the cloud's words, the shortest first; empty if there is no choice.
    billing_cycles: tuple[str, ...] = ()
    #: The modes of locks on snapshots, the usual one first; empty if locks can be neither set nor listed.
    lock_modes: tuple[str, ...] = ()
    #: Whether deletions are asynchronous, so that the run looks for a deleted copy until it is gone.
    deletes_later = False
    #: Whether a region may encrypt by default, so that the encryption of a copy is unknown until a look shows it.
    may_encrypt_by_default = False
    #: How long (seconds) to look for a copy after a lost answer, before the call is made again
    #: (promises: exactly-once; api-facts: read-lag).
    doubt_seconds = 30.0
    #: The same if the call was refused because another call is in progress; None: ``doubt_seconds``.
    underway_seconds: float | None = None
    #: How long (seconds) a source that another account has just shared may not show.
    shared_source_seconds = 0.0
    #: How long (seconds) a copy with a returned ID may be unseen before it is missing.
    unseen_seconds = UNSEEN_SECONDS
    #: Whether a repeated call can return the ID of a copy that is gone, so that a copy that never shows is requested
    #: once more.
    may_answer_with_gone = False
    #: The hint about a copy that the cloud accepted and no longer shows.
    gone_hint = "Run again to make a new copy; look in the cloud's audit log for who deleted it."
    #: What the user must do before another run repeats a copy call whose answer was lost: a sentence and a space.
    before_calling_again = ""
    #: The hint about a copy that does not fit.
    misfit_hint = "Set replace_mismatched: true to make a matching copy."

    def keys_differ(self, asked: str, shown: str | None) -> bool:
        """Whether two names certainly refer to different keys."""
        return False

    def other_misfit(self, request: CopyRequest, copy: Resource) -> str | None:
        """Return why a copy with the right encryption and key does not fit for another reason, or None."""
        return None

    def input_problem(self, request: CopyRequest, source: Snapshot) -> str | None:
        """Return the problem of the options with a complete source, or None."""
        return None

    def obstacle_to(self, request: CopyRequest, source: Snapshot) -> str | None:
        """Return why the request cannot be fulfilled from a complete source, as the end of a sentence, or None."""
        return source.obstacle

    def obstacle_hint(self, source: Snapshot) -> str:
        """Return the hint about that obstacle."""
        return "Use another snapshot of the same disk."

    def expected_encryption(self, order: CopyOrder) -> bool | None:
        """Whether a copy will be encrypted; None if that is unknown before it shows."""
        if order.source.encrypted or order.request.encrypted:
            return True
        return None if self.may_encrypt_by_default or order.source.encrypted is None else False

    def full_name(self, name: str, snapshot_id: str, source: Snapshot | None = None) -> str:
        """Return the name of a copy of this source: the user's name with the additions that the cloud needs.

        If ``source`` is None (not read yet), return the shortest such name.
        """
        return name

    def name_problem(self, name: str, snapshot_id: str) -> str | None:
        """Return why the cloud would refuse a name for a copy of this source, or None."""
        return self.name_rule.problem(self.full_name(name, snapshot_id))

    def tag_change_refusal(self, copy: Resource) -> CopyError | None:
        """Return why the tags of a disk can never be changed, or None."""
        return None

    def failure_hint(self, copy: Resource) -> str:
        """Return the hint about a copy that the cloud shows as failed."""
        return f"Look at the copy {copy.id} in the console of {copy.region}, then run again."
