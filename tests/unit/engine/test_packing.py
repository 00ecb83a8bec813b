# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long lists, packed into one string."""

from __future__ import annotations

import base64
import zlib

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.packing import packed, unpacked
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.rows import read_listing


@pytest.mark.parametrize(
    "lists",
    [{}, {"disks": []}, {"disks": [{"name": "ä", "tags": {}}], "other_disks": [], "snapshots": [{}, {"a": None}]}],
)
def test_unpacking_returns_the_packed_rows(lists):
    text = packed({name: iter(rows) for name, rows in lists.items()})
    assert unpacked(text) == lists
    assert read_listing({"packed": text, "failures": []}) == {"packed": text, "failures": [], **lists}


@pytest.mark.parametrize("damage", [lambda text: text[:-8], lambda text: text.replace(text[20:24], "****")])
def test_an_incomplete_text_is_an_error(damage):
    text = packed({"disks": [{"disk_id": f"vol-{number}"} for number in range(50)]})
    with pytest.raises(ValueError):
        unpacked(damage(text))
    with pytest.raises(ValueError):
        unpacked(base64.b64encode(zlib.compress(b"{")).decode())


def test_the_info_modules_return_the_same_lists_packed(ebs):
    ebs.snapshot(ebs.disk(**{"dr-copy": "true"}))
    asked = {"disk_tags": {"dr-copy": "true"}, "other_disks": True}
    plain, text = ebs.info(ebs.source, **asked), ebs.info(ebs.source, packed=True, **asked)
    lists = unpacked(text["packed"])
    assert lists == {name: plain[name] for name in ("disks", "other_disks", "snapshots")} and len(lists["disks"]) == 1
    assert not set(lists) & set(text.result)
