# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers without a member that the service's model calls optional: each member in turn, in all answers.

No module may end in an error of our code, and none may make a second copy or disk (api-facts: optional-members).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from xml.etree import ElementTree

import boto3
import pytest

from tests.simulator.locks import SimulatedLock
from tests.support.daily import daily_part
from tests.support.harness import run_module

pytestmark = pytest.mark.slow

#: How a result shows that our code failed on an answer.
OURS = re.compile(r"Unexpected \w+ at|could not be read \(\w*Error|Traceback")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::123456789012:role/dr"


# -- members of an answer, by their path; items of a list have the path of the list ------------------------


def paths_of(part, path=()):
    """Yield the path of each member of an answer, as often as it occurs."""
    for name, value in _members(part):
        here = path if name is None else (*path, name)
        if name is not None:
            yield here
        yield from paths_of(value, here)


def without(part, path, at=()):
    """Remove every member with this path from an answer, in place."""
    for name, value in list(_members(part)):
        here = at if name is None else (*at, name)
        if here == path and name is not None:
            part.remove(value) if isinstance(part, ElementTree.Element) else part.pop(name)
        else:
            without(value, path, here)


def _members(part):
    if isinstance(part, ElementTree.Element):
        return [(None if _tag(child) in ("item", "member") else _tag(child), child) for child in part]
    if isinstance(part, dict):
        return list(part.items())
    return [(None, item) for item in part] if isinstance(part, list) else []


def _tag(element):
    return element.tag.rpartition("}")[2]


def parsed(answer):
    body = answer.get_data()
    if body.lstrip().startswith(b"<"):
        return ElementTree.fromstring(body)
    try:
        return json.loads(body)
    except ValueError:
        return {}  # the data of a block


def written(answer, part):
    is_xml = isinstance(part, ElementTree.Element)
    answer.set_data(ElementTree.tostring(part) if is_xml else json.dumps(part).encode())


class Trim:
    """Records the members of answers by action, and removes one of them from all answers of an action."""

    def __init__(self, action=None, path=None):
        self._action, self._path = action, path
        self.seen = defaultdict(set)

    def __call__(self, action, answer):
        if self._action and action != self._action:
            return
        headers = {("header", name) for name, _value in answer.headers if name.lower().startswith("x-amz-")}
        part = parsed(answer)
        if not self._action:
            self.seen[action] |= {*paths_of(part)} | headers
        elif self._path[0] == "header":
            answer.headers.pop(self._path[1], None)
        elif part is not None and part != {}:
            without(part, self._path)
            written(answer, part)


# -- which members are optional: AWS's by botocore's models -------------------------------------------------

SERVICES = {
    **dict.fromkeys(("ListSnapshotBlocks", "GetSnapshotBlock"), "ebs"),
    **dict.fromkeys(("GetCallerIdentity", "AssumeRole"), "sts"),
    "DescribeKey": "kms",
}


def optional_of_aws(action):
    """Return a function that says whether a member of an answer, by its path, is optional."""
    client = boto3.client(SERVICES.get(action, "ec2"), region_name="us-east-1")
    shape = client.meta.service_model.operation_model(action).output_shape
    found = dict(_shapes(shape, ()))
    result = f"{action}Result"  # services of the "query" protocol wrap what the model describes
    return lambda path: found.get(path[1:] if path[0] == result else path, False)


def _shapes(shape, path):
    """Yield the path of each member of a model, and whether it is optional."""
    if shape is None:
        return
    while shape.type_name == "list":
        shape = shape.member
    for name, member in shape.members.items() if shape.type_name == "structure" else ():
        wire = member.serialization.get("name", name)
        here = ("header", wire) if member.serialization.get("location") == "header" else (*path, wire)
        yield here, name not in shape.required_members
        yield from _shapes(member, here)


# -- the calls -------------------------------------------------------------------------------------------


