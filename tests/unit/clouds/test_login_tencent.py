# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in to Tencent Cloud: precedence, and the SDK's credentials with stand-ins for metadata service and STS."""

from __future__ import annotations

import json
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.client import Service
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.login import (
    SESSION_NAME,
    AssumedRole,
    InstanceRole,
    Key,
    Login,
    PodIdentity,
    find_login,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Credentials
from tencentcloud.common import credential as sdk

from tests.simulator.server import Server
from tests.simulator.tencent import cbs as simulated_cbs
from tests.simulator.tencent import metadata as simulated_metadata
from tests.simulator.tencent.metadata import PATH, Metadata
from tests.support.harness import idle_seconds

ARN = "qcs::cam::uin/100000000001:roleName/dr"
# -- what is found where ---------------------------------------------------------------------------------

ENVIRONMENT = {"TENCENTCLOUD_SECRET_ID": "env", "TENCENTCLOUD_SECRET_KEY": "s"}


def with_key(secret_id, secret_key, token=None, role_arn=None, session_name=SESSION_NAME):
    """Return a login with a key, and with a role to assume if its ARN is given."""
    return Login(Key(secret_id, secret_key, token), AssumedRole(role_arn, session_name) if role_arn else None)


def written(home, text):
    (home / ".tencentcloud").mkdir()
    (home / ".tencentcloud" / "credentials").write_text(text)
    return home


def test_options_come_before_the_environment_and_that_before_the_file(tmp_path):
    home = written(
        tmp_path, "[default]\nsecret_id = file\nsecret_key = s\ntoken = t\n[night]\nsecret_id=n\nsecret_key=s\n"
    )
    assert find_login({"secret_id": "option", "secret_key": "s", "token": "t"}, ENVIRONMENT, home) == with_key(
        "option", "s", "t"
    )
    assert find_login({}, ENVIRONMENT, home).identity.secret_id == "env"
    assert find_login({}, {}, home) == with_key("file", "s", "t")
    assert find_login({"profile": "night"}, ENVIRONMENT, home).identity.secret_id == "n"
    for name in ("TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"):
        assert find_login({}, {**ENVIRONMENT, name: "t"}, home).identity.token == "t"
    with pytest.raises(Credentials, match="nobody") as caught:
        find_login({"profile": "nobody"}, {}, home)
    assert "night" in caught.value.hint


def test_the_only_profile_of_a_file_is_the_default(tmp_path):
    home = written(tmp_path, '[night]\nsecret_id = "n"\nsecret_key = "s%"\nrole_arn = qcs::cam::uin/1:roleName/dr\n')
    assert find_login({}, {}, home) == with_key("n", "s%", role_arn="qcs::cam::uin/1:roleName/dr")


@pytest.mark.parametrize("text", ["", "nonsense", "[a]\nsecret_id=x\n", "[a]\n[b]\n"])
def test_an_invalid_file_is_reported_without_a_traceback(tmp_path, text):
    with pytest.raises(Credentials):
        find_login({}, {}, written(tmp_path, text))


@pytest.mark.parametrize(
    "params",
    [
        {"secret_id": " k", "secret_key": "s"},
        {"secret_id": "k", "secret_key": "s\n"},
        {"secret_id": "k", "secret_key": "s", "token": "a\nb"},
    ],
)
def test_blanks_around_a_key_are_reported(tmp_path, params):
    with pytest.raises(Credentials, match="space"):
        find_login(params, {}, tmp_path)


def test_halves_and_nothing_are_reported_and_no_metadata_service_asked(tmp_path):
    for params, environ in (({"secret_id": "x"}, {}), ({}, {"TENCENTCLOUD_SECRET_KEY": "x"}), ({}, {})):
        with pytest.raises(Credentials):
            find_login(params, environ, tmp_path)


def test_a_token_is_sent(cbs, monkeypatch):
    (key, facts) = next(iter(cbs.server.control.settings["keys"].items()))
    cbs.settings(keys={key: {**facts, "token": "aVeryLongSecurityToken0123456789"}})
    assert not cbs.run(cbs.snapshot(), token="aVeryLongSecurityToken0123456789").failed
    wrong = cbs.run(cbs.snapshot(), token="anotherVeryLongToken9876543210")
    assert wrong.failure()["kind"] == "credentials" and "anotherVery" not in wrong.text


def test_a_role_is_assumed(cbs):
    arn = "qcs::cam::uin/100000000001:roleName/dr"
    role = {"TmpSecretId": "AKIDtemporary", "TmpSecretKey": "temporarySecret", "Token": "temporaryToken"}
    keys = cbs.server.control.settings["keys"]
    cbs.settings(
        roles={arn: role}, keys={**keys, "AKIDtemporary": {"secret": "temporarySecret", "token": "temporaryToken"}}
    )
    cbs.server.control.settings["denied"] = []
    out = cbs.run(cbs.snapshot(), assume_role_arn=arn, assume_role_session_name="night", wait=True)
    assert not out.failed and out["api_calls"]["AssumeRole"] == 1 and "temporary" not in out.text
    for kind in ("throttle", "drop", "unavailable", "empty_unavailable"):
        cbs.set_faults({"action": "AssumeRole", "fault": kind, "times": 1})
        assert not cbs.run(cbs.snapshot(), assume_role_arn=arn).failed, kind
    cbs.set_faults()
    out = cbs.run(cbs.snapshot(), assume_role_arn="qcs::cam::uin/1:roleName/nobody")
    assert out.failure()["kind"] == "credentials" and "roleName/nobody" in out["msg"] and out.failure()["code"]


def test_a_token_alone_is_refused(cbs):
    out = cbs.run(cbs.snapshot(), secret_id=..., secret_key=..., token="token-of-the-tests-1f9d")
    assert out.failed and "token is set without secret_id" in out["msg"]


# -- profiles of the command line ------------------------------------------------------------------------


def tccli(home, name="night", **given):
    (home / ".tccli").mkdir(exist_ok=True)
    (home / ".tccli" / f"{name}.credential").write_text(json.dumps(given))
    return home


def test_a_profile_of_the_command_line_logs_in(tmp_path):
    tccli(tmp_path, secretId="i", secretKey="k", token=None)
    assert find_login({"profile": "tccli:night"}, ENVIRONMENT, tmp_path) == with_key("i", "k")
    keys = {"secretId": "i", "secretKey": "k", "token": "t", "role-arn": ARN, "role-session-name": "s"}
    tccli(tmp_path, **keys, type="default")
    found = find_login({"profile": "tccli:night"}, {}, tmp_path)
    assert found == with_key("i", "k", "t", role_arn=ARN, session_name="s")
    assert find_login({"profile": "tccli:night", "assume_role_arn": "other"}, {}, tmp_path).role.arn == "other"
    tccli(tmp_path, secretId="i", secretKey="k", **{"role-session-name": "s"})
    found = find_login({"profile": "tccli:night", "assume_role_arn": "other"}, {}, tmp_path)
    assert found.role == AssumedRole("other", "s"), "the session's name of the profile"
    tccli(tmp_path, type="cvm-role")
    assert find_login({"profile": "tccli:night"}, {}, tmp_path) == Login(InstanceRole(None))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "oauth", "secretId": "i", "secretKey": "k", "token": "t", "expiresAt": 1700000000}, "have expired"),
        ({"secretId": "i"}, "missing in"),
        ({}, "missing in"),
        ([], "cannot be read"),
        ("nonsense", "cannot be read"),
        ({"expiresAt": "soon"}, "cannot be read"),
    ],
)
def test_an_invalid_profile_of_the_command_line_is_reported(tmp_path, given, words):
    (tmp_path / ".tccli").mkdir()
    (tmp_path / ".tccli" / "night.credential").write_text(given if isinstance(given, str) else json.dumps(given))
    with pytest.raises(Credentials, match=words) as caught:
        find_login({"profile": "tccli:night"}, ENVIRONMENT, tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["nobody", "", "../night", "a/b"])
