#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds and installs the collection, and makes a kit from it, as users do, in .work/kit.
source "$(dirname "$0")/environment.sh"
make_environment
install_built "$WORK/kit"
given=$(python -c 'import json, os, sys
names = {"dr_kit_python": "PYTHON", "dr_kit_inventory": "INVENTORY", "dr_kit_reports": "REPORTS"}
given = {variable: os.environ.get(name, "") for variable, name in names.items()}
print(json.dumps({**given, "dr_kit_dir": sys.argv[1]}))' "$WORK/kit")
ANSIBLE_COLLECTIONS_PATH=$WORK/kit/installed ansible-playbook multicloud.snapshots.dr_kit -e "$given"
