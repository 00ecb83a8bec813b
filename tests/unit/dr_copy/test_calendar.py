# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention by the calendar: days, weeks, months and years in a time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.nights.history import NO_CALENDAR, PERIOD_FORMATS, kept_by_calendar, text_of
from tests.support.harness import examples
from tests.support.rows import copy_row

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")
DISK = [{"disk_id": "disk-0", "name": "database"}]


def copy(taken, number=0):
    return copy_row(f"copy-{number:06d}", f"snap-{number:06d}", "disk-0", text_of(taken), region="dr-1")


def kept(moments, **limits):
    """Return the times whose copies are kept."""
    copies = [copy(moment, number) for number, moment in enumerate(moments)]
    gone = {row["snapshot_id"] for row in expired_copies(copies, **{"now": "2028-01-01T00:00:00Z", **limits})}
    return {moment for moment, row in zip(moments, copies) if row["snapshot_id"] not in gone}


def at(text, zone="UTC", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(timezone.utc)


def nights(last, number):
    """Return one time a night, at 11:00, newest first."""
    begin = datetime.combine(last, datetime.min.time(), timezone.utc) + timedelta(hours=11)
    return [begin - timedelta(days=n) for n in range(number)]


def days(moments):
    return {moment.date() for moment in moments}


# The documentation of restic forget:
# https://restic.readthedocs.io/en/stable/060_forget.html#removing-snapshots-according-to-a-policy


def test_days_that_have_none_do_not_count_as_in_restic():
    """One snapshot each Sunday for twelve weeks: ``--keep-daily 4`` keeps the last four Sundays."""
    sundays = nights(date(2019, 11, 17), 12 * 7)[::7]
    assert days(kept(sundays, keep_daily=4)) == {
        date(2019, 10, 27),
        date(2019, 11, 3),
        date(2019, 11, 10),
        date(2019, 11, 17),
    }


@pytest.mark.parametrize(
    ("limits", "stay"),
    [
        ({"keep": 3}, {date(2019, 11, day) for day in (15, 16, 17)}),
        ({"keep_daily": 7}, {date(2019, 11, day) for day in range(11, 18)}),
        # The last days of weeks; 2019-11-17 is a Sunday.
        ({"keep_weekly": 5}, {date(2019, 11, 17) - timedelta(weeks=n) for n in range(5)}),
        ({"keep_monthly": 3}, {date(2019, 9, 30), date(2019, 10, 31), date(2019, 11, 17)}),
        ({"keep_yearly": 3}, {date(2017, 12, 31), date(2018, 12, 31), date(2019, 11, 17)}),
    ],
)
def test_each_limit_keeps_the_same_points_as_restic(limits, stay):
    assert days(kept(nights(date(2019, 11, 17), 3 * 366), **limits)) == stay


def test_limits_add_up_as_in_restic():
    """A century of nights: 7 daily, 4 more last days of weeks, 11 or 12 of months, 74 or 75 of years."""
    stay = days(kept(nights(date(2019, 11, 17), 36525), keep_daily=7, keep_weekly=5, keep_monthly=12, keep_yearly=75))
    daily = {date(2019, 11, day) for day in range(11, 18)}
    weekly = {date(2019, 11, 17) - timedelta(weeks=n) for n in range(1, 5)}
    monthly = {date(2019, month, 1) - timedelta(days=1) for month in range(1, 12)}
    yearly = {date(year, 12, 31) for year in range(1945, 2019)}
    assert stay == daily | weekly | monthly | yearly
    assert (len(daily), len(weekly), len(monthly), len(yearly)) == (7, 4, 11, 74)


# Time zones


def test_a_day_is_a_day_of_the_time_zone():
    late, early = at("2026-11-20T23:30"), at("2026-11-21T00:30")
    assert kept([early, late], keep_daily=2) == {late, early}
    assert kept([early, late], keep_daily=2, timezone="Europe/Berlin") == {early}, "00:30 and 01:30 of one day"
    assert kept([early, late], keep_monthly=1, keep_daily=1, timezone="America/New_York") == {early}
    moscow = at("2026-11-20T21:30")
    assert kept([early, moscow], keep_daily=2, timezone="W-SU") == {early}, "names behind UTC are zones too"


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-03-08")],
)
def test_days_of_23_and_25_hours_are_days(zone, day):
    first, last = at(f"{day}T00:00", zone), at(f"{day}T23:59", zone)
    assert (last - first) != timedelta(hours=23, minutes=59), "the clocks change on it"
    before, after = first - timedelta(minutes=1), last + timedelta(minutes=1)
    assert kept([after, last, first, before], keep_daily=3, timezone=zone) == {after, last, before}


def test_an_hour_that_comes_twice_is_ordered_by_time():
    summer, winter = (at("2026-10-25T02:30", "Europe/Berlin", fold) for fold in (0, 1))
    assert winter - summer == timedelta(hours=1)
    assert kept([summer, winter], keep_daily=1, timezone="Europe/Berlin") == {winter}


def test_weeks_are_iso_weeks_and_cross_years():
    sunday, monday = at("2027-01-03T12:00"), at("2027-01-04T12:00")
    december = at("2026-12-28T12:00")
    assert kept([monday, sunday, december], keep_weekly=2) == {monday, sunday}, "28 December to 3 January are one week"
    assert kept([monday, sunday, december], keep_yearly=2) == {monday, december}


# Properties