def test_a_profile_of_the_command_line_that_is_not_there_is_reported(tmp_path, name):
    tccli(tmp_path, secretId="i", secretKey="k")
    with pytest.raises(Credentials):
        find_login({"profile": f"tccli:{name}"}, ENVIRONMENT, tmp_path)


def test_options_win_over_the_environment_and_keys_over_roles(tmp_path):
    everything = {"secret_id": "option", "secret_key": "s", "profile": "night", "cvm_role": "dr"}
    written(tmp_path, "[night]\nsecret_id=n\nsecret_key=s\n")
    pod = {"TKE_ROLE_ARN": ARN}
    assert find_login(everything, {**ENVIRONMENT, **pod}, tmp_path).identity.secret_id == "option"
    assert find_login({"profile": "night", "cvm_role": "dr"}, ENVIRONMENT, tmp_path).identity.secret_id == "n"
    assert find_login({"cvm_role": "dr"}, {**ENVIRONMENT, **pod}, tmp_path) == Login(InstanceRole("dr"))
    assert find_login({}, {**ENVIRONMENT, **pod}, tmp_path).identity.secret_id == "env"
    assert find_login({}, pod, tmp_path) == Login(PodIdentity())
    assert find_login({}, {"TKE_REGION": "ap-beijing"}, tmp_path).identity.secret_id == "n"
    for name in ("", None):
        assert find_login({"cvm_role": name}, {}, tmp_path).identity.secret_id == "n"
    with pytest.raises(Credentials, match="not a valid role name"):
        find_login({"cvm_role": ARN}, {}, tmp_path)


