# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
import logging

import pytest
from hypothesis import HealthCheck, settings

from tests.clouds import CLOUDS
from tests.simulator.caches import reuse_clients_of
from tests.simulator.clock import ExchangeableClock, FakeClock
from tests.simulator.server import Server
from tests.simulator.wire import wired
from tests.support.harness import examples

# This machine may be slow or busy, which says nothing about the code.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=examples(100)
)
settings.load_profile("unhurried")

# So that failed assertions of the contracts show their values, like those of test files.
pytest.register_assert_rewrite("tests.unit.contracts")


logging.getLogger("werkzeug").setLevel(logging.CRITICAL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Without time for all clouds, run tests of many calls only on ECS, the fastest simulator."""
    for item in items:
        if item.get_closest_marker("many_calls") and "TestEcs" not in item.nodeid:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """Exclude everything that is loaded so far from garbage collection, and collect rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000)  # A collection each 2,000 objects takes up to a fifth of a test's time.


@pytest.fixture(scope="session")
def served():
    """Return a function that serves a simulated cloud with an exchangeable clock: the cloud, its clock, its address.

    The SDKs of this process reach it without a socket, other processes with one.
    """
    found, apps = {}, {}

    def serve(name, what="server"):
        place = getattr(CLOUDS[name], what)
        if place not in found:
            clock = ExchangeableClock()
            cloud = CLOUDS[name].load(what)(clock)
            found[place] = cloud, clock, Server(cloud.app)
            apps[found[place][2].url] = cloud.app
        cloud, clock, server = found[place]
        return cloud, clock, server.url

    clients = {}
    with wired(apps, times_out=False), reuse_clients_of("ebs", clients), reuse_clients_of("ecs", clients):
        yield serve
    for _cloud, _clock, server in found.values():
        server.stop()


@pytest.fixture(params=sorted(CLOUDS))
def runs(request):
    """Restores and drills on each cloud."""
    from tests.support.restore_runs import RestoreRuns

    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


@pytest.fixture
def ebs_runs(ebs_disks):
    from tests.support.restore_runs import RestoreRuns

    return RestoreRuns(ebs_disks)


@pytest.fixture(autouse=True)
def _no_credentials_of_the_machine(monkeypatch, tmp_path):
    """Hide the keys, profiles and settings of the user who runs the tests."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "ALIBABA", "ALICLOUD", "ALIYUN", "TENCENTCLOUD", "TKE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


def empty(cloud, name, what, estate):
    """Make the fixture of a cloud: an empty estate on a fake clock."""

    @pytest.fixture(name=name)
    def fixture(served):
        server, exchangeable, url = served(cloud.name, what)
        exchangeable.clock = FakeClock()
        server.reset()
        return cloud.load(estate)(server, exchangeable.clock, url)

    return fixture


@pytest.fixture(params=sorted(CLOUDS))
def estate(request):
    """An empty estate of each cloud."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def cloud(request):
    """The cloud of a test that runs on several (``clouds`` in contracts/bad_days.py)."""
    return request.getfixturevalue(request.param)


ebs = empty(CLOUDS["ebs"], "ebs", "server", "estate")
ecs = empty(CLOUDS["ecs"], "ecs", "server", "estate")
ens = empty(CLOUDS["ens"], "ens", "server", "estate")
cbs = empty(CLOUDS["cbs"], "cbs", "server", "estate")
# For tests of restores:
ebs_disks = empty(CLOUDS["ebs"], "ebs_disks", "server_with_disks", "disk_estate")
ecs_disks = empty(CLOUDS["ecs"], "ecs_disks", "server_with_disks", "disk_estate")
ens_disks = empty(CLOUDS["ens"], "ens_disks", "server_with_disks", "disk_estate")
cbs_disks = empty(CLOUDS["cbs"], "cbs_disks", "server_with_disks", "disk_estate")
