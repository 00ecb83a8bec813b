# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a night: which module each step runs, with which arguments. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard

from .._role.answers import AccountAnswer, CopyAnswer, Listing, ShareAnswer
from .._role.call import Arguments, Call
from .._role.parsing import Given
from .._role.table import arguments_of, as_mapping
from .decide.done import Batch, Deletion
from .decide.marks import description
from .input.steps import STEPS
from .input.variables import VARIABLES, Connections, Variables


class Calls:
    """Makes the calls of one plan.

    ``values`` and ``connections`` are those of input.variables.normalise. Each method is a step; seconds are what is
    left of the run's time.
    """

    def __init__(self, values: Variables, connections: Connections):
        self._values, self._by_name = values, as_mapping(values)
        self._cloud = CLOUDS[values.cloud]
        self._connection = connections.connection
        self._source_connection = connections.source_connection or connections.connection

    @property
    def reads_at_once(self) -> bool:
        """Whether one call reads source and destinations: with one connection, and all copies of a destination."""
        return not self._values.across_accounts and parse_shard(self._values.shard)[0] == 1

    def find(self, **more: Any) -> Call[Listing]:
        """The disks and their snapshots, and the disks without the plan's tags: of the region, or of the IDs that the
        plan names."""
        return self._of_source("find", other_disks=True, sets=True, **more)

    def find_and_list(self) -> Call[Listing]:
        """The same, and the copies in each destination under ``also``."""
        return self.find(also=[self._copies_in(region, ()) for region in self._values.destination_regions])

    def list_copies(self, region: str, disk_ids: Sequence[str], others: Sequence[str] = ()) -> Call[Listing]:
        """The copies in a destination, in the ``others`` under ``also``; of these disks only, if there are any."""
        more = {"also": [self._copies_in(other, disk_ids) for other in others]}
        return self._at_destination("list", **self._copies_in(region, disk_ids), **more)

    def _copies_in(self, region: str, disk_ids: Sequence[str]) -> Arguments:
        of_disks = {"source_disk_ids": list(disk_ids)} if disk_ids else {}
        return {**arguments_of(VARIABLES, "list", self._by_name, self._cloud), "region": region, **of_disks}

    def look(self, region: str, snapshot_ids: Sequence[str]) -> Call[Listing]:
        """These copies, by their IDs."""
        return self._at_destination("look", region=region, snapshot_ids=list(snapshot_ids))

    def keys(self, region: str, snapshot_ids: Sequence[str]) -> Call[Listing]:
        """These copies, with the state of their keys."""
        return self._at_destination("keys", region=region, snapshot_ids=list(snapshot_ids))

    def find_again(self, disk_ids: Sequence[str]) -> Call[Listing]:
        """The snapshots of these disks now."""
        return self._of_source("find again", disk_ids=list(disk_ids))

    def account(self) -> Call[AccountAnswer]:
        """The account that copies."""
        region = self._values.destination_regions[0]
        return Call(str(self._cloud.account_module), {**self._connection, "region": region})

    def share(self, snapshot_ids: Sequence[str], account: str, seconds: int) -> Call[ShareAnswer]:
        """Let another account copy these snapshots.

        Permissions are only added, never removed: the other account copies anyway, another plan may use the permission,
        and it cannot be removed safely while others change it.
        """
        more = {"snapshot_ids": list(snapshot_ids), "account_id": account, "wait_timeout": seconds}
        return self._call("share", self._source_connection, more)

    def copy(self, batch: Batch, source_tags: Mapping[str, Mapping[str, str]], seconds: int) -> Call[CopyAnswer]:
        """Copy what was chosen: the ``snapshot_ids`` to the ``destination_regions`` of a batch."""
        more: Arguments = {**batch, "wait_timeout": seconds}
        if self._cloud.tag_rules:
            # source_tags are the marks and, with dr_copy_copy_tags, what was read of the sources.
            more.update(copy_tags=True, source_tags=dict(source_tags))
        else:
            more["description"] = description(self._values)
        return self._call("copy", {**self._connection, **self._values.copy_options}, more)

    def delete(self, group: Deletion, seconds: int) -> Call[CopyAnswer]:
        """Delete the ``copy_ids`` of a group in its ``region``, for each of which a survivor stays."""
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
        given = {key: value for key, value in more.items() if value}
        return self._call(step, self._connection, {"packed": True, **given})

    def _call(self, step: str, connection: Given, more: Arguments) -> Call[Any]:
        module = f"multicloud.snapshots.{self._values.cloud}_snapshot_{STEPS[step]}"
        return Call(module, {**connection, **arguments_of(VARIABLES, step, self._by_name, self._cloud), **more})
