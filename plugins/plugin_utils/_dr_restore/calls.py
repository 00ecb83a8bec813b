# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a restore or drill: which module each step runs, with which arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS

from .._role.answers import CompareAnswer, CopyAnswer, InfoAnswer, RestoreAnswer
from .._role.call import Arguments, Call
from .._role.parsing import RawVariables
from .._role.table import arguments_of, as_mapping
from .decide.proving.proof_marks import MarkCall
from .decide.proving.reaping import DiskDeletion
from .decide.proving.trials import ComparisonTarget
from .input.steps import STEPS
from .input.variables import VARIABLES, Variables

#: Timeout (seconds) for marking copies.
MARKING_SECONDS = 300
#: Timeout (seconds) for detaching and deleting disks: a disk is detached only once the test host no longer uses it.
DETACHING_SECONDS = 1800


class Calls:
    """Makes the calls of one restore or drill.

    ``values`` and ``connection`` come from input.checked.checked_variables. Each method is a step.
    """

    def __init__(self, values: Variables, connection: RawVariables):
        self._values, self._by_name, self._connection = values, as_mapping(values), connection
        self._cloud = CLOUDS[values.cloud]

    def list_copies(self, of_any_region: bool = False) -> Call[InfoAnswer]:
        """List the copies in the region; with ``of_any_region`` those from all source regions."""
        keys = {"check_keys": True} if self._cloud.shows_keys else {}
        call = self._call("list", packed=True, **keys)
        if not of_any_region:
            return call
        return Call(call.module, {name: given for name, given in call.arguments.items() if name != "copies_from"})

    def look(self, tags: Mapping[str, str], disk_ids: Sequence[str] = ()) -> Call[InfoAnswer]:
        """List the disks with these tags; if IDs are given, only these disks."""
        return self._call("look", disk_tags=dict(tags), **({"disk_ids": list(disk_ids)} if disk_ids else {}))

    def make(self, copy_ids: Sequence[str], seconds: int | None = None) -> Call[RestoreAnswer]:
        """Make a disk from each of these copies, within ``seconds`` if less than wait_timeout is left."""
        left = {} if seconds is None else {"wait_timeout": seconds}
        return self._call("make", snapshot_ids=list(copy_ids), **left)

    def attach(self, copy_ids: Sequence[str]) -> Call[RestoreAnswer]:
        """Attach the disks of these copies to the test instance."""
        make, attach = self.make(copy_ids), self._call("attach")
        return Call(attach.module, {**make.arguments, **attach.arguments})

    def delete(self, deletion: DiskDeletion) -> Call[RestoreAnswer]:
        """Delete these disks, if they are attached to nothing but the instance that a drill attached them to."""
        more: Arguments = {"snapshot_ids": list(deletion.snapshot_ids), "disk_ids": list(deletion.disk_ids)}
        if deletion.instance and self._cloud.instance_ids:
            more["attach_to"] = deletion.instance
            more["wait_timeout"] = min(self._values.wait_timeout, DETACHING_SECONDS)
        return self._call("delete", state="absent", restore_id=deletion.restore_id, wait=True, **more)

    def compare(self, copies: Sequence[ComparisonTarget]) -> Call[CompareAnswer]:
        """Compare blocks of these copies with those of their sources."""
        return self._call("compare", copies=[dict(copy) for copy in copies])

    def mark(self, mark: MarkCall) -> Call[CopyAnswer]:
        """Write on copies what was proven. The call does nothing else, whatever the module_defaults are."""
        nothing_else: Arguments = dict.fromkeys(
            ("create", "remove_duplicates", "purge_tags", "copy_tags", "wait"), False
        )
        # None is the modules' default, and takes precedence over module_defaults.
        if self._cloud.lock_modes:
            nothing_else["lock_days"] = None
        if self._cloud.expires_copies:
            nothing_else["retention_days"] = None
        return self._call(
            "mark",
            snapshot_ids=list(mark.source_ids),
            source_region=mark.source_region,
            tags=dict(mark.tags),
            wait_timeout=MARKING_SECONDS,
            **nothing_else,
        )

    def _call(self, step: str, **more: Any) -> Call[Any]:
        module = f"multicloud.snapshots.{self._values.cloud}_snapshot_{STEPS[step]}"
        return Call(module, {**self._connection, **arguments_of(VARIABLES, step, self._by_name, self._cloud), **more})
