# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One restore: list the copies, find what it has made before, choose, make disks, and write the manifest.

It imports nothing from Ansible's executor. It takes the module calls and the clock as arguments, so that a restore also
runs in one process with the simulated clouds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from .._role.answers import InfoAnswer
from .._role.call import MIN_SECONDS
from .._role.files import directory_lock
from .calls import Calls
from .decide.choosing.choosing import choose, tags_of_restored_disks
from .decide.choosing.claims import claimed_twice, warnings_of_claims, with_claims
from .decide.choosing.listed_copies import unidentified, warnings_of_unidentified
from .decide.choosing.missing_disks import refusal
from .decide.choosing.points import Point
from .decide.choosing.waves import Wave, copies_by_wave, in_waves, warnings_of_waves
from .input.last_manifest import (
    EarlierRow,
    belongs_to_another,
    claims_of,
    last_manifest,
    manifest_file,
)
from .output.files import keep_damaged_manifest, write_claims, write_manifest
from .output.manifest import RestoreRun, lines_of, manifest_of, problems_of
from .running import Run, RunOutcome, is_read


@dataclass(frozen=True)
class _Found:
    """What a restore has found and made: the listings, the last manifest, and what follows from them.

    ``unread`` is the listing that could not be read. ``refused`` says why nothing could be restored.
    """

    listed: InfoAnswer
    disk_listing: InfoAnswer
    last: Mapping[str, EarlierRow]
    unread: InfoAnswer = field(default_factory=lambda: InfoAnswer(skipped=True))
    points: Sequence[Point] = ()
    waves: Sequence[Wave] = ()
    warnings: Sequence[str] = ()
    refused: str = ""


class Restore(Run):
    """Creates a disk from each chosen copy."""

    def _steps(self, calls: Calls) -> RunOutcome:
        values = self._values
        if other := belongs_to_another(values):
            return RunOutcome({}, [], other)
        damaged = keep_damaged_manifest(values, self._context.check_mode)
        listed = self._list_copies(calls)
        self._say(f"looking for disks that {values.id} made before")
        disk_listing = self._run_call(calls.look(tags_of_restored_disks(values)))
        last = last_manifest(values)
        found = _Found(listed, disk_listing, last, warnings=[*damaged, *warnings_of_unidentified(listed, values)])
        if not is_read(listed, "snapshots"):
            return self._write(replace(found, unread=listed))
        if not is_read(disk_listing, "disks"):
            return self._write(replace(found, unread=disk_listing))
        chosen = choose(listed, disk_listing, values, last)
        points = with_claims(in_waves(chosen.points, values), values)
        twice = claimed_twice(points, claims_of(last) if values.kubernetes else ())
        if twice or chosen.refused:
            return RunOutcome({}, [], " ".join(filter(None, (twice, chosen.refused))))
        waves, refused = self._waves(calls, points), ""
        if not any(point.copy_id for point in points):
            every = self._list_copies(calls, of_any_region=True) if values.source_region else listed
            refused = refusal(points, every, values)
        warnings = [*found.warnings, *chosen.warnings]
        return self._write(replace(found, points=points, waves=waves, warnings=warnings, refused=refused))

    def _write(self, found: _Found) -> RunOutcome:
        """Write the manifest, and return the outcome."""
        values, check_mode, last = self._values, self._context.check_mode, found.last
        disks = found.disk_listing
        before = {str(disk["disk_id"]) for disk in disks.get("disks") or ()}
        with nullcontext() if check_mode else directory_lock(manifest_file(values).parent):
            # Another run of this restore, for example for another region, may have written its rows meanwhile.
            newest = last_manifest(values)
            run: RestoreRun = {
                "check_mode": check_mode,
                "finished_at": self._now(),
                "unidentified": unidentified(found.listed, values),
                "last": {**last, **newest},
                "existing": before | (newest.keys() - last.keys()) if is_read(disks, "disks") else None,
                "warnings": [
                    *found.warnings,
                    *warnings_of_waves(found.points, values),
                    *warnings_of_claims(found.points, values),
                ],
            }
            manifest = manifest_of(found.points, found.waves, found.unread, values, run)
            files = [
                write_manifest(manifest, values, disks_exist=bool(before & last.keys())),
                write_claims(manifest, values),
            ]
        message = " ".join(filter(None, [found.refused or problems_of(manifest), *(file.problem for file in files)]))
        return RunOutcome(manifest, [*lines_of(manifest), *(file.line for file in files if file.line)], message)

    def _waves(self, calls: Calls, points: Sequence[Point]) -> list[Wave]:
        """Create the disks, one wave after the other.

        A wave starts once each disk of the previous one is available or has failed.
        """
        ends_at = self._clock().timestamp() + self._values.wait_timeout
        done: list[Wave] = []
        for number, copies in copies_by_wave(points).items():
            of_wave = f" of wave {number}" if self._values.waves else ""
            verb = "would create" if self._context.check_mode else "creating"
            self._say(f"{verb} {pluralize(len(copies), 'disk')}{of_wave}, unless they exist")
            began_at, left = self._now(), int(ends_at - self._clock().timestamp())
            made = self._run_call(calls.make(copies, max(left, MIN_SECONDS) if done else None))
            done.append(Wave(number, made, began_at, self._now()))
        return done
