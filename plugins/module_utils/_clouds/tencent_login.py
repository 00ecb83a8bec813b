# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the credentials for Tencent Cloud come from. Reads options, environment and profile file; calls nothing.

The SDK's own chain is not used: it ignores tokens, fails on a file without ``[default]``, and ends in a call to the
metadata service that hangs outside the cloud (contract D.5).
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._copy.errors import Credentials

KEY_ID = ("TENCENTCLOUD_SECRET_ID",)
SECRET = ("TENCENTCLOUD_SECRET_KEY",)
TOKEN = ("TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN")
PROFILE_FILE = Path(".tencentcloud") / "credentials"
SESSION_NAME = "multicloud-snapshots"


@dataclass(frozen=True)
class Login:
    """A key pair, with a token where it is temporary, and the role to assume with it, where there is one."""

    secret_id: str
    secret_key: str
    token: str = ""
    role_arn: str = ""
    session_name: str = SESSION_NAME


def find_login(params: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Login:
    """Find the credentials: options, environment, profile file. Raises Credentials.

    A profile that is named by option is preferred to keys of the environment. ``assume_role_arn`` adds a role to keys
    from wherever they came.
    """
    if params.get("token") and not (params.get("secret_id") or params.get("secret_key")):
        raise Credentials("token is given without secret_id and secret_key", hint="Give all three, or none of them.")
    login = _from_options(params) or _from_environment(params, environ) or _from_profile(params.get("profile"), home)
    if login is None:
        raise Credentials(
            "No credentials for Tencent Cloud were found",
            hint="Give secret_id and secret_key, set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or name a "
            "profile of ~/.tencentcloud/credentials.",
        )
    return replace(
        login,
        role_arn=params.get("assume_role_arn") or login.role_arn,
        session_name=params.get("assume_role_session_name") or login.session_name,
    )


def _from_options(params: Mapping[str, Any]) -> Login | None:
    secret_id, secret_key = params.get("secret_id") or "", params.get("secret_key") or ""
    if not secret_id and not secret_key:
        return None
    return _pair(secret_id, secret_key, params.get("token") or "", "the options secret_id and secret_key")


def _from_environment(params: Mapping[str, Any], environ: Mapping[str, str]) -> Login | None:
    secret_id, secret_key = _first(environ, KEY_ID), _first(environ, SECRET)
    if params.get("profile") or not (secret_id or secret_key):
        return None
    return _pair(secret_id, secret_key, _first(environ, TOKEN), "the environment")


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _pair(secret_id: str, secret_key: str, token: str, where: str) -> Login:
    if not secret_id.strip() or not secret_key.strip():
        raise Credentials(f"Of a key and its secret only one is given by {where}", hint="Give both, or neither.")
    blank = [
        word
        for word, value in (("secret ID", secret_id), ("secret key", secret_key), ("token", token))
        if re.search(r"[^\x21-\x7e]", value)
    ]
    if blank:
        raise Credentials(
            f"The {' and the '.join(blank)} given by {where} holds a blank or a line break, or a letter that no key has",
            hint="Take the blanks away; often a line break of the file that holds the key was read with it.",
        )
    return Login(secret_id, secret_key, token)


def _from_profile(name: str | None, home: Path) -> Login | None:
    """Read a profile; without a name ``default``, or the only one, if there is a file."""
    path = home / PROFILE_FILE
    file = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        file.read_string(path.read_text())
    except FileNotFoundError:
        if name:
            raise Credentials(f"The profile {name} was asked for, but there is no {path}") from None
        return None
    except (OSError, ValueError, configparser.Error) as error:
        raise Credentials(f"{path} cannot be read: {type(error).__name__}") from None
    profiles = file.sections()
    wanted = name or (profiles[0] if len(profiles) == 1 else "default")
    if wanted not in profiles:
        raise Credentials(
            f"There is no profile {wanted} in {path}", hint=f"It has: {', '.join(sorted(profiles)) or 'none'}."
        )
    given = {key: value.strip().strip("\"'") for key, value in file[wanted].items()}
    pair = _pair(
        given.get("secret_id", ""),
        given.get("secret_key", ""),
        given.get("token") or given.get("security_token") or "",
        f"the profile {wanted}",
    )
    return replace(
        pair, role_arn=given.get("role_arn", ""), session_name=given.get("role_session_name") or SESSION_NAME
    )


def current_login(params: Mapping[str, Any]) -> Login:
    """Find the credentials in this process's environment and home."""
    return find_login(params, os.environ, Path.home())
