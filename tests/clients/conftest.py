# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.clouds import CLOUDS

from .client import Client


def make_fixtures(name):
    """Make the fixture of a cloud: its client, which starts once, and an empty cloud."""

    @pytest.fixture(scope="module", name=f"started_{name}")
    def started(tmp_path_factory):
        client = Client(name, tmp_path_factory.mktemp("home"))
        yield client
        client.stop()

    @pytest.fixture(name=name)
    def empty(request):
        client = request.getfixturevalue(f"started_{name}")
        client.cloud.reset()
        client.answered.clear()
        return client

    return {f"started_{name}": started, name: empty}


for _name in CLOUDS:
    globals().update(make_fixtures(_name))
