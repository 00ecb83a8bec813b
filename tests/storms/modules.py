# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules one after the other in a thread of a storm, as a role does."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any
from unittest import mock

from tests.support.harness import module_args


class _Ended(BaseException):
    """A module has ended."""


#: The function that main() of each kind of module calls with its parsed options.
ENTRY_FUNCTIONS = {"copy": "copy_snapshots", "info": "show_snapshots", "restore": "restore_disks"}


def run_in_turn(file: Any, args: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """Run the module of a file; return its result.

    Nothing is called and no other thread runs while the options are parsed, because Ansible keeps them for the whole
    process.
    """
    entry = ENTRY_FUNCTIONS[file.__name__.rpartition("_")[2]]
    parts: list[Any] = []
    printed = io.StringIO()
    with (
        module_args({**args, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp"}),
        mock.patch.object(file, entry, lambda *all_parts: parts.extend(all_parts)),
        contextlib.redirect_stdout(printed),
    ):
        try:
            file.main()
        except SystemExit:  # the options were refused
            return {**json.loads(printed.getvalue()), "failed": True}
    said: dict[str, Any] = {}

    def ended(**result: Any) -> None:
        said.update(result)
        raise _Ended

    parts[0].exit_json = ended
    parts[0].fail_json = lambda msg, **result: ended(msg=msg, failed=True, **result)
    with contextlib.suppress(_Ended):
        getattr(file, entry)(*parts)
    return said
