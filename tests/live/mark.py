# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark of a run: a tag, or if the call that makes a thing takes no tags, the beginning of its name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEY = "dr-copy-live"
_RUN = r"[0-9a-f]{10}"
_NAME = re.compile(rf"{KEY}-({_RUN})(?![0-9a-zA-Z])")


@dataclass(frozen=True)
class Mark:
    """One run's mark."""

    run: str

    @classmethod
    def new(cls) -> Mark:
        return cls(secrets.token_hex(5))

    @property
    def name(self) -> str:
        return f"{KEY}-{self.run}"

    @property
    def tags(self) -> dict[str, str]:
        return {KEY: self.run}


@dataclass(frozen=True)
class Thing:
    """A disk or a snapshot as the cloud shows it.

    ``named``: its name may be its mark; ``state`` is the cloud's word.
    """

    kind: str
    region: str
    id: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    attached_to: str | None = None
    source_id: str | None = None
    named: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def run(self) -> str | None:
        """The run that made it, or None if it has no mark."""
        value = self.tags.get(KEY, "")
        if re.fullmatch(_RUN, value):
            return value
        found = _NAME.match(self.name) if self.named else None
        return found[1] if found else None

    def __str__(self) -> str:
        return f"{self.kind} {self.id} in {self.region}"


def is_run(text: str) -> bool:
    """Whether a string is the ID of a run."""
    return re.fullmatch(_RUN, text) is not None
