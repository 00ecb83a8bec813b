#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the vendors' other clients against the simulated clouds; T= is an expression for pytest's -k.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/unit.txt"
[ -x "$WORK/clients/bin/python" ] || python -m venv "$WORK/clients"
install_with "$REPO/tests/requirements/clients.txt" "$WORK/clients"
cd "$STAGED" || exit
CLIENTS_PYTHON=$WORK/clients/bin/python PYTHONPATH=$ROOT exec python -m pytest -q -n 2 --dist loadfile ${T:+-k "$T"} tests/clients
