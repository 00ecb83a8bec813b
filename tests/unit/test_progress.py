# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a long run says that it is."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.attempt import Attempt
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.progress import FILE, Progress
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.decision import Decision, Next
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.wanted import Policy, Wanted
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import CopyRequest, Snapshot, State
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.waiting import Clock, Deadline
from ansible_collections.multicloud.snapshots.plugins.plugin_utils import _progress
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._progress import ProgressAction, Watch, contradiction


class Turned(Clock):
    """A clock that stands where a test puts it."""

    now = 0.0

    def monotonic(self):
        return self.now


def test_names_of_one_option_must_not_differ():
    for names in (
        {},
        {"snapshot_ids": ["a", "b"]},
        {"snapshot_ids": ["a", "b"], "snapshot_id": "b,a"},
        {"snapshot_ids": ["a", "b"], "snapshot_id": "b, a "},
        {"snapshot_id": None, "source_snapshot_id": "a"},
    ):
        assert contradiction(names) is None
    both = contradiction({"snapshot_ids": ["a"], "source_snapshot_id": "b", "source_region": "c"})
    assert both.startswith("snapshot_ids and source_snapshot_id: ") and "differ" in both


def test_the_time_left_is_reported_only_while_something_is_left(tmp_path):
    (tmp_path / FILE).touch()
    clock = Turned()
    progress = Progress(str(tmp_path), Deadline(clock, 100))
    attempt = Attempt(Wanted(CopyRequest("one", "here", "there"), Policy(), Capabilities()))
    for clock.now, state, percent in ((0.0, State.PENDING, 0), (10.0, State.PENDING, 50), (20.0, State.COMPLETED, 100)):
        attempt.decision = Decision(copy=Snapshot("two", "there", state, str(state), progress=percent))
        progress.report([attempt])
    left = [json.loads(line)["left"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert left == [None, 10, None]


def test_nothing_is_told_before_it_is_known_what_is_to_be_begun(tmp_path):
    (tmp_path / FILE).touch()
    progress = Progress(str(tmp_path), Deadline(Turned(), 100))
    attempt = Attempt(Wanted(CopyRequest("one", "here", "there"), Policy(), Capabilities()))
    for attempt.decision in (Decision(needs_source=True), Decision(next=Next.BEGIN), Decision(next=Next.NOTHING)):
        progress.report([attempt])
    phases = [json.loads(line)["phase"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert phases == ["beginning", "finishing"]


WORDS = [({}, "copied"), ({"create": True}, "copied"), ({"create": False}, "checked")]


@pytest.mark.parametrize(("arguments", "done"), WORDS)
def test_a_drill_that_only_marks_copies_does_not_say_that_it_copies(monkeypatch, tmp_path, arguments, done):
    lines, state = [], {"phase": "finishing", "total": 3, "copied": 2, "under_way": 0, "waiting": 0, "failed": 0}
    monkeypatch.setattr(_progress, "show_on_stderr", lines.append)
    monkeypatch.setattr(_progress, "LOOK", 0.01)

    class Action:
        def _watch(self, name, task_vars, parent, *words):
            return Watch(str(tmp_path / FILE), name, parent, *words)

        def _execute_module(self, *_arguments, **_more):
            for _number in range(10):  # as a module does now and then
                with (tmp_path / FILE).open("a") as file:
                    file.write(json.dumps({**state, "slowest": None, "elapsed": 1, "left": None}) + "\n")
                time.sleep(0.03)
            return {}

    ProgressAction.run_module(Action(), "multicloud.snapshots.ebs_snapshot_copy", arguments, {})
    assert lines[0].startswith(f"ebs_snapshot_copy: 2 of 3 {done}, 0 under way")
