# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a run: which module each step runs, with which arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_first_shard

from .._role.answers import CopyAnswer, InfoAnswer, ShareAnswer
from .._role.call import Arguments, Call
from .._role.parsing import RawVariables
from .._role.table import arguments_of, as_mapping
from .decide.copying.copy_marks import description
from .decide.copying.unchanged import may_change_copies
from .decide.step_results import CopyBatch, DeletionBatch
from .input.steps import STEPS
from .input.variables import VARIABLES, Connections, Variables


class Calls:
    """Makes the calls of one plan.

    ``values`` and ``connections`` come from input.checked.checked_variables. Each method is a step; ``seconds`` is
    the time that is left for the run.
    """

    def __init__(self, values: Variables, connections: Connections):
        self._values, self._by_name = values, as_mapping(values)
        self._cloud = CLOUDS[values.cloud]
        self._connection = connections.connection
        self._source_connection = connections.source_connection or connections.connection

    @property
    def reads_at_once(self) -> bool:
        """Whether one call reads source and destinations.

        This needs one connection, and lists all copies of each destination.
        """
        return not self._values.across_accounts and is_first_shard(self._values.shard)

    def find(self, **more: Any) -> Call[InfoAnswer]:
        """List the disks and their snapshots, and the disks without the plan's tags.

        They are those of the region, or those whose IDs the plan names.
        """
        return self._of_source("find", other_disks=True, sets=True, **more)

    def find_and_list(self) -> Call[InfoAnswer]:
        """Like ``find``, with the copies in each destination under ``also``."""
        return self.find(also=[self._copies_in(region, ()) for region in self._values.destination_regions])

    def list_copies(self, regions: Sequence[str], disk_ids: Sequence[str]) -> Call[InfoAnswer]:
        """List the copies in these destinations; those after the first under ``also``.

        If disks are given, only their copies.
        """
        first, *others = (self._copies_in(region, disk_ids) for region in regions)
        return self._at_destination("list", **first, **({"also": others} if others else {}))

    def _copies_in(self, region: str, disk_ids: Sequence[str]) -> Arguments:
        of_disks = {"source_disk_ids": list(disk_ids)} if disk_ids else {}
        return {**arguments_of(VARIABLES, "list", self._by_name, self._cloud), "region": region, **of_disks}

    def look(self, region: str, snapshot_ids: Sequence[str]) -> Call[InfoAnswer]:
        """Look at these copies by their IDs."""
        return self._at_destination("look", region=region, snapshot_ids=list(snapshot_ids))

    def keys(self, region: str, snapshot_ids: Sequence[str]) -> Call[InfoAnswer]:
        """Look at these copies with the state of their keys."""
        return self._at_destination("keys", region=region, snapshot_ids=list(snapshot_ids))

    def find_again(self, disk_ids: Sequence[str]) -> Call[InfoAnswer]:
        """List the current snapshots of these disks."""
        return self._of_source("find again", disk_ids=list(disk_ids))

    def share(self, snapshot_ids: Sequence[str], account: str, seconds: int) -> Call[ShareAnswer]:
        """Allow another account to copy these snapshots.

        Permissions are only added, never removed: the other account copies in any case, another plan may use the
        permission, and it cannot be removed safely while others change it.
        """
        more = {"snapshot_ids": list(snapshot_ids), "account_id": account, "wait_timeout": seconds}
        return self._call("share", self._source_connection, more)

    def copy(self, batch: CopyBatch, source_tags: Mapping[str, Mapping[str, str]], seconds: int) -> Call[CopyAnswer]:
        """Copy the ``snapshot_ids`` of a batch to its ``destination_regions``."""
        more: Arguments = {**batch, "wait_timeout": seconds}
        if self._cloud.tag_rules:
            # source_tags are the marks and, with dr_copy_copy_tags, the tags of the sources.
            more.update(copy_tags=True, source_tags=dict(source_tags))
        else:
            more["description"] = description(self._values)
        return self._call("copy", {**self._connection, **self._values.copy_options}, more)

    def may_change_copies(self, defaults: Callable[[str], Arguments]) -> bool:
        """Whether a copy call may change complete copies, for example their tags, locks or expiry, or refuse an option.

        ``defaults`` returns the user's defaults for a module; those for its listings are about the login.
        """
        given = {**defaults(self._module("copy")), **arguments_of(VARIABLES, "copy", self._by_name, self._cloud)}
        login = [*self._connection, *defaults(self._module("list"))]
        return bool(self._values.copy_options) or may_change_copies(given, login)

    def delete(self, group: DeletionBatch, seconds: int) -> Call[CopyAnswer]:
        """Delete the ``copy_ids`` of a group in its ``region``; each has a survivor."""
        more = {
            "state": "absent",
            "destination_regions": [group["region"]],
            "snapshot_ids": group["snapshot_ids"],
            "copy_ids": group["copy_ids"],
            "survivors": group["survivors"],
            "wait_timeout": seconds,
        }
        return self._call("delete", {**self._connection, **self._values.copy_options}, more)

    def _of_source(self, step: str, **more: Any) -> Call[Any]:
        return self._call(step, self._source_connection, {"packed": True, **more})

    def _at_destination(self, step: str, **more: Any) -> Call[Any]:
        return self._call(step, self._connection, {"packed": True, **more})

    def _call(self, step: str, connection: RawVariables, more: Arguments) -> Call[Any]:
        arguments = {**connection, **arguments_of(VARIABLES, step, self._by_name, self._cloud), **more}
        return Call(self._module(step), arguments)

    def _module(self, step: str) -> str:
        return f"multicloud.snapshots.{self._values.cloud}_snapshot_{STEPS[step]}"
