# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is reported for a request that is not done at wait_timeout: which situation has precedence, kind, hint."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.desired import (
    DeletionRequest,
    DesiredState,
    Policy,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.memory import Memory
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.timeouts import timed_out
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    Ambiguous,
    Credentials,
    QuotaFull,
    Throttled,
    Underway,
    Unreachable,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import CopyRequest, Snapshot, State

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
REQUEST = CopyRequest("source", "here", "there")
PENDING = Snapshot("copy", "there", State.PENDING, "creating", progress=40, is_copy=True)
COMPLETE = Snapshot("copy", "there", State.COMPLETED, "accomplished", progress=100, is_copy=True)


def situation(of="nothing", wait=True, absent=False, create=True, unread=None, source_unread=None, incomplete=False):
    """Return kind and message of the failure at wait_timeout."""
    memory, copy = Memory(), None
    if of != "no look":
        memory.record_listing({}, 0.0, may_be_incomplete=incomplete)
    if of == "lost, then not sent again":
        memory.record_copy_sent(NOON)
        memory.record_copy_in_doubt(Ambiguous("Cut off"), 1.0, NOON)
        memory.record_copy_sent(NOON)
        memory.record_copy_not_sent()
    elif isinstance(of, (Ambiguous, Underway)):
        memory.record_copy_sent(NOON)
        memory.record_copy_in_doubt(of, 1.0, NOON)
    elif isinstance(of, Exception):
        memory.record_copy_sent(NOON)
        memory.record_copy_refused(of)
    elif isinstance(of, Snapshot):
        copy = of
        memory.record_listing({copy.id: copy}, 1.0)
    elif of == "not shown":
        copy = COMPLETE
        memory.record_listing({copy.id: copy}, 1.0)
        memory.record_refresh({}, [copy.id], 2.0)
    desired = DesiredState(REQUEST, Policy(DeletionRequest() if absent else None, create, wait=wait), Capabilities())
    error = timed_out(desired, memory, copy, unread, source_unread)
    assert error is None or error.hint
    return error and (error.kind, error.message)


SLOW, QUOTA = Throttled("Slow down"), QuotaFull("Too many copies")


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"of": "no look"}, "timeout", "was not read within wait_timeout"),
        ({"of": "no look", "absent": True}, "timeout", "was not read within wait_timeout"),
        ({"of": "no look", "unread": SLOW}, "busy", "unknown whether it has a copy of source"),
        ({"unread": Unreachable("Cut off")}, "connection", "unknown whether it has a copy of source"),
        ({"unread": Credentials("Expired")}, "credentials", "unknown whether it has a copy of source"),
        ({"of": PENDING, "unread": SLOW}, "busy", "the state of the copy copy of source is unknown"),
        ({"of": Ambiguous("Cut off")}, "ambiguous", "was lost, and no such copy shows yet. Cause: Cut off"),
        (
            {"of": Ambiguous("Cut off"), "unread": SLOW},
            "ambiguous",
            "was lost, and no such copy shows yet. Cause: Cut off",
        ),
        ({"of": Underway("In progress")}, "busy", "another call is already making this copy"),
        ({"of": "lost, then not sent again"}, "ambiguous", "was lost, and no such copy shows yet. Cause: Cut off"),
        ({"source_unread": SLOW}, "busy", "The source snapshot source in here could not be read"),
        ({"of": QUOTA, "source_unread": SLOW}, "busy", "The source snapshot source in here could not be read"),
        ({"of": QUOTA}, "busy", "Too many copies (retried until wait_timeout)"),
        ({}, "timeout", "The copy of source in there could not be started within wait_timeout"),
        ({"wait": False}, "timeout", "The copy of source in there could not be started within wait_timeout"),
        ({"absent": True, "incomplete": True}, "timeout", "unknown whether there has more copies of source"),
        ({"create": False}, "timeout", "No copy of source in there appeared within wait_timeout, and create: false"),
        ({"of": PENDING}, "timeout", "is still creating (40 %) after wait_timeout"),
        ({"of": PENDING, "source_unread": SLOW}, "timeout", "is still creating (40 %) after wait_timeout"),
        ({"of": PENDING, "absent": True}, "timeout", "could not be deleted within wait_timeout; it is creating (40 %)"),
        ({"of": "not shown"}, "timeout", "was accomplished, but the last read before wait_timeout did not show it"),
    ],
)
def test_a_timeout_names_the_first_reason_why_work_is_left(given, kind, words):
    found, message = situation(**given)
    assert found == kind and words in message


@pytest.mark.parametrize(
    "given",
    [
        {"absent": True},
        {"of": QUOTA, "absent": True},
        {"of": PENDING, "wait": False},
        {"of": COMPLETE},
        {"of": COMPLETE, "absent": True},
        {"of": "not shown", "absent": True},
    ],
)
def test_no_timeout_is_reported_if_nothing_is_missing_or_wait_is_false(given):
    assert situation(**given) is None
