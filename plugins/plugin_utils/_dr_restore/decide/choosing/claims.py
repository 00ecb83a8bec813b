# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of a cluster that are restored instead of disks; the cluster makes the disks itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...._role.enumerations import first_in_words
from ...input.contradictions import SUBDOMAIN
from ...input.last_manifest import EarlierRow
from ...input.variables import Variables
from .points import Point, PointRow, label_of_disk

#: The tags of a disk that a CSI driver has made (api-facts: csi-drivers).
CLAIM, NAMESPACE = "kubernetes.io/created-for/pvc/name", "kubernetes.io/created-for/pvc/namespace"
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def with_claims(points: Sequence[Point], values: Variables) -> list[Point]:
    """Return the points with the claims that their copies name, if ``kubernetes`` requests claims."""
    if not values.kubernetes:
        return list(points)
    return [replace(point, claim=claim_of(point.tags) if point.copy_id else None) for point in points]


def claim_of(tags: Mapping[str, str]) -> str | None:
    """Return the claim that tags name; None if its name is not valid in a cluster."""
    name, namespace = tags.get(CLAIM, ""), tags.get(NAMESPACE, "")
    return f"{namespace}/{name}" if SUBDOMAIN.fullmatch(name) and _LABEL.fullmatch(namespace) else None


def warnings_of_claims(points: Sequence[Point], values: Variables) -> list[str]:
    """Return warnings about copies that name no claim of a cluster, although ``kubernetes`` requests claims."""
    copied = [point for point in points if point.copy_id]
    if not values.kubernetes or not copied:
        return []
    if not any({CLAIM, NAMESPACE} & point.tags.keys() for point in copied):
        return [
            "dr_restore_kubernetes has no effect: no copy names a claim. Copies name the claims of their disks if "
            "dr_copy_copy_disk_tags is true"
        ]
    invalid = [point.disk_label for point in copied if not point.claim and {CLAIM, NAMESPACE} & point.tags.keys()]
    if not invalid:
        return []
    return [
        f"The tags {CLAIM} and {NAMESPACE} of {first_in_words(invalid)} name no valid claim, so disks are created for "
        "them"
    ]


def claimed_twice(points: Sequence[Point], earlier: Sequence[EarlierRow]) -> str:
    """Return which claims several disks name, because a cluster has only one claim of a name; empty if there are none.

    ``earlier`` are the rows of claims from earlier runs of this restore.
    """
    rows: list[EarlierRow | PointRow] = [*earlier, *(point.as_row() for point in points)]
    disks: dict[str, dict[str, str]] = {}
    for row in rows:
        disks.setdefault(str(row["claim"] or ""), {})[str(row["disk_id"])] = label_of_disk(row)
    twice = [f"{c} by {' and '.join(own.values())}" for c, own in sorted(disks.items()) if c and len(own) > 1]
    if not twice:
        return ""
    return (
        f"Several disks name one claim, so nothing was created: {'; '.join(twice)}. "
        "Select one disk for each with dr_restore_disk_ids, or restore disks (dr_restore_kubernetes: false). Claims of "
        "earlier runs with this dr_restore_id count too."
    )
