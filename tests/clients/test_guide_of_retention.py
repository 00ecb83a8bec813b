# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the guide to retention, which hold a copy: the modules then do not delete it."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.documentation.guides import blocks_of

from .test_guide_of_sets import run_pasted


@pytest.fixture
def held():
    """Return a function that makes a copy, holds it by a command of the guide, and tries to delete it."""

    def hold(client, first, send):
        estate = client.row.load("estate")(client.cloud, client.clock, client.url)
        source = estate.snapshot()
        copy = estate.create_our_copy(source).id
        (block,) = [one.text for one in blocks_of("retention") if "dr-copy:hold" in one.text]
        commands = block.replace("\\\n", "").splitlines()
        (command,) = [line for line in commands if line.startswith(f"{first} ")]
        send(estate, command, copy)
        client.clock.sleep(60)
        out = estate.run(source, state="absent")
        assert out.failed and "dr-copy:hold" in out["msg"], out.text
        assert [one.id for one in estate.copies()] == [copy]

    return hold


def flags_of(command):
    """Return the flags of a command with their values."""
    words = shlex.split(command)
    return {name.removeprefix("--"): value for name, value in zip(words[3::2], words[4::2], strict=True)}


def test_the_command_of_the_guide_holds_a_copy_on_ebs(ebs, held, tmp_path):
    def send(_estate, command, copy):
        run_pasted(command.replace("snap-0ff99ee88dd77cc66", copy), tmp_path, ebs)

    held(ebs, "aws", send)


def test_the_command_of_the_guide_holds_a_copy_on_ecs(ecs, held):
    """The newer SDK takes lists instead of numbered parameters."""

    def send(estate, command, copy):
        given = flags_of(command)
        assert given.pop("RegionId") == estate.destination and given.pop("ResourceId.1").startswith("s-")
        tag = {"Key": given.pop("Tag.1.Key"), "Value": given.pop("Tag.1.Value")}
        ecs.call("TagResources", region=estate.destination, ResourceId=[copy], Tag=[tag], **given)

    held(ecs, "aliyun", send)


def test_the_command_of_the_guide_holds_a_copy_on_cbs(cbs, held):
    def send(estate, command, copy):
        given = flags_of(command)
        assert given["region"] == estate.destination
        resources = [name.replace("snap-6hgu8msr", copy) for name in json.loads(given["ResourceList"])]
        tags = json.loads(given["Tags"])
        assert not cbs.call("TagResources", "tag", given["region"], ResourceList=resources, Tags=tags)[
            "FailedResources"
        ]

    held(cbs, "tccli", send)
