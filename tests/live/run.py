# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the promises and the facts share: one run, its two regions, its mark, and how it waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .clouds.account import Account, retry_read
from .journal import Journal
from .mark import Mark, Thing
from .results import Results


class Failed(Exception):
    """The run cannot continue; it cleans up and ends."""


@dataclass
class Run:
    account: Account
    source: str
    destination: str
    mark: Mark
    journal: Journal
    results: Results
    #: Connection options of every task; empty if they are in the environment.
    params: dict[str, Any]
    #: A disk of the account's owner, of which snapshots are taken; None to make one.
    lent_disk: str | None = None
    #: Whether to skip the second run of the role, half of the whole time on a simulated cloud.
    brief: bool = False
    #: Seconds: between two looks, and for the longest wait.
    poll: float = 5.0
    patience: float = 3600.0
    #: Whether the answer to a write was lost, so that the end must look for long.
    in_doubt: bool = False
    disk_id: str = ""
    sources: list[str] = field(default_factory=list)

    def make(self, what: str, region: str, make: Callable[[], str]) -> str:
        """Make something, with the intention on disk before the call; return its ID."""
        self.journal.write(f"make {what}", region=region, mark=self.mark.run)
        self.in_doubt = True
        made = make()
        self.in_doubt = False
        self.journal.write(f"made {what}", region=region, id=made)
        self.results.say(f"made {what} {made} in {region}")
        return made

    def watch(
        self,
        read: Callable[[], Thing | None],
        ended: Callable[[Thing | None], bool],
        seen: Callable[[Thing | None], None],
    ) -> Thing | None:
        """Look until ``ended``; ``seen`` gets each look. Raises Failed after ``patience`` seconds."""
        deadline = time.monotonic() + self.patience
        pause = min(0.2, self.poll)
        while True:
            thing = retry_read(read)
            seen(thing)
            if ended(thing):
                return thing
            if time.monotonic() > deadline:
                raise Failed(f"gave up after {self.patience:.0f} s: {thing or 'nothing is shown'}")
            time.sleep(pause)
            pause = min(pause * 1.5, self.poll)

    def copies_of(self, source_id: str) -> list[Thing]:
        """List this run's copies of one source at the destination."""
        found = retry_read(lambda: self.account.snapshots(self.destination))
        return [thing for thing in found if thing.run == self.mark.run and thing.source_id == source_id]

    @property
    def copy_given(self) -> dict[str, Any]:
        """Options of every copy task: the mark, and what lets the cloud delete copies by itself or bill them least."""
        given: dict[str, Any] = {**self.account.copy_options, "wait": True, "wait_timeout": int(self.patience)}
        given["wait_delay"] = max(1, round(self.poll))
        if self.account.has_tags:
            given["tags"] = self.mark.tags
        if not self.account.tags_in_copy_call:
            given["name"] = self.mark.name
        return given


class Sightings:
    """The states in which a thing was seen, each with the seconds after the call."""

    def __init__(self, started: float, state: Callable[[Mapping[str, Any]], str] = lambda raw: ""):
        self._started, self._state = started, state
        self.first: float | None = None
        self.met: list[str] = []
        self._last = ""

    def __call__(self, thing: Thing | None) -> bool:
        """Record a look; return whether it showed something new."""
        shown = f"{thing.state}{self._state(thing.raw)}" if thing else "not shown"
        seconds = time.monotonic() - self._started
        if thing and self.first is None:
            self.first = seconds
        if shown == self._last:
            return False
        self._last = shown
        self.met.append(f"{shown} at {seconds:.1f} s")
        return True

    def __str__(self) -> str:
        return ", ".join(self.met)
