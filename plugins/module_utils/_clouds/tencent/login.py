# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds how to log in to Tencent Cloud, from options, environment and profiles. Makes no call.

The SDK's provider chain is not used: it ignores tokens, fails on a file without ``[default]``, and always calls the
metadata service (api-facts: cbs-credentials). credentials.py passes the result to the SDK's classes.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..._core.errors import Credentials
from ..wording import odd_characters

KEY_ID = ("TENCENTCLOUD_SECRET_ID",)
SECRET = ("TENCENTCLOUD_SECRET_KEY",)
TOKEN = ("TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN")
#: The variables that TKE sets in a pod whose service account has a role; the SDK reads them.
POD_IDENTITY = ("TKE_ROLE_ARN", "TKE_WEB_IDENTITY_TOKEN_FILE")
#: The variables for a role to assume and the name of the session; tccli requires both (api-facts: cbs-role-variables).
ROLE_ARN, ROLE_SESSION = "TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ROLE_SESSION_NAME"
PROFILE_FILE = Path(".tencentcloud") / "credentials"
TCCLI = "tccli:"
SESSION_NAME = "multicloud-snapshots"


@dataclass(frozen=True)
class Key:
    """A key pair; ``token``: if it is temporary, else None."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True)
class InstanceRole:
    """The role of the instance that runs this; ``name`` is None for whatever role it has."""

    name: str | None


@dataclass(frozen=True)
class PodIdentity:
    """The role of the pod's service account, which TKE describes in the environment."""


@dataclass(frozen=True)
class AssumedRole:
    """The role that a login assumes, and how its session is named."""

    arn: str
    session_name: str
    external_id: str | None = None


@dataclass(frozen=True)
class Login:
    """Who logs in, and the role to assume then, if there is one.

    ``session_name``: that of a profile, for a role that the options name.
    """

    identity: Key | InstanceRole | PodIdentity
    role: AssumedRole | None = None
    session_name: str = field(default=SESSION_NAME, compare=False)


