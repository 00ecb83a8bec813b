# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of a plan, of a shard of it, and of their files. Pure."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard


def file_name(plan: str, shard: str = "") -> str:
    """Return the name of a plan, or of one of its shards, as part of a path: ``web``, ``web_2_8``.

    Raises ValueError for an invalid shard.
    """
    end = "_{}_{}".format(*parse_shard(shard)) if shard else ""
    return plan.replace("/", "_") + end


def label(plan: str, shard: str = "") -> str:
    """Return the name of a plan, or of one of its shards, in words: ``web``, ``web 2/8``."""
    return f"{plan} {shard}" if shard else plan
