# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention: what may be deleted, and that planning and pruning agree in the end."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clouds import CLOUDS
from tests.nights.history import NightHistory
from tests.support.harness import examples
from tests.support.retention_rows import MOMENT, NOW, copy, ids

#: Random histories for each cloud; `make nights` tries 10,000.
HISTORIES = int(os.environ.get("HISTORIES", "20"))


def _row(number, disk, days, region, source, kind):
    made = copy(number, disk, days, region, source)
    if kind in ("pending", "error"):
        made["state"] = kind
    elif kind == "foreign":
        made["source"]["managed"] = False
    elif kind == "held":
        made["tags"] = {"dr-copy:hold": ""}
    elif kind == "undated":
        made["source"]["created_at"] = None
    elif kind == "diskless":
        made["source"]["disk_id"] = None
    elif kind == "none":
        made["source"] = None
    return made


rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from((0.5, 1.0, 2.0, 2.0, 3.5, 8.0)),
        st.sampled_from(("dr-1", "dr-2")),
        st.sampled_from((None, None, 0, 1)),
        st.sampled_from(
            ("ours", "ours", "ours", "ours", "pending", "error", "foreign", "held", "undated", "diskless", "none")
        ),
    ),
    max_size=14,
).map(lambda facts: [_row(number, *fact) for number, fact in enumerate(facts)])


def may_be_deleted(row, copies, keep, keep_days):
    """A second implementation of the rule, for a single copy."""

    def counts(one):
        provenance = one["source"]
        known = provenance and provenance["managed"] and provenance["disk_id"] and provenance["created_at"]
        return known and one["state"] == "completed" and "dr-copy:hold" not in one["tags"]

    if not counts(row) or not (keep or keep_days):
        return False
    taken = {}
    for one in copies:
        if counts(one) and (one["source"]["disk_id"], one["region"]) == (row["source"]["disk_id"], row["region"]):
            provenance = one["source"]
            taken[provenance["snapshot_id"]] = max(taken.get(provenance["snapshot_id"], ""), provenance["created_at"])
    mine = (taken[row["source"]["snapshot_id"]], row["source"]["snapshot_id"])
    newer = sum((moment, source) > mine for source, moment in taken.items())
    age = MOMENT - datetime.fromisoformat(mine[0].replace("Z", "+00:00"))
    return newer >= max(keep, 1) and (not keep_days or age > timedelta(days=keep_days))


@settings(max_examples=examples(400))
@given(rows, st.integers(0, 4), st.sampled_from((0, 1, 2, 3.4, 7)), st.randoms(use_true_random=False))
def test_retention_deletes_only_copies_that_no_limit_keeps(copies, keep, keep_days, shuffler):
    expired = expired_copies(copies, keep, keep_days, now=NOW)
    assert set(ids(expired)) == {row["snapshot_id"] for row in copies if may_be_deleted(row, copies, keep, keep_days)}
    shuffled = list(copies)
    shuffler.shuffle(shuffled)
    assert expired_copies(shuffled, keep, keep_days, now=NOW) == expired, "the order does not depend on the listing's"
    kept = [row for row in copies if row not in expired]
    assert expired_copies(kept, keep, keep_days, now=NOW) == [], "the remaining copies are kept"
    assert set(ids(expired_copies(copies, keep + 1 if keep else 0, keep_days, now=NOW))) <= set(ids(expired))


def test_rows_are_oldest_first_and_duplicates_are_one_recovery_point():
    copies = [copy(1, days=1), copy(2, days=4), copy(3, days=4, source=2), copy(4, days=9), copy(5, days=2)]
    assert ids(expired_copies(copies, keep=2, now=NOW)) == ["copy-4", "copy-2", "copy-3"]
    assert ids(expired_copies(copies, keep=3, now=NOW)) == ["copy-4"]
    assert ids(expired_copies(copies, keep=1, keep_days=3, now=NOW)) == ["copy-4", "copy-2", "copy-3"]
    assert expired_copies(copies, now=NOW) == []


@pytest.mark.parametrize(
    "bad",
    [
        *({"keep": -1}, {"keep": 1.5}, {"keep": "x"}, {"keep_daily": None}, {"keep_days": -1}, {"keep_days": "x"}),
        *({"keep_days": None}, {"now": "tonight"}, {"sets": "x"}),
        {"keep": 1, "timezone": "Mars/Base"},
    ],
)
def test_limits_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=f"{next(reversed(bad))} must be|tonight"):
        expired_copies([copy(1)], **bad)


def test_retention_deletes_only_copies_of_its_own_plans_or_of_none():
    marks = ("orders", "other", "old", None)
    copies = [
        {**copy(n, days=n), "tags": {"dr-copy:plan": mark} if mark else {}} for n, mark in enumerate((*marks, "x"), 2)
    ]
    everything = [copy(1, days=1), *copies]
    assert ids(expired_copies(everything, keep=1, now=NOW)) == ["copy-6", "copy-5", "copy-4", "copy-3", "copy-2"]
    assert ids(expired_copies(everything, keep=1, plans=["orders", "old"], now=NOW)) == ["copy-5", "copy-4", "copy-2"]
    with pytest.raises(ValueError, match="plans must be a list"):
        expired_copies(everything, keep=1, plans="orders", now=NOW)


def of_set(number, disk, days, set_id, size=2):
    marks = {"dr-copy:group": "i-1", "dr-copy:set": f"{size} crash {set_id}"}
    return {**copy(number, disk=disk, days=days), "tags": marks}


def test_the_newest_complete_set_of_a_group_is_never_deleted():
    whole = [of_set(1, 0, 5, "a"), of_set(2, 1, 5, "a")]
    older = [of_set(3, 0, 9, "b"), of_set(4, 1, 9, "b")]
    torn = [of_set(5, 0, 2, "c"), copy(6, disk=1, days=1), copy(7, disk=0, days=1)]
    everything = [*whole, *older, *torn]
    assert ids(expired_copies(everything, keep=1, now=NOW)) == ["copy-3", "copy-4", "copy-5"]
    all_expired = ["copy-3", "copy-4", "copy-1", "copy-2", "copy-5"]
    for no in (False, "false", "no"):
        assert ids(expired_copies(everything, keep=1, sets=no, now=NOW)) == all_expired
    pending = [{**whole[0], "state": "pending"}, whole[1], *older, *torn]
    gone = set(ids(expired_copies(pending, keep=1, now=NOW)))
    assert not gone & {"copy-3", "copy-4"} and "copy-2" in gone, "the newest set that is complete"


@pytest.mark.slow
@pytest.mark.parametrize("cloud", CLOUDS)
def test_random_histories_lose_nothing_and_converge(cloud):
    deletions = 0
    for seed in range(HISTORIES):
        history = NightHistory(cloud, seed)
        for _run in range(24):
            history.pass_time(8)
            history.run()
        assert not history.wrong, (cloud, seed, history.wrong)
        deletions += history.deletions
    assert deletions > HISTORIES


def test_three_runs_a_day_for_three_months_prune_correctly():
    history = NightHistory("cbs", 1000)
    for _run in range(270):
        history.pass_time(8)
        history.run()
    assert not history.wrong
