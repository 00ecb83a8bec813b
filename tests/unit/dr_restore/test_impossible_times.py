# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times that no clock can show end no restore."""

from __future__ import annotations

import pytest

from tests.support.night_runs import night, protected

NO_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_copy_with_an_impossible_time_stops_no_restore_of_another_disk(runs, time):
    if runs.estate.cloud.name == "ens":
        pytest.skip("ENS has no tags of snapshots")
    runs.copy_new_disks("database", "mail")
    runs.estate.set_tags(runs.estate.copies()[0], **{"dr-copy:source-created-at": time})
    ended = runs.restore()
    # On CBS the name of the copy has the time too.
    assert len(runs.estate.disks()) == 1 + (runs.estate.cloud.name == "cbs"), ended.message
    assert "own code" not in ended.message


@pytest.mark.parametrize("time", NO_TIMES)
@pytest.mark.parametrize("key", ["proven-at", "proven-before", "source-created-at"])
def test_a_tag_with_an_impossible_time_ends_no_run(ebs_runs, tmp_path, key, time):
    estate = ebs_runs.estate
    disk = protected(estate, 30)
    given = {"report_dir": str(tmp_path), "metrics_dir": str(tmp_path), "rpo_hours": 48}
    assert not night(estate, **given).message
    value = f"creatable {time}" if key == "proven-before" else time
    estate.set_tags(estate.copies()[0], **{f"dr-copy:{key}": value, "dr-copy:proven-level": "creatable"})
    estate.snapshot(disk, 2)
    for message in (night(estate, **given).message, ebs_runs.drill(report_dir=str(tmp_path)).message):
        assert "own code" not in message and "could not be read" not in message, message


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_restore_to_an_impossible_time_is_refused_by_name(ebs_runs, time):
    assert "dr_restore_at" in ebs_runs.restore(at=time).message
