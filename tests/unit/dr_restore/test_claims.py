# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of a cluster that are restored from copies: what is written, and for which no disk is made."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.kubernetes import (
    objects_of,
    text_of,
)

from tests.clouds import CLOUDS
from tests.support.cluster_kinds import SCHEMAS, SUBDOMAIN, Cluster
from tests.support.restore_runs import RestoreRuns
from tests.support.restores import VALUES, chosen, copy

NAME, NAMESPACE = "kubernetes.io/created-for/pvc/name", "kubernetes.io/created-for/pvc/namespace"
DRIVERS = {"ebs": "ebs.csi.aws.com", "ecs": "diskplugin.csi.alibabacloud.com", "cbs": "com.tencent.cloud.csi.cbs"}


@pytest.fixture(params=sorted(name for name in CLOUDS if CAPABILITIES[name].csi_driver))
def runs(request):
    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


def claimed(name, namespace="shop"):
    return {NAME: name, NAMESPACE: namespace}


def checked(text, cluster=None):
    """Apply a file to a cluster, a new one by default; return its objects by kind."""
    cluster = cluster or Cluster()
    objects = cluster.apply(text)
    assert "&id" not in text and len({len(own) for own in objects.values()}) == 1 and not cluster.unbound()
    return objects


#: What a cluster refuses in each kind, as a path and a value; None removes the key.
WRONG = {
    "VolumeSnapshotContent": [
        ("spec.source.snapshotHandle", None),
        ("spec.source.volumeHandle", "vol-1"),
        ("spec.source.snapshotHandel", "snap-1"),
        ("spec.volumeSnapshotRef.namespace", None),
        ("spec.volumeSnapshotRef.name", None),
        ("spec.deletionPolicy", "retain"),
        ("spec.deletionPolicy", None),
        ("spec.driver", None),
        ("metadata.namespace", "shop"),
        ("apiVersion", "snapshot.storage.k8s.io/v1beta1"),
    ],
    "VolumeSnapshot": [
        ("spec.source.persistentVolumeClaimName", "data"),
        ("spec.source.volumeSnapshotContentName", None),
        ("spec.volumeSnapshotClassName", ""),
        ("metadata.namespace", None),
    ],
    "PersistentVolumeClaim": [
        ("spec.accessModes", []),
        ("spec.accessModes", ["ReadWrite"]),
        ("spec.dataSource.kind", None),
        ("spec.resources.requests.storage", None),
        ("spec.resources.requests.storage", "8GiB"),
        ("spec.resources.requests.storage", "0Gi"),
        ("metadata.name", "Data"),
        ("metadata.annotations", {"size": 8}),
    ],
}


@pytest.mark.parametrize(("kind", "path", "value"), [(kind, *one) for kind, own in WRONG.items() for one in own])
def test_the_schemas_refuse_what_a_cluster_refuses(kind, path, value):
    (point,) = chosen([copy(1, tags=claimed("data"))])
    row = {**point.as_row(), "claim": "shop/data"}
    objects = objects_of([row], replace(VALUES, kubernetes=True, kubernetes_class="c", kubernetes_storage_class="s"))
    assert Cluster().apply(text_of(objects))[kind]
    objects = [yaml.safe_load(text_of([one])) for one in objects]
    *parents, key = path.split(".")
    (found,) = [one for one in objects if one["kind"] == kind]
    for parent in parents:
        found = found[parent]
    found.pop(key, None) if value is None else found.update({key: value})
    with pytest.raises(jsonschema.ValidationError):
        Cluster().apply(text_of(objects))


