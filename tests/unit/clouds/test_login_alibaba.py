# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in to Alibaba Cloud: precedence, each way to log in, refreshes, and failures.

The vendor's library and the SDK run unchanged (api-facts: alibaba-login-library). A proxy on loopback stands in for the
metadata service, STS and ECS.
"""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from alibabacloud_credentials.utils import auth_constant, auth_util
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.errors import words_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.login import find_login
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Credentials

from tests.simulator.alibaba.login import OIDC_TOKEN, ROLE, SERVICE_HOST, STS_HOST, URI_HOST, LoginStandIn
from tests.simulator.alibaba.service import ACCESS_KEY, SECRET_KEY
from tests.simulator.server import Server
from tests.support.harness import idle_seconds

AK = {"name": "default", "mode": "AK", "access_key_id": "file", "access_key_secret": "s"}
REAL = {**AK, "access_key_id": ACCESS_KEY, "access_key_secret": SECRET_KEY}
ROLE_OF = {"ram_role_arn": ROLE, "ram_session_name": "night"}
ENVIRONMENT = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}
#: A run without keys in its options.
NO_KEYS = {"access_key": ..., "secret_key": ...}
STS = f"http://{STS_HOST}"
TIMES = {"connect_timeout": 1, "read_timeout": 1}


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Return a home directory without profiles, which the library uses too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(auth_constant, "HOME", str(tmp_path))
    monkeypatch.delenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED")
    importlib.reload(auth_util)
    yield tmp_path
    monkeypatch.undo()
    importlib.reload(auth_util)


@pytest.fixture
def around(ecs, home, monkeypatch):
    """ECS and all sources of its credentials, behind a proxy."""
    stand_in = LoginStandIn(ecs.server)
    server = Server(stand_in)
    monkeypatch.setenv("HTTP_PROXY", server.url)
    ecs.login = stand_in
    ecs.url = f"http://{SERVICE_HOST}"
    yield ecs
    server.stop()


def environment(monkeypatch, **variables):
    """Set variables before the library reads them, which it does once."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    importlib.reload(auth_util)


def written(home, *profiles, current="default"):
    (home / ".aliyun").mkdir(exist_ok=True)
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": current, "profiles": list(profiles)}))
    return home


def key_of(params, environ, home):
    return find_login({**TIMES, **params}, environ, home).keys("Trying").key_id


# -- what counts ---------------------------------------------------------------------------------------


def test_options_come_before_the_environment_and_that_before_profiles(home):
    written(home, AK)
    given = {"access_key": "option", "secret_key": "s", "security_token": "t"}
    assert find_login(given, ENVIRONMENT, home).keys("Trying") == ("option", "s", "t")
    assert key_of({}, ENVIRONMENT, home) == "env" and key_of({}, {}, home) == "file"
    assert key_of({"profile": "default"}, ENVIRONMENT, home) == "file"
    older = {"ALICLOUD_ACCESS_KEY": "old", "ALICLOUD_SECRET_KEY": "s", "ALICLOUD_SECURITY_TOKEN": "t"}
    assert find_login({}, older, home).keys("Trying") == ("old", "s", "t")


def test_a_profile_can_be_named_by_the_environment(home):
    written(home, AK, {**AK, "name": "dr", "access_key_id": "second"})
    assert key_of({}, {"ALIBABA_CLOUD_PROFILE": "dr"}, home) == "second"
    assert key_of({}, {**ENVIRONMENT, "ALIBABA_CLOUD_PROFILE": "dr"}, home) == "env"
    assert key_of({"profile": "default"}, {"ALIBABA_CLOUD_PROFILE": "dr"}, home) == "file"


