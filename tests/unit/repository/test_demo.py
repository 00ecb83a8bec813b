# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make demo` shows: the steps and the end of its playbook, or the last lines of a failure."""

from __future__ import annotations

import sys

from tests.demo.__main__ import LAST, play

PRINTED = ["PLAY [Make disks]", "TASK [On AWS, make three disks] ****", "changed: [localhost]", "TASK [Note it] ***"]


def played(folder, code):
    (folder / "end.txt").write_text("What happened\n")
    lines = [*(f"line {n}" for n in range(LAST)), *PRINTED]
    return play([sys.executable, "-c", f"print(*{lines}, sep='\\n'); raise SystemExit({code})"], folder)


def test_the_screen_shows_the_steps_then_the_end_and_where_the_rest_is(tmp_path, capsys):
    assert played(tmp_path, 0) == 0
    log = tmp_path / "ansible.log"
    assert capsys.readouterr() == (f"- On AWS, make three disks\nWhat happened\nWhat Ansible printed: {log}\n", "")
    assert log.read_text().splitlines()[-len(PRINTED) :] == PRINTED


def test_a_demo_that_fails_shows_the_last_lines_and_no_end(tmp_path, capsys):
    assert played(tmp_path, 2) == 2
    shown = capsys.readouterr()
    assert "What happened" not in shown.out and shown.err.splitlines()[-len(PRINTED) :] == PRINTED
    assert len(shown.err.splitlines()) == LAST
