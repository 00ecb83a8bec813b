# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""STS by moto: roles that can be assumed, and sessions that end by the simulated cloud's clock.

The setting ``roles`` has them by ARN: ``{"external_id": ..., "account": ...}``, both optional. No other role can be
assumed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse


def install(control: Any, clock: Any) -> None:
    """Replace moto's own AssumeRole, which refuses nobody."""
    if not hasattr(TokenResponse, "moto_assume_role"):
        TokenResponse.moto_assume_role = TokenResponse.assume_role  # type: ignore[attr-defined]

    def assume_role(call: Any) -> ActionResult:
        arn = call._get_param("RoleArn")
        role = control.settings["roles"].get(arn)
        if role is None or role.get("external_id") != call._get_param("ExternalId"):
            raise STSClientError(
                "AccessDenied",
                f"User: arn:aws:iam::{call.current_account}:user/dr is not authorized to perform: sts:AssumeRole on "
                f"resource: {arn}",
            )
        answer: ActionResult = call.moto_assume_role()
        given = answer.result["Credentials"]
        lasts = min(control.settings["session_seconds"], call._get_int_param("DurationSeconds", 3600))
        given.expiration = clock.utc() + timedelta(seconds=lasts)
        control.settings["keys"][given.access_key_id] = {
            "secret": given.secret_access_key,
            "token": given.session_token,
            "account": arn.split(":")[4],
            "ends": clock.monotonic() + lasts,
        }
        return answer

    TokenResponse.assume_role = assume_role  # type: ignore[method-assign]