@pytest.mark.parametrize(
    ("params", "environ", "word"),
    [
        ({"access_key": "x"}, {}, "is missing in"),
        ({"security_token": "x"}, {}, "without access_key"),
        ({}, {"ALICLOUD_SECRET_KEY": "x"}, "is missing in"),
        ({"profile": "nobody"}, ENVIRONMENT, "no profile nobody"),
        ({}, {"ALIBABA_CLOUD_PROFILE": "nobody"}, "no profile nobody"),
        ({"profile": "chained"}, {}, "names itself as its source"),
        ({"profile": "role"}, {}, "role_arn"),
        ({"profile": "sso"}, {}, "re-login"),
        ({"profile": "odd"}, {}, "unsupported profile mode"),
    ],
)
def test_an_impossible_login_is_reported_at_once_or_at_the_first_call(home, params, environ, word):
    written(
        home,
        AK,
        {"name": "chained", "mode": "ChainableRamRoleArn", "source_profile": "chained", **ROLE_OF},
        {**AK, "name": "role", "mode": "RamRoleArn"},
        {"name": "sso", "mode": "CloudSSO", "access_token": "t", "cloud_sso_access_token_expire": 1},
        {"name": "odd", "mode": "Odd"},
    )
    with pytest.raises(Credentials, match=word) as failed:
        find_login({**TIMES, **params}, environ, home).keys("Trying")
    assert failed.value.hint


def test_a_missing_or_invalid_profile_file_is_reported(home):
    with pytest.raises(Credentials, match="does not exist"):
        find_login({"profile": "dr"}, {}, home)
    (home / ".aliyun").mkdir()
    (home / ".aliyun" / "config.json").write_text("no JSON")
    with pytest.raises(Credentials, match="cannot be read"):
        find_login({"profile": "dr"}, {}, home)


def test_a_task_without_credentials_fails_with_kind_credentials(around, monkeypatch):
    environment(monkeypatch, ALIBABA_CLOUD_ECS_METADATA_DISABLED="true")
    out = around.run(around.snapshot(), **NO_KEYS)
    failure = out.failure()
    assert failure["kind"] == "credentials" and "ecs_ram_role" in failure["hint"] and not around.calls
    assert "Traceback" not in out.text


def test_a_token_is_not_beaten_by_variables_of_the_sdk(ecs, monkeypatch):
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "else")
    keys = ecs.server.control.settings["keys"]
    key, facts = next(iter(keys.items()))
    ecs.settings(keys={key: {**facts, "token": "aVeryLongSecurityToken0123456789"}})
    out = ecs.run(ecs.snapshot(), security_token="aVeryLongSecurityToken0123456789")
    assert not out.failed, out["msg"]
    wrong = ecs.run(ecs.snapshot(), security_token="anotherVeryLongToken9876543210")
    assert wrong.failure()["kind"] == "credentials" and "anotherVery" not in wrong.text


# -- each way to log in --------------------------------------------------------------------------------


def test_each_mode_of_a_profile_logs_in(around):
    login = around.login
    temporary = login.keys("uri")
    printed = {"mode": "StsToken", "access_key_id": temporary["AccessKeyId"]}
    printed |= {"access_key_secret": temporary["AccessKeySecret"], "sts_token": temporary["SecurityToken"]}
    (Path.home() / "token").write_text(OIDC_TOKEN)
    (Path.home() / "printed").write_text(json.dumps(printed))
    written(
        Path.home(),
        REAL,
        {**printed, "name": "sts"},
        {**REAL, "name": "role", "mode": "RamRoleArn", **ROLE_OF},
        {"name": "instance", "mode": "EcsRamRole", "ram_role_name": "dr-instance"},
        {
            "name": "oidc",
            "mode": "OIDC",
            **ROLE_OF,
            "oidc_provider_arn": "acs:ram::1:oidc-provider/k8s",
            "oidc_token_file": str(Path.home() / "token"),
        },
        {"name": "chain", "mode": "ChainableRamRoleArn", "source_profile": "instance", **ROLE_OF},
        {"name": "uri", "mode": "CredentialsURI", "credentials_uri": f"http://{URI_HOST}/keys"},
        {"name": "external", "mode": "External", "process_command": f"cat {Path.home() / 'printed'}"},
    )
    for profile in ("default", "sts", "role", "instance", "oidc", "chain", "uri", "external"):
        out = around.run(around.snapshot(), **NO_KEYS, profile=profile, sts_endpoint=STS, wait=True)
        assert not out.failed, (profile, out["msg"])
    assert login.calls["AssumeRole"] == 2 and login.calls["AssumeRoleWithOIDC"] == login.calls["CredentialsURI"] == 1
    assert {session["RoleSessionName"] for session in login.sessions} == {"night"}
    assert login.sessions[-1]["AccessKeyId"].startswith("STS.instance")


