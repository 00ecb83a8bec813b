# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the published collection tells its readers is true."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
import tarfile

import pytest
import yaml
from ansible_collections.amazon.aws.plugins.doc_fragments.common import ModuleDocFragment as AwsCommon
from ansible_collections.amazon.aws.plugins.doc_fragments.region import ModuleDocFragment as AwsRegion
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.multicloud.snapshots.plugins.doc_fragments._aws import ModuleDocFragment as Ours
from ansible_collections.multicloud.snapshots.plugins.filter import (
    copy_plan,
    dr_copy,
    expired_copies,
    recovery_points,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import LOWEST_SDK
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.login import OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.user_agent import VERSION

from tests.release import sbom
from tests.release.audit import sort_copies
from tests.release.build import packed_again
from tests.release.importer import complaints
from tests.release.sign import address_problem, maintainers, release_problems
from tests.release.site import dead_links
from tests.support.repository import REPOSITORY

HEADINGS = [
    "Description",
    "Requirements",
    "Installation",
    "Use Cases",
    "Testing",
    "Contributing",
    "Support",
    "Release Notes and Roadmap",
    "Related Information",
    "License Information",
]
#: The files that are also read on Galaxy.
LINKING = [REPOSITORY / "README.md", REPOSITORY / "SECURITY.md", *sorted(REPOSITORY.glob("roles/*/README.md"))]
MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))


def test_connection_options_of_aws_are_those_of_amazon_aws():
    """All except the aliases that amazon.aws 9 deprecates and 10 lacks."""
    deprecated = {
        alias["name"] for option in aws_argument_spec().values() for alias in option.get("deprecated_aliases", ())
    }
    theirs = {}
    for text in (AwsCommon.MODULES, AwsRegion.MODULES):
        for name, option in yaml.safe_load(text)["options"].items():
            aliases = [alias for alias in option.pop("aliases", ()) if alias not in deprecated]
            option.pop("description")
            theirs[name] = {**option, **({"aliases": aliases} if aliases else {})}
    ours = yaml.safe_load(Ours.DOCUMENTATION)["options"]
    named = set(re.findall(r"E\((\w+)\)", json.dumps(ours)))
    assert named and named <= set(re.findall(r"C\(([A-Z_]+)\)", AwsCommon.MODULES + AwsRegion.MODULES))
    for option in ours.values():
        assert option.pop("description")
    assert {name: option for name, option in ours.items() if name not in OPTIONS} == theirs


@pytest.mark.parametrize("name", MODULES)
def test_documentation_needs_no_other_collection(name):
    """Galaxy runs ansible-doc without other collections; one unknown fragment removes the pages of all modules."""
    documented = importlib.import_module(
        f"ansible_collections.multicloud.snapshots.plugins.modules.{name}"
    ).DOCUMENTATION
    fragments = yaml.safe_load(documented).get("extends_documentation_fragment", [])
    assert all(fragment.startswith("multicloud.snapshots.") for fragment in fragments)


def test_calls_name_the_version_that_is_published():
    assert yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())["version"] == VERSION


def test_no_page_shows_a_mark_of_its_markup():
    """``ignore:`` works only in O() and RV(); V() shows it."""
    for path in [*(REPOSITORY / "plugins").rglob("*.py"), *(REPOSITORY / "roles").rglob("*.yml")]:
        assert not re.search(r"\bV\(ignore:", path.read_text()), path


def test_the_lowest_versions_are_the_same_everywhere():
    text = (REPOSITORY / "requirements.txt").read_text()
    lowest = dict(line.split(">=") for line in text.splitlines() if not line.startswith("#"))
    assert lowest["boto3"] == lowest["botocore"] == LOWEST_SDK
    named = set()
    for path in (REPOSITORY / "plugins").rglob("*.py"):
        for package, version in re.findall(r"(?m)^  - ([\w-]+)(?: >= ([\d.]+))?(?:$|,)", path.read_text()):
            if package in lowest:
                assert version == lowest[package], (path, package)
                named.add(package)
    assert named == lowest.keys() - {"prometheus-client"}  # which one variable of the role needs


def test_the_readme_has_the_headings_of_automation_hub():
    """In the order of Red Hat's template for certified collections."""
    found = re.findall(r"^## (.+)$", (REPOSITORY / "README.md").read_text(), flags=re.M)
    assert found == HEADINGS


def test_the_collection_keeps_the_rules_of_certification():
    """The rules of Red Hat's partner-certification-checker that its own jobs do not check; CI runs its workflow.

    See docs.ansible.com/projects/partner-certification-requirements: dependencies, static analysis, sanity.
    """
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+(>=[\d.]+)?", line) for line in packages)
    assert not {re.match(r"[\w-]+", line)[0] for line in packages} & {"ansible", "ansible-core"}
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    assert galaxy["version"] in yaml.safe_load((REPOSITORY / "changelogs" / "changelog.yaml").read_text())["releases"]
    for lint in (REPOSITORY / ".ansible-lint", REPOSITORY / "tests" / "ansible-lint.yml"):
        assert not {"skip_list", "warn_list"} & yaml.safe_load(lint.read_text()).keys()
    assert not [*REPOSITORY.glob(".ansible-lint-ignore"), *REPOSITORY.glob("tests/sanity/ignore-*.txt")]


