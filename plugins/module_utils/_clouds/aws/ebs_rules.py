# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds, before any call, what AWS would refuse or, worse, accept and fail later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..._core.locks import lock_problems
from ..._core.model import CopyRequest

try:
    import botocore.regions
    import botocore.session
except ImportError:
    pass  # the adapter's clients report the missing package by name

_ARN = re.compile(r"arn:[a-z-]+:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]+):\d{12}:(?P<rest>.+)")


@lru_cache(maxsize=1)
def known_regions() -> Mapping[str, str]:
    """Return every region that the installed boto3 knows for EC2, with its partition."""
    # Without the profile of the environment, which may not exist and does not matter for the list of regions.
    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    # Not with session.get_available_regions(), which reads the complete model of EC2 for one value.
    resolver = botocore.regions.EndpointResolver(session.get_component("data_loader").load_data("endpoints"))
    partitions = resolver.get_available_partitions()
    return {region: p for p in partitions for region in resolver.get_available_endpoints("ec2", p)}


def partition_problems(requests: Sequence[CopyRequest]) -> list[str]:
    """Return problems of destinations that no snapshot of the source region can reach (api-facts: ebs-partitions)."""
    pairs = dict.fromkeys((r.source_region or "", r.region) for r in requests)
    return [problem for source, region in pairs if (problem := partition_problem(source, region))]


def partition_problem(source: str, region: str) -> str | None:
    """Return a problem if two regions belong to different partitions; None if not, or if one region is unknown."""
    one, other = (known_regions().get(name) for name in (source, region))
    if not one or not other or one == other:
        return None
    return f"{source} belongs to the AWS partition {one} and {region} of {other}: AWS cannot copy between partitions"


def place_problems(requests: Sequence[CopyRequest]) -> list[str]:
    """Return problems of places that are not in the destination."""
    destinations = list(dict.fromkeys(r.region for r in requests))
    places = {r.place: bool(r.options.get("DestinationOutpostArn")) for r in requests if r.place}
    found = [problem for place, outpost in places.items() for problem in _place_problems(place, outpost, destinations)]
    if any(r.options.get("DestinationOutpostArn") and r.options.get("DestinationAvailabilityZone") for r in requests):
        found.append("destination_outpost_arn cannot be combined with destination_availability_zone")
    return found


def _place_problems(place: str, is_outpost: bool, destinations: Sequence[str]) -> list[str]:
    label, region = "destination_availability_zone", place
    if is_outpost:
        label = "destination_outpost_arn"
        match = _ARN.fullmatch(place)
        if not match or match["service"] != "outposts" or not match["rest"].startswith("outpost/op-"):
            return [f"{label}: {place!r} is not the ARN of an Outpost"]
        region = match["region"]
    outside = [d for d in destinations if (d != region if is_outpost else not region.startswith(f"{d}-"))]
    if not outside:
        return []
    return [
        f"{label}: {place} is not in {', '.join(outside)}. Set destination_regions to the region that it is in, and to "
        "no other"
    ]


def option_problems(requests: Sequence[CopyRequest]) -> list[str]:
    """Return the problems of the key and of the options of the copy call."""
    if not requests:
        return []
    first = requests[0]
    found = []
    if first.kms_key_id is not None:
        if not first.encrypted:
            found.append("kms_key_id needs encrypted: true")
        found += _key_problems(first.kms_key_id, list(dict.fromkeys(r.region for r in requests)))
    minutes = first.options.get("CompletionDurationMinutes")
    if minutes is not None and (not 15 <= minutes <= 2880 or minutes % 15):
        found.append(f"completion_duration_minutes must be a multiple of 15 from 15 to 2880, not {minutes}")
    found += lock_problems(first)
    return found + _problems_of_copying_to_a_place(first)


def _problems_of_copying_to_a_place(request: CopyRequest) -> list[str]:
    """Return the problems of options that AWS does not support for Outposts and Local Zones (api-facts: ebs-places)."""
    if not request.place:
        return []
    outpost = bool(request.options.get("DestinationOutpostArn"))
    label = "destination_outpost_arn" if outpost else "destination_availability_zone"
    found = []
    if request.source_region != request.region:
        found.append(
            f"{label}: copies go there from its own region only; source_region must be {request.region}, "
            f"not {request.source_region}"
        )
    if outpost and not request.encrypted:
        found.append(f"{label}: snapshots on Outposts are encrypted; set encrypted: true")
    if request.options.get("CompletionDurationMinutes") is not None:
        found.append(f"completion_duration_minutes cannot be combined with {label}")
    return found


def keys_differ(asked: str, shown: str | None) -> bool:
    """Whether two names certainly refer to different keys: both are ARNs of keys, or aliases of the same form."""
    forms = (r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+", r"arn:[^:]+:kms:[^:]+:\d{12}:alias/.+", r"alias/.+")
    same_form = any(re.fullmatch(form, asked) and re.fullmatch(form, shown or "") for form in forms)
    return same_form and asked != shown


def _key_problems(key: str, destinations: Sequence[str]) -> list[str]:
    if not key.startswith("arn:"):
        return [] if key.strip() else ["kms_key_id is empty"]
    match = _ARN.fullmatch(key)
    if not match or match["service"] != "kms" or not match["rest"].startswith(("key/", "alias/")):
        return [f"kms_key_id: {key!r} is not the ARN of a KMS key or alias"]
    outside = [region for region in destinations if region != match["region"]]
    return (
        [f"kms_key_id: {key} is a key of {match['region']} and cannot encrypt copies in {', '.join(outside)}"]
        if outside
        else []
    )
