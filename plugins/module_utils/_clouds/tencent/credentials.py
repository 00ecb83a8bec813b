# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SDK's credentials, renewed while a task runs. Errors that they raise or swallow become ours."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

from ansible.module_utils.urls import open_url

from ..._core.errors import CopyError, Credentials
from .login import AssumedRole, InstanceRole, Key, Login, PodIdentity

try:
    from tencentcloud.common import credential as sdk
except ImportError:
    pass  # Service reports the missing package

#: How long (seconds) before their expiry credentials are renewed.
RENEW_SECONDS = 300
ROLE_HINT = (
    "Check that the instance has this role (ask its metadata.tencentyun.com), and that no proxy is in between: "
    "put metadata.tencentyun.com into NO_PROXY."
)
POD_HINT = (
    "Check that the pod's service account has a role that trusts it, and that TKE has set the TKE_ variables and the "
    "token's file."
)

#: Calls STS with action, region, parameters, and the credential that signs, or None. Returns the answer, or raises a
#: CopyError.
AskSts = Callable[[str, str, dict[str, Any], Any], dict[str, Any]]


class SafeCredential:
    """A credential with the interface of the SDK. Its failures are CopyErrors, and it has a timeout."""

    def __init__(self, own: Any, what: str, hint: str, seconds: int, why: Callable[[], str] | None = None):
        self._own = own
        self._what = what
        self._hint = hint
        self._seconds = seconds
        self._why = why

    def get_credential_info(self) -> tuple[str, str, str | None]:
        """Return key, secret and token, renewed if due. Raises a CopyError."""
        # The SDK calls the metadata service without a timeout (api-facts: cbs-credentials).
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(self._seconds)
        try:
            secret_id, secret_key, token = self._found()
            if secret_id and secret_key:
                return secret_id, secret_key, token
            reason = self._why() if self._why else "the response contains no key"
        except CopyError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            socket.setdefaulttimeout(before)
        raise Credentials(f"{self._what}: {reason}", hint=self._hint)

    def _found(self) -> Any:
        at_once = getattr(self._own, "get_credential_info", None)
        return at_once() if at_once else (self._own.secret_id, self._own.secret_key, self._own.token)

    @property
    def secret_id(self) -> str:
        return self.get_credential_info()[0]

    @property
    def secret_key(self) -> str:
        return self.get_credential_info()[1]

    @property
    def token(self) -> str | None:
        return self.get_credential_info()[2]


def credential_of(login: Login, ask: AskSts, region: str, seconds: int) -> Any:
    """Return the credential that signs calls. ``region`` is that of STS, ``seconds`` the timeout of a connection."""
    match login.identity:
        case PodIdentity():
            own = _of_pod(ask, seconds)
        case InstanceRole(name):
            role = sdk.CVMRoleCredential(name)
            what = f"Logging in as the instance's role {name or ''}".rstrip()
            own = SafeCredential(role, what, ROLE_HINT, seconds, lambda: _metadata_answer(role, seconds))
        case Key() as key:
            pair = sdk.Credential(key.secret_id, key.secret_key, key.token)
            own = SafeCredential(pair, "Logging in with a key", Credentials.usual_hint or "", seconds)
    return _assumed(login.role, own, ask, region, seconds) if login.role else own


def _assumed(assumed: AssumedRole, own: Any, ask: AskSts, region: str, seconds: int) -> SafeCredential:
    """Return the SDK's credential of a role.

    The SDK's own call supports no token, external ID, endpoint_url or timeout.
    """
    role = sdk.STSAssumeRoleCredential("", "", assumed.arn, assumed.session_name)
    given = {"RoleArn": assumed.arn, "RoleSessionName": assumed.session_name}
    if assumed.external_id:
        given["ExternalId"] = assumed.external_id
    role.get_sts_tmp_role_arn = lambda: _keep(role, ask("AssumeRole", region, given, own))
    return SafeCredential(role, f"Assuming the role {assumed.arn}", Credentials.usual_hint or "", seconds)


def _of_pod(ask: AskSts, seconds: int) -> SafeCredential:
    """Return the SDK's credential of a pod on TKE, which reads the variables and the token file again each time."""

    def renew() -> None:
        role._init_from_tke()
        given = {
            "ProviderId": role._provider_id,
            "WebIdentityToken": role._web_identity_token.strip(),
            "RoleArn": role._role_arn,
            "RoleSessionName": role._role_session_name,
        }
        _keep(role, ask("AssumeRoleWithWebIdentity", role._region, given, None))

    role = sdk.OIDCRoleArnCredential("", "", "", "", "")
    role.refresh = renew
    return SafeCredential(role, "Logging in with the pod's identity", POD_HINT, seconds)


def _keep(role: Any, answer: dict[str, Any]) -> None:
    keys = answer["Credentials"]
    role._tmp_secret_id, role._tmp_secret_key, role._token = keys["TmpSecretId"], keys["TmpSecretKey"], keys["Token"]
    role._expired_time = answer["ExpiredTime"] - RENEW_SECONDS


def _metadata_answer(role: Any, seconds: int) -> str:
    """Repeat the request to get the error message, which the SDK swallows."""
    url = f"{role._role_endpoint}{role.role or ''}"
    try:
        code = json.loads(open_url(url, timeout=seconds).read()).get("Code")
    except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
        return f"{url}: {type(error).__name__}: {error}"
    return f"{url} returned {code}"
