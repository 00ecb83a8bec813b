# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines, pauses, windows and texts, on a clock that only sleeping advances."""

from __future__ import annotations

import math

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    Ambiguous,
    Credentials,
    QuotaFull,
    Throttled,
    Unreachable,
    redacted,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import CopyRequest, Snapshot, State
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.pacing import (
    MIN_PAUSE,
    MIN_SLEEP,
    Retries,
    Window,
    poll_pause,
    retry_until_answered,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.safe_calls import read_safely
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.templates import render, template_problems
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.waiting import Deadline
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.clock import FakeClock


@given(st.floats(0, 1e6), st.integers(0, 100), st.integers(1, 600))
def test_a_pause_is_never_longer_than_asked_nor_shorter_than_the_shortest(age, progress, longest):
    assert MIN_PAUSE <= poll_pause(age, progress, longest) <= max(longest, MIN_PAUSE)


def test_the_first_pauses_are_a_tenth_of_a_second_and_half_a_second_after_ten():
    assert poll_pause(0.0, 0, 15) == 0.1
    assert poll_pause(10.0, 99, 15) == 0.5


@pytest.mark.parametrize("progress", [0, 50, 99, 100])
def test_an_hour_of_waiting_costs_few_polls(progress):
    age = polls = 0
    while age < 3600:
        age += poll_pause(age, progress, 15)
        polls += 1
    assert polls < 500


def test_a_deadline_is_never_slept_past():
    clock = FakeClock()
    deadline = Deadline(clock, 10)
    deadline.sleep(100)
    assert deadline.passed and clock.slept == [10]


def test_throttling_is_waited_out_until_the_deadline_and_no_longer():
    clock = FakeClock()

    def throttled():
        raise Throttled("slow down", code="RequestLimitExceeded")

    started = clock.monotonic()
    with pytest.raises(Throttled):
        retry_until_answered(throttled, Deadline(clock, 120))
    assert 60 < clock.monotonic() - started <= 120


@pytest.mark.parametrize(("error", "tries"), [(Unreachable("no route"), 6), (Credentials("no key"), 1)])
def test_other_failures_of_reads_are_tried_a_few_times(error, tries):
    made = []

    def fail():
        made.append(1)
        raise error

    with pytest.raises(type(error)):
        retry_until_answered(fail, Deadline(FakeClock(), 3600))
    assert len(made) == tries


def test_a_read_without_an_answer_leaves_nothing_in_doubt():
    """A fifth adapter may raise Ambiguous; its hint is about writes."""

    def read():
        raise Ambiguous("Cut off", code="Eof", request_id="r-1")

    with pytest.raises(Unreachable, match="Cut off") as found:
        read_safely(read)
    assert (found.value.code, found.value.request_id) == ("Eof", "r-1") and "network" in found.value.hint
    with pytest.raises(Unreachable, match="ZeroDivisionError"):
        read_safely(lambda: 1 / 0)


def test_throttling_does_not_count_as_unreachable():
    """A cloud that throttles can be reached, however long that lasts."""
    clock = FakeClock()
    retries = Retries(Deadline(clock, 3600))
    for error in [Throttled("slow down")] * 12 + [Unreachable("reset")] + [Throttled("slow down")] * 12:
        assert not retries.record_failure(error)
        clock.sleep(retries.due_at - clock.monotonic())
    assert not retries.record_failure(Unreachable("reset"))
    for _n in range(4):
        assert not retries.record_failure(Unreachable("reset"))
    assert retries.record_failure(Unreachable("reset"))


def test_a_window_follows_the_cloud_down_and_widens_again():
    window = Window(20)
    assert window.has_room(19, 0, 0.0) and not window.has_room(20, 0, 0.0) and not window.has_room(15, 5, 0.0)
    assert window.has_room(0, 100, 0.0)
    window.record_refusal(QuotaFull("5"), 5, 0, 0.0)
    assert not window.has_room(4, 0, 0.0)
    window.record_look(math.inf)
    assert window.has_room(4, 0, 0.0) and not window.has_room(5, 0, 0.0)
    for _n in range(30):
        window.record_look(math.inf)
    assert window.has_room(19, 0, 0.0) and not window.has_room(20, 0, 0.0)


def test_copies_of_others_that_fill_the_quota_do_not_widen_a_window():
    window = Window(2)
    window.record_refusal(QuotaFull("3"), 0, 3, 0.0)
    window.record_look(math.inf)
    assert window.has_room(1, 0, window.opens_at) and not window.has_room(2, 0, window.opens_at)


def test_a_throttled_window_opens_again():
    window = Window(5)
    window.record_refusal(Throttled("slow down"), 1, 0, 100.0)
    assert not window.has_room(1, 0, 100.1) and window.has_room(1, 0, window.opens_at)


SECRETS = (
    "https://x/?AccessKeyId=LTAIsecret&Signature=abc%3D&SecurityToken=tok123",
    "Authorization: TC3-HMAC-SHA256 Credential=AKIDsecret/2026, Signature=abc",
    "PresignedUrl=https%3A%2F%2Fx X-Amz-Credential=AKIAsecret&X-Amz-Signature=abc",
    "http://user:secret@proxy:8080/",
    "The Canonical String should have been 'POST\n/\n\nhost:sts\nx-amz-security-token:tok123/+=\n\nhost'",
    "X-TC-Token: tok123",
)


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_taken_from_messages(text):
    shown = redacted(text)
    for secret in ("secret", "abc", "tok123", "https%3A"):
        assert secret not in shown, shown


SOURCE = Snapshot("snap-1", "here", State.COMPLETED, "completed", name="db {x} {{y}}", disk_id="vol-1")


@given(st.text())
def test_no_template_makes_anything_but_text_or_a_problem(template):
    if not template_problems(template):
        assert isinstance(render(template, CopyRequest("snap-1", "here", "there"), SOURCE), str)


def test_a_sources_name_is_never_a_template_itself():
    assert render("{source_name}", CopyRequest("snap-1", "here", "there"), SOURCE) == "db {x} {{y}}"


def test_polls_for_room_end_after_one_and_a_half_times_the_last_duration():
    window = Window(20)
    assert window.poll_at(1000.0, 1000.0) == math.inf, "nothing is known yet"
    window.record_duration(240.0)
    assert window.poll_at(1000.0, 900.0) == 1010.0
    assert window.poll_at(1000.0, 1360.0) == 1370.0
    assert window.poll_at(1000.0, 1361.0) == math.inf
    window.record_duration(0.1)
    assert window.poll_at(1000.0, 1000.0) == 1000.0 + MIN_SLEEP