def test_a_tarball_is_packed_the_same_whenever_it_was_built():
    def built(names, seconds):
        """Return a tarball as ansible-galaxy builds it: in the order of the file system, with the time of the build."""
        files = json.dumps({"files": [{"name": name} for name in names], "format": 1}).encode()
        manifest = {"file_manifest_file": {"chksum_sha256": hashlib.sha256(files).hexdigest()}}
        contents = {"MANIFEST.json": json.dumps(manifest).encode(), "FILES.json": files}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in {**contents, **dict.fromkeys(names, b"text")}.items():
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uid, member.mode = len(content), seconds, seconds, 0o664
                archive.addfile(member, io.BytesIO(content))
        return packed.getvalue()

    once, again = built(["a", "b"], 1000), built(["b", "a"], 2000)
    assert once != again and packed_again(once, 5) == packed_again(again, 5)
    with tarfile.open(fileobj=io.BytesIO(packed_again(again, 5))) as archive:
        assert archive.getnames() == ["FILES.json", "MANIFEST.json", "a", "b"]
        assert {(m.mtime, m.uid, m.mode) for m in archive.getmembers()} == {(5, 0, 0o644)}
        manifest = json.load(archive.extractfile("MANIFEST.json"))
        files = archive.extractfile("FILES.json").read()
        assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(files).hexdigest()


def test_silence_of_the_audit_is_not_reported_as_success():
    audited = [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]},
        {"name": "unknown", "skip_reason": "Dependency not found"},
    ]
    assert sort_copies(audited) == (["bad 2: CVE-1, fixed in 3"], ["unknown"])


def test_the_bill_of_materials_says_what_is_required_and_what_comes_with_it():
    parts = [
        {"name": "alibabacloud_credentials", "bom-ref": "a"},
        {"name": "aiofiles", "bom-ref": "b"},
        {"name": "pip", "bom-ref": "p"},
    ]
    edges = [{"ref": "a", "dependsOn": ["b"]}, {"ref": "p"}]
    bill = {"metadata": {}, "components": parts, "dependencies": edges}
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    described = sbom.described(bill, galaxy, "0" * 64, {"alibabacloud-credentials"})
    assert described["dependencies"] == [
        {"ref": f"multicloud.snapshots=={galaxy['version']}", "dependsOn": ["a", "amazon.aws>=9.0.0"]},
        {"ref": "a", "dependsOn": ["b"]},
    ]


def test_a_warning_of_the_importer_and_a_missing_page_are_complaints():
    def content(kind, name, **facts):
        return {"content_type": kind, "content_name": name, **facts}

    good = [content("module", "a", doc_strings={"doc": {"module": "a"}}), content("role", "b", readme_html="<p>")]
    assert complaints("Loading\n", {"docs_blob": {"contents": good}}) == []
    bad = [content("module", "a", doc_strings=None), content("role", "b", readme_html=None)]
    assert len(complaints("WARNING: so\nERROR: so\n", {"docs_blob": {"contents": bad}})) == 4
    assert complaints("", {}) == ["The importer returned nothing."]


@pytest.mark.parametrize("path", LINKING, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_to_guides_lead_to_the_published_site(path):
    """Galaxy shows these files without any other file that they could link to."""
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    site = f"{galaxy['documentation']}collections/{galaxy['namespace']}/{galaxy['name']}/"
    text = path.read_text()
    defined = dict(re.findall(r"(?m)^\[([^\]]+)\]: (\S+)$", text))
    prose = re.sub(r"(?m)^\[[^\]]+\]: \S+$", "", text).lower()
    assert defined and all(f"[{name.lower()}]" in prose for name in defined), "a link that nobody sees"
    targets = [*defined.values(), *re.findall(r"\]\((\S+?)\)", text)]
    assert not [target for target in targets if target.partition("#")[0].endswith(".rst")]
    pages = {f"{site}docsite/{guide.stem}.html" for guide in (REPOSITORY / "docs" / "docsite" / "rst").glob("*.rst")}
    assert {target for target in targets if "://" in target} <= {*pages, f"{site}changelog.html"}


def test_no_document_links_to_the_source_of_a_guide():
    """The site shows the guides; their sources have references that only the site resolves."""
    for path in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("roles/*/*.md")]:
        assert not re.search(r"\]\([^)]*\.rst\b", path.read_text()), path


