# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients for AWS, made with amazon.aws, so that every login method works as its users know it."""

from __future__ import annotations

import functools
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.amazon.aws.plugins.module_utils.botocore import check_sdk_version_supported
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..._core.errors import (
    BadInput,
    Credentials,
    Refused,
)
from ..user_agent import NAME, VERSION
from ..wording import odd_characters
from .login import OPTIONS, role_credentials

try:
    import botocore.config
    import botocore.exceptions as boto_errors
    import botocore.session
    import botocore.utils

    # amazon.aws makes a session for each client, and each session reads EC2's model again (api-facts:
    # ebs-sdk-internals).
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
except ImportError:
    pass  # Clients reports the missing package by name


#: The lowest version of boto3 and botocore. botocore passes on only what is in its own model of EC2: older versions
#: drop the mark of a time-based copy (TransferType), the size of a snapshot's data, or Local Zones.
LOWEST_SDK = "1.40.20"
#: The timeout (seconds) for connections. botocore's default, a minute, five times per read, would delay other regions.
CONNECT_SECONDS = 10
#: A valid address. botocore would accept some invalid ones, and each call would then be repeated until the deadline.
_ENDPOINT = re.compile(r"https?://[^\s/{}]+(/[^\s{}]*)?")
#: The hint if no client can be made.
CHECK_LOGIN = (
    "Check the profile, the region and the keys of this task and of the environment. Set a profile or a key, not both."
)


class AwsModule(AnsibleAWSModule):
    """The module class of amazon.aws.

    It raises an error if a client cannot be made, so that the runner can end the module.
    """

    def __init__(self, **kwargs: Any):
        self._making_clients = False
        spec = {**kwargs.pop("argument_spec"), **OPTIONS}
        super().__init__(check_boto3=False, argument_spec=spec, **kwargs)  # type: ignore[no-untyped-call]

    def fail_json(self, *args: Any, **kwargs: Any) -> Any:
        if self._making_clients:
            raise Credentials(str(args[0] if args else kwargs.get("msg")), hint=CHECK_LOGIN)
        super().fail_json(*args, **kwargs)

    @property
    def argument_spec(self) -> dict[str, Any]:
        return self._module.argument_spec  # type: ignore[no-any-return]  # amazon.aws 9.0 does not pass it on

    def warn(self, *args: Any, **kwargs: Any) -> None:
        # amazon.aws 11 also passes its warnings to exit_json, which core 2.21 deprecates.
        self._module.warn(*args, **kwargs)

    def make_client(self, service: str, **options: Any) -> Any:
        """Make a boto3 client. Raises a CopyError in cases in which amazon.aws would end the module."""
        keys = {name: self.params.get(name) for name in ("access_key", "secret_key", "session_token")}
        if odd := odd_characters(keys, "the options or the environment"):
            raise odd
        self._making_clients = True
        try:
            return self.client(service, **options)
        except TypeError as error:
            raise BadInput([f"aws_config: {error}"]) from error
        except boto_errors.BotoCoreError as error:
            raise Credentials(f"The client for {service} could not be created: {error}", hint=CHECK_LOGIN) from error
        finally:
            self._making_clients = False


