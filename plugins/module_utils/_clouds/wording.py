# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words that the adapters of several clouds put into messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .._core.errors import Credentials


def first_ids(ids: Sequence[str]) -> str:
    """Return the first five of many IDs."""
    return f"{', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''}"


def odd_characters(keys: Mapping[str, str | None], where: str) -> Credentials | None:
    """Return the error for keys that contain what no key contains; None if none does.

    ``keys`` has their names in the message. SDKs report such a key as a network problem, or not at all.
    """
    odd = [name for name, value in keys.items() if re.search(r"[^\x21-\x7e]", value or "")]
    if not odd:
        return None
    verb = "contains" if len(odd) == 1 else "contain"
    return Credentials(
        f"The {' and the '.join(odd)} set by {where} {verb} a space, a line break or another character that no key "
        "contains",
        hint="Remove that character. Often it is the line break at the end of the file that the key was read from.",
    )
