# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents for developers are correct: facts and promises, their citations, the length of lines."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core import pacing

from tests.clouds import CLOUDS
from tests.documentation import files_map, indexes
from tests.support.repository import REPOSITORY, TESTS

MAPS = REPOSITORY / "docs" / "development"
CODE = [p for top in ("plugins", "tests", "roles", "playbooks") for p in sorted((REPOSITORY / top).rglob("*.*"))]
TEXTS = [p for p in CODE if p.suffix in (".py", ".yml", ".md", ".j2", ".sh") and "output" not in p.parts]
STATUSES = {"recorded", "documented", "measured", "unverified"}


def entries(name):
    """Return the text under each third-level heading of a document."""
    _head, *parts = re.split(r"^### (\S+)$", (MAPS / f"{name}.md").read_text(), flags=re.M)
    assert len(set(parts[::2])) == len(parts) // 2, "a heading occurs twice"
    return dict(zip(parts[::2], (re.sub(r"\s+", " ", part.partition("\n## ")[0]) for part in parts[1::2])))


def known_tests():
    return set(re.findall(r"def (test_\w+)", "".join(p.read_text() for p in CODE if p.suffix == ".py")))


@pytest.mark.parametrize("name", ["api-facts", "promises"])
def test_every_citation_has_its_heading(name):
    cited = {}
    for path in TEXTS:
        for anchors in re.findall(rf"(?<![.\w]){name}: ([a-z0-9-]+(?:, [a-z0-9-]+)*)", path.read_text()):
            cited.update(dict.fromkeys(anchors.split(", "), path))
    unknown = {anchor: str(path) for anchor, path in cited.items() if anchor not in entries(name)}
    assert cited and not unknown


@pytest.mark.parametrize("name", ["api-facts", "promises"])
def test_every_heading_has_known_tests(name):
    known = known_tests()
    for anchor, text in entries(name).items():
        named = re.findall(r"`(test_\w+)`", text.partition("- Tests: ")[2])
        assert named and set(named) <= known, (anchor, set(named) - known)


def test_every_fact_has_a_source_and_a_status():
    for anchor, text in entries("api-facts").items():
        found = re.search(r"- Source: .+ - Status: (\w+) ", text)
        assert found and found[1] in STATUSES, anchor


def test_each_fact_with_status_recorded_has_a_recording():
    for anchor, text in entries("api-facts").items():
        for path in re.findall(r"`(tests/recorded/\w+/[\w*.-]+)`", text):
            assert list(REPOSITORY.glob(path)), (anchor, path)
        if "- Status: recorded" in text:
            assert "tests/recorded/" in text or "recorded exchange" in text, anchor


def test_nothing_cites_what_is_not_in_the_repository():
    words = re.compile(
        r"contract [A-Z]\b|contract [A-Z]?\.?[0-9]|contract, part|interface,? (point|section)|\(point \d"
    )
    found = [
        (str(p), words.search(p.read_text())[0])
        for p in TEXTS
        if p.name != "test_maps.py" and words.search(p.read_text())
    ]
    recorded = [p for p in CODE if p.suffix == ".json" and "(contract" in p.read_text()]
    assert not found and not recorded


def test_every_file_has_its_line_on_the_map():
    text = (MAPS / "files.md").read_text()
    assert files_map.written(text) == text, "run python -m tests.documentation.files_map"
    files = [path for path in (REPOSITORY / "plugins").rglob("*.py") if path.stem != "__init__"]
    folders = {str(path.parent.relative_to(REPOSITORY)) for path in files}
    by_hand = {f"plugins/{name}" for name in ("modules", "doc_fragments", "action")}
    assert folders - by_hand == set(files_map.FOLDERS)
    for path in (REPOSITORY / "tests").iterdir():
        is_empty = path.is_dir() and not [*path.rglob("*.py"), *path.rglob("*.sh")]
        if not is_empty and path.name not in ("__init__.py", "output"):
            assert f"`{path.name}`" in text or f"`{path.name}/`" in text, path


