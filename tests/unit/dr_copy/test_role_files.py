# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the roles, while several runs write them."""

from __future__ import annotations

import json
import threading
import time

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.files import directory_lock, write_atomically


def test_two_runs_that_write_one_report_lose_none_and_tear_none(tmp_path):
    path, problems = tmp_path / "plan.json", []
    texts = [json.dumps({"n": n, "x": str(n) * 20000}) for n in (1, 2)]

    def work(text):
        for _n in range(200):
            try:
                write_atomically(path, text)
                json.loads(path.read_text())
            except (OSError, ValueError) as error:
                problems.append(error)

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems and [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_a_report_that_cannot_be_written_leaves_no_part_of_itself(tmp_path):
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "plan.json", "{}")
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_a_text_that_utf8_cannot_hold_leaves_no_part_of_itself(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "plan.json", "\ud800")
    assert not list(tmp_path.iterdir())


def test_one_run_at_a_time_reads_and_writes_its_file_in_a_directory(tmp_path):
    entered, done = threading.Event(), []

    def other():
        with directory_lock(tmp_path):
            entered.set()
            done.append("other")

    thread = threading.Thread(target=other)
    with directory_lock(tmp_path):
        thread.start()
        assert not entered.wait(0.3)
        done.append("first")
    thread.join(10)
    assert done == ["first", "other"]


def test_a_run_that_hangs_delays_no_other_for_ever(tmp_path):
    with directory_lock(tmp_path):
        began = time.monotonic()
        with directory_lock(tmp_path, wait_seconds=0.2):
            waited = time.monotonic() - began
    assert waited >= 0.2, "it waits for the lock, then goes on without it"


def test_a_lock_makes_its_directory_or_works_without_it(tmp_path):
    with directory_lock(tmp_path / "new" / "one"):
        assert (tmp_path / "new" / "one").is_dir()
    (tmp_path / "file").write_text("")
    with directory_lock(tmp_path / "file" / "one"):
        pass
