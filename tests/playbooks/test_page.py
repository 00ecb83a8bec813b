# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's pages in a headless Chromium: what people see, and what axe says of it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import jsonschema
import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import index_of, page_of

from tests.unit.reports import sample

from .conftest import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "roles/dr_copy/files/report.schema.json").read_text())
AXE = "axe-core@4.11.0"
DARK = "--blink-settings=preferredColorScheme=0"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed, so no page was opened")


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The accessibility checker, from npm."""
    directory = tmp_path_factory.mktemp("axe")
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so accessibility was not checked")
    pack = ["npm", "pack", "--silent", AXE]
    packed = subprocess.run(pack, cwd=directory, capture_output=True, text=True, timeout=120, check=True)
    shutil.unpack_archive(directory / packed.stdout.split()[-1], directory, filter="data")
    return (directory / "package" / "axe.min.js").read_text()


def opened(directory, page, *arguments, size="1280,1000"):
    """Open a page; returns its document once all of it has run."""
    path = directory / "page.html"
    path.write_text(page)
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile"]
    command += [f"--window-size={size}", "--virtual-time-budget=20000", "--dump-dom", *arguments, f"file://{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def measured(directory, page, script, *arguments, size="1280,1000"):
    """Run a script in a page, which itself allows none; returns what it hands to ``tell``."""
    (directory / "run.js").write_text(f"{TELL}\n{script}")
    page = re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("</body>", '<script src="run.js"></script></body>')
    dom = opened(directory, page, *arguments, size=size)
    told = re.search(r'<pre id="told">(.*?)</pre>', dom, re.S)
    assert told, dom[-2000:]
    return json.loads(html.unescape(told[1]))


TELL = """
function tell(told) {
  const place = document.createElement("pre");
  place.id = "told";
  place.textContent = JSON.stringify(told);
  document.body.append(place);
}
"""
PAGES = {
    "bad night": lambda: page_of(sample(9)),
    "good night": lambda: page_of(sample(4, late=0)),
    "not judged": lambda: page_of(sample(4, rpo_hours=0)),
    "no disks": lambda: page_of(sample(0, late=0)),
    "index": lambda: index_of(
        [sample(4), sample(3, host="mail", late=0)], {"odd": "dr_copy_keep <b>must</b> be a number"}
    ),
}


@needs_chromium
@pytest.mark.parametrize("scheme", [(), (DARK,)], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_to_complain_of(tmp_path, axe, name, scheme):
    script = f"{axe};axe.run().then(r => tell(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html])))"
    for size in ("1280,1000", "500,900"):
        assert measured(tmp_path, PAGES[name](), script, *scheme, size=size) == [], size


@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(tmp_path, width):
    # A window is never narrower than 500 pixels; a frame is.
    frame = f'<body><iframe id="frame" style="width: {width}px; border: 0" srcdoc="{html.escape(PAGES["bad night"]())}"></iframe></body>'
    script = "const frame = document.getElementById('frame'); frame.onload = () => tell(frame.contentDocument.documentElement.scrollWidth)"
    assert measured(tmp_path, frame, script, size="1400,1000") <= width


@needs_chromium
def test_names_from_the_cloud_are_text_and_the_worst_comes_first(tmp_path):
    script = """
      const rows = [...document.querySelector("tbody").rows];
      tell({
        scripts: document.scripts.length,
        name: rows.some(row => row.cells[0].innerText.includes("<script>alert(1)</script>")),
        states: rows.map(row => row.cells[2].innerText.split("\\n")[0]),
        verdict: document.querySelector(".verdict").innerText,
        bars: rows.map(row => row.querySelector(".bar").getAttribute("aria-label")),
      })
    """
    told = measured(tmp_path, page_of(sample(9)), script)
    assert told["scripts"] == 1, "the test's own"
    assert told["name"] and "3 of 9 recovery points miss the RPO of 26 h" in told["verdict"]
    assert told["states"] == ["✗ none", "✗ too old", "✗ too old", *["✓ within RPO"] * 6]
    assert told["bars"][1] == "49.3 h of 26 h allowed"


@needs_chromium
def test_four_thousand_disks_are_one_page_too(tmp_path):
    page = page_of(sample(4000))
    assert len(page) < 8_000_000
    told = measured(tmp_path, page, "tell(document.querySelector('tbody').rows.length)")
    assert told == 4000


def test_the_index_shows_what_failed_too():
    refused = sample(3, host="mail", rpo_hours=0)
    page = index_of([refused, sample(3, host="orders", late=0)])
    assert "1 of 2 plans" in page and "✗ 1 failed" in page
    assert "No plan misses its RPO, and nothing failed" in index_of([sample(3, late=0)])


def test_a_plan_without_disks_is_not_shown_as_well():
    page = page_of(sample(0, late=0))
    assert "No disk is protected" in page and "✓" not in page


@pytest.mark.parametrize("disks", [0, 1, 9])
def test_a_report_follows_the_schema_and_says_on_one_page_what_it_says(disks):
    report = sample(disks)
    jsonschema.validate(report, SCHEMA)
    page = page_of(report)
    assert all(breach["why"][:20] in page for breach in report["breaches"])
    assert "<script" not in page and "src=" not in page and "default-src 'none'" in page
