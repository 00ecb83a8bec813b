# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a decision holds. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import CopyError
from ..model import Snapshot, TagChange
from .drift import NO_DRIFT, Drift


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for one request now, and which copy counts.

    - ``copy`` is the one that counts.
    - ``delete``, ``change``, ``expiry``, ``lock``, ``attach`` and ``detach`` may be sent now. ``stays`` names the copy
      that stays for each deletion. ``doomed`` goes in the end if all goes well. ``leftover`` should go but must not.
    - ``look_at`` is when (monotonic) another look is worth its price, at all copies if ``at_all``. ``compare`` asks for
      a look at all copies some time, ``recheck`` for one once a copy of this run is complete.
    - ``unsure``: only another look shows whether what is missing is not there, in check mode too.
    - ``survivors`` are copies of other sources that must be seen to be complete before a deletion.
    - ``poll_at`` is when a copy in progress is worth a look while others wait for its room. ``retry_at`` is when a
      refused write may be sent again.
    """

    copy: Snapshot | None = None
    error: CopyError | None = None
    culprit: str | None = None
    begin: bool = False
    delete: tuple[Snapshot, ...] = ()
    stays: Mapping[str, str] = field(default_factory=dict)
    change: TagChange = TagChange()
    expiry: datetime | None = None
    lock: bool = False
    attach: bool = False
    detach: tuple[Snapshot, ...] = ()
    needs_locks: bool = False
    needs_source: bool = False
    settled: bool = False
    look_at: float = math.inf
    at_all: bool = False
    poll_at: float = math.inf
    compare: bool = False
    recheck: bool = False
    unsure: bool = False
    survivors: tuple[str, ...] = ()
    retry_at: float = math.inf
    duplicates: tuple[Snapshot, ...] = ()
    leftover: tuple[tuple[Snapshot, CopyError], ...] = ()
    doomed: tuple[Snapshot, ...] = ()
    drift: Drift = field(default=NO_DRIFT)
