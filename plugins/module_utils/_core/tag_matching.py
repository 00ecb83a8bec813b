# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our marks among the tags of copies, and which tags match others."""

from __future__ import annotations

from collections.abc import Mapping

#: Nothing deletes a copy with this tag, whatever its value.
HOLD = "dr-copy:hold"
#: The first part of the keys of all tags with which this collection marks copies.
OUR_PREFIX = "dr-copy:"


def is_hold(key: str) -> bool:
    """Whether the key of a tag is that of a hold. Some services change the case of keys."""
    return key.lower() == HOLD


def is_our_mark(key: str) -> bool:
    """Whether the key of a tag is one with which this collection marks copies."""
    return key.lower().startswith(OUR_PREFIX)


def has_tag(tags: Mapping[str, str], key: str, value: str) -> bool:
    """Whether tags include this one; the value "*" means any value."""
    return key in tags and value in ("*", tags[key])


def has_tags(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether tags include all wanted ones; the value "*" means any value."""
    return all(has_tag(tags, key, value) for key, value in wanted.items())
