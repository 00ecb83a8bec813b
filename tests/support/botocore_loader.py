# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One loader of botocore's data for all sessions of a process.

Each module has a session of its own, and each session would read the description of EC2 again: three megabytes of JSON,
which take longer than all else that a short module does.
"""

from __future__ import annotations

import functools

try:
    import botocore.session
except ImportError:  # tests of a missing SDK, and of other clouds alone
    botocore = None


def share_loader():
    """Let the sessions that this process begins from now on share a loader."""
    if botocore:
        botocore.session.create_loader = functools.cache(botocore.session.create_loader)
