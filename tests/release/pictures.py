# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the pictures of the README: pictures.py FOLDER. The demo's screen, and a report's page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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
    report(folder / "report.png")
    (folder / "demo.svg").write_text(demo())


if __name__ == "__main__":
    main()