def find_login(params: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Login:
    """Find how to log in: options, environment, profile. Raises Credentials.

    ``assume_role_arn`` adds a role to the login, wherever that comes from; without it the environment may name a role.
    """
    if params.get("token") and not (params.get("secret_id") or params.get("secret_key")):
        raise Credentials("token is set without secret_id and secret_key", hint="Set all three or none of them.")
    login = _from_options(params, home) or _from_environment(environ) or _from_profile(None, home)
    if login is None:
        raise Credentials(
            "No credentials for Tencent Cloud were found",
            hint="Set secret_id and secret_key, set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, name a "
            "profile of ~/.tencentcloud/credentials, or set cvm_role to the role of the instance.",
        )
    role = login.role
    if params.get("assume_role_arn"):
        role = AssumedRole(params["assume_role_arn"], login.session_name)
    elif not _names_whole_login(params):
        role = _role_of_environment(environ) or role
    if role is None:
        return login
    session_name = params.get("assume_role_session_name") or role.session_name
    external_id = params.get("assume_role_external_id") or None
    return replace(login, role=AssumedRole(role.arn, session_name, external_id))


def _names_whole_login(params: Mapping[str, Any]) -> bool:
    """Whether the options name a profile or the role of an instance.

    As with tccli, the environment then adds nothing.
    """
    gives_key = params.get("secret_id") or params.get("secret_key")
    return bool(not gives_key and (params.get("profile") or params.get("cvm_role")))


def _role_of_environment(environ: Mapping[str, str]) -> AssumedRole | None:
    arn, session = environ.get(ROLE_ARN), environ.get(ROLE_SESSION)
    if bool(arn) != bool(session):
        there, missing = (ROLE_ARN, ROLE_SESSION) if arn else (ROLE_SESSION, ROLE_ARN)
        raise Credentials(
            f"{there} is set, but {missing} is not",
            hint="Set both to assume that role, or neither; or name the role in the option assume_role_arn.",
        )
    return AssumedRole(arn, session) if arn and session else None


def _from_options(params: Mapping[str, Any], home: Path) -> Login | None:
    secret_id, secret_key = params.get("secret_id") or "", params.get("secret_key") or ""
    if secret_id or secret_key:
        return _pair(secret_id, secret_key, params.get("token") or "", "the options", ("secret_id", "secret_key"))
    profile = params.get("profile") or ""
    if profile.startswith(TCCLI):
        return _from_tccli(profile[len(TCCLI) :], home)
    if profile:
        return _from_profile(profile, home)
    return _instance_role(params["cvm_role"]) if params.get("cvm_role") else None


def _from_environment(environ: Mapping[str, str]) -> Login | None:
    secret_id, secret_key = _first(environ, KEY_ID), _first(environ, SECRET)
    if secret_id or secret_key:
        return _pair(secret_id, secret_key, _first(environ, TOKEN), "the environment", (KEY_ID[0], SECRET[0]))
    return Login(PodIdentity()) if _first(environ, POD_IDENTITY) else None


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _instance_role(name: str) -> Login:
    if not re.fullmatch(r"[\w+=,.@-]{1,128}", name):
        raise Credentials(f"cvm_role: {name!r} is not a valid role name", hint="Set the name, not the ARN.")
    return Login(InstanceRole(name))


def _pair(
    secret_id: str, secret_key: str, token: str, where: str, names: tuple[str, str] = ("secret ID", "secret key")
) -> Login:
    """Return a login with a key. ``names`` are those of its two parts in messages about ``where`` it comes from."""
    missing = [name for name, value in zip(names, (secret_id, secret_key)) if not value.strip()]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise Credentials(f"{' and '.join(missing)} {verb} missing in {where}", hint="Set both or neither.")
    if odd := odd_characters({"secret ID": secret_id, "secret key": secret_key, "token": token}, where):
        raise odd
    return Login(Key(secret_id, secret_key, token or None))


def _from_profile(name: str | None, home: Path) -> Login | None:
    """Read a profile; without a name read ``default`` or the only profile, if there is a file."""
    path, hint = home / PROFILE_FILE, "Write the profile into that file, or set secret_id and secret_key."
    file = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        file.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if name:
            raise Credentials(f"The profile {name} was requested, but {path} does not exist", hint=hint) from None
        return None
    except (OSError, ValueError, configparser.Error) as error:
        raise Credentials(f"{path} cannot be read: {type(error).__name__}", hint=hint) from None
    profiles = file.sections()
    wanted = name or (profiles[0] if len(profiles) == 1 else "default")
    if wanted not in profiles:
        raise Credentials(
            f"There is no profile {wanted} in {path}",
            hint=f"Use one of: {', '.join(sorted(profiles)) or 'none exists'}.",
        )
    given = {key: value.strip().strip("\"'") for key, value in file[wanted].items()}
    pair = _pair(
        given.get("secret_id", ""),
        given.get("secret_key", ""),
        given.get("token") or given.get("security_token") or "",
        f"the profile {wanted}",
    )
    return _with_role(pair, given.get("role_arn"), given.get("role_session_name"))


def _from_tccli(name: str, home: Path) -> Login:
    """Read a profile of the official command line: keys, the role of an instance, or keys of a browser login."""
    if not re.fullmatch(r"[\w.@-]+", name):
        raise Credentials(f"profile: {name!r} is not a valid profile name of tccli", hint="Write tccli:default.")
    path = home / ".tccli" / f"{name}.credential"
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        expires = float(given.get("expiresAt") or 0)
        settings = {str(key): str(value or "") for key, value in given.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        hint = f"Make the profile with tccli configure --profile {name}."
        raise Credentials(f"{path} cannot be read: {type(error).__name__}", hint=hint) from None
    if settings.get("type") == "cvm-role":
        login = Login(InstanceRole(None))
    else:
        login = _pair(settings.get("secretId", ""), settings.get("secretKey", ""), settings.get("token", ""), f"{path}")
    if expires and expires <= time.time():
        raise Credentials(
            f"The keys of {path} have expired",
            hint=f"Run any tccli command to renew them, such as tccli sts GetCallerIdentity --profile {name}. If that "
            "fails, log in again.",
        )
    return _with_role(login, settings.get("role-arn"), settings.get("role-session-name"))


def _with_role(login: Login, arn: str | None, session_name: str | None) -> Login:
    session_name = session_name or SESSION_NAME
    return replace(login, role=AssumedRole(arn, session_name) if arn else None, session_name=session_name)


def current_login(params: Mapping[str, Any]) -> Login:
    """Find how to log in, in this process's environment and home."""
    return find_login(params, os.environ, Path.home())
