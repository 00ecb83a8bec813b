# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's pages in a headless Chromium: what people see, and what axe reports."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import jsonschema
import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import index_page, report_page

from tests.support.reports import sample

from .conftest import HANGS, REPOSITORY, make_once

SCHEMA = json.loads((REPOSITORY / "roles/dr_copy/files/report.schema.json").read_text())
AXE = "axe-core@4.11.0"
DARK = "--blink-settings=preferredColorScheme=0"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed, so no page was opened")


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The accessibility checker, from npm."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so accessibility was not checked")

    def make(directory):
        pack = ["npm", "pack", "--silent", "--prefer-offline", "--fetch-retries=5", AXE]
        packed = subprocess.run(pack, cwd=directory, capture_output=True, text=True, timeout=HANGS, check=True)
        shutil.unpack_archive(directory / packed.stdout.split()[-1], directory, filter="data")

    directory = make_once(tmp_path_factory, "axe", make)
    return (directory / "package" / "axe.min.js").read_text()


def opened(directory, page, *arguments, size="1280,1000"):
    """Open a page; return its document once all of it has run."""
    path = directory / "page.html"
    path.write_text(page)
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile"]
    command += [f"--window-size={size}", "--virtual-time-budget=20000", "--dump-dom", *arguments, f"file://{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=True).stdout


def measured(directory, page, script, *arguments, size="1280,1000"):
    """Run a script in a page, which itself allows none; return what it passes to ``tell``."""
    (directory / "run.js").write_text(f"{TELL}\n{script}")
    page = re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("</body>", '<script src="run.js"></script></body>')
    dom = opened(directory, page, *arguments, size=size)
    answer = re.search(r'<pre id="answer">(.*?)</pre>', dom, re.S)
    assert answer, dom[-2000:]
    return json.loads(html.unescape(answer[1]))


def in_frame(directory, page, width, script):
    """Run a script beside a page in a frame: a window is never narrower than 500 pixels, a frame is.

    It runs when the window has loaded, which is after its frame: the frame alone may load before the script.
    """
    style = f"width: {width}px; border: 0"
    frame = f'<body><iframe id="frame" style="{style}" srcdoc="{html.escape(page)}"></iframe></body>'
    script = f"const frame = document.getElementById('frame'); addEventListener('load', () => {{ {script} }});"
    return measured(directory, frame, script, size="1400,1000")


TELL = """
function tell(answer) {
  const place = document.createElement("pre");
  place.id = "answer";
  place.textContent = JSON.stringify(answer);
  document.body.append(place);
}
"""
PAGES = {
    "bad night": lambda: report_page(sample(9)),
    "three thousand": lambda: report_page(sample(3000)),
    "warnings": lambda: report_page({**sample(4, late=0), "warnings": ["The source region could not be listed."]}),
    "good night": lambda: report_page(sample(4, late=0)),
    "not judged": lambda: report_page(sample(4, rpo_hours=0)),
    "no disks": lambda: report_page(sample(0, late=0)),
    "index": lambda: index_page(
        [sample(4), sample(3, host="mail", late=0)], {"odd": "dr_copy_keep <b>must</b> be a number"}
    ),
}


#: Each page in both schemes; the large one, which differs from a bad night in the number of rows, in one.
SCHEMES = [
    pytest.param(name, scheme, id=f"{name}-{'dark' if scheme else 'light'}")
    for name in PAGES
    for scheme in ([()] if name == "three thousand" else [(), (DARK,)])
]


@needs_chromium
@pytest.mark.parametrize(("name", "scheme"), SCHEMES)
def test_axe_finds_nothing_to_complain_of(tmp_path, axe, name, scheme):
    # Rows are alike, so the first hundred stand for thousands. axe also walks through what it excludes, which takes
    # minutes. So the other rows are removed, once it is known that no two elements of the whole page have the same ID.
    script = f"""{axe};
        const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
        const twice = ids.filter(id => ids.indexOf(id) !== ids.lastIndexOf(id));
        document.querySelectorAll('tbody tr:nth-child(n+100)').forEach(row => row.remove());
        axe.run().then(r => tell([...twice, ...r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html])]))
    """
    page = PAGES[name]()
    for size in ("1280,1000", "500,900"):
        assert measured(tmp_path, page, script, *scheme, size=size) == [], size


@needs_chromium
@pytest.mark.parametrize("width", [1280, 1045, 710, 390])
@pytest.mark.parametrize("name", ["bad night", "index"])
def test_nothing_is_wider_than_the_screen(tmp_path, name, width):
    page = PAGES[name]()
    assert in_frame(tmp_path, page, width, "tell(frame.contentDocument.documentElement.scrollWidth)") <= width


@needs_chromium
def test_a_disk_is_three_lines_on_a_phone(tmp_path):
    script = """
      const rows = [...frame.contentDocument.querySelectorAll("#late ~ .group table.points tbody tr")];
      const line = parseFloat(getComputedStyle(frame.contentDocument.body).lineHeight);
      tell(rows.map(row => row.getBoundingClientRect().height / line));
    """
    answer = in_frame(tmp_path, PAGES["bad night"](), 400, script)
    assert len(answer) == 3 and all(2 < lines < 4 for lines in answer), answer


@needs_chromium
def test_names_from_the_cloud_are_text_and_the_worst_comes_first(tmp_path):
    script = """
      const rows = [...document.querySelectorAll("table.points tbody tr")];
      tell({
        scripts: document.scripts.length,
        name: rows.some(row => row.cells[0].textContent.includes("<script>alert(1)</script>")),
        late: rows.map(row => row.closest(".is-late") !== null),
        overall: document.querySelector(".overall").innerText,
        bars: rows.map(row => row.querySelector(".bar").getAttribute("aria-label")),
        anchors: [...document.querySelectorAll(".overall a")].map(a => document.querySelector(a.hash) !== null),
      })
    """
    answer = measured(tmp_path, report_page(sample(9)), script)
    assert answer["scripts"] == 2, "the page's and the test's own"
    assert answer["name"] and "3 of 9 recovery points miss the RPO of 26 h" in answer["overall"]
    assert answer["late"] == [True] * 3 + [False] * 6 and all(answer["anchors"]) and len(answer["anchors"]) >= 8
    assert answer["bars"][0] == "no copy, 26 h allowed" and answer["bars"][1] == "49.3 h of 26 h allowed"


@needs_chromium
def test_the_page_runs_only_the_script_with_the_named_hash(tmp_path):
    page = report_page(sample(9)).replace("</body>", "<script>document.body.id = 'bad'</script></body>")
    dom = opened(tmp_path, page)
    assert 'id="search"' in dom and 'id="bad"' not in dom
    assert 'id="search"' not in opened(tmp_path, page.replace('"use strict";', '"use strict" ;'))


@needs_chromium
def test_rows_are_found_sorted_and_filtered(tmp_path):
    script = """
      const shown = () => [...document.querySelectorAll("table.points tbody tr")].filter(row => !row.hidden).length;
      const answer = {all: shown()};
      const late = document.getElementById("late-only"), search = document.getElementById("search");
      late.click(); answer.late = shown(); late.click();
      search.value = "MAIL"; search.dispatchEvent(new Event("input"));
      answer.found = shown(); answer.open = document.getElementById("well").open;
      search.value = ""; search.dispatchEvent(new Event("input"));
      const table = document.querySelector("#well table");
      const ages = () => [...table.tBodies[0].rows].map(row => Number(row.cells[2].dataset.v));
      table.tHead.querySelectorAll("button")[2].click(); answer.up = ages();
      table.tHead.querySelectorAll("button")[2].click(); answer.down = ages();
      answer.stale = !document.querySelector("p.stale").hidden;
      tell(answer);
    """
    answer = measured(tmp_path, report_page(sample(9)), script)
    assert (answer["all"], answer["late"], answer["found"], answer["open"], answer["stale"]) == (9, 3, 2, True, True)
    assert answer["up"] == sorted(answer["up"]) and answer["down"] == answer["up"][::-1] and len(set(answer["up"])) > 2


@pytest.mark.parametrize("late", [0, 1, 3])
def test_three_thousand_disks_are_one_page_too(late):
    assert len(report_page(sample(3000, late=late)).encode()) <= 2_500_000


@needs_chromium
def test_three_thousand_late_disks_are_twenty_printed_pages(tmp_path):
    (tmp_path / "page.html").write_text(report_page(sample(3000, late=1)))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    command += [f"--print-to-pdf={tmp_path}/page.pdf", f"file://{tmp_path}/page.html"]
    subprocess.run(command, capture_output=True, timeout=HANGS, check=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes()))
    assert 5 < pages <= 20


def test_the_index_shows_what_failed_too():
    refused = sample(3, host="mail", rpo_hours=0)
    page = index_page([refused, sample(3, host="orders", late=0)])
    assert "1 of 2 plans needs attention" in page and "✗ 1 failed" in page
    assert "All plans: 6 disks; 0 of 6 recovery points late" in page
    assert "No plan misses its RPO, and nothing failed" in index_page([sample(3, late=0)])


def test_a_plan_without_disks_is_not_shown_as_well():
    page = report_page(sample(0, late=0))
    assert "This plan protects no disk" in page and "✓" not in page


@pytest.mark.parametrize("disks", [0, 1, 9])
def test_a_report_follows_the_schema_and_says_on_one_page_what_it_says(disks):
    report = sample(disks)
    jsonschema.validate(report, SCHEMA)
    page = report_page(report)
    assert all(breach["why"][:20] in page for breach in report["breaches"])
    assert page.count("<script") == 1 and "src=" not in page and "default-src 'none'" in page
