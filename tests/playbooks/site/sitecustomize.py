# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loaded by each Python that the tests of playbooks start: keeps the bytecode of modules in zip files.

A module is a zip file of source files, for which Python keeps no bytecode; compiling takes a third of the time. Here
the bytecode is kept by the hash of the source, in the directory that the tests name. Everything else is the same.
``fork_server.py`` uses it for the plugins of collections too, for which Ansible keeps no bytecode.
"""

from __future__ import annotations

import _imp
import hashlib
import marshal
import os
import sys
import zipimport

_directory = os.environ.get("TESTS_KEEP_COMPILED")
_compile = zipimport._compile_source
_known = {}


def compiled(path, source):
    """Return the code of a source, given in bytes, as if compiled from this path."""
    name = f"{sys.implementation.cache_tag}.{hashlib.sha256(source).hexdigest()}"
    if name not in _known:
        kept = os.path.join(_directory, name)
        try:
            _read(kept)
        except OSError:
            _known[name] = _compile(path, source)
            new = f"{kept}.{os.getpid()}"
            with open(new, "wb") as file:
                marshal.dump(_known[name], file)
            os.replace(new, kept)  # atomically, because others read it
    _imp._fix_co_filename(_known[name], path)
    return _known[name]


def _read(kept):
    with open(kept, "rb") as file:
        _known[os.path.basename(kept)] = marshal.load(file)


def read_all():
    """Read the bytecode that was kept so far, for forks of this process."""
    for entry in os.scandir(_directory):
        tag, _dot, source = entry.name.partition(".")
        if tag == sys.implementation.cache_tag and source.isalnum() and entry.name not in _known:
            _read(entry.path)


if _directory:
    zipimport._compile_source = compiled