@pytest.mark.parametrize("name", sorted(indexes.INDEXES))
def test_the_index_of_a_document_is_current(name):
    text = (MAPS / name).read_text()
    assert indexes.written(name, text) == text, "run python -m tests.documentation.indexes"


def test_the_examples_of_tests_are_tests():
    tests = (TESTS / "unit" / "copying" / "test_example.py").read_text()
    examples = re.findall(r"^```python\n(.*?)^```$", (MAPS / "testing.md").read_text(), re.M | re.S)
    assert len(examples) == 2 and all(example in tests for example in examples)


def test_the_tour_names_functions_that_exist():
    code = "".join(p.read_text() for p in (REPOSITORY / "plugins").rglob("*.py"))
    named = set(re.findall(r"`(?:\w+\.)?(\w+)\(\)`", (MAPS / "architecture.md").read_text()))
    assert named and not {name for name in named if f"def {name}(" not in code}


def test_the_code_of_a_promise_exists():
    lines = re.findall(r"^- Code: (.+?)(?=\n(?:- |\n))", (MAPS / "promises.md").read_text(), re.M | re.S)
    assert lines
    for line in lines:
        files = [
            (REPOSITORY / "plugins" / "module_utils" / name).read_text() for name in re.findall(r"`(\w+/\S+)`", line)
        ]
        for name in re.findall(r"`(?:\w+\.)?(\w+)\(\)`", line):
            assert any(f"def {name}(" in text for text in files), (name, line)


def test_no_line_of_prose_is_too_long():
    """Markdown tables, code blocks and generated parts are exempt."""
    texts = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")]
    texts += [*(REPOSITORY / "docs").rglob("*.rst"), *(REPOSITORY / "roles").rglob("*.md")]
    for path in texts:
        text = re.sub(r"^```.*?^```$|^\.\. begin .*?^\.\. end ", "", path.read_text(), flags=re.M | re.S)
        text = re.sub(r"^( *)\.\. code-block::.*\n(?:\1 +.*\n|\n)+", "", text, flags=re.M)
        for line in text.splitlines():
            assert len(line) <= 120 or line.startswith("|"), (str(path), line)
    for path in [p for p in CODE if p.suffix == ".yml"]:
        for line in path.read_text().splitlines():
            assert len(line) <= 120 or not line.lstrip().startswith("#"), (str(path), line)


def test_a_term_of_a_guide_stands_alone_on_its_line():
    """With text on the same line, all of it is the term, and the next line begins the definition in mid-sentence."""
    for path in (REPOSITORY / "docs/docsite/rst").glob("*.rst"):
        assert not re.search(r"^``[^`\n]+`` [^\n]*\n {2,}\S", path.read_text(), re.M), path


def test_the_guide_for_contributors_names_tests_that_are_there():
    """``make unit T=`` finds their files without reading others."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    names = set(re.findall(r"make unit T=\S*?(test_\w+)(?!\S*[./])", text))
    found = {}
    for name in names:
        command = f"source tests/scripts/environment.sh; files_of_test {name}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=REPOSITORY)
        found[name] = {Path(line).name for line in done.stdout.split()}
    assert found["test_no_count_ends_a_listing"] == {"test_paging.py"}
    lost = found["test_a_lost_answer_makes_no_second_copy"]
    assert {f"test_{cloud}_contract.py" for cloud in CLOUDS} <= lost and len(lost) < 10


def test_the_readme_is_short():
    """The addresses of its links, which readers do not see, do not count."""
    lines = (REPOSITORY / "README.md").read_text().splitlines()
    assert len([line for line in lines if not re.match(r"\[[^\]]+\]: https://", line)]) <= 150


def test_the_table_of_times_has_the_constants_of_pacing():
    text = (REPOSITORY / "docs" / "development" / "architecture.md").read_text()
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| ([\d.]+)(?:, and (\d+) \w+)? \|", text, re.M)
    assert len(rows) >= 14
    for names, seconds, times in rows:
        for name, number in zip(re.findall(r"`(\w+)`", names), filter(None, (seconds, times)), strict=True):
            value = getattr(pacing, name)
            value = value.total_seconds() if isinstance(value, timedelta) else value
            assert value == float(number), name
