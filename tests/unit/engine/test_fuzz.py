# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options and answers: no traceback, no write based on a guess, a message that says what is wrong."""

from __future__ import annotations

import importlib
import json
import os
import random

import pytest

from tests.clouds import CLOUDS
from tests.fuzz.answers import malformed
from tests.fuzz.inputs import odd_input
from tests.storms.truth import WRITES
from tests.support.harness import COLLECTION, run_module

pytestmark = pytest.mark.slow

#: Inputs for each module and answers for each cloud; `make fuzz` tries more.
INPUTS = int(os.environ.get("FUZZ") or 40)
#: Kinds of failures about the cloud, the machine or one source, which name these instead of an option.
ELSEWHERE = {"credentials", "connection", "not_found", "not_ready", "busy", "timeout"}


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("what", ["copy", "info"])
def test_odd_options_are_refused_by_name(cloud, what):
    name = cloud.module if what == "copy" else cloud.info_module
    module = importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")
    draw = random.Random(name)
    good = {
        "snapshot_ids": [cloud.snapshot()],
        "source_region": cloud.source,
        "destination_regions": [cloud.destination],
    }
    good = {**(good if what == "copy" else {"region": cloud.source}), **cloud.connection()}
    for number in range(INPUTS):
        given, names = odd_input(module.OPTIONS, good, draw)
        written, state = _writes(cloud), _state(cloud)
        out = run_module(
            name,
            {
                **given,
                **({"wait_timeout": 20} if "wait_timeout" in module.OPTIONS and "wait_timeout" not in names else {}),
            },
            cloud.clock,
        )
        shown = {n: given[n] for n in names}
        place = f"input {number}: {shown}: {out.text[:600]}"
        assert "Traceback" not in out.text and "Unexpected" not in str(out.result.get("msg")), place
        json.loads(out.text)
        if out.failed:
            kinds = {failure["kind"] for failure in out.result.get("failures", ())}
            named = any(word in out["msg"] for n in names for word in _names_of(module.OPTIONS, n))
            coded = any(failure["code"] for failure in out.result.get("failures", ()))
            assert named or coded or kinds & ELSEWHERE or "msg_to_log" in out.result, place  # Ansible does not log NUL
            if not kinds & ELSEWHERE:
                # What only the cloud can know, such as its regions or how many tags exist, it refuses itself.
                assert _writes(cloud) == written or (coded and _state(cloud) == state), place


def _writes(cloud):
    return sum(number for action, number in cloud.calls.items() if action in WRITES)


def _state(cloud):
    """Return the copies on the server with their tags."""
    return sorted((copy.id, sorted(cloud.tags_of(copy).items())) for copy in cloud.copies())


def _names_of(spec, name):
    return [name, *spec[name].get("aliases", ())]


def test_answers_that_are_none_end_in_an_error_or_the_right_result(cloud, monkeypatch):
    sources = [cloud.snapshot() for _n in range(3)]
    cloud.create_our_copy(sources[0])
    draw = random.Random(cloud.module)
    for number in range(INPUTS):
        cloud.server.control.corrupt = lambda action, body, content_type: malformed(action, body, content_type, draw)
        copies, started = len(cloud.copies()), cloud.clock.monotonic()
        out = cloud.run(*sources, wait=True, wait_timeout=300, **cloud.quick_reads)
        cloud.server.control.corrupt = None
        assert "Traceback" not in out.text and "Unexpected" not in out["msg"], (number, out["msg"])
        assert cloud.clock.monotonic() - started <= 320
        assert out.failed or all(row["state"] == "completed" for row in out["copies"])
        assert len(cloud.copies()) - copies <= 2
        if number % 10 == 9:
            for copy in cloud.copies()[1:]:
                cloud.forget(copy.id, cloud.destination)
