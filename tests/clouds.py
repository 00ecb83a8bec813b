# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of clouds. All tests for every cloud read it; a new cloud adds a row.

A place in the code is written ``module:name``, and imported where it is used, because most readers need the SDK of only
one cloud, or none.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

COLLECTION = "ansible_collections.multicloud.snapshots.plugins"


@dataclass(frozen=True)
class Cloud:
    """One cloud.

    - ``regions`` are a source and three destinations.
    - ``sdk`` is the package that only this provider's modules import, ``library`` its name on PyPI, and ``client`` the
      vendor's other client, for tests/clients.
    - ``server`` is the simulator, and ``server_with_disks`` one in which tests create disks over HTTP.
    - ``keys`` are the connection options that the simulator accepts, and ``environment`` the corresponding variables.
    - ``account`` is the cloud in tests/live; ``disk_estate`` is an estate of copies from which disks are made.
    - ``doubt``: how long (seconds) a run looks for a lost copy (promises: exactly-once). ``is_slow``: a simulated call
      costs 10 ms instead of 3.
    - ``copies_show_disk``: copies show the disk of their source in a field of their own. ``copies_expire``: users can
      set an expiry. ``copies_are_locked``: the cloud refuses to delete a locked copy.
    - ``pages``: the module of the adapter that defines the page size; ``least_page``: the smallest page size in a storm
      (by number: see ens-describe-limits).
    """

    name: str
    action_group: str
    regions: tuple[str, str, str, str]
    sdk: str
    library: str
    client: str
    adapter: str
    server: str
    server_with_disks: str
    keys: str
    environment: dict[str, str] = field(hash=False)
    estate: str
    disk_estate: str
    account: str
    doubt: float
    pages: str
    least_page: int
    is_slow: bool = False
    snapshots_have_tags: bool = True
    copies_show_disk: bool = False
    copies_expire: bool = False
    copies_are_locked: bool = False

    @property
    def copy_module(self) -> str:
        return f"{self.name}_snapshot_copy"

    @property
    def info_module(self) -> str:
        return f"{self.name}_snapshot_info"

    @property
    def restore_module(self) -> str:
        return f"{self.name}_snapshot_restore"

    def load(self, what: str) -> Any:
        """Import what a field names."""
        module, _colon, name = getattr(self, what).partition(":")
        return getattr(importlib.import_module(module), name)

    def load_module(self) -> Any:
        """Import the copy module."""
        return importlib.import_module(f"{COLLECTION}.modules.{self.copy_module}")


CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="ebs",
            action_group="aws",
            regions=("us-east-1", "eu-west-1", "eu-central-1", "us-west-2"),
            sdk="boto3",
            library="boto3",
            client="awscli",
            adapter=f"{COLLECTION}.module_utils._clouds.aws.ebs:EbsCloud",
            server="tests.simulator.aws.ec2:Ec2",
            server_with_disks="tests.simulator.aws.ec2:Ec2",
            keys="tests.simulator.aws.ec2:KEYS",
            environment={
                "AWS_URL": "endpoint_url",
                "AWS_ACCESS_KEY_ID": "access_key",
                "AWS_SECRET_ACCESS_KEY": "secret_key",
            },
            estate="tests.support.estates:EbsEstate",
            disk_estate="tests.support.disk_estates:EbsDisksEstate",
            account="tests.live.clouds.ebs:EbsAccount",
            doubt=30.0,
            pages=f"{COLLECTION}.module_utils._clouds.aws.ec2_calls",
            least_page=5,
            is_slow=True,
            copies_are_locked=True,
        ),
        Cloud(
            name="ecs",
            action_group="alibaba",
            regions=("cn-hangzhou", "cn-beijing", "cn-shanghai", "cn-shenzhen"),
            sdk="aliyunsdkecs",
            library="aliyun-python-sdk-ecs",
            client="alibabacloud_ecs20140526",
            adapter=f"{COLLECTION}.module_utils._clouds.alibaba.ecs:EcsCloud",
            server="tests.simulator.alibaba.ecs:Ecs",
            server_with_disks="tests.simulator.alibaba.ecs_disks:EcsDisks",
            keys="tests.simulator.alibaba.service:KEYS",
            environment={
                "ALIBABA_CLOUD_ECS_ENDPOINT": "endpoint_url",
                "ALIBABA_CLOUD_ACCESS_KEY_ID": "access_key",
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret_key",
            },
            estate="tests.support.estates:EcsEstate",
            disk_estate="tests.support.disk_estates:EcsDisksEstate",
            account="tests.live.clouds.ecs:EcsAccount",
            doubt=10.0,
            pages=f"{COLLECTION}.module_utils._clouds.alibaba.ecs",
            least_page=10,
            copies_show_disk=True,
            copies_expire=True,
            copies_are_locked=True,
        ),
        Cloud(
            name="ens",
            action_group="alibaba",
            regions=("cn-hangzhou-26", "cn-chengdu-26", "cn-shanghai-27", "cn-wuhan-3"),
            sdk="aliyunsdkens",
            library="aliyun-python-sdk-ens",
            client="alibabacloud_ens20171110",
            adapter=f"{COLLECTION}.module_utils._clouds.alibaba.ens:EnsCloud",
            server="tests.simulator.alibaba.ens:Ens",
            server_with_disks="tests.simulator.alibaba.ens_disks:EnsDisks",
            keys="tests.simulator.alibaba.service:KEYS",
            environment={
                "ALIBABA_CLOUD_ENS_ENDPOINT": "endpoint_url",
                "ALIBABA_CLOUD_ACCESS_KEY_ID": "access_key",
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret_key",
            },
            estate="tests.support.estates:EnsEstate",
            disk_estate="tests.support.disk_estates:EnsDisksEstate",
            account="tests.live.clouds.ens:EnsAccount",
            doubt=120.0,
            pages=f"{COLLECTION}.module_utils._clouds.alibaba.ens",
            least_page=7,
            copies_show_disk=True,
            snapshots_have_tags=False,
        ),
        Cloud(
            name="cbs",
            action_group="tencent",
            regions=("ap-guangzhou", "ap-beijing", "ap-shanghai", "na-ashburn"),
            sdk="tencentcloud",
            library="tencentcloud-sdk-python-cbs",
            client="tccli",
            adapter=f"{COLLECTION}.module_utils._clouds.tencent.cbs:CbsCloud",
            server="tests.simulator.tencent.cbs:Cbs",
            server_with_disks="tests.simulator.tencent.cbs_disks:CbsDisks",
            keys="tests.simulator.tencent.service:KEYS",
            environment={
                "TENCENTCLOUD_CBS_ENDPOINT": "endpoint_url",
                "TENCENTCLOUD_SECRET_ID": "secret_id",
                "TENCENTCLOUD_SECRET_KEY": "secret_key",
            },
            estate="tests.support.estates:CbsEstate",
            disk_estate="tests.support.disk_estates:CbsDisksEstate",
            account="tests.live.clouds.cbs:CbsAccount",
            doubt=30.0,
            pages=f"{COLLECTION}.module_utils._clouds.tencent.cbs_reads",
            least_page=4,
            copies_expire=True,
            copies_are_locked=True,
        ),
    )
}
