# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs only on some days runs on one of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.daily import daily_part


@pytest.mark.parametrize("every", [1, 7], ids=["each day", "each Monday"])
@pytest.mark.parametrize("parts", [2, 3, 4, 7])
def test_each_part_has_its_day(monkeypatch, parts, every):
    seen = []
    for number in range(2 * parts):
        day = date(2026, 11, 23) + timedelta(days=number * every)
        monkeypatch.setenv("STORM_SEED", f"{day:%Y%m%d}")
        seen += daily_part(range(20), parts)
    assert set(seen) == set(range(20))


def test_everything_runs_without_a_seed(monkeypatch):
    monkeypatch.delenv("STORM_SEED", raising=False)
    assert daily_part(range(20), 4) == list(range(20))