class Clients:
    """One client per region for reads, and one for writes, which sends each request once."""

    def __init__(
        self,
        module: AwsModule,
        calls: Counter[str],
        now: Callable[[], datetime],
        on_date: Callable[[str | None], None],
    ):
        try:
            is_new_enough = check_sdk_version_supported(LOWEST_SDK, LOWEST_SDK)
        except AnsibleBotocoreError as error:
            raise Refused(str(error.message), hint="Install boto3 for the Python that runs this module.") from error
        if not is_new_enough:
            raise Refused(
                f"boto3 and botocore must be {LOWEST_SDK} or newer: older versions omit data that AWS returns",
                hint=f"Install them for the Python that runs this module: pip install 'boto3>={LOWEST_SDK}'",
            )
        endpoint = module.params.get("endpoint_url")
        if endpoint and not _ENDPOINT.fullmatch(endpoint.replace("{region}", "region")):
            raise BadInput([f"endpoint_url: {endpoint!r} is not a valid address (example: https://host:port)"])
        self._module = module
        self._calls = calls
        self._now, self._on_date = now, on_date
        self._made: dict[tuple[str, str], Any] = {}
        #: Credentials of the role to assume, which all clients share; None to use the caller's own.
        self._role: Any = None
        #: boto3's clients are thread-safe, but making them is not.
        self._lock = threading.Lock()

    def reader(self, region: str) -> Any:
        """Return the EC2 client for reads, with botocore's retries and the user's settings."""
        return self._client("ec2", region, "reads")

    def writer(self, region: str) -> Any:
        """Return the EC2 client for writes.

        botocore would retry a lost CopySnapshot, which makes a second copy (api-facts: ebs-sdk-retries). So its retries
        are disabled here, whatever the user's ``aws_config`` says.
        """
        return self._client("ec2", region, "writes", aws_config=self._config({}, retries={"total_max_attempts": 1}))

    def block_reader(self, region: str) -> Any:
        """Return the client of the EBS direct APIs, which reads blocks of snapshots."""
        return self._client("ebs", region, "reads", **self._options_of_other_services())

    def account_reader(self, region: str) -> Any:
        """Return the client that reads the account's ID."""
        return self._optional_reader("sts", region)

    def key_reader(self, region: str) -> Any:
        """Return the client that reads the states of keys."""
        return self._optional_reader("kms", region)

    def _optional_reader(self, service: str, region: str) -> Any:
        """Return a client with short timeouts, because a private network may not reach its service."""
        quick = {"connect_timeout": 5, "read_timeout": 10}
        config = self._config(quick, retries={"total_max_attempts": 2})
        return self._client(service, region, "reads", aws_config=config, **self._options_of_other_services())

    def _config(self, usual: Mapping[str, Any], **fixed: Any) -> Any:
        """Return settings of botocore; the user's ``aws_config`` overrides all but the fixed ones."""
        given = self._module.params.get("aws_config") or {}
        settings = {"connect_timeout": CONNECT_SECONDS, **usual, **given, **fixed}
        agent = given.get("user_agent_extra") or ""
        if isinstance(agent, str):  # botocore refuses other types
            settings["user_agent_extra"] = f"{NAME}/{VERSION} {agent}".strip()
        try:
            return botocore.config.Config(**settings)
        except (TypeError, boto_errors.BotoCoreError) as error:
            raise BadInput([f"aws_config: {error}"]) from error

    def _options_of_other_services(self) -> dict[str, Any]:
        """Return options for clients of other services.

        An endpoint only for EC2 does not serve them, so AWS's own address is used then.
        """
        host = urlsplit(self._module.params.get("endpoint_url") or "").hostname or ""
        return {"endpoint": None} if "ec2" in host.split(".") else {}

    def _client(self, service: str, region: str, purpose: str, **options: Any) -> Any:
        with self._lock:
            return self._cached_client(service, region, purpose, options)

    def _cached_client(self, service: str, region: str, purpose: str, options: dict[str, Any]) -> Any:
        key = (f"{service} {purpose}", region)
        if key not in self._made:
            client = self._made[key] = self._make_client(service, region, options)
            if self._module.params.get("assume_role_arn"):
                # amazon.aws does not accept credentials that refresh themselves (api-facts: ebs-sdk-internals).
                client._request_signer._credentials = self._credentials_of_role(region)
        return self._made[key]

    def _credentials_of_role(self, region: str) -> Any:
        if self._role is None:
            sts = self._make_client(
                "sts", self._module.params.get("region") or region, self._options_of_other_services()
            )
            self._role = role_credentials(self._module.params, sts, self._now)
        return self._role

    def _make_client(self, service: str, region: str, options: dict[str, Any]) -> Any:
        """Make a client with the caller's own credentials that counts its calls."""
        endpoint = self._module.params.get("endpoint_url")
        if endpoint:
            options.setdefault("endpoint", endpoint.replace("{region}", region))
        client = self._module.make_client(service, region=region, **{"aws_config": self._config({}), **options})
        client.meta.events.register("before-call", self._count_call)
        client.meta.events.register("after-call", self._record_date)
        # The endpoint makes a new parser for each answer and does not use that of the client (api-facts:
        # ebs-sdk-internals).
        client._endpoint._response_parser_factory.set_parser_defaults(timestamp_parser=_timestamp)
        return client

    def _count_call(self, model: Any, **_kwargs: Any) -> None:
        with self._lock:
            self._calls[model.name] += 1

    def _record_date(self, http_response: Any, **_kwargs: Any) -> None:
        self._on_date(http_response.headers.get("Date"))


def _timestamp(shown: Any) -> datetime:
    """Parse a time in an answer. botocore uses dateutil, which takes most of the time of a listing."""
    try:
        moment = datetime.fromisoformat(shown.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        moment = None
    return moment if moment and moment.tzinfo else botocore.utils.parse_timestamp(shown)