ROLE = {"TENCENTCLOUD_ROLE_ARN": ARN, "TENCENTCLOUD_ROLE_SESSION_NAME": "night"}


def test_a_role_of_the_environment_is_assumed_as_the_command_line_does(tmp_path):
    home = written(
        tmp_path, "[default]\nsecret_id = file\nsecret_key = s\nrole_arn = another\n[b]\nsecret_id=b\nsecret_key=s\n"
    )
    night = {"role_arn": ARN, "session_name": "night"}
    assert find_login({}, {**ENVIRONMENT, **ROLE}, home) == with_key("env", "s", **night)
    assert find_login({}, ROLE, home) == with_key("file", "s", **night)
    keys = {"secret_id": "option", "secret_key": "s"}
    assert find_login(keys, ROLE, home) == with_key("option", "s", **night)
    assert find_login({**keys, "assume_role_session_name": "mine"}, ROLE, home).role.session_name == "mine"
    # A named profile, instance role or assumed role needs no other settings.
    assert find_login({"profile": "b"}, ROLE, home) == with_key("b", "s")
    assert find_login({"cvm_role": "dr"}, ROLE, home) == Login(InstanceRole("dr"))
    assert find_login({**keys, "assume_role_arn": "mine"}, ROLE, home) == with_key("option", "s", role_arn="mine")


@pytest.mark.parametrize("name", ROLE)
def test_half_a_role_of_the_environment_is_refused_by_name(tmp_path, name):
    other = next(iter({*ROLE} - {name}))
    with pytest.raises(Credentials, match=f"{name} is set, but {other} is not") as caught:
        find_login({}, {**ENVIRONMENT, name: ROLE[name]}, tmp_path)
    assert "assume_role_arn" in caught.value.hint
    assert find_login({"assume_role_arn": "mine"}, {**ENVIRONMENT, name: ROLE[name]}, tmp_path).role.arn == "mine"


def test_a_role_of_the_environment_signs_the_calls(cbs, monkeypatch):
    cbs.settings(roles={ARN: {}})
    for name, value in ROLE.items():
        monkeypatch.setenv(name, value)
    out = cbs.run(cbs.snapshot())
    assert not out.failed and out["api_calls"]["AssumeRole"] == 1


# -- stand-ins -------------------------------------------------------------------------------------------


@pytest.fixture
def on_its_clock(cbs, monkeypatch):
    """Let the SDK and the stand-ins use the clock of the test."""
    caught = SimpleNamespace(
        time=lambda: cbs.clock.utc().timestamp(), gmtime=time.gmtime, strftime=time.strftime, sleep=time.sleep
    )
    for module in (sdk, simulated_cbs, simulated_metadata):
        monkeypatch.setattr(module, "time", caught)


@pytest.fixture
def metadata(cbs, monkeypatch):
    served = Metadata("dr", cbs.server.session, lambda: cbs.server.control.settings["session_seconds"])
    server = Server(served.app)
    monkeypatch.setattr(sdk.CVMRoleCredential, "_role_endpoint", server.url + PATH)
    yield served
    served.over.set()
    server.stop()


@pytest.fixture
def pod(cbs, monkeypatch, tmp_path):
    """A pod on TKE with an identity; return the file of its token."""
    token = tmp_path / "token"
    token.write_text("identity-of-the-pod-1\n")
    cbs.settings(web_identities={ARN: ["provider", "identity-of-the-pod-1"]})
    given = {
        "REGION": "ap-guangzhou",
        "PROVIDER_ID": "provider",
        "ROLE_ARN": ARN,
        "WEB_IDENTITY_TOKEN_FILE": str(token),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"TKE_{name}", value)
    return token


NO_KEYS = {"secret_id": ..., "secret_key": ...}


def test_the_role_of_the_instance_logs_in(cbs, metadata):
    out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role="dr", wait=True)
    assert not out.failed and metadata.asked == [f"{PATH}dr"] and "secretOfAKID" not in out.text


