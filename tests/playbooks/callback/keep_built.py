# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the zip file that Ansible builds of a module and its module_utils, for all playbooks of the tests.

Ansible itself keeps it in a directory of one run. Here that is a link to a directory of all runs of this core with
these collections. Everything else is the same.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from ansible import constants as C
from ansible import release
from ansible.plugins.callback import CallbackBase

try:
    from ansible._internal._locking import named_mutex
except ImportError:  # an older core, which allows only one run to write into the directory
    named_mutex = None


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "keep_built"

    def __init__(self):
        super().__init__()
        directory = os.environ.get("TESTS_KEEP_COMPILED")
        if directory and named_mutex:
            of = repr((release.__version__, sys.version, C.COLLECTIONS_PATHS))
            shared = Path(directory, f"built.{hashlib.sha256(of.encode()).hexdigest()}")
            shared.mkdir(exist_ok=True)
            Path(C.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(shared)
