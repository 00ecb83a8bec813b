# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a plan chooses a snapshot or leaves it out."""

from __future__ import annotations

#: Why a snapshot was chosen or left out: the values of ``reason`` in a plan.
NEWEST = "newest"
WITHIN_KEEP = "within keep"
ALL = "all are selected"
STALE = "stale"
UNFINISHED = "unfinished"
FAILED = "failed"
IS_A_COPY = "is a copy"
OBSTACLE = "cannot be copied"
EXCLUDED = "has an excluded tag"
UNTAGGED = "lacks a wanted tag"
WOULD_BE_DELETED = "retention would delete it"
NEXT_NEWEST = "next newest"
OF_SET = "of the newest set"
GONE = "gone before it was copied"
THERE = "already there"
THERE_OF_SET = "already there for its set"
NEWER_THERE = "a newer recovery point is already there"
NO_SNAPSHOT = "no snapshot"
CHOSEN = (NEWEST, NEXT_NEWEST, OF_SET, WITHIN_KEEP, ALL)
#: Reasons of snapshots that can be copied, chosen or not.
USABLE = (*CHOSEN, WOULD_BE_DELETED, THERE, THERE_OF_SET, NEWER_THERE)
REASONS = (*USABLE, STALE, UNFINISHED, FAILED, IS_A_COPY, OBSTACLE, EXCLUDED, UNTAGGED, GONE, NO_SNAPSHOT)
