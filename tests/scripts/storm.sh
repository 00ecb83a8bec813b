#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs storms on the simulated clouds; --write writes the tables to tests/storms/results.rst.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
cd "$STAGED" || exit
export PYTHONPATH=$ROOT PYTHONHASHSEED=0
# Written tables are kept, even if a storm fails or the run is interrupted before a later table.
trap 'case " $* " in *" --write "*) hand_back tests/storms/results.rst docs/docsite/rst/reliability.rst ;; esac' EXIT
python -W ignore -m tests.storms "$@"
