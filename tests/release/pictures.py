# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the pictures of the README: pictures.py FOLDER. Badges from the files, the demo's screen, a report's page."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ROW, LETTER = 20, 6.6


def badges() -> str:
    """Return the badges as one picture that needs no network."""
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    runtime = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text())
    tests = yaml.safe_load((REPOSITORY / "tests" / "config.yml").read_text())
    facts = {
        "ansible-core": runtime["requires_ansible"],
        "python": tests["modules"]["python_requires"],
        "amazon.aws": galaxy["dependencies"]["amazon.aws"],
        "licence": galaxy["license"][0],
    }
    x, parts = 0.0, []
    for name, value in facts.items():
        for text, colour in ((name, "#444"), (value, "#0b6e99")):
            width = round(len(text) * LETTER + 14)
            parts.append(f'<rect x="{x:g}" width="{width}" height="{ROW}" fill="{colour}"/>')
            parts.append(f'<text x="{x + width / 2:g}" y="14">{html.escape(text)}</text>')
            x += width
        x += 6
    style = 'fill="#fff" font-family="DejaVu Sans Mono, Menlo, monospace" font-size="11" text-anchor="middle"'
    label = html.escape(", ".join(f"{name} {value}" for name, value in facts.items()))
    size = f'width="{x - 6:g}" height="{ROW}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">'
    return "\n".join([opening, f"<g {style}>", *parts, "</g>", "</svg>", ""])


def demo() -> str:
    """Return the screen of the demo as SVG."""
    from rich.console import Console
    from rich.text import Text

    done = subprocess.run([sys.executable, "-m", "tests.demo"], capture_output=True, text=True, check=True)
    shown = re.sub(r"\S*dr-copy-demo-\w+", "/tmp/dr-copy-demo", done.stdout.rstrip())
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=132, file=nowhere)
        console.print(Text("$ make demo", style="bold"))
        console.print(Text(shown))
        # The fonts that it names by address are omitted: the picture needs no network.
        return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.S)


def report(picture: Path) -> None:
    """Draw the page of a report with a breach in Chromium."""
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import report_page

    from tests.support import reports

    if not CHROMIUM:
        print("no Chromium is installed, so the report was not drawn", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "report.html"
        reports.NOW = datetime.now(timezone.utc).replace(second=0, microsecond=0)  # or the page looks outdated
        page.write_text(report_page(reports.sample(9)))
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,900"]
        command = [CHROMIUM, *options, f"--user-data-dir={place}/home", f"--screenshot={picture}", f"file://{page}"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "badges.svg").write_text(badges())
    report(folder / "report.png")
    (folder / "demo.svg").write_text(demo())


if __name__ == "__main__":
    main()