def test_manifests_of_claims_are_as_the_schemas_of_their_kinds_want_them(runs, tmp_path):
    estate = runs.estate
    copies = runs.copy_disks({"data": estate.disk(Name="data")}, **claimed("data-orders-db-0"))
    runs.copy_new_disks("plain")
    given = {"kubernetes_class": "csi-snap", "kubernetes_storage_class": "fast", "manifest_dir": str(tmp_path)}
    ended = runs.restore(id="Flood_2026.11-", kubernetes=True, **given)
    assert not ended.message and len(estate.disks()) == 1, "a disk is made of the copy that names no claim"
    rows = {row["disk_name"]: row for row in ended.result["disks"]}
    assert (rows["data"]["state"], rows["data"]["claim"]) == ("claimed", "shop/data-orders-db-0")
    assert rows["plain"]["state"] == "available" and ended.result["totals"]["claimed"] == 1
    objects = checked((tmp_path / "orders.Flood_2026.11-.kubernetes.yml").read_text())
    (content,), (snapshot,), (claim,) = objects.values()
    assert content["spec"]["source"] == {"snapshotHandle": copies["data"]}
    assert content["spec"]["driver"] == DRIVERS[estate.cloud.name] and content["spec"]["deletionPolicy"] == "Retain"
    reference = content["spec"]["volumeSnapshotRef"]
    assert (reference["name"], reference["namespace"]) == (snapshot["metadata"]["name"], "shop")
    assert snapshot["spec"]["source"]["volumeSnapshotContentName"] == content["metadata"]["name"]
    assert claim["spec"]["dataSource"]["name"] == snapshot["metadata"]["name"]
    assert (claim["metadata"]["name"], claim["metadata"]["namespace"]) == ("data-orders-db-0", "shop")
    assert claim["spec"]["resources"]["requests"]["storage"] == f"{rows['data']['size_gib']}Gi"
    assert claim["spec"]["storageClassName"] == "fast" and snapshot["spec"]["volumeSnapshotClassName"] == "csi-snap"
    again = runs.restore(id="Flood_2026.11-", kubernetes=True, **given)
    assert len(estate.disks()) == 1 and not again.message
    assert objects == checked((tmp_path / "orders.Flood_2026.11-.kubernetes.yml").read_text())


def test_claims_alone_need_no_disk_and_no_classes(runs, tmp_path):
    runs.copy_disks({"data": runs.estate.disk(Name="data")}, **claimed("data"))
    dry = runs.restore(check=True, kubernetes=True, manifest_dir=str(tmp_path))
    assert not dry.message and not list(tmp_path.iterdir())
    ended = runs.restore(kubernetes=True, manifest_dir=str(tmp_path))
    assert not ended.message and not runs.estate.disks() and "1 volume claim written for the cluster" in ended.lines[0]
    objects = checked((tmp_path / "orders.flood.kubernetes.yml").read_text())
    assert "storageClassName" not in objects["PersistentVolumeClaim"][0]["spec"]
    assert "volumeSnapshotClassName" not in objects["VolumeSnapshot"][0]["spec"]
    assert (tmp_path / "orders.flood.restore.json").exists()


def test_a_restore_of_claims_warns_of_copies_that_name_none(runs, tmp_path):
    """Without the tags of their disks, copies name no claim, and the cluster would wait for nothing."""
    given = {"kubernetes": True, "manifest_dir": str(tmp_path)}
    runs.copy_disks({"plain": runs.estate.disk(Name="plain")})
    (warning,) = runs.restore(**given).result["warnings"]
    assert "no copy names a claim" in warning and "dr_copy_copy_disk_tags" in warning
    runs.copy_disks({"data": runs.estate.disk(Name="data")}, **claimed("data"))
    assert not runs.restore(**given).result["warnings"], "some disks may belong to no claim"
    runs.copy_disks({"upper": runs.estate.disk(Name="upper")}, **claimed("DATA"))
    (warning,) = runs.restore(**given).result["warnings"]
    assert "name no valid claim" in warning and "upper" in warning and "plain" not in warning


def test_two_disks_of_one_claim_stop_the_run_before_anything_is_written(runs, tmp_path):
    disks = {name: runs.estate.disk(Name=name) for name in ("old", "new")}
    runs.copy_disks(disks, **claimed("data"))
    runs.copy_new_disks("plain")
    ended = runs.restore(kubernetes=True, manifest_dir=str(tmp_path))
    assert all(text in ended.message for text in ("shop/data by ", *disks, *disks.values()))
    assert not runs.estate.disks() and not list(tmp_path.iterdir())
    one = runs.restore(kubernetes=True, manifest_dir=str(tmp_path), disk_ids=[disks["new"]])
    assert not one.message and not runs.estate.disks()


