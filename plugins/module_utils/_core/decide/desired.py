# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state: one request, the policy for all requests, and what a read of the source has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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


@dataclass(frozen=True, slots=True)
class SourceRead:
    """What a read of the source has shown.

    ``found`` is None if the source does not exist, and an error if it cannot be read. ``order`` is what a copy call
    requests, or the error why the source cannot be copied; None if it is not known, because a copy exists.
    """

    found: Snapshot | CopyError | None
    order: CopyOrder | CopyError | None = None


@dataclass(eq=False, slots=True)
class DesiredState:
    """What is wanted of one request: the input of each decision about it, beside the memory.

    ``source`` is None until it is needed and read.
    """

    request: CopyRequest
    policy: Policy
    cloud: Capabilities
    source: SourceRead | None = None

    @property
    def deletion(self) -> DeletionRequest:
        """What is to be deleted. Raises ValueError if a copy is wanted."""
        if self.policy.deletion is None:
            raise ValueError("a copy is wanted, not a deletion")
        return self.policy.deletion

    def record_source(self, source: SourceRead) -> None:
        self.source = source

    def refuse_order(self, error: CopyError) -> None:
        """Record why a source that was read cannot be copied."""
        if self.source:
            self.source = replace(self.source, order=error)

    @property
    def order(self) -> CopyOrder | CopyError | None:
        """What a copy call requests, or the error why the source cannot be copied; None if it is not known."""
        return self.source.order if self.source else None

    @property
    def source_snapshot(self) -> Snapshot | None:
        """The source, if a read has shown it."""
        return self.source.found if self.source and isinstance(self.source.found, Snapshot) else None
