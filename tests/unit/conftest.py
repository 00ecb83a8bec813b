# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, settings

from tests.simulator.clock import FakeClock
from tests.simulator.server import Server

from .estates import CbsEstate, EbsEstate, EcsEstate, EnsEstate

# This machine may be slow or busy; that says nothing about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def _ec2():
    from tests.simulator.ec2 import Ec2

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    yield from _served(Ec2)


@pytest.fixture(scope="session")
def _alibaba_ecs():
    from tests.simulator.ecs import Ecs

    yield from _served(Ecs)


@pytest.fixture(scope="session")
def _alibaba_ens():
    from tests.simulator.ens import Ens

    yield from _served(Ens)


@pytest.fixture(scope="session")
def _tencent_cbs():
    from tests.simulator.cbs import Cbs

    yield from _served(Cbs)


def _served(kind):
    """Serve a simulated cloud whose clock each test exchanges."""
    clock = Exchangeable()
    cloud = kind(clock)
    server = Server(cloud.app)
    yield cloud, clock, server.url
    server.stop()


class Exchangeable:
    """Passes everything on to the clock of the test that runs."""

    clock = FakeClock()

    def __getattr__(self, name):
        return getattr(self.clock, name)


@pytest.fixture(autouse=True)
def _no_credentials_of_the_machine(monkeypatch, tmp_path):
    """Keep tests from the keys, profiles and settings of whoever runs them."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "ALIBABA", "ALICLOUD", "ALIYUN", "TENCENTCLOUD")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def ebs(_ec2):
    """An empty EC2 on a fake clock."""
    ec2, exchangeable, url = _ec2
    exchangeable.clock = FakeClock()
    ec2.reset()
    return EbsEstate(ec2, exchangeable.clock, url)


@pytest.fixture
def ecs(_alibaba_ecs):
    """An empty ECS on a fake clock."""
    cloud, exchangeable, url = _alibaba_ecs
    exchangeable.clock = FakeClock()
    cloud.reset()
    return EcsEstate(cloud, exchangeable.clock, url)


@pytest.fixture
def ens(_alibaba_ens):
    """Empty edge nodes on a fake clock."""
    cloud, exchangeable, url = _alibaba_ens
    exchangeable.clock = FakeClock()
    cloud.reset()
    return EnsEstate(cloud, exchangeable.clock, url)


@pytest.fixture
def cbs(_tencent_cbs):
    """An empty CBS on a fake clock."""
    cloud, exchangeable, url = _tencent_cbs
    exchangeable.clock = FakeClock()
    cloud.reset()
    return CbsEstate(cloud, exchangeable.clock, url)
