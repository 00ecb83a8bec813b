# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes complete files of the roles."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from .enumerations import first_in_words

#: An object that was read from JSON or YAML. It can have any form until it is checked.
Json = Mapping[str, Any]


def try_to(action: Callable[..., Any], *given: Any) -> str:
    """Run an action; return why it failed, or an empty string."""
    try:
        action(*given)
    except Exception as error:  # the run continues and reports any error
        return str(error) or type(error).__name__
    return ""


def absolute_path(path: str) -> str:
    """Return the absolute path of a file or directory, with ``~`` expanded; empty for an empty path."""
    return os.path.abspath(os.path.expanduser(path)) if path else ""


def write_atomically(path: Path, text: str) -> None:
    """Write a file atomically, because it may be read at any moment. Raises OSError."""
    _make_directory(path.parent)
    # Two runs may write the same file at once.
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False, encoding="utf-8"
    ) as file:
        part = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave an empty file under the final name
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_reports(files: Iterable[tuple[Path, Callable[[], str]]]) -> dict[Path, str]:
    """Write reports, each with the function that renders it. Returns why some of them could not be written."""
    problems: dict[Path, str] = {}
    for path, render in files:
        try:
            write_atomically(path, render())
        except OSError as error:  # the message names the file
            problems[path] = error.strerror or str(error)
        except Exception as error:  # the run continues and reports any error
            problems[path] = str(error) or type(error).__name__
    return problems


def unwritten_in_words(problems: Mapping[Path, str]) -> list[str]:
    """Return a sentence for each reason why reports could not be written, with the first ones that it concerns."""
    by_reason = grouped(problems, lambda path: problems[path].rstrip("."))
    return [
        f"The report {paths[0]} could not be written ({why})."
        if len(paths) == 1
        else f"{len(paths)} reports could not be written ({why}): {first_in_words([str(path) for path in paths])}."
        for why, paths in by_reason.items()
    ]


def _make_directory(path: Path) -> None:
    """Make a directory and its missing parents; existing directories keep their permissions."""
    if not path.exists():
        _make_directory(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


@contextmanager
def directory_lock(directory: Path, wait_seconds: float = 60.0) -> Iterator[None]:
    """Let one run at a time read and write its file in this directory, which is made if it does not exist.

    Without effect if it cannot be made, if its file system has no such locks, or if a run that hangs holds the lock for
    longer than ``wait_seconds``.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            _make_directory(directory)
            descriptor = os.open(directory, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            _lock(descriptor, time.monotonic() + wait_seconds)
        yield


def _lock(descriptor: int, ends_at: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)


def read_json(path: Path) -> Json:
    """Return the object in a JSON file, empty if there is none or it cannot be read."""
    return read_json_or_damage(path)[0]


def read_json_or_damage(path: Path) -> tuple[Json, str]:
    """Return the object in a JSON file, or an empty one and why its content is no object.

    A file that does not exist or cannot be opened is not damaged.
    """
    try:
        return load_json(path), ""
    except OSError:
        return {}, ""
    except ValueError as error:
        return {}, str(error)


def load_json(path: Path) -> Json:
    """Return the object in a JSON file. Raises OSError, and ValueError if the content is no object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:  # deeply nested lists
        raise ValueError(str(error)) from None
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")
    return content
