# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose copy a snapshot is on CBS, where a name may be all that shows it (api-facts: cbs-names)."""

from __future__ import annotations

import pytest

from tests.support.estates import PROVENANCE


@pytest.mark.parametrize(
    ("name", "counts", "ours"),
    [
        ("copy-of-{id}", True, True),
        ("nightly [{id}]", True, True),
        ("from snap-aaaaaaaa [{id}]", True, True),
        ("dr-{id} [{id}]", True, True),
        ("dr-{id}", True, False),
        ("Copied {id} from ap-guangzhou", True, False),
        ("Copied [{id} from Guangzhou", True, False),
        ("{id}", True, False),
        ("copy-of-{id}9", False, False),
        ("x{id}", False, False),
        ("{id} snap-aaaaaaaa", False, False),
        ("nightly", False, False),
    ],
)
def test_a_name_shows_the_source(cbs, name, counts, ours):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, name=name.format(id=source), tagged=False)
    out = cbs.run(source, name="dr-{snapshot_id}", tags={"team": "dr"}, wait=True)
    assert (out.copy()["snapshot_id"] == copy.id) is counts and not out.failed
    assert bool(copy.tags) is ours and set(copy.tags) == ({"team", *PROVENANCE} if ours else set())


def test_a_name_that_the_sources_own_data_complete_is_ours(cbs):
    source = cbs.snapshot(Name="database")
    copy = cbs.create_our_copy(source, name=f"database [{source}]", tagged=False)
    options = {"name": "{source_name}"}
    assert cbs.run(source, **options).copy()["action"] == "updated" and set(copy.tags) == PROVENANCE
    again = cbs.run(source, **options)
    assert not again["changed"]
    copy.tags.clear()
    assert cbs.run(source, state="absent", **options)["counts"]["deleted"] == 1


def test_a_source_without_a_name_gives_no_copy_an_empty_one(cbs):
    out = cbs.run(cbs.snapshot(Name=""), name="{source_name}", wait=True)
    assert out.failed and "is empty" in out["msg"] and not cbs.copies()


def test_an_ordinary_snapshot_with_the_id_in_its_name_is_no_copy(cbs):
    source = cbs.snapshot()
    cbs.get(cbs.snapshot(region="ap-beijing"), "ap-beijing").name = f"copy-of-{source}"
    assert cbs.run(source, wait=True).copy()["action"] == "created"


def test_a_tag_decides_over_a_name(cbs):
    source, other = cbs.snapshot(), cbs.snapshot()
    copy = cbs.create_our_copy(source, name=f"copy-of-{other}")
    out = cbs.run(source, other, wait=True)
    assert out["copies"][0]["snapshot_id"] == copy.id and out["copies"][1]["action"] == "created"


def test_a_snapshot_shared_by_another_account_is_no_copy_of_ours(cbs):
    source = cbs.snapshot()
    cbs.create_our_copy(source).shared = True
    assert cbs.run(source, wait=True).copy()["action"] == "created"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, "copy [{id} {disk} 20261121T010000Z]"),
        ("", "copy [{id} {disk} 20261121T010000Z]"),
        ("nightly", "nightly [{id} {disk} 20261121T010000Z]"),
        ("n" * 13, "nnnnnnnnnnnnn [{id} {disk} 20261121T010000Z]"),
        ("n" * 14, "nnnnnnnnnnnnnn [{id}]"),
        ("dr {snapshot_id}", "dr {id} [{id}]"),
        ("{snapshot_id}", "{id} [{id} {disk} 20261121T010000Z]"),
        ("copy-of-{snapshot_id}", "copy-of-{id} [{id}]"),
        ("nightly [{snapshot_id}]", "nightly [{id} {disk} 20261121T010000Z]"),
        ("{snapshot_id} of snap-aaaaaaaa", "{id} of snap-aaaaaaaa [{id}]"),
        ("{snapshot_id}9", "{id}9 [{id}]"),
    ],
)
def test_every_name_ends_in_the_source(cbs, given, made):
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    options = {} if given is None else {"name": given}
    planned = cbs.run(source, check=True, **options).copy()["name"]
    assert cbs.run(source, wait=True, **options).copy()["name"] == planned == made.format(id=source, disk=disk)
    assert not cbs.run(source, **options)["changed"]


