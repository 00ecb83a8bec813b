# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the documentation site: site.py FOLDER prepares it with antsibull-docs, --build builds it with Sphinx.

Warnings and dead links are failures. If the documentation of Ansible itself cannot be reached, only references to it
are exempt, and a message says so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]
INVENTORY = "https://docs.ansible.com/projects/ansible/devel/objects.inv"
OFFLINE = r"""
# Made where the documentation of Ansible cannot be reached: references to it lead nowhere.
intersphinx_mapping = {}
nitpick_ignore_regex = [
    ('std:ref', r'action_plugins|common_return_values|ansible_configuration_settings'),
    ('std:ref', r'ansible_collections\.(amazon|ansible|awx|community)\..*'),
]
"""
INDEX = """\
multicloud.snapshots
====================

Copies disk snapshots to other regions on AWS, Alibaba Cloud and Tencent Cloud; restores disks from
these copies, and proves that this works.

* :ref:`Get started <ansible_collections.multicloud.snapshots.docsite.getting_started>`, or
  :ref:`try it without an account <ansible_collections.multicloud.snapshots.docsite.try_it>`.
* :ref:`Protect disks every night <ansible_collections.multicloud.snapshots.docsite.nightly>`.
* :ref:`The worst day <ansible_collections.multicloud.snapshots.docsite.worst_day>`: read it before it comes.

.. toctree::
   :maxdepth: 3

   collections/multicloud/snapshots/index

.. toctree::
   :maxdepth: 1
   :caption: Indexes
   :glob:

   collections/index
   collections/index_*
   collections/environment_variables
"""
SETTINGS = r"""
project = title = html_short_title = 'multicloud.snapshots'
copyright = 'multicloud.snapshots contributors'
"""


class Page(HTMLParser):
    """The links of a page, and its anchors."""

    def __init__(self, text: str):
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.add(value or "")
            elif name == "id" or (tag == "a" and name == "name"):
                self.places.add(value or "")


def dead_links(html: Path) -> list[str]:
    """Return the links within a site to a missing file or anchor."""
    pages = {path.resolve(): Page(path.read_text()) for path in html.rglob("*.html")}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            is_there = target.exists() and (target not in pages or unquote(parts.fragment) in pages[target].places)
            if not is_there:
                dead.append(f"{path.relative_to(html.resolve())}: {link}")
    return sorted(dead)


def prepare(site: Path) -> None:
    shutil.rmtree(site, ignore_errors=True)
    (site / "rst").mkdir(mode=0o755, parents=True)  # antsibull-docs requires that only its owner can write it
    site.chmod(0o755)
    command = "antsibull-docs sphinx-init --use-current --fail-on-error --dest-dir"
    subprocess.run([*command.split(), str(site), "multicloud.snapshots"], check=True, stdout=subprocess.DEVNULL)
    settings = SETTINGS
    try:
        urllib.request.urlopen(INVENTORY, timeout=20).close()
    except (urllib.error.URLError, OSError) as error:
        print(f"NOT CHECKED: references to the documentation of Ansible ({INVENTORY}: {error})")
        settings += OFFLINE
    (site / "rst" / "index.rst").write_text(INDEX)
    with (site / "conf.py").open("a") as file:
        file.write(settings)


def _run(site: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=site, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout[-2000:]}\n{done.stderr[-8000:]}")


def build(site: Path) -> None:
    """Do what the site's build.sh does. Between its two steps add the pictures, which antsibull-docs omits."""
    pages = (
        "antsibull-docs --config-file antsibull-docs.cfg collection --cleanup everything --fail-on-error --use-current"
    )
    _run(site, *pages.split(), "--dest-dir", "rst", "multicloud.snapshots")
    guides = site / "rst" / "collections" / "multicloud" / "snapshots" / "docsite"
    for picture in (REPOSITORY / "docs" / "docsite" / "rst").iterdir():
        if picture.suffix in (".svg", ".png"):
            shutil.copy(picture, guides)
    _run(site, "sphinx-build", "-M", "html", "rst", "build", "-c", ".", "-W", "--keep-going")
    dead = dead_links(site / "build" / "html")
    if dead:
        sys.exit("\n".join(["Links to nothing:", *dead]))
    print(f"the site is {site / 'build' / 'html' / 'index.html'}: no warning, no link to nothing")


if __name__ == "__main__":
    (build if "--build" in sys.argv else prepare)(Path(sys.argv[1]))
