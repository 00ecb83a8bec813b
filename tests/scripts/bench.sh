#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures speed and size with the simulated clouds; --write writes tests/benchmark/results.rst.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
cd "$STAGED" || exit
export BENCH_DIR=$WORK
PYTHONPATH=$ROOT python -m tests.benchmark "$@" || result=$?
case " $* " in *" --write "*) hand_back tests/benchmark/results.rst docs/docsite/rst/performance.rst docs/docsite/rst/performance.svg ;; esac
exit "${result:-0}"
