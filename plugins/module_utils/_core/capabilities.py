# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cloud takes, shows and cannot do: data and pure functions, for decisions that call nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .errors import CopyError
from .model import CopyOrder, CopyRequest, Snapshot
from .tags import TagRules
from .templates import TextRule
from .waiting import UNSEEN_SECONDS


class Capabilities:
    """What a cloud takes, shows and cannot do: data and pure functions, for decisions that call nothing."""

    #: Whole-text pattern of a snapshot's ID, and how one looks.
    snapshot_id_pattern: str
    snapshot_id_example: str
    #: The same for a disk.
    disk_id_pattern: str
    disk_id_example: str
    #: The same for an instance; None where this collection attaches no disks.
    instance_id_pattern: str | None = None
    instance_id_example = ""
    #: What the cloud takes; None where it has no such thing.
    name_rule: TextRule
    description_rule: TextRule | None
    tag_rules: TagRules | None
    #: Whether source and destination region may be the same.
    copies_within_region = False
    #: Whether a source is found without its region.
    finds_sources = False
    #: Whether copies in progress can be listed without the complete ones, of which there may be thousands.
    lists_in_progress = False
    #: Whether the copies of some sources can be listed without those of all others.
    lists_by_source = False
    #: Whether our copies of one source can be found by one call, others' not: by the mark that they bear.
    finds_by_mark = False
    #: Whether one call can start the copies of one source in several regions.
    many_destinations_per_call = False
    #: Whether a copy in progress can be cancelled by deleting it.
    cancels_by_deletion = False
    #: Whether the cloud has groups of snapshots, which are listed by a call of their own.
    lists_snapshot_groups = False
    #: Whether a tag of snapshots, which the user names, can tell which of them were taken together.
    names_sets_by_tag = False
    #: Whether a disk can have only one unfinished copy at a destination.
    one_copy_per_disk = False
    #: How many copy calls the SDK can make at once, in threads.
    calls_at_once = 1
    #: Whether the copy call sets the tags; else they are set once the copy is started, and looked for after that.
    tags_in_copy_call = True
    #: Tag keys of which the cloud has taken no new value in this run, with its refusal (TagsFull).
    refused_tags: Mapping[str, CopyError] = MappingProxyType({})
    #: Keys of our tags with ever new values, where the cloud counts values of an account until they are deleted.
    passing_tags: tuple[str, ...] = ()
    #: How many copies one call can tag alike, how many it can delete, and how many it can read by ID.
    tagged_per_call = 1
    deleted_per_call = 1
    read_per_call = 100
    #: Whether the time at which the cloud deletes a copy is set once the copy is complete.
    expires_after_copying = False
    #: Whether a copy can be encrypted on request, and whether the user can set when the cloud deletes it.
    encrypts_copies = False
    expires_copies = False
    #: Whether the state of the key of a copy can be asked for.
    tells_keys = False
    #: Whether snapshots are shared with another account by a module of this collection.
    shares_snapshots = False
    #: Whether disks lie in zones, and whether one can be made of a system disk's snapshot; whether the size of a
    #: snapshot is shown, and whether its blocks can be read.
    has_zones = True
    restores_system_disks = True
    tells_sizes = True
    reads_blocks = False
    #: The CSI driver of its disks, by its name in a cluster; None where there is none.
    csi_driver: str | None = None
    #: The least and the most MiB/s at which the cloud loads a disk's data on request; None where it takes no such rate.
    initialization_rates: tuple[int, int] | None = None
    #: For how long an order of a disk may be billed at least, in the cloud's words; none where that is no choice. The
    #: first is the shortest.
    billing_cycles: tuple[str, ...] = ()
    #: The modes of locks on snapshots, the usual one first; none where locks can be neither set nor listed.
    lock_modes: tuple[str, ...] = ()
    #: Whether a deletion takes effect after its answer: then a deleted copy is looked for until it is gone.
    deletes_later = False
    #: Whether a region may encrypt by itself: then the encryption of a copy is unknown until a look shows it.
    may_encrypt_by_default = False
    #: How long (seconds) to look for a copy whose answer was lost before the call is made again
    #: (promises: exactly-once; api-facts: read-lag).
    doubt_seconds = 30.0
    #: The same, if the call was refused since another one is under way; None for as long as above.
    underway_seconds: float | None = None
    #: How long (seconds) a copy whose ID the cloud returned stays unseen before it is missing.
    unseen_seconds = UNSEEN_SECONDS
    #: Whether a repeated call can return the ID of a copy that is gone: then one that never shows is requested once
    #: more.
    may_answer_with_gone = False
    #: What to do about a copy that the cloud accepted and no longer shows.
    loss_hint = "Run again to make a new copy; look in the cloud's audit log for who deleted it."
    #: What to do about a copy that does not fit.
    misfit_hint = "Set replace_mismatched: true to make a matching copy beside it."

    def keys_differ(self, asked: str, shown: str | None) -> bool:
        """Whether two names certainly mean different keys."""
        return False

    def other_misfit(self, request: CopyRequest, copy: Snapshot) -> str | None:
        """Say why a copy with the right encryption and key still does not fit, or None."""
        return None

    def input_problem(self, request: CopyRequest, source: Snapshot) -> str | None:
        """Say what is wrong with the options, given a source that is complete, or None."""
        return None

    def obstacle_to(self, request: CopyRequest, source: Snapshot) -> str | None:
        """Say why what is asked cannot be made of a source that is complete, as the rest of a sentence, or None."""
        return source.obstacle

    def obstacle_hint(self, source: Snapshot) -> str | None:
        """Say what to do about that obstacle, if anything."""
        return None

    def expected_encryption(self, order: CopyOrder) -> bool | None:
        """Whether a copy will be encrypted, if that is known before it shows."""
        return (
            True
            if order.source.encrypted or order.request.encrypted
            else None
            if self.may_encrypt_by_default
            else False
        )

    def full_name(self, name: str, snapshot_id: str, source: Snapshot | None = None) -> str:
        """Return the name of a copy of this source: the user's, with what the cloud needs in it.

        Without ``source``, which is not read yet, the shortest such name.
        """
        return name

    def name_problem(self, name: str, snapshot_id: str) -> str | None:
        """Say why the cloud would not take a name for a copy of this source, or None."""
        return self.name_rule.problem(self.full_name(name, snapshot_id))

    def failure_hint(self, copy: Snapshot) -> str:
        """Say what to do about a copy that the cloud shows as failed."""
        return f"Look at the copy {copy.snapshot_id} in the console of {copy.region}, then run again."
