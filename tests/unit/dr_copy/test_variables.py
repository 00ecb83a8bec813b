# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables: what is accepted, how it is parsed, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.modules import _aws_common_argument_spec
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba import client as alibaba
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent import client as tencent
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.parsing import without_values
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import as_mapping
from hypothesis import given
from hypothesis import strategies as st

BASICS = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"]}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("destination_regions", "a-1\nb-2", ["a-1", "b-2"]),
        ("destination_regions", '["a-1"]', ["a-1"]),
        ("disk_tags", "a=1\nb = 2=3", {"a": "1", "b": "2=3"}),
        ("disk_tags", '{"a": "*"}', {"a": "*"}),
        ("wait", "no", False),
        ("wait_timeout", " 60 ", 60),
        ("wait", "", True),
        ("disk_ids", "", []),
        ("disk_ids", "[]", []),
        ("disk_ids", [None, "a"], ["a"]),
    ],
)
def test_texts_are_taken_as_their_types(name, text, value):
    assert getattr(checked_variables({**BASICS, name: text}).values, name) == value


#: Every variable with a value other than its default.
GIVEN = {
    "cloud": "ecs",
    "source_region": "src-1",
    "destination_regions": ["dst-1", "dst-2"],
    "disk_tags": {"team": "dr"},
    "disk_ids": ["disk-1"],
    "snapshot_tags": {"backup": "daily"},
    "exclude_snapshot_tags": {"scan": "*"},
    "exclude_tags": {"skip": "yes"},
    "select": "all",
    "max_snapshot_age_hours": 48,
    "name": "nightly",
    "description": "of the night",
    "tags": {"a": "b"},
    "copy_tags": False,
    "copy_disk_tags": True,
    "encrypted": True,
    "kms_key_id": "key-1",
    "retention_days": 40,
    "copy_options": {"replace_failed": False},
    "keep": 3,
    "keep_days": 7,
    "keep_daily": 7,
    "keep_weekly": 4,
    "keep_monthly": 12,
    "keep_yearly": 2,
    "timezone": "Europe/Berlin",
    "lock_days": 7,
    "lock_mode": "compliance",
    "max_in_flight": 3,
    "wait": False,
    "wait_timeout": 600,
    "wait_delay": 4,
    "plan": "orders",
    "former_plans": ["shop"],
    "allow_empty": True,
    "min_disks": 2,
    "max_deletions": 5,
    "remove_duplicates": True,
    "rpo_hours": 24,
    "log": "full",
    "report_dir": "/srv/dr",
    "metrics_dir": "/srv/metrics",
    "history_days": 30,
    "shard": "2/8",
    "check_keys": False,
    "group_tag": "server",
    "set_tag": "night",
    "set_seconds": 60,
    "consistency": "set",
    "connection": {"profile": "dr"},
    "source_connection": {"profile": "prod"},
}


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_taken_and_has_its_default(name):
    checked = checked_variables({**BASICS, name: GIVEN[name]})
    assert _by_name(checked)[name] == GIVEN[name] != VARIABLES[name].default
    missing, default = _by_name(checked_variables({}))[name], VARIABLES[name].default
    assert not missing if default is None else missing == default


def _by_name(checked):
    return {**as_mapping(checked.values), **as_mapping(checked.connections)}


@given(
    st.dictionaries(
        st.sampled_from(["cloud", "wait", "keep", "tags", "select", "wait_timeout", "disk_ids", "name"]),
        st.one_of(
            st.text(),
            st.integers(),
            st.booleans(),
            st.lists(st.text()),
            st.none(),
            st.dictionaries(st.text(), st.text()),
        ),
    )
)
def test_each_value_is_accepted_or_refused_by_name(given_values):
    assert all(problem.startswith("dr_copy_") for problem in checked_variables({**BASICS, **given_values}).problems)


@pytest.mark.parametrize("name", ["keep_daily", "retention_days", "wait_timeout", "history_days"])
def test_a_number_of_too_many_digits_is_refused(name):
    for number in (10**18, 10**20, "9" * 5000):
        (problem,) = checked_variables({**BASICS, name: number}).problems
        assert problem == f"dr_copy_{name} must be a number of at most 18 digits"
    assert not checked_variables({**BASICS, "keep_daily": "000999999999999999999"}).problems


@pytest.mark.parametrize("shard", ["2/8", " 2 / 8 ", "02/8"])
def test_a_shard_has_one_spelling(shard):
    assert checked_variables({**BASICS, "shard": shard}).values.shard == "2/8"


@pytest.mark.parametrize("shard", ["0/8", "9/8", "2", "a/b", "1/0"])
def test_an_invalid_shard_is_refused(shard):
    assert "dr_copy_shard" in checked_variables({**BASICS, "shard": shard}).problems[0]


