# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source snapshots that a plan needs, and copies told by the name that this run gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from .._clouds.base import SnapshotCloud
from .errors import CopyError
from .model import CopyRequest, Snapshot
from .waiting import Deadline, persist


class Sources:
    """Source snapshots, each read once: a Snapshot, a CopyError, or None where there is none."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline
        self._found: dict[str, Snapshot | CopyError | None] = {}

    def read(self, requests: Sequence[CopyRequest]) -> None:
        """Read, in one batch a region, the sources that were not read yet. Never raises."""
        for region in dict.fromkeys(r.source_region for r in requests):
            ids = list(dict.fromkeys(r.snapshot_id for r in requests if r.source_region == region))
            ids = [snapshot_id for snapshot_id in ids if snapshot_id not in self._found]
            if not ids:
                continue
            self._found.update(dict.fromkeys(ids))
            try:
                self._found.update(persist(partial(self._cloud.read_sources, region, ids), self._deadline))
            except CopyError as error:
                self._found.update(dict.fromkeys(ids, error))

    def get(self, snapshot_id: str) -> Snapshot | CopyError | None:
        return self._found.get(snapshot_id)


def named_by(name: str | None, copy: Snapshot) -> Snapshot:
    """Return the copy, as ours where it bears the name that this run gives."""
    return replace(copy, marked_ours=True) if copy.is_copy and name is not None and copy.name == name else copy
