# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fifth cloud, written from docs/docsite/rst/adding_a_cloud.rst alone, which proves that the guide is complete.

It changes no file of the engine or of the roles. ``plugged`` adds its rows to the two tables of clouds, and its
name to the schema of a report.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from unittest import mock

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds import table

from tests.clouds import CLOUDS, COLLECTION
from tests.support.reports import SCHEMA

from .adapter import ToyCapabilities
from .estate import TOY


@contextlib.contextmanager
def plugged() -> Iterator[None]:
    """Register the toy with the collection and its tests, as files of its own would."""
    modules = {
        f"{COLLECTION}.modules.{name}": importlib.import_module(f"tests.toy.{name}")
        for name in (TOY.copy_module, TOY.info_module)
    }
    # patch.dict would also forget everything imported meanwhile, and Ansible's types cannot be defined twice.
    sys.modules.update(modules)
    try:
        cloud = SCHEMA.schema["properties"]["cloud"]
        with (
            mock.patch.dict(table.CLOUDS, toy=ToyCapabilities()),
            mock.patch.dict(CLOUDS, toy=TOY),
            mock.patch.dict(cloud, enum=[*cloud["enum"], "toy"]),
        ):
            yield
    finally:
        for name in modules:
            del sys.modules[name]
