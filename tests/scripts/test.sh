#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs everything: static checks, unit and contract tests, playbooks on the simulated clouds, the built tarball.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
fetch_collections 13 awx/awx # the last release that holds it
echo "== static checks, beside the tests; what they say follows at the end"
bash "$REPO/tests/scripts/lint.sh" >"$WORK/lint.log" 2>&1 &
lint=$!
cd "$STAGED" || exit
echo "== the collection builds, installs and documents itself"
install_built "$WORK"
(cd / && ANSIBLE_COLLECTIONS_PATH=$WORK/installed ansible-doc -t module multicloud.snapshots.ebs_snapshot_copy >/dev/null)
(cd / && ANSIBLE_COLLECTIONS_PATH=$WORK/installed ansible-doc -t role multicloud.snapshots.dr_copy >/dev/null)
export STORM_SEED=${STORM_SEED:-$(date +%Y%m%d)} # a few new storms each day
echo "== tests (STORM_SEED=$STORM_SEED); the output of the playbook tests follows at the end"
export PYTHONPATH=$ROOT
# Compiles each file once for all workers.
python -m pytest -q --collect-only tests/playbooks tests/unit >/dev/null || true
# A playbook waits more than it computes. The unit tests take ten seconds to collect, so only two workers do that.
python -m pytest -q -n 3 --dist worksteal --durations=15 tests/playbooks >"$WORK/playbooks.log" 2>&1 &
playbooks=$!
python -m pytest -q -n 2 --dist worksteal --durations=15 tests/unit || failed=unit-tests
wait "$playbooks" || failed="${failed:-} playbooks"
cat "$WORK/playbooks.log"
wait "$lint" || failed="${failed:-} static-checks"
cat "$WORK/lint.log"
[ -z "${failed:-}" ] || { echo "Failed: $failed" >&2; exit 1; }