moments = st.lists(
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0, tzinfo=timezone.utc)
    ),
    min_size=1,
    max_size=25,
    unique=True,
)
limits = st.fixed_dictionaries(
    {
        "keep": st.integers(0, 3),
        "keep_days": st.sampled_from((0, 0, 30)),
        **{name: st.integers(0, 4) for name in PERIOD_FORMATS},
        "timezone": st.sampled_from(ZONES),
    }
)
NOW = "2026-12-31T00:00:00Z"


@settings(max_examples=examples(300))
@given(moments, limits)
def test_no_limit_loses_its_points_and_the_newest_is_never_deleted(taken, limits):
    stay = kept(taken, **limits, now=NOW)
    ordered = sorted(taken, reverse=True)
    assert ordered[0] in stay
    assert set(ordered[: limits["keep"]]) <= stay
    old = datetime(2026, 12, 31, tzinfo=timezone.utc) - timedelta(days=limits["keep_days"])
    by_age = {moment for moment in taken if limits["keep_days"] and moment >= old}
    by_calendar = {moment for n, moment in enumerate(ordered) if kept_by_calendar(moment, ordered[:n], limits)}
    assert by_age | by_calendar <= stay
    nothing_set = not any(value for name, value in limits.items() if name != "timezone")
    assert stay == (set(taken) if nothing_set else {ordered[0], *ordered[: limits["keep"]]} | by_age | by_calendar)


@settings(max_examples=examples(200))
@given(moments, limits)
def test_a_second_run_changes_nothing(taken, limits):
    stay = sorted(kept(taken, **limits, now=NOW))
    assert kept(stay, **limits, now=NOW) == set(stay)


@settings(max_examples=examples(200))
@given(moments, limits, st.sampled_from(("keep", "keep_days", *PERIOD_FORMATS)), st.integers(1, 40))
def test_an_additional_limit_never_deletes_more(taken, limits, name, more):
    if not any(value for limit, value in limits.items() if limit != "timezone"):
        limits = {**limits, "keep": 1}
    raised = {**limits, name: limits[name] + more}
    assert kept(taken, **limits, now=NOW) <= kept(taken, **raised, now=NOW)


@settings(max_examples=examples(200))
@given(moments, limits, st.data())
def test_planning_and_pruning_agree_by_the_calendar(taken, limits, data):
    """With all snapshots selected, copies are kept, and nothing is copied that would be deleted."""
    there = data.draw(st.sets(st.sampled_from(taken)))
    copies = {moment: copy(moment, number) for number, moment in enumerate(taken)}
    sources = [
        {
            "snapshot_id": row["source"]["snapshot_id"],
            "disk_id": "disk-0",
            "state": "completed",
            "created_at": text_of(moment),
            "source": None,
        }
        for moment, row in copies.items()
    ]
    plan = copy_plan(sources, DISK, [copies[m] for m in there], ["dr-1"], select="all", **limits, now=NOW)
    chosen = {row["snapshot_id"] for row in plan if row["chosen"]}
    after = [row for moment, row in copies.items() if moment in there or row["source"]["snapshot_id"] in chosen]
    gone = {row["source"]["snapshot_id"] for row in expired_copies(after, **limits, now=NOW)}
    assert not gone & chosen
    left = [row for row in after if row["source"]["snapshot_id"] not in gone]
    again = copy_plan(sources, DISK, left, ["dr-1"], select="all", **limits, now=NOW)
    assert not [row for row in again if row["chosen"]]
    assert expired_copies(left, **limits, now=NOW) == []


@pytest.mark.slow
def test_a_year_of_nights_keeps_just_what_the_calendar_describes():
    limits = {"keep_daily": 7, "keep_weekly": 5, "keep_monthly": 12, "keep_yearly": 3, "timezone": "Europe/Berlin"}
    stay: set[datetime] = set()
    ever: list[datetime] = []
    for moment in reversed(nights(date(2026, 11, 21), 400)):
        ever.insert(0, moment)
        stay = kept(sorted({*stay, moment}), **limits)
    assert stay == {m for n, m in enumerate(ever) if kept_by_calendar(m, ever[:n], limits)}
    assert len(stay) == 7 + 3 + 11, "on a Saturday the week's newest and one Sunday are among the days"


# Invalid values


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"keep_daily": -1}, "keep_daily must be a whole number, 0 or more, not -1"),
        ({"keep_weekly": 1.5}, "keep_weekly must be a whole number, 0 or more, not 1.5"),
        ({"timezone": "Mars/Olympus"}, "Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "Europe/Berlin"),
        ({"timezone": "Europe"}, "Europe/Berlin"),
    ],
)
def test_limits_that_make_no_sense_are_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        expired_copies([copy(at("2026-11-21T00:00"))], **bad)


def test_the_role_names_each_bad_limit_in_one_message():
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"]}
    bad = {"keep_daily": -1, "keep_weekly": "x", "keep_monthly": 1.5, "keep_yearly": "-2", "timezone": "Mars/Olympus"}
    problems = checked_variables({**given, **bad}).problems
    assert [problem.split()[0] for problem in problems] == [f"dr_copy_{name}" for name in bad]
    taken = checked_variables({**given, "keep_daily": "7", "timezone": "Asia/Kolkata"})
    assert not taken.problems
    assert (taken.values.keep_daily, taken.values.timezone) == (7, "Asia/Kolkata")
    assert {name: getattr(checked_variables(given).values, name) for name in NO_CALENDAR} == NO_CALENDAR
