# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Assumes a role with botocore's refreshable credentials, so that a task may last longer than a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..._core.errors import Ambiguous, Busy, CopyError, Credentials, Unreachable
from .errors import translated

try:
    from botocore.credentials import DeferredRefreshableCredentials
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
except ImportError:
    pass  # Clients reports the missing package by name

#: Options of every module for AWS, besides the connection options of amazon.aws.
OPTIONS: dict[str, dict[str, Any]] = {
    "assume_role_arn": {"type": "str"},
    "assume_role_session_name": {"type": "str", "default": "multicloud.snapshots"},
    "assume_role_external_id": {"type": "str"},
}


def role_credentials(params: Mapping[str, Any], sts: Any, now: Callable[[], datetime]) -> Any:
    """Return the credentials of the role that the options name.

    ``sts`` is a client with the caller's own credentials, which assumes the role. They are requested on first use, and
    again before the session ends according to ``now``. Failures then are CopyErrors.
    """
    arn = params["assume_role_arn"]
    asked = {"RoleArn": arn, "RoleSessionName": params["assume_role_session_name"] or "multicloud.snapshots"}
    if params["assume_role_external_id"]:
        asked["ExternalId"] = params["assume_role_external_id"]

    def session() -> dict[str, str]:
        try:
            given = sts.assume_role(**asked).get("Credentials")
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise _refusal(translated(error, f"Assuming the role {arn}"), arn) from error
        if not given:
            raise Unreachable(f"Assuming the role {arn}: the response contains no credentials")
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(session, "assume-role", time_fetcher=now)


def _refusal(error: CopyError, arn: str) -> CopyError:
    """Return the failure of a login.

    If STS could not be reached, another attempt is safe, because nothing else was sent.
    """
    if isinstance(error, Ambiguous):
        return error.as_kind(Unreachable)
    if isinstance(error, (Busy, Unreachable)):
        return error
    hint = (
        f"Grant sts:AssumeRole on {arn} to the caller, and name the caller in the role's trust policy. If the "
        "policy asks for an external ID, set assume_role_external_id."
    )
    return error.as_kind(Credentials, hint=hint)