def test_the_copy_of_a_copy_is_named_after_the_first_disk(cbs):
    disk = cbs.disk()
    first = cbs.create_our_copy(cbs.snapshot(disk))
    out = cbs.run(first.id, source_region="ap-beijing", destination_regions=["ap-shanghai"], wait=True)
    assert out.copy()["name"] == f"copy [{first.id} {disk} 20261121T020000Z]"


def sources_shown(cbs, *copies):
    rows = {row["snapshot_id"]: row["source"] for row in cbs.info("ap-beijing")["snapshots"]}
    return [rows[copy.id] for copy in copies]


def test_a_name_shows_disk_and_time_if_tags_do_not(cbs):
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    whole = f"nightly [{source} {disk} 20261121T010000Z]"
    copies = [cbs.create_our_copy(source, name=name, tagged=False) for name in (whole, f"nightly [{source}]", "x")]
    copies[0].tags = {"dr-copy:source-region": "ap-guangzhou", "dr-copy:source-created-at": "2026-11-21T00:30:00Z"}
    shown, short, nothing = sources_shown(cbs, *copies)
    # A tag takes precedence over a name; each is read by itself.
    assert shown == {
        "snapshot_id": source,
        "region": "ap-guangzhou",
        "disk_id": disk,
        "created_at": "2026-11-21T00:30:00Z",
        "managed": True,
    }
    assert (short["snapshot_id"], short["disk_id"], short["managed"]) == (source, None, False) and nothing is None
    copies[0].tags = {}
    (shown,) = sources_shown(cbs, copies[0])
    assert shown == {**shown, "region": None, "created_at": "2026-11-21T01:00:00Z", "managed": True}
    other = cbs.snapshot()
    copies[0].tags = {"dr-copy:source-snapshot-id": other}
    (shown,) = sources_shown(cbs, copies[0])
    assert shown == {**shown, "snapshot_id": other, "disk_id": None, "created_at": None}, (
        "the name is of another source"
    )


def test_a_copy_that_its_name_alone_shows_is_listed_by_region_and_disk(cbs):
    """Its name has no room for the region, so a copy that may be from there is not omitted."""
    disk = cbs.disk()
    source = cbs.snapshot(disk)
    named = cbs.create_our_copy(source, name=f"nightly [{source} {disk} 20261121T010000Z]", tagged=False)
    tagged = cbs.create_our_copy(cbs.snapshot())
    listed = cbs.info("ap-beijing", copies_from=["ap-guangzhou"])["snapshots"]
    assert {row["snapshot_id"] for row in listed} == {named.id, tagged.id}
    listed = cbs.info("ap-beijing", copies_from=["ap-chengdu"], source_disk_ids=[disk])["snapshots"]
    assert [row["snapshot_id"] for row in listed] == [named.id]
    assert cbs.info("ap-beijing", source_disk_ids=["disk-aaaaaaaa"])["snapshots"] == []


@pytest.mark.parametrize("ending", ["disk-aaaaaaaa 20261321T010000Z", "disk-aaaaaaaa", "disk-AAAA 20261121T010000Z"])
def test_a_name_ending_that_is_not_ours_shows_no_time(cbs, ending):
    source = cbs.snapshot()
    (shown,) = sources_shown(cbs, cbs.create_our_copy(source, name=f"x [{source} {ending}]", tagged=False))
    assert (shown["snapshot_id"], shown["created_at"], shown["managed"]) == (source, None, False)


def test_a_name_that_does_not_fit_with_its_ending_is_refused_with_the_room_that_is_left(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, name="n" * 45)
    assert out.failed and "at most 44" in out["msg"] and not cbs.calls
    assert not cbs.run(source, name="n" * 44, wait=True).failed and len(cbs.copies()[0].name) == 60
