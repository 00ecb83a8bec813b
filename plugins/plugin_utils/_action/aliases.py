# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detects an option that is set twice, by its name and by an alias."""

from __future__ import annotations

from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import COPY_OPTIONS

from .._role.call import Arguments


def contradiction(arguments: Arguments) -> str | None:
    """Return the problem if two names of ``snapshot_ids`` have different snapshots; else None.

    The module cannot detect this: ansible-core passes only one of the values to it, with a warning.
    """
    names = ("snapshot_ids", *COPY_OPTIONS["snapshot_ids"]["aliases"])
    given = {name: _ids(arguments[name]) for name in names if arguments.get(name) is not None}
    if len(set(given.values())) < 2:
        return None
    return f"{' and '.join(given)} are names of the same option, but have different IDs. Set only one of them"


def _ids(value: Any) -> frozenset[str]:
    return frozenset(str(each).strip() for each in (value if isinstance(value, list) else str(value).split(",")))
