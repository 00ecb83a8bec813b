# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the accounts of Alibaba Cloud and Tencent Cloud share: the adapter's ``Service``, and listings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .account import Account, texts_of

_FIELDS = (
    *("key_id", "secret", "token", "secret_id", "secret_key"),
    *("access_key_id", "access_key_secret", "sts_access_key_id", "sts_access_key_secret", "sts_token"),
)


class ServiceAccount(Account):
    """An account behind an adapter's ``Service``, each of whose calls is sent once."""

    _service: Any

    def secrets(self) -> set[str]:
        """Read the clients' credentials: Alibaba's are in the signer, Tencent's in the client itself."""
        holders: list[Any] = list(getattr(self._service, "_credentials", {}).values())
        for kept in self._service._clients.values():
            for part in kept if isinstance(kept, tuple) else (kept,):
                signer = getattr(part, "_signer", None)
                holders += [part, getattr(part, "credential", None), getattr(signer, "_credential", None)]
        return {text for holder in holders for text in texts_of(holder, *_FIELDS)}


def all_pages(page: Callable[[int], tuple[list[Any], Any]]) -> list[Any]:
    """Read a listing by numbered pages (from 1) until the returned total is reached, or a page is empty."""
    found: list[Any] = []
    for number in range(1, 2000):
        items, total = page(number)
        found += items
        if not items or (total is not None and len(found) >= int(total)):
            break
    return found


def tags_of(shown: list[Mapping[str, Any]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag.get(value) or "" for tag in shown or ()}
