#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the quick unit tests on two cores; with T= those of files, one test, or those that match an expression of -k.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/unit.txt"
cd "$STAGED" || exit
export PYTHONPATH=$ROOT
path_of() { # the path of a file or test that T= names
  local file=${1%%::*} path
  for path in "$file" tests/unit/*/"$file" tests/unit/*/"$file.py"; do
    [ -n "$file" ] && [ -e "$path" ] && echo "$path${1#"$file"}" && return
  done
  return 1
}
path=$(path_of "${T:-}") && exec python -m pytest "$path"
if [[ ${T:-} == *.py* ]]; then
  paths=()
  for name in $T; do
    path=$(path_of "$name") || { echo "$name does not exist" >&2 && exit 1; }
    paths+=("$path")
  done
  exec python -m pytest "${paths[@]}"
fi
if [ -n "${T:-}" ]; then
  files=()
  # Collecting all tests takes longer than running most of them.
  [[ $T =~ ^(test_[[:alnum:]_]+)(\ and\ [[:alnum:]_]+)*$ ]] && mapfile -t files < <(files_of_test "${BASH_REMATCH[1]}")
  if [[ $T =~ ^test_[[:alnum:]_]+$ ]] && [ ${#files[@]} = 0 ]; then
    echo "No test in tests/unit has the name $T" >&2
    exit 1
  fi
  exec python -m pytest "${files[@]:-tests/unit}" -k "$T"
fi
export QUICK=yes # a fifth of the random examples
exec python -m pytest -q -n 2 --dist worksteal -m "not slow" tests/unit
