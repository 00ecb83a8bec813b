# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a region offers the disks that a restore requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..disks import DiskCloud, Offer
from ..errors import CopyError, Refused
from ..model import CopyRequest, Snapshot
from ..safe_calls import read_with_retries


def read_offers(cloud: DiskCloud, first: CopyRequest) -> Sequence[Offer]:
    """Return what the region offers; nothing if that cannot be read."""
    ask = partial(cloud.list_offers, first.region)
    try:
        return read_with_retries(ask, cloud.deadline)
    except CopyError as error:
        cloud.warnings.append(f"The disks that {first.region} offers could not be read: {error}")
        return []


def offer_problems(offers: Sequence[Offer], first: CopyRequest) -> list[str]:
    """Return a problem for each zone, type and size that the cloud does not offer.

    Without any offer nothing is known.
    """
    zone, disk_type, size = first.disk.zone, first.disk.disk_type, first.disk.size_gib
    if not offers:
        return []
    here = [offer for offer in offers if offer.zone == zone]
    if not here:
        zones = ", ".join(sorted({str(offer.zone) for offer in offers}))
        return [f"zone: {zone!r} is not a zone of {first.region} that offers disks now (choices: {zones})"]
    offer = _offer_for(offers, first)
    if offer is None:
        types = ", ".join(sorted({offer.disk_type for offer in here}))
        return [f"disk_type: {disk_type!r} is not offered in {zone or first.region} now (choices: {types})"]
    return (
        [f"size_gib: {size} is not offered: {_limits(offer, first)}"] if size and not _is_offered(size, offer) else []
    )


def size_not_offered(offers: Sequence[Offer], request: CopyRequest, source: Snapshot) -> Refused | None:
    """Return why no disk of a snapshot's own size is offered, or None."""
    offer, size = _offer_for(offers, request), source.size_gib
    if offer is None or request.disk.size_gib or not size or _is_offered(size, offer):
        return None
    return Refused(
        f"The source snapshot {source.id} in {source.region} has {size} GiB, but {_limits(offer, request)}",
        hint="Choose another disk_type, or a size_gib that is offered.",
    )


def _offer_for(offers: Sequence[Offer], request: CopyRequest) -> Offer | None:
    wanted = request.disk.zone, request.disk.disk_type
    return next((offer for offer in offers if (offer.zone, offer.disk_type) == wanted), None)


def _limits(offer: Offer, request: CopyRequest) -> str:
    limits = f"{offer.disk_type} in {offer.zone or request.region} supports {offer.min_gib} to {offer.max_gib} GiB"
    return f"{limits} in steps of {offer.step}" if offer.step > 1 else limits


def _is_offered(size: int, offer: Offer) -> bool:
    return offer.min_gib <= size <= offer.max_gib and (size - offer.min_gib) % offer.step == 0
