# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which unverified facts of docs/development/api-facts.md a run verifies on which cloud, and what it observes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.clouds import CLOUDS

FACTS = Path(__file__).resolve().parents[2] / "docs" / "development" / "api-facts.md"


@dataclass(frozen=True)
class Probe:
    """What a run on one of these clouds checks; ``subjects`` are those of its calls of ``Results.record_fact``."""

    clouds: tuple[str, ...]
    question: str
    subjects: tuple[str, ...]


#: By the heading of the fact. A new unverified fact needs a line here, or in NO_RUN.
PROBES = {
    "read-lag": Probe(
        tuple(CLOUDS),
        "how long a new copy, a changed tag and a deletion take to show",
        ("lag until a copy shows", "lag until tags show", "deletion of a complete copy"),
    ),
    "page-gaps": Probe(
        ("ens",), "whether TotalCount counts items or pages; gaps show by chance only", ("TotalCount of a page",)
    ),
    "ecs-source-disk": Probe(
        ("ecs",), "whether SourceDiskId of a copy is the source's disk", ("SourceDiskId of a copy",)
    ),
    "ecs-source-fields": Probe(
        ("ecs",), "whether a copy shows its source and the source's region", ("fields of the source on a copy",)
    ),
    "ens-source-fields": Probe(
        ("ens",), "whether a copy shows its source and the source's node", ("fields of the source on a copy",)
    ),
    "cbs-names": Probe(("cbs",), "whether the name of a copy may have brackets", ("name of a copy by the module",)),
    "cbs-disk-token": Probe(
        ("cbs",),
        "what CreateDisks answers to a token once more: to the same request, and to another one",
        ("a disk's token, asked the same", "a disk's token, asked another name"),
    ),
}
#: By the heading of the fact: why no run verifies it.
NO_RUN = {
    "cbs-cam-names": "a run has all permissions; users who have one of the two names each would show which CAM checks",
    "ens-order-failed": "no call makes the service fail to create an order; a run shows it by chance only",
}


def unverified_facts() -> list[str]:
    """Return the headings of the unverified facts, in the order of the document."""
    _head, *parts = re.split(r"^### (\S+)$", FACTS.read_text(), flags=re.M)
    return [heading for heading, text in zip(parts[::2], parts[1::2], strict=True) if "- Status: unverified" in text]


def probes_on(cloud: str) -> dict[str, Probe]:
    """Return the probes of a run on this cloud, by the headings of the facts."""
    return {fact: PROBES[fact] for fact in unverified_facts() if fact in PROBES and cloud in PROBES[fact].clouds}


def list_facts() -> list[str]:
    """Return lines with the facts that a run would verify on each cloud, and why no run verifies the others."""
    lines = ["Unverified facts of docs/development/api-facts.md, and the clouds on which a run verifies them:"]
    for fact in unverified_facts():
        probe = PROBES.get(fact)
        clouds = ", ".join(probe.clouds) if probe else "no run"
        lines.append(f"  {fact} ({clouds}): {probe.question if probe else NO_RUN.get(fact, 'not stated')}")
    for cloud in CLOUDS:
        lines.append(f"make live CLOUD={cloud} verifies: {', '.join(probes_on(cloud)) or 'none'}")
    return lines


def answers_of_run(cloud: str, facts: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return what a run observed for each unverified fact that it checks, by the headings of the facts."""
    seen = {subject: answer for subject, _contract, answer in facts}
    return {
        fact: "; ".join(f"{subject}: {seen[subject]}" for subject in probe.subjects if subject in seen)
        or "no answer in this run"
        for fact, probe in probes_on(cloud).items()
    }
