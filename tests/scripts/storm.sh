#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Let storms pass over the simulated clouds; with --write the tables go into tests/storms/results.rst.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements-check.txt"
cd "$STAGED" || exit
export PYTHONPATH=$ROOT PYTHONHASHSEED=0
# What was written is kept, also where something is wrong or a later table is not waited for.
trap 'case " $* " in *" --write "*) hand_back tests/storms/results.rst docs/docsite/rst/reliability.rst ;; esac' EXIT
python -W ignore -m tests.storms "$@"
