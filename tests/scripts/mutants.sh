#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Breaks the engine and the roles on purpose, and checks whether the tests find it. --write writes the tables to
# tests/mutants/results.rst, and a summary into the guide. --roles as the first argument breaks only the roles.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
install_with "$REPO/tests/requirements/mutants.txt"
cd "$STAGED" || exit
# No bytecode: a source changes more often than its time, which has whole seconds.
export PYTHONPATH=$ROOT PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
trap 'case " $* " in *" --write "*) hand_back tests/mutants/found.json tests/mutants/results.rst docs/docsite/rst/reliability.rst ;; esac' EXIT
failed=0
if [ "${1:-}" = --roles ]; then
  QUICK=1 python -W ignore -m tests.mutants.roles "${@:2}" || failed=1
  exit $failed
fi
python -W ignore -m tests.mutants "$@" || failed=1
case " $* " in *" --write "*) QUICK=1 python -W ignore -m tests.mutants.roles --write || failed=1 ;; esac
case " $* " in *" --write "*) python -W ignore -m tests.mutants.lines --write || failed=1 ;; esac
exit $failed
