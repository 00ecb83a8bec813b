# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress that a long run reports."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.attempt import Attempt
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.progress import FILE, Progress
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.decision import (
    Begin,
    Continue,
    Decision,
    Done,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.desired import (
    DeletionRequest,
    DesiredState,
    Policy,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import (
    CopyRequest,
    DiskRequest,
    Snapshot,
    State,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.waiting import Clock, Deadline
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action import progress_action as progress
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.aliases import contradiction
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.progress_action import (
    ProgressAction,
    Watch,
    line_of,
)


class Turned(Clock):
    """A clock that tests set."""

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
    assert both.startswith("snapshot_ids and source_snapshot_id are names of the same option")


def test_the_time_left_is_reported_only_while_something_is_left(tmp_path):
    (tmp_path / FILE).touch()
    clock = Turned()
    progress = Progress(str(tmp_path), Deadline(clock, 100))
    attempt = Attempt(DesiredState(CopyRequest("one", "here", "there"), Policy(), Capabilities()))
    for clock.now, state, percent in ((0.0, State.PENDING, 0), (10.0, State.PENDING, 50), (20.0, State.COMPLETED, 100)):
        attempt.decision = Decision(Continue(), Snapshot("two", "there", state, str(state), progress=percent))
        progress.report([attempt])
    left = [json.loads(line)["left"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert left == [None, 10, None]


def test_no_progress_is_shown_before_it_is_known_what_to_start(tmp_path):
    (tmp_path / FILE).touch()
    progress = Progress(str(tmp_path), Deadline(Turned(), 100))
    attempt = Attempt(DesiredState(CopyRequest("one", "here", "there"), Policy(), Capabilities()))
    for attempt.decision in (
        Decision(Continue(needs_source=True)),
        Decision(Begin()),
        Decision(Done()),
    ):
        progress.report([attempt])
    phases = [json.loads(line)["phase"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert phases == ["beginning", "finishing"]


WORDS = [
    ("copy", {}, "copied"),
    ("copy", {"create": True}, "copied"),
    ("copy", {"create": False}, "checked"),
    ("copy", {"state": "absent"}, "deleted"),
    ("restore", {}, "created"),
    ("restore", {"state": "present", "attach_to": "i-1"}, "attached"),
    ("restore", {"state": "absent", "attach_to": "i-1"}, "deleted"),
]


@pytest.mark.parametrize(("module", "arguments", "done"), WORDS)
def test_the_progress_says_what_the_module_does(monkeypatch, tmp_path, module, arguments, done):
    lines, state = [], {"phase": "finishing", "total": 3, "done": 2, "in_progress": 0, "waiting": 0, "failed": 0}
    monkeypatch.setattr(progress, "show_on_stderr", lines.append)
    monkeypatch.setattr(progress, "CHECK_SECONDS", 0.01)

    class Action:
        def _watch(self, name, task_vars, parent, *words):
            return Watch(str(tmp_path / FILE), name, parent, *words)

        def _execute_module(self, *_arguments, **_more):
            for _number in range(10):  # as a module does at intervals
                with (tmp_path / FILE).open("a") as file:
                    file.write(json.dumps({**state, "slowest": None, "elapsed": 1, "left": None}) + "\n")
                time.sleep(0.03)
            return {}

    ProgressAction.run_module(Action(), f"multicloud.snapshots.ebs_snapshot_{module}", arguments, {})
    assert lines[0].startswith(f"ebs_snapshot_{module}: 2 of 3 {done}, 0 in progress")


@pytest.mark.parametrize(
    ("policy", "disk"),
    [(Policy(DeletionRequest()), DiskRequest()), (Policy(), DiskRequest(attach_to="i-1"))],
    ids=["deleted", "attached"],
)
def test_a_disk_that_is_there_is_not_yet_deleted_or_attached(tmp_path, policy, disk):
    (tmp_path / FILE).touch()
    clock = Turned()
    progress = Progress(str(tmp_path), Deadline(clock, 100))
    request = CopyRequest("one", "here", "here", as_disk=disk)
    attempt = Attempt(DesiredState(request, policy, Capabilities()))
    there = Snapshot("two", "here", State.COMPLETED, "available", progress=100)
    for clock.now, then in ((0.0, Continue()), (0.1, Done())):
        attempt.decision = Decision(then, there)
        progress.report([attempt])
    assert [json.loads(line)["done"] for line in (tmp_path / FILE).read_text().splitlines()] == [0, 1], "at once"


def test_the_last_line_shows_how_a_task_ended(monkeypatch, tmp_path):
    lines, state = [], {"total": 3, "in_progress": 0, "waiting": 0, "failed": 0, "slowest": None, "left": None}
    monkeypatch.setattr(progress, "show_on_stderr", lines.append)
    monkeypatch.setattr(progress, "CHECK_SECONDS", 0.05)
    watch = Watch(str(tmp_path / FILE), "orders", done="deleted")
    watch.start()
    for phase, done in (("finishing", 0), ("done", 3)):
        with (tmp_path / FILE).open("a") as file:
            file.write(json.dumps({**state, "phase": phase, "done": done, "elapsed": done}) + "\n")
        ends = time.monotonic() + 5
        while not lines and time.monotonic() < ends:
            time.sleep(0.01)
    watch.stop()
    assert [line.partition(",")[0] for line in lines] == ["orders: 0 of 3 deleted", "orders: 3 of 3 deleted"]


def test_a_disk_in_progress_shows_no_percentage(tmp_path):
    """No cloud shows one."""
    (tmp_path / FILE).touch()
    progress = Progress(str(tmp_path), Deadline(Turned(), 100))
    attempt = Attempt(
        DesiredState(CopyRequest("snap-1", "here", "here", as_disk=DiskRequest()), Policy(), Capabilities())
    )
    made = Snapshot("vol-1", "here", State.PENDING, "creating", progress=0)
    attempt.decision = Decision(Continue(), made)
    attempt.memory.record_listing({"vol-1": made}, 0.0)
    progress.report([attempt])
    (line,) = (tmp_path / FILE).read_text().splitlines()
    assert "slowest snap-1, 0 s so far" in line_of(json.loads(line), "created")
