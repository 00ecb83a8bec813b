# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The listings of CBS, with pagination (api-facts: cbs-describe-limits)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..._core.errors import NotFound
from ..._core.listing import Pages
from ..._core.model import Snapshot, State
from ..._core.safe_calls import batches
from ..paging import Page, by_offset, identified, items_of, joined_pages
from .cbs_answers import snapshot_of
from .client import Service

#: The IDs and results per describe call.
PAGE = 100
#: The order of listings: new items come at the end.
OLDEST_FIRST = {"OrderField": "CREATE_TIME", "Order": "ASC"}
#: Listings that accept no order.
UNORDERED = ("DescribeSnapshotGroups",)
#: A creation time this far ahead of the cloud's clock means that the service uses another time zone.
CLOCK_AHEAD = timedelta(minutes=5)


class CbsReads:
    """The listings of one account. Each method raises only CopyError."""

    def __init__(
        self, service: Service, pages: Callable[[], Pages], utc_clock: Callable[[], datetime], warnings: list[str]
    ):
        self._service, self._new_pages, self._utc_clock, self._warnings = service, pages, utc_clock, warnings
        #: Regions whose times are ahead, and that already have a warning.
        self._ahead: set[str] = set()

    def by_id(self, region: str, snapshot_ids: Sequence[str], activity: str) -> dict[str, Snapshot]:
        """Read by ID. If the service refuses the call because of a missing ID, read the complete listing."""
        wanted = set(snapshot_ids)
        try:
            found = self.listed(region, activity, [{"SnapshotIds": ids} for ids in batches(snapshot_ids, PAGE)])
        except NotFound:
            found = self.listed(region, activity, [{}])
        return {s.id: s for s in found if s.id in wanted}

    def listed(
        self, region: str, activity: str, queries: Sequence[Mapping[str, Any]] = ({},), pages: Pages | None = None
    ) -> list[Snapshot]:
        items = self.all_pages("DescribeSnapshots", "SnapshotSet", region, activity, queries, pages)
        listed = [snapshot_of(item, region) for item in items]
        newest = max((s.created_at for s in listed if s.created_at), default=None)
        if newest and newest > self._utc_clock() + CLOCK_AHEAD and region not in self._ahead:
            self._ahead.add(region)
            self._warnings.append(
                f"{region}: the newest snapshot has a creation time in the future ({newest:%Y-%m-%d %H:%M} UTC), so "
                "CBS seems to use a time zone other than Asia/Shanghai in this region. If so, ages and expiry times "
                "are wrong by the difference"
            )
        return [s for s in listed if s.state is not State.ABSENT]

    def all_pages(
        self,
        action: str,
        key: str,
        region: str,
        activity: str,
        queries: Sequence[Mapping[str, Any]],
        pages: Pages | None = None,
    ) -> list[dict[str, Any]]:
        """Read all pages of all queries."""
        pages, found = pages or self._new_pages(), []
        for given in queries:
            ids = given.get("SnapshotIds") or given.get("DiskIds")
            query = given if ids or action in UNORDERED else {**given, **OLDEST_FIRST}
            found += self._pages(pages, action, key, region, activity, query, len(ids) if ids else None)
        return found

    def _pages(
        self,
        pages: Pages,
        action: str,
        key: str,
        region: str,
        activity: str,
        given: Mapping[str, Any],
        max_items: int | None,
    ) -> list[dict[str, Any]]:
        id_key = f"{key.removesuffix('Set')}Id"

        def page(place: Mapping[str, Any]) -> Page:
            answer = self._service.read(action, region, activity, **place, **given)
            return Page(
                identified(items_of(answer, key, activity=activity), id_key, activity), answer.get("TotalCount")
            )

        return joined_pages(page, by_offset(PAGE), lambda item: item.get(id_key), pages, activity, max_items)


def only(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": list(values)}]}