def test_the_role_of_an_instance_with_protected_metadata_logs_in(around):
    out = around.run(around.snapshot(), **NO_KEYS, ecs_ram_role="dr-instance", wait=True)
    assert not out.failed, out["msg"]
    assert around.login.calls["PUT metadata"] == 1 == around.login.calls["GET metadata"]


def test_the_role_of_an_instance_with_metadata_version_1_logs_in(around):
    around.login.demands_token = False
    assert not around.run(around.snapshot(), **NO_KEYS, ecs_ram_role="dr-instance", wait=True).failed


def test_the_default_chain_finds_the_role_of_the_instance(around, monkeypatch):
    environment(monkeypatch)
    out = around.run(around.snapshot(), **NO_KEYS, wait=True)
    assert not out.failed, out["msg"]
    assert around.login.calls["PUT metadata"] and around.login.valid["instance"]


def test_the_default_chain_logs_in_by_oidc(around, monkeypatch):
    token = Path.home() / "token"
    token.write_text(OIDC_TOKEN)
    environment(
        monkeypatch,
        ALIBABA_CLOUD_OIDC_TOKEN_FILE=str(token),
        ALIBABA_CLOUD_OIDC_PROVIDER_ARN="acs:ram::1:oidc-provider/k8s",
        ALIBABA_CLOUD_ROLE_ARN=ROLE,
    )
    out = around.run(around.snapshot(), **NO_KEYS, sts_endpoint=STS, wait=True)
    assert not out.failed, out["msg"]
    assert around.login.calls["AssumeRoleWithOIDC"] == 1 and around.login.sessions[0]["RoleArn"] == ROLE
    token.write_text("stale")
    refused = around.run(around.snapshot(), **NO_KEYS, sts_endpoint=STS)
    assert refused.failure()["code"] == "AuthenticationFail.OIDCToken.Invalid" and "stale" not in refused.text


def test_the_default_chain_reads_a_credentials_uri(around, monkeypatch):
    environment(
        monkeypatch,
        ALIBABA_CLOUD_CREDENTIALS_URI=f"http://{URI_HOST}/keys",
        ALIBABA_CLOUD_ECS_METADATA_DISABLED="true",
    )
    assert not around.run(around.snapshot(), **NO_KEYS, wait=True).failed
    assert around.login.calls["CredentialsURI"] == 1


def test_the_current_profile_may_be_an_address(around):
    written(
        Path.home(),
        {"name": "mine", "mode": "CredentialsURI", "credentials_uri": f"http://{URI_HOST}/keys"},
        current="mine",
    )
    assert not around.run(around.snapshot(), **NO_KEYS, wait=True).failed


@pytest.mark.parametrize("base", ["key pair", "instance"])
def test_a_role_is_assumed_with_any_kind_of_login(around, base):
    around.login.external_id = "shared-secret-with-them"
    given = {} if base == "key pair" else {**NO_KEYS, "ecs_ram_role": "dr-instance"}
    role = {"assume_role_arn": ROLE, "sts_endpoint": STS}
    out = around.run(around.snapshot(), **given, **role, assume_role_external_id="shared-secret-with-them", wait=True)
    assert not out.failed, out["msg"]
    session = around.login.sessions[0]
    assert (session["RoleArn"], session["RoleSessionName"]) == (ROLE, "multicloud-snapshots")
    assert session["AccessKeyId"].startswith("STS.instance" if base == "instance" else ACCESS_KEY)
    named = around.run(
        around.snapshot(),
        **given,
        **role,
        assume_role_session_name="night",
        assume_role_external_id="shared-secret-with-them",
    )
    assert not named.failed and around.login.sessions[1]["RoleSessionName"] == "night"


