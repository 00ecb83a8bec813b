# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of plans, of their shards, of hosts, and of their files."""

from __future__ import annotations

import re

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard

_IS_LIKE_A_SHARD = re.compile(r"_([0-9]+)_([0-9]+)\Z")
#: The ends of a plan's further files.
_IS_LIKE_ANOTHER_FILE = re.compile(r"\.(status|drill)\Z")


def file_name(plan: str, shard: str = "") -> str:
    """Return the name of a plan, host or shard for use in a path: ``web``, ``web_2_8``.

    Different names give different files, and all are directly in the directory: ``a/b`` gives ``a%2Fb``, ``..`` gives
    ``%2E.``, and plans that are themselves named ``web_2_8``, ``web.status`` and ``index`` give ``web_2%5F8``,
    ``web%2Estatus`` and ``%69ndex``. Raises ValueError for an invalid shard.
    """
    end = "_{}_{}".format(*parse_shard(shard)) if shard else ""
    name = plan.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    name = _IS_LIKE_A_SHARD.sub(r"_\1%5F\2", re.sub(r"^\.", "%2E", name))
    # index.html is the page of all plans.
    name = "%69ndex" if name == "index" else _IS_LIKE_ANOTHER_FILE.sub(r"%2E\1", name)
    return name + end


def printable(text: str) -> str:
    """Return a line with a space for each character that is not printable. Names of disks come from anybody's tags."""
    return "".join(character if character.isprintable() else " " for character in text)


def disk_label(name: str | None, disk_id: str | None) -> str:
    """Return name and ID of a disk for people, as far as they are known: ``database (vol-0aa11bb22cc33dd44)``."""
    return f"{name} ({disk_id})" if name and disk_id else str(name or disk_id)


def label(plan: str, shard: str = "") -> str:
    """Return the name of a plan or of one of its shards for people: ``web``, ``web 2/8``."""
    return f"{plan} {shard}" if shard else plan
