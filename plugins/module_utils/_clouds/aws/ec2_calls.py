# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of EC2 and STS whose failures are CopyErrors, with pagination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from ..._core.errors import Ambiguous, Forbidden, Refused, Unreachable
from ..._core.listing import Pages
from ..._core.model import Snapshot, State
from ..._core.safe_calls import batches
from ..paging import identified, items_of, token_pages
from .client import AwsModule, Clients
from .ebs_answers import snapshot_of
from .errors import translated

try:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
except ImportError:
    pass  # Clients reports the missing package by name

Answer = TypeVar("Answer")
#: The filters of one describe call; all of them must match.
Filters = Sequence[Mapping[str, Any]]

#: EC2's limits: items per page, values per filter (api-facts: ebs-describe-limits).
PAGE, VALUES_PER_FILTER = 1000, 200
#: The scope of the account's own snapshots, without those that others share (api-facts: ebs-own-snapshots).
OWN: dict[str, Any] = {"OwnerIds": ["self"]}


def queries_of(name: str, values: Iterable[str], *others: Mapping[str, Any]) -> list[Filters]:
    """Return queries that match any of many values, with as many values in each as EC2 allows."""
    return [[{"Name": name, "Values": some}, *others] for some in batches(list(values), VALUES_PER_FILTER)]


class Ec2Calls:
    """EC2 in all its regions, as the adapter calls it. Each method raises only CopyError."""

    def __init__(
        self,
        module: AwsModule,
        calls: Counter[str],
        warnings: list[str],
        now: Callable[[], datetime],
        pages: Callable[[], Pages],
        on_date: Callable[[str | None], None],
    ):
        """``now`` returns the time by this machine's clock; ``on_date`` receives the ``Date`` header of each answer."""
        self._pages = pages
        #: Operations and regions whose listing does not fit into one page.
        self._multi_page_listings: set[tuple[str, str]] = set()
        self._clients = Clients(module, calls, now, on_date)
        self._warnings = warnings
        #: The account's ID; None before the first call, empty if it cannot be read.
        self._account: str | None = None
        self.reader, self.writer = self._clients.reader, self._clients.writer
        self.block_reader, self.key_reader = self._clients.block_reader, self._clients.key_reader

    def read(self, activity: str, call: Callable[[], Answer]) -> Answer:
        try:
            return self.write(activity, call)
        except Ambiguous as error:
            raise error.as_kind(Unreachable) from error

    def write(self, activity: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise translated(error, activity) from error

    def volumes(
        self, region: str, activity: str, queries: Sequence[Filters], pages: Pages | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Return the volumes that any of these queries finds, possibly with others."""
        return self._listed(region, activity, "describe_volumes", "Volumes", queries, {}, pages)

    def volume_statuses(self, region: str, activity: str, volume_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Return the items of DescribeVolumeStatus for these volumes, for which it has no filter.

        All volumes must exist.
        """
        ask = self.reader(region).describe_volume_status
        for ids in batches(list(volume_ids), VALUES_PER_FILTER):
            answer = self.read(activity, partial(ask, VolumeIds=ids))
            yield from identified(items_of(answer, "VolumeStatuses", activity=activity), "VolumeId", activity)

    def snapshots(
        self, region: str, activity: str, queries: Sequence[Filters] = ((),), pages: Pages | None = None, **scope: Any
    ) -> dict[str, Snapshot]:
        """Return by ID the snapshots that any of these queries finds, possibly with others."""
        self._account_id(region)  # before the listing, which would otherwise be older than it seems
        # Converted one by one, so that the raw answers of thousands of snapshots are never in memory at once.
        shown = self._listed(region, activity, "describe_snapshots", "Snapshots", queries, scope, pages)
        listed = (snapshot_of(s, region, self._is_own(s, region, scope)) for s in shown)
        return {snapshot.id: snapshot for snapshot in listed}

    def snapshots_by_id(self, region: str, ids: Sequence[str], activity: str, **scope: Any) -> dict[str, Snapshot]:
        """Read with a filter, because a call with SnapshotIds fails as a whole if one is missing."""
        found = self.snapshots(region, activity, queries_of("snapshot-id", ids), **scope) if ids else {}
        return {i: found[i] for i in ids if i in found and found[i].state is not State.ABSENT}

    @property
    def has_long_listings(self) -> bool:
        """Whether a listing of the account's snapshots in some region did not fit into one page."""
        return bool(self._multi_page_listings)

    def _listed(
        self,
        region: str,
        activity: str,
        operation: str,
        key: str,
        queries: Sequence[Filters],
        scope: Mapping[str, Any],
        given_pages: Pages | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Read all pages of all queries, or all snapshots of the account with one call if they fit into a page.

        Raises Unreachable for an answer without a list, which may come from a proxy.
        """
        pages, ask = given_pages or self._pages(), getattr(self.reader(region), operation)

        def page(filters: Filters, token: str | None) -> tuple[Mapping[str, Any], list[Any]]:
            arguments = {"MaxResults": PAGE, "NextToken": token, "Filters": list(filters), **scope}
            answer = self.read(activity, partial(ask, **{k: v for k, v in arguments.items() if v}))
            return answer, identified(items_of(answer, key, activity=activity), key.removesuffix("s") + "Id", activity)

        is_own = key == "Volumes" or scope == OWN
        if len(queries) > 1 and is_own and (operation, region) not in self._multi_page_listings:
            answer, whole = pages.read(partial(page, (), None))
            if not answer.get("NextToken"):
                yield from whole
                return
            self._multi_page_listings.add((operation, region))
        for filters in queries:
            yield from token_pages(partial(page, filters), pages, activity)

    def _is_own(self, shown: Mapping[str, Any], region: str, scope: Mapping[str, Any]) -> bool:
        account = self._account_id(region)
        owner = shown.get("OwnerId")
        return bool(owner == account if account and owner else scope.get("OwnerIds") == OWN["OwnerIds"])

    @property
    def account(self) -> str | None:
        """The ID of the account, None if it was not read."""
        return self._account or None

    def _account_id(self, region: str) -> str:
        """Return the account's ID, which is read once, in ``region``, because accounts belong to a partition of AWS.

        It is empty if STS does not return it, as in a private network with an endpoint only for EC2.
        """
        if self._account is None:
            ask = self._clients.account_reader(region).get_caller_identity
            activity = "Reading the account's ID (sts:GetCallerIdentity)"
            try:
                self._account = str(self.read(activity, ask).get("Account") or "")
            except (Unreachable, Forbidden, Refused) as error:
                self._account = ""
                self._warnings.append(f"{error}. The run relies on AWS's listing of the caller's own snapshots.")
        return self._account
