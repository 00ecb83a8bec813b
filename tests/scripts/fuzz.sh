#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Tries this many invalid options and answers for each module and cloud.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
cd "$STAGED" || exit
FUZZ=${1:-2000} PYTHONPATH=$ROOT python -m pytest -q -n 2 tests/unit/engine/test_fuzz.py