def test_a_tccli_profile_uses_the_role_that_the_instance_has(cbs, metadata, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tccli(tmp_path, type="cvm-role")))
    assert not cbs.run(cbs.snapshot(), **NO_KEYS, profile="tccli:night", wait=True).failed
    assert metadata.asked == [PATH, f"{PATH}dr"]


def test_the_instances_role_is_renewed_in_the_middle_of_a_wait(cbs, metadata, on_its_clock):
    cbs.settings(session_seconds=1800, copy_seconds=5000.0)
    out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role="dr", wait=True, wait_timeout=20000, wait_delay=120)
    assert not out.failed and out.copy()["state"] == "completed" and len(metadata.asked) >= 3


@pytest.mark.parametrize(
    ("role", "mode", "words"), [("nobody", "ok", "HTTP Error 404"), ("dr", "failed", "returned InternalError")]
)
def test_a_role_that_the_instance_does_not_have_is_reported(cbs, metadata, role, mode, words):
    metadata.mode = mode
    out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role=role)
    failure = out.failure()
    assert failure["kind"] == "credentials" and words in failure["message"] and role in failure["message"]
    assert "NO_PROXY" in failure["hint"] and not cbs.copies() and not cbs.calls["CopySnapshotCrossRegions"]


@pytest.mark.slow
def test_a_metadata_service_that_does_not_answer_ends_in_time(cbs, metadata):
    metadata.mode = "hang"
    with idle_seconds() as seconds:
        out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role="dr", connect_timeout=1)
    assert out.failure()["kind"] == "credentials" and "timed out" in out.failure()["message"]
    assert seconds and sum(seconds) < 20 and len(metadata.asked) <= 6


def test_a_metadata_service_that_is_not_there_is_reported(cbs, monkeypatch):
    monkeypatch.setattr(sdk.CVMRoleCredential, "_role_endpoint", "http://127.0.0.1:9" + PATH)
    out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role="dr")
    assert out.failure()["kind"] == "credentials" and "refused" in out.failure()["message"]


def test_a_role_is_assumed_with_the_instances_role(cbs, metadata):
    cbs.settings(roles={ARN: {}})
    out = cbs.run(cbs.snapshot(), **NO_KEYS, cvm_role="dr", assume_role_arn=ARN, wait=True)
    assert not out.failed and out["api_calls"]["AssumeRole"] == 1 and metadata.asked


def test_an_assumed_role_is_renewed_in_the_middle_of_a_wait(cbs, on_its_clock):
    cbs.settings(roles={ARN: {}}, session_seconds=1800, copy_seconds=5000.0)
    out = cbs.run(cbs.snapshot(), assume_role_arn=ARN, wait=True, wait_timeout=20000, wait_delay=120)
    assert not out.failed and out["api_calls"]["AssumeRole"] >= 3


def test_keys_that_the_service_no_longer_takes_end_the_run_as_credentials(cbs):
    """By the machine's clock they are still valid, so nobody renews them."""
    cbs.settings(roles={ARN: {}}, session_seconds=1800, copy_seconds=5000.0)
    failure = cbs.run(cbs.snapshot(), assume_role_arn=ARN, wait=True, wait_timeout=20000, wait_delay=120).failure()
    assert (failure["kind"], failure["code"]) == ("credentials", "AuthFailure.TokenFailure") and "token" in failure[
        "hint"
    ]


def test_the_external_id_is_passed(cbs):
    cbs.settings(roles={ARN: {}}, external_ids={ARN: "outer"})
    assert not cbs.run(cbs.snapshot(), assume_role_arn=ARN, assume_role_external_id="outer", wait=True).failed
    failure = cbs.run(cbs.snapshot(), assume_role_arn=ARN, assume_role_external_id="inner").failure()
    assert failure["kind"] == "credentials" and "external ID" in failure["message"] and "trusts" in failure["hint"]
    assert cbs.run(cbs.snapshot(), assume_role_arn=ARN).failure()["kind"] == "credentials"


def test_the_identity_of_a_pod_logs_in(cbs, pod):
    out = cbs.run(cbs.snapshot(), **NO_KEYS, wait=True)
    assert not out.failed and out["api_calls"]["AssumeRoleWithWebIdentity"] == 1 and "identity-of" not in out.text


def test_a_pods_identity_is_renewed_with_the_token_of_that_time(cbs, pod, on_its_clock):
    cbs.settings(session_seconds=1800, copy_seconds=4000.0)

    def rotate():
        pod.write_text("identity-of-the-pod-2")
        cbs.settings(web_identities={ARN: ["provider", "identity-of-the-pod-2"]})

    cbs.at(cbs.clock.monotonic() + 900, rotate)
    out = cbs.run(cbs.snapshot(), **NO_KEYS, wait=True, wait_timeout=20000, wait_delay=120)
    assert not out.failed and out["api_calls"]["AssumeRoleWithWebIdentity"] >= 3


