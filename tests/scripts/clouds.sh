#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Serve the simulated clouds, to be called from another terminal.
source "$(dirname "$0")/environment.sh"
make_environment
cd "$STAGED" || exit
export PYTHONPATH=$ROOT
exec python -m tests.demo.local_clouds "$WORK/clouds"
