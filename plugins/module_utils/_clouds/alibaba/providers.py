# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credential providers of the vendor's library alibabacloud_credentials, chosen by options and profiles.

The library is loaded only if it is needed, because that takes half a second.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._core.errors import Credentials, Refused
from .errors import silence

SESSION_NAME = "multicloud-snapshots"
#: The variables that make the library's chain log in with OIDC.
OIDC = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_ROLE_ARN")
#: Modes of profiles that the library does not know, or for which it ignores the address of STS.
_ROLE_MODES = ("RamRoleArn", "ChainableRamRoleArn", "OIDC")


def library() -> Any:
    """Return the library's providers. Raises Refused if it is not installed."""
    try:
        providers = importlib.import_module("alibabacloud_credentials.provider")
    except ImportError as error:
        raise Refused(
            f"The Python library alibabacloud_credentials is missing ({error})",
            hint="Install it for the Python that runs this module: pip install alibabacloud_credentials",
        ) from error
    for name in ("credentials", "alibabacloud-tea", "apscheduler"):
        silence(name)
    return providers


def instance_provider(role: str | None) -> Any:
    """Return the provider for the role of the instance: its metadata service, with a token if that is required."""
    return library().EcsRamRoleCredentialsProvider(role_name=role or None, async_update_enabled=False)


def role_provider(before: Any, params: Mapping[str, Any], sts: str | None) -> Any:
    """Return the provider for the role that the options name, assumed with the other credentials."""
    http = importlib.import_module("alibabacloud_credentials.http")
    milliseconds = [1000 * params[name] for name in ("connect_timeout", "read_timeout")]
    return library().RamRoleArnCredentialsProvider(
        credentials_provider=before,
        role_arn=params["assume_role_arn"],
        role_session_name=params.get("assume_role_session_name") or SESSION_NAME,
        external_id=params.get("assume_role_external_id"),
        sts_endpoint=_host(sts),
        http_options=http.HttpOptions(connect_timeout=milliseconds[0], read_timeout=milliseconds[1]),
    )


def profile_provider(
    profiles: Mapping[str, Any], name: str, path: Path, sts: str | None, seen: tuple[str, ...] = ()
) -> Any:
    """Return the provider for a profile that the aliyun CLI wrote."""
    if name not in profiles or name in seen:
        wrong = f"The profile {name} names itself as its source" if name in seen else f"There is no profile {name}"
        raise Credentials(
            f"{wrong} in {path}", hint=f"Use one of: {', '.join(sorted(n for n in profiles if n)) or 'none exists'}."
        )
    profile, providers = profiles[name], library()
    mode = profile.get("mode") or "AK"
    if mode == "CredentialsURI":
        return providers.URLCredentialsProvider(uri=profile.get("credentials_uri"))
    if mode == "EcsRamRole":
        return instance_provider(profile.get("ram_role_name"))
    if mode not in _ROLE_MODES:
        return providers.CLIProfileCredentialsProvider(profile_name=profile["name"], profile_file=str(path))
    given = {
        "role_arn": profile.get("ram_role_arn"),
        "role_session_name": profile.get("ram_session_name") or profile.get("role_session_name") or SESSION_NAME,
        "duration_seconds": profile.get("expired_seconds") or None,
        "policy": profile.get("policy"),
        "sts_region_id": profile.get("sts_region"),
        "enable_vpc": profile.get("enable_vpc"),
        "sts_endpoint": _host(sts),
    }
    if mode == "OIDC":
        return providers.OIDCRoleArnCredentialsProvider(
            **given,
            oidc_provider_arn=profile.get("oidc_provider_arn"),
            oidc_token_file_path=profile.get("oidc_token_file"),
        )
    if mode == "RamRoleArn":
        pair = {key: profile.get(key) for key in ("access_key_id", "access_key_secret")}
        before = (
            providers.StaticSTSCredentialsProvider(**pair, security_token=profile["sts_token"])
            if profile.get("sts_token")
            else providers.StaticAKCredentialsProvider(**pair)
        )
    else:
        before = profile_provider(profiles, str(profile.get("source_profile") or ""), path, sts, (*seen, name))
    return providers.RamRoleArnCredentialsProvider(
        credentials_provider=before, external_id=profile.get("external_id"), **given
    )


def chain_provider(profiles: Mapping[str, Any], path: Path, sts: str | None) -> Any:
    """Return the library's own chain.

    Cases that it does not support come first: another address of STS, the mode CredentialsURI.
    """
    mode = profiles.get("", {}).get("mode")
    if all(os.environ.get(name) for name in OIDC):
        if sts:
            return library().OIDCRoleArnCredentialsProvider(sts_endpoint=_host(sts), role_session_name=SESSION_NAME)
    elif mode == "CredentialsURI" or (sts and mode in _ROLE_MODES):
        return profile_provider(profiles, profiles[""]["name"], path, sts)
    return library().DefaultCredentialsProvider()


def _host(endpoint: str | None) -> str | None:
    """Return the address of STS in the form of the library: an https address without its scheme."""
    return endpoint.removeprefix("https://").rstrip("/") if endpoint else None