def test_a_destination_in_the_source_region_must_be_a_place_within_it():
    within = {**BASICS, "cloud": "ebs", "source_region": "us-east-1", "destination_regions": "us-east-1"}
    assert "must not contain" in checked_variables(within).problems[0]
    taken = checked_variables({**within, "copy_options": {"destination_availability_zone": "us-east-1-bos-1a"}})
    assert not taken.problems and taken.values.place == "us-east-1-bos-1a"


def test_ids_and_placeholders_that_cannot_be_are_named_with_everything_else():
    wrong = {"disk_ids": "vol-0123456789abcdef0\nd-1", "name": "{disk}", "description": "{", "keep": "many"}
    problems = checked_variables({**BASICS, **wrong}).problems
    assert [problem.split()[0].rstrip(":") for problem in problems] == [
        *("dr_copy_keep", "dr_copy_disk_ids", "dr_copy_name", "dr_copy_description")
    ]
    assert "'d-1'" in problems[1] and "{disk}" in problems[2]
    assert not checked_variables({**BASICS, "name": "dr of {source_name}"}).problems


def test_a_lock_lasts_a_hundred_years_at_most():
    given = {**BASICS, "lock_mode": "governance"}
    assert not checked_variables({**given, "lock_days": 36500}).problems
    too_long = checked_variables({**given, "lock_days": 36501})
    assert too_long.problems == ["dr_copy_lock_days must be at most 36500, not 36501"]


def test_a_source_connection_is_refused_except_on_ebs():
    assert not checked_variables({**BASICS, "source_connection": "profile=prod"}).problems
    refused = checked_variables({**BASICS, "cloud": "cbs", "source_connection": "profile=x"})
    assert "source_connection" in refused.problems[0]


def test_credentials_are_judged_but_never_handed_on_nor_shown():
    assert "hunter2" not in repr(checked_variables({**BASICS, "connection": {"secret_key": "hunter2"}}).values)
    problems = checked_variables({**BASICS, "connection": "secret_key: hunter2"}).problems
    assert "dr_copy_connection" in problems[0] and "hunter2" not in problems[0]


def secret_options():
    """Return the options of all copy modules that are no_log, by each of their names."""
    specs = (_aws_common_argument_spec(), alibaba.CONNECTION_OPTIONS, tencent.CONNECTION_OPTIONS)
    secrets = [(name, option) for spec in specs for name, option in spec.items() if option.get("no_log")]
    return sorted({one for name, option in secrets for one in (name, *option.get("aliases", ()))})


#: Options of amazon.aws 9 that later releases refuse.
OF_AMAZON_AWS_9 = ("ec2_access_key", "ec2_secret_key", "access_token", "aws_security_token")


@pytest.mark.parametrize("name", sorted({"access_key", *OF_AMAZON_AWS_9, *secret_options()}))
def test_credentials_among_the_copy_options_are_refused_since_reports_show_these(name):
    checked = checked_variables({**BASICS, "copy_options": {name: "hunter2", "purge_tags": True}})
    assert f"must not contain {name}, since" in checked.problems[0] and "dr_copy_connection" in checked.problems[0]
    assert "hunter2" not in repr(checked) and not checked.values.copy_options


@pytest.mark.parametrize(
    "message",
    [
        "{'secret_key': 'hunter2', 'token': '{{ missing }}'}: 'missing' is undefined",
        "'missing' is undefined. {'secret_key': 'hunter2', 'token': '{{ missing }}'}: 'missing' is undefined",
        "secret_key=hunter2\ntoken={{ missing }}: 'missing' is undefined",
        "'missing' is undefined",
    ],
)
def test_a_problem_shows_no_value_of_a_variable_that_cannot_be_evaluated(message):
    assert without_values(message) == "'missing' is undefined"


def test_a_variable_that_the_role_does_not_have_is_refused_with_the_nearest_one():
    assert checked_variables({**BASICS, "cloud": "ecs", "retention_days": 7}).warnings, (
        "nothing would report a disk without a copy"
    )
    names = ["dr_copy_encryptd", "dr_copy_wait", "dr_copy_result", "dr_copy_hosts", "dr_copy_summary", "dr_copy_zzz"]
    problems = checked_variables(BASICS, names).problems
    assert len(problems) == 2 and problems[0].endswith("(did you mean dr_copy_encrypted?)")
    assert problems[1] == "dr_copy_zzz is not a variable of the role"


def test_two_plans_of_one_host_need_two_names():
    first = checked_variables({**BASICS, "plan": "orders"}).values
    ran = {"orders": first.selection}
    assert not checked_variables({**BASICS, "plan": "orders"}, selections=ran).problems, "the same plan runs again"
    other = {**BASICS, "disk_tags": "role=mail"}
    assert "dr_copy_plan" in checked_variables({**other, "plan": "orders"}, selections=ran).problems[0]
    assert not checked_variables({**other, "plan": "mail"}, selections=ran).problems


@pytest.mark.parametrize("value", [True, "true"])
def test_truth_in_yaml_is_the_word_that_people_tag_with(value):
    assert checked_variables({"disk_tags": {"dr-copy": value}}).values.disk_tags == {"dr-copy": "true"}
