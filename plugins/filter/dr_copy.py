# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy
short_description: Private to the role dr_copy
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Private to the role P(multicloud.snapshots.dr_copy#role) and the playbooks beside it. It may change without notice.
  - Public are P(multicloud.snapshots.copy_plan#filter), P(multicloud.snapshots.expired_copies#filter) and
    P(multicloud.snapshots.recovery_points#filter).
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

from ansible.utils.display import Display
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy import (
    decision,
    falling_back,
    history,
    marks,
    module_calls,
    outcome,
    pruning,
    registered,
    report,
    report_files,
    screen,
    selection,
    unseen,
    variables,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._private_filters import EVERY_ROLES, filter_of


def normalise(given, names=(), ran=None):
    """Return the role's variables as their types, and every problem with them; show the warnings."""
    normalised = variables.normalise(given, names, ran)
    for warning in normalised["warnings"]:
        Display().warning(warning)
    return normalised


FUNCTIONS = {
    **EVERY_ROLES,
    # The user's input.
    "variables": normalise,
    # Decisions of a run.
    "last": history.last_report,
    "decided": decision.decide,
    "part": selection.disks_of_part,
    "to_share": module_calls.snapshots_to_share,
    "source_tags": marks.source_tags,
    "description": marks.description,
    "batches": module_calls.copy_calls,
    "prunable": pruning.prunable_after,
    "deletions": module_calls.deletion_calls,
    "moved": registered.has_moved,
    "unseen": unseen.unseen_copies,
    "gone": falling_back.disks_to_fall_back,
    "fallen_back": falling_back.fallen_back,
    "shares": falling_back.both_shares,
    # Output of a run.
    "outcome": outcome.outcome_of,
    "written_report": report_files.written_report,
    "summary": report.job_summary,
    "problems": screen.failure_message,
    "table": screen.recovery_table,
    "lines": screen.log_lines,
    "index": history.index_over,
}


class FilterModule:
    """One filter for all private functions: Galaxy and the documentation site list each filter's name."""

    def filters(self):
        return {"dr_copy": filter_of("dr_copy", FUNCTIONS)}
