# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make matrix K=` runs the sessions that its expression selects."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys

import pytest
import yaml

from tests.support.repository import REPOSITORY

pytest.importorskip("antsibull_nox", reason="make test installs it")


def chosen(*expression):
    """Return the names of the matrix sessions that nox runs for an expression, or without one."""
    command = [sys.executable, "-m", "nox", "--list", "--json", "--tags", "matrix"]
    options = [f"--keywords={one}" for one in expression]
    listed = subprocess.run([*command, *options], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return [session["session"] for session in json.loads(listed.stdout)]


def test_the_workflow_runs_each_session_once():
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text())
    expressions = workflow["jobs"]["matrix"]["strategy"]["matrix"]["core"]
    run = {expression: chosen(expression) for expression in expressions}
    assert sorted(name for names in run.values() for name in names) == sorted(chosen())
    assert all(name.startswith(expression) for expression, names in run.items() for name in names)


@pytest.mark.parametrize("place", ["Makefile", "CONTRIBUTING.md"])
def test_the_example_that_is_given_chooses_one_core_and_one_amazon_aws(place):
    (expression,) = set(re.findall(r'K="(.+?)"', (REPOSITORY / place).read_text()))
    assert chosen(expression) == [f"core_2_16_py3_{minor}_aws_9" for minor in (10, 11, 12)]


def test_a_sanity_check_that_cannot_run_is_named(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY / "tests" / "scripts")
    sanity = importlib.import_module("sanity")
    log = """\
WARNING: Required program "shellcheck" not found.
WARNING: Skipping sanity test "pylint" because it is not supported.
WARNING: Skipping sanity test "compile" on Python 3.14 because it could not be found.
WARNING: Required program "pwsh" not found.
Running sanity test "pep8"
WARNING: Required program "shellcheck" not found.
"""
    assert sanity.left_out(log) == log.splitlines()[:2]
