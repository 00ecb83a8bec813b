# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the credentials for Alibaba Cloud come from. Reads options, environment and profile file; calls nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._copy.errors import Credentials

KEY_ID = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY")
SECRET = ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY")
TOKEN = ("ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN")
PROFILE = "ALIBABA_CLOUD_PROFILE"
PROFILE_FILE = Path(".aliyun") / "config.json"
SESSION_NAME = "multicloud-snapshots"


@dataclass(frozen=True)
class Login:
    """A way to log in: a key pair, with a token where it is temporary, with a role to assume; or an instance role."""

    key_id: str = ""
    secret: str = ""
    token: str = ""
    role_arn: str = ""
    session_name: str = SESSION_NAME
    instance_role: str = ""


def find_login(params: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Login:
    """Find the credentials: options, environment, profile file, then the instance role. Raises Credentials.

    A profile that is named by option is preferred to keys of the environment. ``assume_role_arn`` adds a role to keys
    from wherever they came.
    """
    if params.get("security_token") and not (params.get("access_key") or params.get("secret_key")):
        told = "security_token is given without access_key and secret_key"
        raise Credentials(told, hint="Give all three, or none of them.")
    login = _from_options(params) or _from_sources(params, environ, home)
    if login is None and params.get("ecs_ram_role"):
        login = Login(instance_role=params["ecs_ram_role"])
    if login is None:
        raise Credentials(
            "No credentials for Alibaba Cloud were found",
            hint="Give access_key and secret_key, set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
            "name a profile of ~/.aliyun/config.json, or an instance role by ecs_ram_role.",
        )
    role = params.get("assume_role_arn") or login.role_arn
    if role and (login.token or login.instance_role):
        raise Credentials(
            f"The role {role} cannot be assumed with temporary credentials: the SDK takes a key pair for that",
            hint="Give a key pair that has no token, or the temporary credentials of the role itself.",
        )
    session = params.get("assume_role_session_name") or login.session_name
    return replace(login, role_arn=role, session_name=session)


def _from_options(params: Mapping[str, Any]) -> Login | None:
    key_id, secret = params.get("access_key"), params.get("secret_key")
    if not key_id and not secret:
        return None
    return _pair(
        key_id or "", secret or "", params.get("security_token") or "", "the options access_key and secret_key"
    )


def _from_sources(params: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Login | None:
    named = params.get("profile")
    if not named:
        key_id, secret = _first(environ, KEY_ID), _first(environ, SECRET)
        if key_id or secret:
            return _pair(key_id, secret, _first(environ, TOKEN), "the environment")
    return _from_profile(named or environ.get(PROFILE) or "", home)


def _pair(key_id: str, secret: str, token: str, where: str) -> Login:
    if not key_id or not secret:
        raise Credentials(f"Of a key and its secret only one is given by {where}", hint="Give both, or neither.")
    return Login(key_id.strip(), secret.strip(), token.strip())


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _from_profile(name: str, home: Path) -> Login | None:
    """Read a profile; without a name the file's current one, if there is a file."""
    path = home / PROFILE_FILE
    try:
        content = json.loads(path.read_text())
        profiles = {str(profile["name"]): profile for profile in content["profiles"]}
    except FileNotFoundError:
        if name:
            raise Credentials(f"The profile {name} was asked for, but there is no {path}") from None
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Credentials(f"{path} cannot be read: {type(error).__name__}") from None
    wanted = name or str(content.get("current") or "default")
    if wanted not in profiles:
        raise Credentials(f"There is no profile {wanted} in {path}", hint=f"It has: {', '.join(sorted(profiles))}.")
    return _of_profile(profiles[wanted], f"the profile {wanted}")


def _of_profile(profile: Mapping[str, Any], where: str) -> Login:
    mode = profile.get("mode", "AK")
    if mode == "EcsRamRole":
        return Login(instance_role=str(profile.get("ram_role_name") or ""))
    if mode not in ("AK", "StsToken", "RamRoleArn"):
        raise Credentials(
            f"The mode {mode} of {where} is not supported", hint="AK, StsToken, RamRoleArn and EcsRamRole are."
        )
    token = str(profile.get("sts_token") or "") if mode == "StsToken" else ""
    login = _pair(str(profile.get("access_key_id") or ""), str(profile.get("access_key_secret") or ""), token, where)
    if mode != "RamRoleArn":
        return login
    return replace(
        login,
        role_arn=str(profile.get("ram_role_arn") or ""),
        session_name=str(profile.get("ram_session_name") or SESSION_NAME),
    )


def current_login(params: Mapping[str, Any]) -> Login:
    """Find the credentials in this process's environment and home."""
    return find_login(params, os.environ, Path.home())
