# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes into a kit for the worst day; tests/playbooks/test_kit.py makes and uses one."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import subprocess
import tarfile

import pytest

from tests.support.repository import REPOSITORY

KIT = REPOSITORY / "playbooks" / "kit"


@pytest.fixture
def kit():
    spec = importlib.util.spec_from_file_location("make_kit", KIT / "make_kit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path):
    """Create a collection of two files, as ansible-galaxy installs it."""
    directory = tmp_path / "acme" / "tools"
    (directory / "plugins").mkdir(parents=True)
    entries = [{"name": ".", "ftype": "dir"}, {"name": "plugins", "ftype": "dir"}]
    for name in ("README.md", "plugins/a.py"):
        (directory / name).write_text(name)
        digest = hashlib.sha256(name.encode()).hexdigest()
        entries.append({"name": name, "ftype": "file", "chksum_type": "sha256", "chksum_sha256": digest})
    files = json.dumps({"files": entries, "format": 1})
    (directory / "FILES.json").write_text(files)
    info = {"namespace": "acme", "name": "tools", "version": "1.2.3"}
    listed = {"name": "FILES.json", "chksum_sha256": hashlib.sha256(files.encode()).hexdigest()}
    (directory / "MANIFEST.json").write_text(json.dumps({"collection_info": info, "file_manifest_file": listed}))
    return directory


def test_an_installed_collection_is_packed_with_the_files_that_it_has(kit, installed, tmp_path):
    (installed / "README.md").unlink()
    (installed / "made_later.py").write_text("")
    assert kit.pack(installed, tmp_path) == "1.2.3"
    with tarfile.open(tmp_path / "acme-tools-1.2.3.tar.gz") as archive:
        assert archive.getnames() == ["FILES.json", "MANIFEST.json", "plugins", "plugins/a.py"]
        files = archive.extractfile("FILES.json").read()
        manifest = json.load(archive.extractfile("MANIFEST.json"))
    assert [entry["name"] for entry in json.loads(files)["files"]] == [".", "plugins", "plugins/a.py"]
    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(files).hexdigest()


def test_guides_are_text_without_markup_of_the_site(kit):
    """On the worst day the reader may have no site. Commands and files stay as they are."""
    for name in kit.GUIDES:
        guide = (KIT.parents[1] / "docs" / "docsite" / "rst" / f"{name}.rst").read_text()
        text = kit.as_text(guide)
        assert not re.search(r":\w+:`|^ *\.\. |ansible_collections\.|^ *:[a-z-]+:", text, re.M), name
        for code in re.findall(r"(?m)^ *(?:ansible-playbook|aws|- hosts:) .*", guide):
            assert code in text
    text = kit.as_text((KIT.parents[1] / "docs" / "docsite" / "rst" / "worst_day.rst").read_text())
    assert (
        text.startswith("The worst day: restore after the loss of a region\n====")
        and "glossary (guides/glossary.txt)" in text
    )
    assert 'the guide "awx_operation" of the documentation site' in text and "File flood.yml:" in text


def test_a_changed_collection_is_not_packed(kit, installed, tmp_path):
    (installed / "plugins" / "a.py").write_text("other")
    with pytest.raises(kit.Problem, match=r"acme\.tools .*not as .* installed: plugins/a\.py.*--force acme\.tools"):
        kit.pack(installed, tmp_path)
    with pytest.raises(kit.Problem, match="not an installed collection"):
        kit.pack(tmp_path, tmp_path)


def test_plans_and_reports_are_copied(kit, tmp_path):
    plans, reports = tmp_path / "plans", tmp_path / "reports"
    for directory in (plans / "group_vars", reports):
        directory.mkdir(parents=True)
    (plans / "group_vars" / "all.yml").write_text("a: 1")
    with pytest.raises(kit.Problem, match="contains no report"):
        kit.copy_given(tmp_path / "none", "", str(reports))
    for name in ("orders.json", "orders.html"):
        (reports / name).write_text("{}")
    (tmp_path / "kit").mkdir()
    kit.copy_given(tmp_path / "kit", str(plans), str(reports))
    names = {str(path.relative_to(tmp_path / "kit")) for path in (tmp_path / "kit").rglob("*") if path.is_file()}
    assert names == {"inventory/group_vars/all.yml", "reports/orders.json"}


def test_variables_beside_an_inventory_are_copied_too(kit, tmp_path):
    for name in ("plans.yml", "group_vars/all.yml", "host_vars/orders.yml", "other.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a: 1")
    (tmp_path / "kit").mkdir()
    kit.copy_given(tmp_path / "kit", str(tmp_path / "plans.yml"), "")
    names = {str(path.relative_to(tmp_path / "kit")) for path in (tmp_path / "kit").rglob("*") if path.is_file()}
    assert names == {f"inventory/{name}" for name in ("plans.yml", "group_vars/all.yml", "host_vars/orders.yml")}


@pytest.mark.parametrize(
    "made_for, text",
    [
        ('VERSION="3.12"\nSYSTEM="Plan9 mips"', "was made on Plan9 mips and its wheels run nowhere else"),
        ('VERSION="2.1"\nSYSTEM="$(uname -sm)"', "This kit needs Python 2.1 with the module venv"),
    ],
)
def test_a_kit_says_on_what_it_can_be_installed(tmp_path, made_for, text):
    (tmp_path / "made-for").write_text(made_for)
    (tmp_path / "install.sh").write_text((KIT / "install.sh").read_text())
    done = subprocess.run(["bash", tmp_path / "install.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and text in done.stderr and not (tmp_path / "dr").exists()
