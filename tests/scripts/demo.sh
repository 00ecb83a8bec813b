#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Start the simulated clouds and run tests/demo/demo.yml against them.
source "$(dirname "$0")/environment.sh"
make_environment
cd "$STAGED" || exit
export ANSIBLE_CALLBACK_RESULT_FORMAT=yaml ANSIBLE_DISPLAY_SKIPPED_HOSTS=false PYTHONPATH=$ROOT
exec python -m tests.demo "$@"
