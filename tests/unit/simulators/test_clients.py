# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make clients`` sends every operation that the adapters send."""

from __future__ import annotations

import re

import pytest

from tests.clients.operations import operations_sent_by
from tests.clouds import CLOUDS
from tests.support.repository import REPOSITORY

CLIENTS = REPOSITORY / "tests" / "clients"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_other_client_sends_each_operation_that_the_adapter_sends(cloud):
    tests = CLIENTS / f"test_{cloud}.py"
    named = set(re.findall(r'"([A-Z][A-Za-z]+)"', tests.read_text()))
    for service, operations in operations_sent_by(cloud).items():
        missing = sorted(operations - named)
        assert operations and not missing, (
            f"The adapter sends {', '.join(missing)} of {service}. Send it in "
            f"test_each_operation_that_the_adapter_sends_is_answered in tests/clients/{tests.name} as well."
        )


def test_operations_are_read_from_the_code_of_the_adapters():
    assert {"CopySnapshot", "DescribeLockedSnapshots"} <= operations_sent_by("ebs")["ec2"] & operations_sent_by("ecs")[
        "ecs"
    ]
    assert {"TagResources", "UnTagResources"} <= operations_sent_by("cbs")["tag"]
    assert "DescribeCloudDiskAvailableResourceInfo" in operations_sent_by("ens")["ens"]
    assert "LockSnapshot" not in operations_sent_by("ens")["ens"]
