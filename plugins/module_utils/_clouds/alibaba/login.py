# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the credentials for Alibaba Cloud: options, then environment, then profiles, then the vendor's provider chain.

Keys that are given directly are handled here, everything else by the vendor's library (see providers.py).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..._core.errors import CopyError, Credentials
from . import providers
from .errors import KIND_HINTS, words_of

KEY_ID = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY")
SECRET = ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY")
TOKEN = ("ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN")
PROFILE = "ALIBABA_CLOUD_PROFILE"
#: The variables with which a key pair assumes a role, by the corresponding option (api-facts: alibaba-role-variables).
ROLE = {
    "assume_role_arn": "ALIBABA_CLOUD_ROLE_ARN",
    "assume_role_session_name": "ALIBABA_CLOUD_ROLE_SESSION_NAME",
    "assume_role_external_id": "ALIBABA_CLOUD_EXTERNAL_ID",
}
NO_LOGIN_HINT = (
    "Set access_key and secret_key, set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, name a "
    "profile of ~/.aliyun/config.json, or set ecs_ram_role to an instance role."
)


class Keys(NamedTuple):
    """A key pair, with a token if it is temporary."""

    key_id: str
    secret: str
    token: str = ""


class Login:
    """The current keys of a connection.

    ``trouble`` says why a refresh failed; then the last keys are used until the cloud refuses them.
    """

    trouble: str | None = None

    def __init__(self, provider: Any, where: str, hint: str | None = None):
        self._provider = provider
        self._where = where
        self._hint = hint
        self._last: Keys | None = None

    def keys(self, activity: str) -> Keys:
        """Return the keys for a call. Raises Credentials if there are none yet; ``activity`` says what needs them."""
        try:
            found = self._provider.get_credentials()
            self._last = Keys(
                found.get_access_key_id(), found.get_access_key_secret(), found.get_security_token() or ""
            )
            self.trouble = None
        except Exception as error:  # the library and its dependencies raise errors of many classes
            failure = login_failure(error, f"{activity}: logging in with {self._where} failed", self._hint)
            if self._last is None:
                raise failure from None
            self.trouble = words_of(str(error))
        return self._last


class GivenKeys:
    """Keys that are given directly, with the interface of the library's providers."""

    def __init__(self, keys: Keys):
        self.get_access_key_id = lambda: keys.key_id
        self.get_access_key_secret = lambda: keys.secret
        self.get_security_token = lambda: keys.token
        self.get_provider_name = lambda: "given"

    def get_credentials(self) -> GivenKeys:
        return self


def login_failure(error: Exception, activity: str, hint: str | None = None) -> CopyError:
    """Convert the library's error into ours, with the code and the request ID of the answer that it quotes."""
    if isinstance(error, CopyError):
        return error
    answered = {name: re.search(rf'"{name}"\s*:\s*"([^"]+)"', str(error)) for name in ("Code", "RequestId")}
    code, request_id = (found.group(1) if found else None for found in answered.values())
    words = words_of(str(error)) or type(error).__name__
    return Credentials(f"{activity}: {words}", code=code, request_id=request_id, hint=hint or KIND_HINTS[Credentials])


def find_login(params: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Login:
    """Find the source of the credentials. Makes no call. Raises Credentials for invalid options."""
    sts = params.get("sts_endpoint")
    path = home / ".aliyun" / "config.json"
    keys = _of_options(params)
    profile, instance_role = params.get("profile"), params.get("ecs_ram_role")
    where, hint = "the options access_key and secret_key", None
    if keys is None and not profile and not instance_role:
        keys, where = _of_environment(environ), "the environment"
        profile = None if keys else environ.get(PROFILE)
    try:
        if keys:
            provider: Any = GivenKeys(keys)
        elif profile:
            provider, where = (
                providers.profile_provider(read_profiles(path), profile, path, sts),
                f"the profile {profile}",
            )
        elif instance_role:
            provider, where = providers.instance_provider(instance_role), f"the instance role {instance_role}"
        else:
            current = read_profiles(path, must=False)
            provider, where, hint = (
                providers.chain_provider(current, path, sts),
                "the default provider chain",
                NO_LOGIN_HINT,
            )
        role = {**params, **_role_beside(keys, params, environ)}
        if role.get("assume_role_arn"):
            provider = providers.role_provider(provider, role, sts)
            named = "" if params.get("assume_role_arn") else f" of {ROLE['assume_role_arn']}"
            where = f"the role {role['assume_role_arn']}{named}, assumed with {where}"
    except Exception as error:
        raise login_failure(error, f"Logging in with {where} failed", hint) from None
    return Login(provider, where, hint)


def _role_beside(keys: Keys | None, params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the role that the environment names in addition to a key pair, by the names of the options.

    As with the aliyun command, a token is used as it is. If all variables for OIDC are set, the role belongs to OIDC.
    """
    if keys is None or keys.token or params.get("assume_role_arn") or all(environ.get(name) for name in providers.OIDC):
        return {}
    if not environ.get(ROLE["assume_role_arn"]):
        return {}
    return {option: environ[name] for option, name in ROLE.items() if environ.get(name) and not params.get(option)}


def _of_options(params: Mapping[str, Any]) -> Keys | None:
    key_id, secret, token = (params.get(name) or "" for name in ("access_key", "secret_key", "security_token"))
    if token and not (key_id or secret):
        problem = "security_token is set without access_key and secret_key"
        raise Credentials(problem, hint="Set all three or none of them.")
    return _pair(key_id, secret, token, "the options access_key and secret_key")


def _of_environment(environ: Mapping[str, str]) -> Keys | None:
    key_id, secret, token = (
        next((environ[name] for name in names if environ.get(name)), "") for names in (KEY_ID, SECRET, TOKEN)
    )
    return _pair(key_id, secret, token, f"the environment ({KEY_ID[0]} and {SECRET[0]})")


def _pair(key_id: str, secret: str, token: str, where: str) -> Keys | None:
    if bool(key_id) != bool(secret):
        missing = "secret" if key_id else "ID"
        raise Credentials(f"The {missing} of the access key is missing in {where}", hint="Set both or neither.")
    return Keys(key_id.strip(), secret.strip(), token.strip()) if key_id else None


def read_profiles(path: Path, must: bool = True) -> dict[str, Any]:
    """Read the profiles of the aliyun CLI by name; the current one is also under "".

    Raises Credentials if that fails.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {str(profile["name"]): dict(profile) for profile in content["profiles"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not must:
            return {}
        missing = isinstance(error, FileNotFoundError)
        problem = f"{path} does not exist" if missing else f"{path} cannot be read: {type(error).__name__}"
        hint = "Make the profile with aliyun configure, or set access_key and secret_key."
        raise Credentials(f"A profile was requested, but {problem}", hint=hint) from None
    return {**found, "": found.get(str(content.get("current") or "default"), {})}


def current_login(params: Mapping[str, Any]) -> Login:
    """Find the credentials in this process's environment and home."""
    return find_login(params, os.environ, Path.home())
