# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clouds of live runs, one in each file."""

from __future__ import annotations

from typing import Any

from tests.clouds import CLOUDS

from .account import Account


def account_of(cloud: str, params: dict[str, Any], region: str) -> Account:
    """Log in as the modules do, with these connection options; ``region`` is any region in use.

    Imports only the SDK of the cloud.
    """
    account: Account = CLOUDS[cloud].load("account")(params, region)
    return account


__all__ = ["CLOUDS", "Account", "account_of"]