def test_a_restore_in_pieces_keeps_the_claims_of_all_of_them(runs, tmp_path):
    """Each part has the same name and other disks: the final file restores all claims, and none twice."""
    estate, path = runs.estate, tmp_path / "orders.flood.kubernetes.yml"
    cluster, disks = Cluster(), {name: estate.disk(Name=name) for name in ("database", "mail")}
    copies = {name: runs.copy_disks({name: disks[name]}, **claimed(name))[name] for name in disks}
    given = {"kubernetes": True, "manifest_dir": str(tmp_path)}
    first = runs.restore(disk_ids=[disks["database"]], **given)
    alone = checked(path.read_text(), cluster)
    second = runs.restore(disk_ids=[disks["mail"]], **given)
    assert not first.message and not second.message and not estate.disks()
    objects = checked(path.read_text(), cluster)
    handles = {content["spec"]["source"]["snapshotHandle"] for content in objects["VolumeSnapshotContent"]}
    assert handles == set(copies.values()) and all(obj in objects[kind] for kind in alone for obj in alone[kind])
    assert {row["claim"] for row in second.result["earlier"]} == {"shop/database"}
    (line,) = [line for line in second.lines if line.startswith("EARLIER")]
    assert "EARLIER 1 claim of flood" in line
    edited = path.read_text().replace("ReadWriteOnce", "ReadOnlyMany")
    path.write_text(edited)
    plain = runs.copy_new_disks("plain")
    third = runs.restore(disk_ids=list(plain.values()), **given)
    assert len(third.result["earlier"]) == 2
    assert path.read_text().count("ReadOnlyMany") == 2, "edits of people are kept"
    for text in ("- {", edited.replace("metadata:", "metadata: orders\nnotes:", 1), edited):
        path.write_text(text)
        runs.restore(disk_ids=list(plain.values()), disk_type="imaginary", **given)
        assert path.read_text().count("snapshotHandle") == 2
    runs.restore(disk_ids=list(plain.values()), **{**given, "kubernetes": False})
    assert path.read_text().count("ReadOnlyMany") == 2, "a run that writes no claims leaves the file"
    whole = runs.restore(**given)
    assert not whole.result["earlier"] and len(whole.result["disks"]) == 3
    for kind_of, own in checked(path.read_text(), cluster).items():
        assert all(obj in own for obj in objects[kind_of]) and len(own) == 2


@pytest.mark.parametrize("key", ["disk_id", "disk_name", "copy_id", "taken_at"])
def test_a_manifest_that_somebody_edited_does_not_end_a_restore(ebs_runs, tmp_path, key):
    plain = ebs_runs.copy_new_disks("plain")
    ebs_runs.copy_disks({"data": ebs_runs.estate.disk(Name="data")}, **claimed("data"))
    given, path = {"kubernetes": True, "manifest_dir": str(tmp_path)}, tmp_path / "orders.flood.restore.json"
    ebs_runs.restore(**given)
    manifest = json.loads(path.read_text())
    for row in manifest["disks"]:
        row.pop(key)
    path.write_text(json.dumps(manifest))
    ended = ebs_runs.restore(disk_ids=list(plain.values()), **given)
    assert not ended.message and [row["state"] for row in ended.result["disks"]] == ["available"]


