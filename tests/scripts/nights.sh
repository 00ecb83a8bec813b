#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a week of nights with the role's playbook, a year with the role in one process, and random histories. --write
# writes the tables to tests/nights/results.rst.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
cd "$STAGED" || exit
export PYTHONPATH=$ROOT PYTHONHASHSEED=0
NIGHTS=7 python -m pytest -q -n 2 tests/playbooks/test_report.py -k nights
python -W ignore -m tests.nights "$@"
case " $* " in *" --write "*) hand_back tests/nights/results.rst docs/docsite/rst/reliability.rst ;; esac
