# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site built by `make docs` in a browser: the search finds an option, and module pages have their contents."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clouds import CLOUDS

SITE = Path(os.environ.get("SITE", "."))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed, so no page was opened")


def shown(tmp_path, address):
    """Return a page of the site after its scripts have run."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    command = [
        CHROMIUM,
        *options,
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path}",
        f"file://{SITE}/{address}",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("words, page", [("wait_timeout", "ebs_snapshot_copy_module"), ("survey", "docsite/awx")])
def test_the_search_of_the_site_finds_pages(tmp_path, words, page):
    found = shown(tmp_path, f"search.html?q={words}")
    assert f"{page}.html" in found and "did not match any documents" not in found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_modules_page_shows_options_and_results(tmp_path, cloud):
    page = shown(tmp_path, f"collections/multicloud/snapshots/{cloud}_snapshot_copy_module.html")
    for words in ("Synopsis", "Parameters", "snapshot_ids", "Return Values", "copies", "Examples"):
        assert words in page, words


def test_the_front_page_says_what_this_is_and_where_to_begin(tmp_path):
    page = shown(tmp_path, "index.html")
    assert "<h1>multicloud.snapshots" in page and "copies disk snapshots" in page.lower()
    for name in (
        "docsite/getting_started",
        "docsite/nightly",
        "docsite/worst_day",
        "changelog",
        "multicloud/snapshots/index",
    ):
        assert f"{name}.html" in page, name


def test_the_index_leads_to_every_plugin_and_guide(tmp_path):
    index = shown(tmp_path, "collections/multicloud/snapshots/index.html")
    for name in (
        "dr_copy_role",
        "copy_plan_filter",
        "ebs_snapshot_share_module",
        "docsite/try_it",
        "docsite/restoring",
        "docsite/nightly",
        "docsite/moving_over",
    ):
        assert f"{name}.html" in index, name


def test_pictures_are_drawn(tmp_path):
    page = shown(tmp_path, "collections/multicloud/snapshots/docsite/performance.html")
    assert "performance.svg" in page
    assert list(SITE.rglob("performance.svg"))