def test_a_file_of_claims_that_cannot_be_read_fails_only_at_the_end(runs, tmp_path, monkeypatch):
    plain = runs.copy_new_disks("plain")
    runs.copy_disks({"data": runs.estate.disk(Name="data")}, **claimed("data"))
    given = {"kubernetes": True, "manifest_dir": str(tmp_path)}
    runs.restore(**given)
    read_text = Path.read_text

    def refuse(path, *args, **kwargs):
        if path.name.endswith(".kubernetes.yml"):
            raise PermissionError(13, "Permission denied")
        return read_text(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", refuse)
    ended = runs.restore(disk_ids=list(plain.values()), **given)
    assert "claims could not be written" in ended.message and "Permission denied" in ended.message
    assert [row["state"] for row in ended.result["disks"]] == ["available"]


def test_a_claim_keeps_the_copy_that_an_earlier_run_named(runs, tmp_path):
    """A cluster may have made its disk by then; it would refuse a new name in the file, or restore it once more."""
    disks, given = {"data": runs.estate.disk(Name="data")}, {"kubernetes": True, "manifest_dir": str(tmp_path)}
    first = runs.copy_disks(disks, hours=30, **claimed("data"))
    runs.restore(**given)
    written = (tmp_path / "orders.flood.kubernetes.yml").read_text()
    runs.copy_disks(disks, hours=2, **claimed("data"))
    again = runs.restore(**given)
    assert again.result["disks"][0]["copy_id"] == first["data"] and not again.message
    assert (tmp_path / "orders.flood.kubernetes.yml").read_text().count("snapshotHandle") == 1
    assert (tmp_path / "orders.flood.kubernetes.yml").read_text() == written
    other = runs.restore(id="later", **given)
    assert other.result["disks"][0]["copy_id"] != first["data"]
    cluster = Cluster()
    checked(written, cluster)
    with pytest.raises(ValueError, match="dataSource is immutable"):
        checked((tmp_path / "orders.later.kubernetes.yml").read_text(), cluster)


def test_an_earlier_time_writes_no_other_copy_of_a_claim(runs, tmp_path):
    """The cluster would refuse it, because a claim cannot change."""
    disks, given = {"data": runs.estate.disk(Name="data")}, {"kubernetes": True, "manifest_dir": str(tmp_path)}
    older = runs.copy_disks(disks, hours=30, **claimed("data"))
    newer = runs.copy_disks(disks, hours=2, **claimed("data"))
    runs.restore(**given)
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    at = (runs.estate.clock.utc() - timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = runs.restore(at=at, **given)
    assert all(word in ended.message for word in ("shop/data", newer["data"], older["data"], "dr_restore_id"))
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before
    assert not runs.restore(id="before-the-attack", at=at, **given).message


def test_two_disks_of_one_claim_stop_the_run_before_it_writes(runs, tmp_path):
    disks = {name: runs.estate.disk(Name=name) for name in ("old", "new")}
    runs.copy_disks(disks, **claimed("data"))
    given = {"kubernetes": True, "manifest_dir": str(tmp_path)}
    runs.restore(disk_ids=[disks["new"]], **given)
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    second = runs.restore(disk_ids=[disks["old"]], **given)
    assert all(text in second.message for text in ("shop/data by ", *disks.values(), "dr_restore_id"))
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_claim_is_restored_as_a_disk_unless_kubernetes_is_true(runs, tmp_path):
    runs.copy_disks({"data": runs.estate.disk(Name="data")}, **claimed("data"))
    ended = runs.restore(manifest_dir=str(tmp_path))
    assert len(runs.estate.disks()) == 1 and ended.result["disks"][0]["claim"] is None
    assert not runs.drill(kubernetes=True).message, "a drill proves disks"


@pytest.mark.parametrize(
    "tags", [{NAME: "data"}, claimed("Data"), claimed("data", "Shop"), claimed("a" * 254), claimed("data", "a" * 64)]
)
def test_a_claim_that_no_cluster_could_have_had_is_a_disk(tags):
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing.claims import (
        with_claims,
    )

    (point,) = with_claims(chosen([copy(1, tags=tags)]), replace(VALUES, kubernetes=True))
    assert point.claim is None


def test_names_are_valid_and_unique():
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing.claims import (
        with_claims,
    )

    claims = ["data", "data.0", "data-0", "a" * 253, "a" * 252]
    copies = [copy(n, f"vol-{n}", name=f"disk {n}", tags=claimed(claim)) for n, claim in enumerate(claims, 1)]
    names = []
    for restore_id in ("flood", "Flood", "flood_", "flood.", "9" * 48, "A-._"):
        for region in ("eu-west-1", "eu-west-2"):
            values = replace(VALUES, kubernetes=True, id=restore_id, region=region)
            objects = objects_of([point.as_row() for point in with_claims(chosen(copies), values)], values)
            names += [obj["metadata"]["name"] for obj in objects if obj["kind"] == "VolumeSnapshotContent"]
            for obj in objects:
                jsonschema.validate(obj, SCHEMAS[obj["kind"]])
    assert len(set(names)) == len(names) == 12 * len(claims) and all(re.match(SUBDOMAIN, name) for name in names)


def test_classes_that_are_no_names_are_refused(runs):
    ended = runs.restore(kubernetes=True, kubernetes_class="My Class")
    assert "dr_restore_kubernetes_class must be the name of a class" in ended.message and not runs.calls
