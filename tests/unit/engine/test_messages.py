# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages that users see, by situation, so that their wording can be reviewed as a whole.

SOURCE and COPY stand for the IDs of snapshots, REQUEST for the ID of a request, URL for the address of the simulated
cloud.
"""

from __future__ import annotations

import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core import errors
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

LONG = "n" * 60
#: Invalid options of the copy module: cloud, options, message.
BAD_INPUT = [
    ("ebs", {"snapshot_ids": ["vol-1"]}, "snapshot_ids: 'vol-1' is not a valid ID (example: COPY)"),
    ("ebs", {"source_tags": {"x": {"a": "b"}}}, "source_tags: 'x' is not a valid ID (example: COPY)"),
    ("ecs", {"snapshot_ids": ["x"]}, "snapshot_ids: 'x' is not a valid ID (example: s-bp67acfmxazb4p****)"),
    (
        "ebs",
        {"destination_regions": ["nowhere-1"]},
        "destination_regions: 'nowhere-1' is not a region that the installed boto3 knows (example: eu-central-1)",
    ),
    (
        "cbs",
        {"destination_regions": ["Guangzhou"]},
        "destination_regions: 'Guangzhou' is not a valid region (example: ap-guangzhou)",
    ),
    ("ecs", {"source_region": "Hangzhou"}, "source_region: 'Hangzhou' is not a valid region (example: cn-hangzhou)"),
    (
        "ens",
        {"destination_regions": ["Beijing"]},
        "destination_regions: 'Beijing' is not a valid node (example: cn-hangzhou-26)",
    ),
    ("ebs", {"destination_regions": []}, "destination_regions: name at least one region"),
    (
        "cbs",
        {"destination_regions": ["ap-guangzhou"]},
        "destination_regions: ap-guangzhou is the source region, and this cloud cannot copy within a region",
    ),
    ("ebs", {"wait_timeout": 0}, "wait_timeout must be at least 1, not 0"),
    ("ebs", {"copy_ids": []}, "copy_ids is only allowed with state: absent"),
    ("ebs", {"kms_key_id": "alias/dr"}, "kms_key_id needs encrypted: true"),
    (
        "ecs",
        {"kms_key_id": "key-1", "encrypted": True, "destination_regions": ["cn-beijing", "cn-shanghai"]},
        "kms_key_id: a key encrypts copies in one region, not in 2; use one task for each region",
    ),
    ("ecs", {"retention_days": 0}, "retention_days must be between 1 and 65536, not 0"),
    (
        "ebs",
        {"completion_duration_minutes": 20},
        "completion_duration_minutes must be a multiple of 15 from 15 to 2880, not 20",
    ),
    ("ebs", {"tags": {"Name": "a"}, "name": "b"}, "name cannot be combined with the tag 'Name' in tags"),
    ("ebs", {"tags": {"aws:x": "1"}}, "tags: the key 'aws:x' starts with a prefix that the cloud reserves (aws:)"),
    ("ebs", {"tags": {"k": "v" * 257}}, "tags: the value of 'k' has 257 characters, but 0 to 256 are allowed"),
    (
        "ecs",
        {"tags": {"Team": "a", "team": "b"}},
        "tags: Team, team differ only in case, and the cloud treats them as one key",
    ),
    (
        "ebs",
        {"description": "{nonsense}"},
        "description has the unknown placeholder {nonsense}; known are {snapshot_id} {source_region} "
        "{destination_region} {source_name} {source_created_at} {disk_id}",
    ),
    (
        "ebs",
        {"description": "{"},
        "description is not a valid template (Single '{' encountered in format string); write {{ and }} for braces",
    ),
    (
        "ecs",
        {"name": "1st"},
        "name '1st' must begin with a letter; after it, only letters, digits and : _ . - are allowed",
    ),
    (
        "cbs",
        {"name": LONG},
        f"name '{LONG}' has 60 characters, but at most 44 are allowed. The module appends ' [SOURCE]' to "
        "identify the copy",
    ),
    (
        "ebs",
        {"endpoint_url": "x y"},
        "endpoint_url: 'x y' is not a valid address (example: https://host:port)",
    ),
    (
        "ebs",
        {"wait_timeout": 0, "wait_delay": 0, "destination_regions": ["x"]},
        "3 options are wrong: wait_timeout must be at least 1, not 0; wait_delay must be at least 1, not 0;"
        " destination_regions: 'x' is not a region that the installed boto3 knows (example: eu-central-1)",
    ),
]


def lost(cloud, source):
    cloud.set_faults({"action": cloud.copy_action, "fault": "drop"})
    return cloud.run(source, wait=True, wait_timeout=5)


def unread(cloud, source):
    cloud.set_faults({"action": cloud.list_action, "fault": "throttle", "region": cloud.destination})
    return cloud.run(source, wait=True, wait_timeout=20, **cloud.quick_reads)


def throttled(cloud, source):
    cloud.set_faults({"action": cloud.copy_action, "fault": "throttle"})
    return cloud.run(source, wait=True, wait_timeout=20)


def no_id(cloud, source):
    cloud.set_faults({"action": cloud.copy_action, "fault": "no_snapshot_id"})
    cloud.settings(visible_after=1000)
    return cloud.run(source, wait=True, wait_timeout=20)


def expired(cloud, source):
    cloud.set_faults({"action": cloud.copy_action, "fault": "expire"})
    return cloud.run(source)


def unfinished(cloud, source):
    cloud.make_unfinished(source)
    return cloud.run(source)


def not_there(cloud, source):
    cloud.forget(source)
    return cloud.run(source)


def too_slow(cloud, source):
    cloud.settings(copy_seconds=1000)
    return cloud.run(source, wait=True, wait_timeout=60)


def failed(cloud, source):
    cloud.settings(fail_copies_of={source: "Given key ID is not accessible"})
    return cloud.run(source, wait=True)


def failed_before(cloud, source):
    cloud.create_our_copy(source, failure="a reason")
    return cloud.run(source, replace_failed=False)


def unencrypted(cloud, source):
    cloud.create_our_copy(source)
    return cloud.run(source, encrypted=True)


def held(cloud, source):
    cloud.set_tags(cloud.create_our_copy(source), **{"dr-copy:hold": "1"})
    return cloud.run(source, state="absent")


def of_the_console(cloud, source):
    cloud.create_foreign_copy(source)
    return cloud.run(source, state="absent")


def in_progress(cloud, source):
    cloud.create_our_copy(source, seconds=1000)
    return cloud.run(source, state="absent")


def quota_full(cloud, source):
    cloud.settings(quota=0)
    return cloud.run(source, wait=True, wait_timeout=60)


def made(cloud, source):
    return cloud.run(source, wait=True)


def nothing_to_delete(cloud, source):
    return cloud.run(source, state="absent")


def predicted(cloud, source):
    return cloud.run(source, check=True)


#: What happens to copies: cloud, situation, message.
HAPPENINGS = [
    ("ebs", made, "1 copy requested: 1 created; 1 completed"),
    ("ebs", predicted, "Check mode: nothing was written. 1 copy requested: 1 created"),
    ("ebs", nothing_to_delete, "1 copy requested: 1 already absent"),
    (
        "ebs",
        not_there,
        "The source snapshot SOURCE does not exist in us-east-1, or this account is not allowed to see it. Check the ID"
        " and source_region, and whether the snapshot is shared with this account. 1 copy requested: 1 "
        "failed.",
    ),
    (
        "ebs",
        unfinished,
        "The source snapshot SOURCE in us-east-1 is not complete: its state is pending (0 %). Run again when "
        "it is complete. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        too_slow,
        "The copy COPY of SOURCE in eu-west-1 is still pending (0 %) after wait_timeout; the cloud continues "
        "to make it. Run again to adopt the copy, or raise wait_timeout. 1 copy requested: 1 created, 1 "
        "failed; 1 pending.",
    ),
    (
        "ebs",
        failed,
        "The copy COPY in eu-west-1 has failed (state error): Given key ID is not accessible. If the reason "
        "is the KMS key: check that the key exists in eu-west-1, that it is enabled, and that the caller is allowed to "
        "use it (kms:DescribeKey, kms:CreateGrant, kms:GenerateDataKey*, kms:ReEncrypt*, kms:Decrypt). Then run "
        "again. 1 copy requested: 1 created, 1 failed.",
    ),
    (
        "ebs",
        failed_before,
        "The copy COPY in eu-west-1 has failed (state error): a reason. Set replace_failed: true, the "
        "default, to replace it. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        unencrypted,
        "The copy COPY of SOURCE in eu-west-1 does not match the request: it is not encrypted. Set "
        "replace_mismatched: true to make a matching copy. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        held,
        "The copy COPY in eu-west-1 is held by its tag dr-copy:hold, so it is not deleted. Remove the tag "
        "dr-copy:hold from it first. 1 copy requested: 1 failed.",
    ),
    (
        "cbs",
        of_the_console,
        "The copy COPY in ap-beijing was not made by this collection, so it is not deleted. Delete it with "
        "the cloud's own tools if it is no longer needed. 1 copy requested: 1 failed.",
    ),
    (
        "cbs",
        in_progress,
        "The copy COPY in ap-beijing is still in progress, and this cloud cannot cancel it. Set wait: true to"
        " delete it when it is complete, or run again later. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        quota_full,
        "Copying SOURCE from us-east-1 to eu-west-1: Too many snapshot copies in progress. The limit is 0 for"
        " this destination region (retried until wait_timeout) [ResourceLimitExceeded, request "
        "REQUEST]. Run again to continue where this run stopped, or raise wait_timeout. 1 copy requested: 1 "
        "failed.",
    ),
    (
        "ebs",
        throttled,
        "Copying SOURCE from us-east-1 to eu-west-1: Request limit exceeded (retried until wait_timeout) "
        "[RequestLimitExceeded, request REQUEST]. Run again to continue where this run stopped, or "
        "raise wait_timeout. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        unread,
        "eu-west-1 could not be read within wait_timeout, so it is unknown whether it has a copy of SOURCE. Cause: "
        "Listing the copies in eu-west-1: Request limit exceeded [RequestLimitExceeded, request REQUEST]. Run again "
        "to continue where this run stopped, or raise wait_timeout. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        lost,
        "The response to the call for a copy of SOURCE in eu-west-1 was lost, and no such copy shows yet. Cause: "
        "Copying SOURCE from us-east-1 to eu-west-1: Connection was closed before we received a valid response from "
        'endpoint URL: "URL/" [ConnectionClosedError]. '
        "Run again in a minute: the next run adopts the copy if it was made. 1 copy requested: 1 failed.",
    ),
    (
        "cbs",
        lost,
        "The response to the call for a copy of SOURCE in ap-beijing was lost, and no such copy shows yet. Cause: "
        "Copying SOURCE from ap-guangzhou to ap-beijing: ('Connection aborted.', RemoteDisconnected('Remote end closed "
        "connection without response')) [ClientNetworkError]. "
        "Run again in a minute: the next run adopts the copy if it was made. 1 copy requested: 1 failed.",
    ),
    (
        "cbs",
        no_id,
        "Copying SOURCE from ap-guangzhou to ap-beijing: the call was accepted, but returned no snapshot ID "
        "[request REQUEST]. Look for the copy in the cloud's console before running again: another run may make a "
        "second one. 1 copy requested: 1 failed.",
    ),
    (
        "ebs",
        expired,
        "Copying SOURCE from us-east-1 to eu-west-1: Request has expired [RequestExpired, request REQUEST]. "
        "Log in again, and check this machine's clock: AWS accepts a request for five minutes. 1 copy "
        "requested: 1 failed.",
    ),
    (
        "cbs",
        expired,
        "Copying SOURCE from ap-guangzhou to ap-beijing: The token is invalid or has expired "
        "[AuthFailure.TokenFailure, request REQUEST]. The temporary keys have expired, or the token belongs"
        " to another key: use new ones. Keys of an instance role or an assumed role are renewed automatically. 1 "
        "copy requested: 1 failed.",
    ),
    (
        "ecs",
        expired,
        "Copying SOURCE from cn-hangzhou to cn-beijing: Specified SecurityToken is expired "
        "[InvalidSecurityToken.Expired, request REQUEST]. Check access_key, secret_key and security_token (or"
        " the profile), and this machine's clock. 1 copy requested: 1 failed.",
    ),
]

#: Invalid logins: cloud, options, message.
LOGINS = [
    (
        "ecs",
        {"access_key": "AKID-OF-MINE", "secret_key": ""},
        "The secret of the access key is missing in the options access_key and secret_key. Set both or neither.",
    ),
    (
        "ecs",
        {"access_key": "", "secret_key": "", "security_token": "TOKEN-OF-MINE"},
        "security_token is set without access_key and secret_key. Set all three or none of them.",
    ),
    (
        "ecs",
        {"access_key": None, "secret_key": None, "profile": "nightly"},
        "A profile was requested, but HOME/.aliyun/config.json does not exist. Make the profile with aliyun configure, "
        "or set access_key and secret_key.",
    ),
    (
        "cbs",
        {"secret_id": "AKID-OF-MINE", "secret_key": ""},
        "secret_key is missing in the options. Set both or neither.",
    ),
    (
        "cbs",
        {"secret_id": "AKID OF MINE", "secret_key": "SECRET-OF-MINE"},
        "The secret ID set by the options contains a space, a line break or "
        "another character that no key contains. Remove that character. Often it is the line break at the end of the "
        "file that the key was read from.",
    ),
    (
        "cbs",
        {"secret_id": None, "secret_key": None},
        "No credentials for Tencent Cloud were found. Set secret_id and secret_key, set "
        "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, name a profile of ~/.tencentcloud/credentials, "
        "or set cvm_role to the role of the instance.",
    ),
    (
        "cbs",
        {"secret_id": None, "secret_key": None, "profile": "nightly"},
        "The profile nightly was requested, but HOME/.tencentcloud/credentials does not exist. Write the profile into "
        "that file, or set secret_id and secret_key.",
    ),
    (
        "cbs",
        {"secret_id": None, "secret_key": None, "profile": "tccli:a b"},
        "profile: 'a b' is not a valid profile name of tccli. Write tccli:default.",
    ),
    (
        "cbs",
        {"secret_id": None, "secret_key": None, "cvm_role": "qcs::cam::uin/1:role/x"},
        "cvm_role: 'qcs::cam::uin/1:role/x' is not a valid role name. Set the name, not the ARN.",
    ),
    (
        "ebs",
        {"access_key": None, "secret_key": None},
        "Reading the account's ID (sts:GetCallerIdentity): Unable to locate credentials [NoCredentialsError]."
        " Set keys or a profile in the options or the environment, or use an instance role. 1 copy requested: 1 "
        "failed.",
    ),
    (
        "ebs",
        {"access_key": None, "secret_key": None, "profile": "nightly"},
        "Couldn't connect to AWS: The config profile (nightly) could not be found. Check the profile, the "
        "region and the keys of this task and of the environment. Set a profile or a key, not both. 1 copy "
        "requested: 1 failed.",
    ),
]

#: Invalid variables of the role, in addition to valid ones, and their messages.
ROLE = [
    ({"cloud": None}, "dr_copy_cloud is required"),
    ({"cloud": "gcp"}, "dr_copy_cloud must be one of ebs, ecs, ens, cbs, not 'gcp'"),
    ({"destination_regions": []}, "dr_copy_destination_regions is required"),
    (
        {"destination_regions": {"a": 1}},
        "dr_copy_destination_regions must be a list, or text with commas or one entry per line",
    ),
    (
        {"destination_regions": "us-east-1"},
        "dr_copy_destination_regions must not contain dr_copy_source_region (us-east-1), unless "
        "dr_copy_copy_options names an Outpost or a Local Zone",
    ),
    ({"disk_tags": {}}, "dr_copy_disk_tags must not be empty unless dr_copy_disk_ids is set"),
    (
        {"disk_tags": "team"},
        "dr_copy_disk_tags must be a dict, a JSON object, or one key=value per line; line 1 is not",
    ),
    (
        {"disk_tags": "{"},
        "dr_copy_disk_tags is not valid JSON (Expecting property name enclosed in double quotes: line 1 "
        "column 2 (char 1))",
    ),
    ({"keep": "ten"}, "dr_copy_keep must be a whole number, 0 or more, not 'ten'"),
    ({"keep": "\u0663"}, "dr_copy_keep must be a whole number, 0 or more, not '\u0663'"),
    ({"wait": "perhaps"}, "dr_copy_wait must be true or false, not 'perhaps'"),
    ({"wait_delay": 0}, "dr_copy_wait_delay must be at least 1"),
    ({"shard": "9/8"}, "dr_copy_shard must be a part and the number of parts (example: 2/8), not '9/8'"),
    (
        {"retention_days": 7},
        "dr_copy_retention_days is not supported on ebs; use dr_copy_keep_days or another retention rule",
    ),
    ({"kms_key_id": "alias/dr"}, "dr_copy_kms_key_id needs dr_copy_encrypted: true"),
    (
        {"cloud": "ecs", "source_connection": {"profile": "x"}},
        "dr_copy_source_connection is not supported on ecs",
    ),
    (
        {"copy_options": {"wait": True}},
        "dr_copy_copy_options must not contain wait; set the role's own variables instead",
    ),
]


def plain(text, cloud, source):
    """Replace what differs in each run by words."""
    text = text.replace(source, "SOURCE").replace(cloud.url, "URL")
    text = re.sub(r"(?<=request )[0-9A-Za-z-]{8,}", "REQUEST", text)
    return re.sub(r"\b(snap-[0-9a-f]{17}|s-[0-9a-z]{20}|sp-[0-9a-zA-Z_-]{8,}|snap-[0-9a-z]{8})\b", "COPY", text)


@pytest.fixture
def cloud_of(request):
    return request.getfixturevalue


@pytest.mark.parametrize(("name", "options", "message"), BAD_INPUT)
def test_a_message_names_each_bad_option(cloud_of, name, options, message):
    cloud = cloud_of(name)
    source = cloud.snapshot()
    out = cloud.run(*options.get("snapshot_ids", [source]), **{k: v for k, v in options.items() if k != "snapshot_ids"})
    assert out.failed and plain(out["msg"], cloud, source) == message and not cloud.calls


@pytest.mark.parametrize(("name", "happens", "message"), HAPPENINGS)
def test_a_message_says_what_became_of_copies(cloud_of, name, happens, message):
    cloud = cloud_of(name)
    source = cloud.snapshot()
    out = happens(cloud, source)
    assert plain(out["msg"], cloud, source) == message


@pytest.mark.parametrize(("name", "options", "message"), LOGINS)
def test_a_message_explains_each_failed_login(cloud_of, monkeypatch, tmp_path, name, options, message):
    monkeypatch.setenv("HOME", str(tmp_path))
    cloud = cloud_of(name)
    source = cloud.snapshot()
    out = cloud.run(source, **options)
    text = plain(out["msg"], cloud, source).replace(str(tmp_path), "HOME")
    assert out.failed and text == message


@pytest.mark.parametrize(("variables", "message"), ROLE)
def test_a_message_names_each_bad_variable_of_the_role(variables, message):
    basics = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"]}
    assert "; ".join(checked_variables({**basics, **variables}).problems) == message


def test_our_own_refusal_does_not_mention_the_clouds_message():
    assert errors.Refused("dr_copy_keeps is not a variable of the role").hint is None
    assert errors.NotFound("There is no such snapshot").hint == errors.NotFound.usual_hint