def test_only_galaxy_yml_has_the_address_of_the_repository():
    """Except in the links to the published site, which the test above compares with galaxy.yml."""
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    addresses = [galaxy[key].partition("://")[2].strip("/") for key in ("repository", "documentation")]
    kinds = ("*.md", "*.rst", "*.yml", "*.py", "*.j2", "*.toml", "*.cfg")
    paths = [path for kind in kinds for path in REPOSITORY.rglob(kind)]
    own = [path for path in paths if not {".git", ".work", ".nox"} & set(path.relative_to(REPOSITORY).parts)]
    texts = {path: path.read_text().replace(f"]: {galaxy['documentation']}", "") for path in own}
    named = [path.name for path, text in texts.items() if any(address in text for address in addresses)]
    assert named == ["galaxy.yml"]


def test_nothing_is_signed_before_the_owner_has_confirmed_the_address():
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    assert "nobody has confirmed" in address_problem(galaxy, "")
    assert "nobody has confirmed" in address_problem(galaxy, "https://example.com/other")
    assert not address_problem(galaxy, galaxy["repository"])
    assert "issues must begin" in address_problem({**galaxy, "issues": "https://example.com"}, galaxy["repository"])
    moved = {key: galaxy[key].replace("multicloud/", "another/") for key in ("repository", "homepage", "issues")}
    assert "https://another.github.io/snapshots/" in address_problem({**galaxy, **moved}, moved["repository"])


def test_nothing_is_signed_before_the_owner_has_named_a_maintainer():
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    assert release_problems(galaxy, galaxy["repository"], "Who (@account): AWS\n") == []
    (problem,) = release_problems(galaxy, galaxy["repository"], "Nobody is named yet.\n")
    assert "MAINTAINERS names nobody" in problem
    assert len(release_problems(galaxy, "", "")) == 2


def test_a_release_with_a_key_fails_while_it_is_not_ready(tmp_path):
    command = [sys.executable, "-m", "tests.release.sign", str(tmp_path)]
    with_key, without = ([*command, key, str(tmp_path)] for key in ("a-key", ""))
    options = {
        "capture_output": True,
        "text": True,
        "env": {**os.environ, "CONFIRMED_REPOSITORY": ""},
        "cwd": REPOSITORY,
    }
    refused = subprocess.run(with_key, **options)
    assert refused.returncode and refused.stderr.startswith("Not ready for release: ")
    checked = subprocess.run(without, **options)
    assert not checked.returncode and "Not ready for release: " in checked.stdout and "Not signed" in checked.stdout


def test_accounts_are_those_of_maintainers():
    """So no stranger is named as an author, or asked for a review."""
    assert maintainers("Who (@account-1): AWS\n    Name (@account): indented, so an example\n") == ["account-1"]
    named = maintainers((REPOSITORY / "MAINTAINERS").read_text())
    owners = (REPOSITORY / ".github" / "CODEOWNERS").read_text()
    asked = re.findall(r"@([\w/-]+)", "".join(line for line in owners.splitlines() if not line.startswith("#")))
    plugins = [path for kind in ("modules", "filter") for path in (REPOSITORY / "plugins" / kind).glob("*.py")]
    authors = [who for path in plugins for who in re.findall(r"(?m)^  - .*\(@([\w-]+)\)", path.read_text())]
    assert plugins and {*asked, *authors} <= {*named}


def test_a_link_to_nothing_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="x"></p><a href="b.html#y">1</a><a href="#x">2</a><a href="https://z">3</a>'
    )
    (tmp_path / "b.html").write_text('<a href="a.html#gone">4</a><a href="c.html">5</a><img src="d.svg"><p id="y"></p>')
    assert dead_links(tmp_path) == ["b.html: a.html#gone", "b.html: c.html", "b.html: d.svg"]


@pytest.mark.parametrize("plugin", [copy_plan, expired_copies, recovery_points])
def test_filters_take_their_arguments_as_documented(plugin):
    ((_name, function),) = plugin.FilterModule().filters().items()
    options = yaml.safe_load(plugin.DOCUMENTATION)["options"]
    _input, *taken = inspect.signature(function).parameters.values()
    assert [parameter.name for parameter in taken] == [name for name in options if name != "_input"]
    for parameter in taken:
        option = options[parameter.name]
        assert option.get("required", False) == (parameter.default is parameter.empty)
        assert option.get("required") or (option.get("default") or None) == (parameter.default or None)


@pytest.mark.parametrize("plugin", [dr_copy])
def test_roles_and_playbooks_call_the_functions_that_are_there(plugin):
    (name,) = plugin.FilterModule().filters()
    texts = [path for top in ("roles", "playbooks") for path in sorted((REPOSITORY / top).rglob("*.yml"))]
    texts.append(REPOSITORY / "tests" / "demo" / "demo.yml")
    called = set(re.findall(rf"snapshots\.{name}\(\s*'(\w+)'", "".join(path.read_text() for path in texts)))
    assert called == set(plugin.FUNCTIONS)
    assert not [path for path in texts if re.search(rf"\| *multicloud\.snapshots\.{name}_", path.read_text())]