def all_of_aws(cloud):
    """Run every module for AWS on an estate of its own. Yield the output of each; no second copy may be made."""
    cloud.settings(blocks_up_to=12, roles={ROLE: {}})
    quick = {"wait_timeout": 60, **cloud.quick_reads}
    disk = cloud.disk(**{"dr-copy": "true", "Name": "data"})
    source, old, locked = (cloud.snapshot(disk, Name="nightly") for _n in range(3))
    cloud.create_our_copy(old)
    held = cloud.create_our_copy(locked, encrypted=True, kms_key_id=KEY)
    held.lock = SimulatedLock("compliance", 9, None, cloud.clock.utc())
    copy = cloud.copy(encrypted=True, kms_key_id=KEY)
    yield cloud.run(source, wait=True, tags={"env": "prod"}, copy_tags=True, lock_days=3, assume_role_arn=ROLE, **quick)
    assert len([c for c in cloud.copies() if getattr(c, "source_id", None) == source]) <= 1, "a second copy"
    yield cloud.run(old, locked, source, wait=True, check=True, **quick)
    yield cloud.info(cloud.source, disk_tags={"dr-copy": "true"}, **cloud.quick_reads)
    yield cloud.info(cloud.destination, check_keys=True, **cloud.quick_reads)
    yield cloud.restore(copy, wait=True, expires_after_hours=3, **quick)
    assert len(cloud.disks()) <= 1, "a second disk"
    yield cloud.restore(copy, wait=True, state="absent", **quick)
    copies = [{"snapshot_id": cloud.copies()[0].id, "source_snapshot_id": old, "source_region": cloud.source}]
    given = {"copies": copies, "blocks": 3, "region": cloud.destination, **cloud.connection(), **quick}
    yield run_module("ebs_snapshot_compare", given, cloud.clock)
    yield cloud.run(old, locked, state="absent", wait=True, **quick)
    assert held.id in {c.id for c in cloud.copies()}, "a locked copy is deleted"


#: Options of a copy that only some clouds have.
OWN = {
    "ecs": {"tags": {"env": "prod"}, "copy_tags": True, "lock_days": 3},
    "ens": {"instance_billing_cycle": "Day"},
    "cbs": {"tags": {"env": "prod"}, "copy_tags": True},
}


def all_of_others(cloud):
    """Run every module for another cloud on an estate of its own. Yield the output of each; nothing is made twice."""
    quick, own = {"wait_timeout": 60}, OWN[cloud.cloud.name]
    disk = cloud.disk(**{"dr-copy": "true"})
    source, old = (cloud.snapshot(disk) for _n in range(2))
    there = cloud.create_our_copy(old)
    there.name = f"copy-of-{old}"
    copy = cloud.copy()
    yield cloud.run(source, wait=True, **own, **quick)
    assert len([c for c in cloud.copies() if c.source_id == source]) <= 1, "a second copy"
    yield cloud.run(old, source, wait=True, check=True, **quick)
    yield cloud.run(old, wait=True, **quick)
    assert len([c for c in cloud.copies() if c.source_id == old]) == 1, "a second copy of an old one"
    yield cloud.info(cloud.source, disk_tags={"dr-copy": "true"})
    yield cloud.info(cloud.destination)
    yield cloud.restore(copy, wait=True, expires_after_hours=3, **quick)
    assert len(cloud.disks()) <= 1, "a second disk"
    yield cloud.restore(copy, wait=True, expires_after_hours=3, **quick)
    # Elsewhere only tags identify a disk.
    assert len(cloud.disks()) <= 1 or cloud.cloud.name != "ens", "a second disk in a second run"
    yield cloud.restore(copy, wait=True, state="absent", **quick)
    yield cloud.run(old, state="absent", wait=True, **quick)


def all_of_an_answer(_action):
    """The models of Alibaba Cloud and Tencent Cloud require no member; Tencent's SDK needs the outermost one."""
    return lambda path: path != ("Response",)


#: By cloud: all calls whose answers are trimmed, and which members are optional.
CLOUDS = {
    "ebs_disks": (all_of_aws, optional_of_aws),
    "ecs_disks": (all_of_others, all_of_an_answer),
    "ens_disks": (all_of_others, all_of_an_answer),
    "cbs_disks": (all_of_others, all_of_an_answer),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_no_optional_member_is_missed(name, request):
    cloud = request.getfixturevalue(name)
    run_all, optional_of = CLOUDS[name]
    control, seen = cloud.server.control, Trim()
    control.trim = seen
    for out in run_all(cloud):
        assert not OURS.search(out.text), out.text
    members = [(action, path) for action, paths in seen.seen.items() for path in paths if optional_of(action)(path)]
    assert len(members) > 40, members
    wrong = []
    for action, path in daily_part(sorted(members), 7):  # all of them take minutes
        cloud.server.reset()
        control.trim = Trim(action, path)
        try:
            for out in run_all(cloud):
                if found := OURS.search(out.text):
                    wrong.append(f"{action} without {'.'.join(path)}: {out.text[max(0, found.start() - 100) :][:400]}")
        except AssertionError as error:
            wrong.append(f"{action} without {'.'.join(path)}: {error}")
    assert not wrong, "\n".join(wrong)
