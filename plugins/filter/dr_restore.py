# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_restore
short_description: Private to the role dr_restore
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Private to the role P(multicloud.snapshots.dr_restore#role) and the playbooks beside it. It may change without
    notice.
positional: what
options:
  _input:
    description: What the tasks of the role give it.
    type: raw
    required: true
  what:
    description: Which of its functions to call. The arguments of that function follow.
    type: str
    required: true
"""

RETURN = r"""
_value:
  description: What the tasks of the role need of it.
  type: raw
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import (
    choosing,
    drill,
    drill_files,
    drill_report,
    manifest,
    reaping,
    variables,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._private_filters import EVERY_ROLES, filter_of

FUNCTIONS = {
    **EVERY_ROLES,
    "variables": variables.normalise,
    "points": choosing.chosen_points,
    "refusal": choosing.refusal,
    "unidentified": choosing.unidentified,
    "tag": choosing.restored_id,
    "manifest": manifest.manifest_of,
    "problems": manifest.problems_of,
    "lines": manifest.lines_of,
    "last": drill_files.last_drill,
    "proofs": drill.with_proofs,
    "picked": drill.picked,
    "reapable": reaping.reapable,
    "made_by_drill": reaping.made_by_drill,
    "deleted_ids": reaping.deleted_ids,
    "doubtful": reaping.doubtful,
    "over": reaping.own_disks,
    "to_compare": drill.to_compare,
    "judged": drill.judged,
    "marks": drill.marks,
    "marked": drill.marked,
    "drill_report": drill_report.drill_report,
    "drill_problems": drill_report.drill_problems,
    "drill_lines": drill_report.drill_lines,
    "written_drill": drill_files.written_drill,
    "written_manifest": drill_files.written_manifest,
}


class FilterModule:
    """One filter for all private functions: Galaxy and the documentation site list each filter's name."""

    def filters(self):
        return {"dr_restore": filter_of("dr_restore", FUNCTIONS)}
