# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One restore: list the copies, see what it has made before, choose, make, and write the manifest.

It imports nothing of Ansible's executor: the calls to modules and the clock are its arguments, so that a restore also
runs in one process with the simulated clouds.
"""

from __future__ import annotations

from .calls import Calls
from .decide.choosing import chosen_points, refusal, restored_id, unidentified
from .output.files import written_manifest
from .output.manifest import lines_of, manifest_of, problems_of
from .running import Finished, Run, is_read


class Restore(Run):
    """Makes a disk of each chosen copy."""

    def _steps(self, calls: Calls) -> Finished:
        values, check_mode = self._values, self._setting.check_mode
        listed = self._listed(calls)
        self._say(f"looking for what {values['id']} has made before")
        there = self._made(calls.look(restored_id(values)))
        points, made, unread, refused = [], {"skipped": True}, {"skipped": True}, ""
        if is_read(listed, "snapshots") and is_read(there, "disks"):
            points = chosen_points(listed, there, values)
            copies = [point.copy_id for point in points if point.copy_id]
            if copies:
                self._say(f"making {len(copies)} disk{'' if len(copies) == 1 else 's'}, or seeing them there")
                made = self._made(calls.make(copies))
            else:
                refused = refusal(points, self._listed(calls, of_any_region=True), values)
        else:
            unread = there if is_read(listed, "snapshots") else listed
        run = {
            "check_mode": check_mode,
            "finished_at": self._now(),
            "unidentified": unidentified(listed, values),
        }
        manifest = manifest_of(points, made, unread, values, run)
        unwritten = written_manifest(manifest, values)
        message = " ".join(filter(None, [refused or problems_of(manifest), unwritten]))
        return Finished(manifest, lines_of(manifest), message)
