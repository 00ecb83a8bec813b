# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state: one request, the policy for all requests, and what is known about the source.

Only the source and the order change: when the source is read, and when it cannot be copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..capabilities import Capabilities
from ..errors import CopyError
from ..model import CopyOrder, CopyRequest, Snapshot


@dataclass(frozen=True)
class DeletionRequest:
    """Which copies of the sources ``state: absent`` deletes.

    ``copy_ids`` are the only ones, None for all. Copies in progress that are named there stay unless
    ``deletes_unfinished``. ``survivors`` has by copy the one that must be complete.
    """

    copy_ids: frozenset[str] | None = None
    deletes_unfinished: bool = False
    survivors: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_unfinished(self) -> bool:
        """Whether copies in progress stay although they are named."""
        return self.copy_ids is not None and not self.deletes_unfinished


@dataclass(frozen=True)
class Policy:
    """The user's options for all copies of a run; times are in seconds.

    With ``deletion`` copies are deleted. Otherwise they are wanted, and the options from ``create`` to ``purge_tags``
    apply.
    """

    deletion: DeletionRequest | None = None
    create: bool = True
    replace_failed: bool = True
    replace_mismatched: bool = False
    remove_duplicates: bool = False
    purge_tags: bool = False
    max_in_flight: int = 20
    wait: bool = False
    wait_delay: float = 15.0
    wait_timeout: float = 3600.0
    #: Check mode: no write is sent.
    check_mode: bool = False


class NotRead(Enum):
    """The value of a source that was not needed so far."""

    NOT_READ = "not read"


@dataclass(eq=False, slots=True)
class DesiredState:
    """What is wanted of one request: the input of each decision about it, beside the memory.

    ``source`` is None if it does not exist, and an error if it cannot be read. It is read only if it is needed. Then
    ``order`` is set, unless a copy exists: an error is the reason why the source cannot be copied.
    """

    request: CopyRequest
    policy: Policy
    cloud: Capabilities
    source: Snapshot | CopyError | NotRead | None = NotRead.NOT_READ
    order: CopyOrder | CopyError | None = None

    @property
    def deletion(self) -> DeletionRequest:
        """What is to be deleted. Raises ValueError if a copy is wanted."""
        if self.policy.deletion is None:
            raise ValueError("a copy is wanted, not a deletion")
        return self.policy.deletion

    def record_source(self, source: Snapshot | CopyError | None) -> None:
        """Record what a read of the source has shown."""
        self.source = source

    def record_order(self, order: CopyOrder | CopyError) -> None:
        """Record what is ordered, or why the source cannot be copied."""
        self.order = order

    @property
    def source_is_read(self) -> bool:
        return self.source is not NotRead.NOT_READ
