# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights on each simulated cloud, one after the other; `make nights` passes a whole year."""

from __future__ import annotations

import pytest

from tests.nights.year import Year

NIGHTS = 15


@pytest.mark.parametrize(
    ("cloud", "served"), [("ebs", "_ec2"), ("ecs", "_alibaba_ecs"), ("ens", "_alibaba_ens"), ("cbs", "_tencent_cbs")]
)
def test_nights_end_with_just_what_the_variables_describe(cloud, served, request):
    from tests.storms.harbour import Harbour

    year = Year(cloud, Harbour(cloud, request.getfixturevalue(served)).estate())
    for number in range(NIGHTS):
        year.night(fails=number % 9 == 5)
    year.night(fails=False)
    assert not year.wrong
    assert year.points() == year.described() and year.pruned > 5
