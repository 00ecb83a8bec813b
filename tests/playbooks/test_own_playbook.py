# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook of the guide to the filters, unchanged but for the number of copies that it keeps."""

from __future__ import annotations

import pytest

from tests.documentation.guides import blocks_of


@pytest.fixture
def own(clouds):
    """A function that runs the guide's playbook."""
    text = next(block.text for block in blocks_of("own_playbook") if block.caption == "own.yml")
    path = clouds.directory / "own.yml"
    path.write_text(text)
    return lambda *arguments: clouds.run("ansible-playbook", path, "-e", '{"keep": 2}', *arguments)


def test_the_guides_playbook_copies_checks_and_keeps_the_newest_copies(clouds, own):
    disk, other = (clouds.create_ebs_disk(name, dr_copy="true") for name in ("database", "logs"))
    sources = []
    for _night in range(3):
        sources += [clouds.create_ebs_snapshot(disk), clouds.create_ebs_snapshot(other)]
        code, output = own()
        assert code == 0, output
    copied_from = {copy["Description"].split()[2] for copy in clouds.copies()}
    assert copied_from == set(sources[-4:]) and len(clouds.copies()) == 4
    code, output = own()
    assert code == 0 and "changed=0" in output, output


def test_the_guides_playbook_deletes_nothing_if_a_disk_has_no_recovery_point(clouds, own):
    disk = clouds.create_ebs_disk("database", dr_copy="true")
    for _night in range(3):
        clouds.create_ebs_snapshot(disk)
        code, output = own("-e", '{"keep": 9}')
        assert code == 0, output
    clouds.create_ebs_disk("new", dr_copy="true")
    code, output = own()
    assert code == 2 and "No recovery point within the RPO: new" in output and len(clouds.copies()) == 3, output
