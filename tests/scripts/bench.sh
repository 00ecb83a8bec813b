#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Figures of speed and size, against the simulated clouds; with --write they go into docs/docsite/rst/performance.rst.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements-check.txt"
cd "$STAGED" || exit
"$WORK/venv/bin/pip" install -q matplotlib
export BENCH_DIR=$WORK
PYTHONPATH=$ROOT python -m tests.benchmark "$@" || result=$?
case " $* " in *" --write "*) cp docs/docsite/rst/performance.* "$REPO/docs/docsite/rst/" ;; esac
exit "${result:-0}"
