#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything: static checks, unit and contract tests, playbooks against the simulated clouds, the built tarball.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$repo/tests/requirements-check.txt"
bash "$repo/tests/lint.sh"
cd "$staged"
echo "== the collection builds, installs and documents itself"
rm -rf "$work/dist" "$work/installed"
ansible-galaxy collection build "$staged" --output-path "$work/dist" -f
mkdir -p "$work/installed/ansible_collections"
cp -r "$root/ansible_collections/amazon" "$work/installed/ansible_collections/"
ANSIBLE_COLLECTIONS_PATH=$work/installed ansible-galaxy collection install --offline -p "$work/installed" "$work"/dist/*.tar.gz
(cd / && ANSIBLE_COLLECTIONS_PATH=$work/installed ansible-doc -t module multicloud.snapshots.ebs_snapshot_copy >/dev/null)
(cd / && ANSIBLE_COLLECTIONS_PATH=$work/installed ansible-doc -t role multicloud.snapshots.dr_copy >/dev/null)
echo "== tests"
PYTHONPATH=$root python -m pytest -q -n 2 --dist loadscope tests/unit tests/playbooks