@pytest.mark.parametrize("fault", ["throttle", "drop", "unavailable", "empty_unavailable", "garbage"])
def test_an_answer_of_sts_that_is_lost_is_asked_for_again(cbs, pod, fault):
    cbs.set_faults({"action": "AssumeRoleWithWebIdentity", "fault": fault, "times": 1})
    out = cbs.run(cbs.snapshot(), **NO_KEYS, wait=True)
    assert not out.failed and out["api_calls"]["AssumeRoleWithWebIdentity"] == 2


def test_a_pods_identity_that_is_refused_is_reported(cbs, pod):
    cbs.settings(web_identities={})
    failure = cbs.run(cbs.snapshot(), **NO_KEYS).failure()
    assert failure["kind"] == "credentials" and "WebIdentityToken" in failure["message"] and ARN in failure["message"]
    assert "service account" in failure["hint"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TKE_REGION", "", "TKE_REGION not exist"),
        ("TKE_PROVIDER_ID", "", "TKE_PROVIDER_ID not exist"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token", "/nowhere/token"),
    ],
)
def test_an_error_raised_by_the_sdk_has_kind_credentials(cbs, pod, monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    failure = cbs.run(cbs.snapshot(), **NO_KEYS).failure()
    assert failure["kind"] == "credentials" and words in failure["message"] and "TKE_" in failure["hint"]


def test_a_region_of_the_finance_zones_is_called_at_its_own_hosts(monkeypatch):
    service = Service(PARAMS, Counter(), lambda: None, print)
    for name in ("cbs", "tag", "sts"):
        profile = service._profile(name, "ap-shanghai-fsi")
        assert profile.httpProfile.endpoint == f"{name}.ap-shanghai-fsi.tencentcloudapi.com"
        assert service._profile(name, "ap-shanghai").httpProfile.endpoint == f"{name}.tencentcloudapi.com"
    intl = Service({**PARAMS, "endpoint_url": "https://cbs.intl.tencentcloudapi.com"}, Counter(), lambda: None, print)
    assert intl._profile("tag", "ap-shanghai-fsi").httpProfile.endpoint == "tag.intl.tencentcloudapi.com"


def test_a_role_for_a_finance_zone_is_assumed_there(cbs):
    cbs.settings(roles={ARN: {}})
    regions = {"source_region": "ap-shanghai-fsi", "destination_regions": ["ap-shenzhen-fsi"]}
    source = cbs.snapshot(region="ap-shanghai-fsi")
    asked = []
    assume = cbs.server.AssumeRole
    cbs.server.AssumeRole = lambda given, region: (asked.append(region), assume(given, region))[1]
    try:
        assert not cbs.run(source, **regions, assume_role_arn=ARN, wait=True).failed
    finally:
        del cbs.server.AssumeRole
    assert set(asked) == {"ap-shanghai-fsi", "ap-shenzhen-fsi"}


# -- where the services are called -----------------------------------------------------------------------

PARAMS = {"secret_id": "k", "secret_key": "s", "connect_timeout": 5, "read_timeout": 30, "validate_certs": True}


def test_an_endpoint_of_the_environment_is_used(cbs, monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_CBS_ENDPOINT", cbs.url)
    assert not cbs.run(cbs.snapshot(), endpoint_url=..., wait=True).failed


@pytest.mark.parametrize(
    ("endpoint", "service", "host", "scheme"),
    [
        (None, "tag", "tag.tencentcloudapi.com", "https"),
        ("https://cbs.intl.tencentcloudapi.com", "tag", "tag.intl.tencentcloudapi.com", "https"),
        ("https://cbs.{region}.tencentcloudapi.com/", "cbs", "cbs.ap-beijing.tencentcloudapi.com", "https"),
        ("http://127.0.0.1:8080", "tag", "127.0.0.1:8080", "http"),
    ],
)
def test_each_service_is_called_at_its_endpoint(endpoint, service, host, scheme):
    profile = Service({**PARAMS, "endpoint_url": endpoint}, Counter(), lambda: None, print)._profile(
        service, "ap-beijing"
    )
    assert (profile.httpProfile.endpoint, profile.httpProfile.scheme) == (host, scheme)
    assert profile.language == "en-US" and profile.retryer is None and profile.httpProfile.reqTimeout == (5, 30)