@pytest.mark.parametrize("keys_of", ["options", "environment"])
def test_a_key_pair_assumes_the_role_of_the_environment_as_the_command_does(around, monkeypatch, keys_of):
    variables = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, "ALIBABA_CLOUD_EXTERNAL_ID": "shared-secret-with-them"}
    if keys_of == "environment":
        variables |= {"ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET_KEY}
    environment(monkeypatch, **variables)
    around.login.external_id = "shared-secret-with-them"
    given = {**(NO_KEYS if keys_of == "environment" else {}), "sts_endpoint": STS}
    out = around.run(around.snapshot(), **given, wait=True)
    assert not out.failed, out["msg"]
    monkeypatch.setenv("ALIBABA_CLOUD_ROLE_SESSION_NAME", "night")
    assert not around.run(around.snapshot(), **given, wait=True).failed
    asked = [(s["RoleArn"], s["RoleSessionName"], s["AccessKeyId"]) for s in around.login.sessions]
    assert asked == [(ROLE, "multicloud-snapshots", ACCESS_KEY), (ROLE, "night", ACCESS_KEY)]
    around.login.refuses = "NoPermission", "You are not authorized to do this action."
    refused = around.run(around.snapshot(), **given)
    assert "ALIBABA_CLOUD_ROLE_ARN" in refused.failure()["message"] and ROLE in refused.failure()["message"]


def test_a_role_of_the_environment_is_not_used_with_other_logins(around):
    environ = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, **ENVIRONMENT}
    other = "acs:ram::1234567890123456:role/other"
    written(Path.home(), REAL)
    real = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    key_of({**real, "assume_role_arn": other, "sts_endpoint": STS}, environ, Path.home())
    assert [session["RoleArn"] for session in around.login.sessions] == [other]
    oidc = {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "f", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/k8s"}
    assert key_of({}, {**environ, "ALIBABA_CLOUD_SECURITY_TOKEN": "t"}, Path.home()) == "env"
    assert key_of({}, {**environ, **oidc}, Path.home()) == "env"
    assert key_of({"profile": "default"}, environ, Path.home()) == ACCESS_KEY
    assert len(around.login.sessions) == 1


# -- what is refreshed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["instance", "role"])
def test_credentials_that_expire_in_mid_wait_are_refreshed(around, way):
    given = {**NO_KEYS, "ecs_ram_role": "dr-instance"} if way == "instance" else {"assume_role_arn": ROLE}
    around.login.seconds = 600  # so close to their end that the library refreshes them for each call
    around.settings(copy_seconds=600.0)
    started = around.clock.monotonic()
    for moment in (100, 250, 400):
        around.at(started + moment, around.login.expire)
    out = around.run(around.snapshot(), **given, sts_endpoint=STS, wait=True)
    assert not out.failed, out["msg"]
    assert out.copy()["state"] == "completed" and len(around.copies()) == 1


def test_credentials_far_from_their_end_are_asked_for_once(around):
    around.settings(copy_seconds=600.0)
    around.run(around.snapshot(), assume_role_arn=ROLE, sts_endpoint=STS, wait=True)
    assert around.login.calls["AssumeRole"] == 1


def test_the_last_credentials_are_used_until_refused_if_a_refresh_fails(around):
    around.login.seconds = 600
    around.settings(copy_seconds=600.0)
    started = around.clock.monotonic()

    def refuse():
        around.login.refuses = "ServiceUnavailable", "STS is down."

    around.at(started + 100, refuse)
    out = around.run(around.snapshot(), assume_role_arn=ROLE, sts_endpoint=STS, wait=True)
    assert not out.failed, out["msg"]
    around.login.refuses = None
    around.at(around.clock.monotonic() + 100, refuse)
    around.at(around.clock.monotonic() + 200, around.login.expire)
    out = around.run(around.snapshot(), assume_role_arn=ROLE, sts_endpoint=STS, wait=True)
    failure = out.failure()
    assert failure["kind"] == "credentials" and "STS is down" in failure["message"]


# -- what goes wrong -----------------------------------------------------------------------------------


def test_a_refused_role_is_reported_in_the_words_of_sts(around):
    around.login.refuses = "NoPermission", "You are not authorized to do this action."
    out = around.run(around.snapshot(), assume_role_arn=ROLE, sts_endpoint=STS)
    failure = out.failure()
    assert (failure["kind"], failure["code"]) == ("credentials", "NoPermission")
    assert "not authorized" in failure["message"] and ROLE in failure["message"]
    assert failure["request_id"] == "9736ED45-A72D-5D19-8029-7B954391A6E0" and "Traceback" not in out.text


def test_a_wrong_secret_is_reported_without_what_was_signed(around):
    out = around.run(around.snapshot(), secret_key="wrongSecret0123456789", assume_role_arn=ROLE, sts_endpoint=STS)
    assert out.failure()["code"] == "SignatureDoesNotMatch"
    assert "GET&" not in out.text and "AccessKeyId%3D" not in out.text and "wrongSecret" not in out.text


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sts", "metadata"])
def test_a_host_that_does_not_answer_ends_in_time(around, monkeypatch, way):
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
    given = {**NO_KEYS, "ecs_ram_role": "dr-instance"} if way == "metadata" else {"assume_role_arn": ROLE}
    with idle_seconds() as seconds:
        out = around.run(around.snapshot(), **given, sts_endpoint=STS, **TIMES)
    assert seconds and sum(seconds) < 10
    failure = out.failure()
    assert failure["kind"] == "credentials" and "timed out" in failure["message"]
    silent.close()


def test_a_host_that_is_not_there_is_reported_without_the_request(around, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "")
    out = around.run(around.snapshot(), assume_role_arn=ROLE, sts_endpoint="http://127.0.0.1:1")
    failure = out.failure()
    assert failure["kind"] == "credentials" and "refused" in failure["message"]
    for part in ("Signature", "AccessKeyId=", "url:", " object at ", "Traceback"):
        assert part not in out.text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('result: {"AccessKeySecret":"abc","Expiration":""}', 'result: {"AccessKeySecret":"***","Expiration":""}'),
        ("""['x: {\\"SecurityToken\\": \\"abc\\"}']""", """['x: {\\"SecurityToken\\": \\"***\\"}']"""),
        ("Max retries exceeded with url: /?OIDCToken=abc (Caused by x)", "Max retries exceeded (Caused by x)"),
        ("error from http://host/keys?secret=abc, http_code=500", "error from http://host/keys http_code=500"),
        ("Specified signature is not matched ... string to sign is:GET&x", "the signature was refused"),
    ],
)
def test_a_quoted_message_has_no_secret(text, left):
    assert words_of(text) == left


WITHOUT_LIBRARY = """
import sys
sys.modules["alibabacloud_credentials"] = None
from tests.simulator.clock import FakeClock
from tests.support.harness import run_module
given = {"snapshot_ids": ["s-1"], "source_region": "cn-beijing", "destination_regions": "cn-wuhan"}
given["ecs_ram_role"] = "dr"
out = run_module("ecs_snapshot_copy", given, FakeClock())
assert out.failed and "pip install alibabacloud_credentials" in out["msg"], out.text
given |= {"access_key": "k", "secret_key": "s", "endpoint_url": "http://127.0.0.1:1", "wait_timeout": 1}
out = run_module("ecs_snapshot_copy", given, FakeClock())
assert out.failed and out["failures"][0]["kind"] == "connection", out.text
"""


def test_a_missing_library_is_named_where_it_is_needed():
    done = subprocess.run([sys.executable, "-c", WITHOUT_LIBRARY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
