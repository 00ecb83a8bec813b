# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's row in the table of clouds, and its estate."""

from __future__ import annotations

from typing import Any

from tests.clouds import Cloud
from tests.support.estates import EcsEstate

from .adapter import ToyCloud
from .server import KEYS

TOY = Cloud(
    name="toy",
    action_group="",
    regions=("toy-north", "toy-south", "toy-east", "toy-west"),
    sdk="",
    library="",
    client="",
    adapter="tests.toy.adapter:ToyCloud",
    server="tests.toy.server:Toy",
    server_with_disks="",
    keys="tests.toy.server:KEYS",
    estate="tests.toy.estate:ToyEstate",
    disk_estate="",
    account="",
    environment={},
    doubt=30.0,
    pages="tests.toy.adapter",
    least_page=4,
)


class ToyEstate(EcsEstate):
    """Disks in toy-north, with copies in toy-south."""

    adapter = ToyCloud
    cloud = TOY
    more_regions = ["toy-west", "toy-up", "toy-down", "toy-far"]
    unknown_id = "t-zzzzzzzz"
    disk_prefix, snapshot_prefix = "td-", "t-"
    gives_reason = True
    records_sources = False

    def connection(self) -> dict[str, Any]:
        return {"endpoint_url": self.url, **KEYS, "read_timeout": 5}
