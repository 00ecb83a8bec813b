#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Every static check. A check that cannot run fails.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements-check.txt"
fetch_collections 13 awx/awx # the last release that holds it
cd "$STAGED" || exit
run() {
  echo "== $*"
  "$@"
}
run ruff check .
run ruff format --check .
run yamllint --strict .
MYPYPATH=$ROOT run mypy -p ansible_collections.multicloud.snapshots.plugins
# Whether tests/scripts/typed_get.py works with this mypy: without it the comment is one that nothing needs, an error.
run mypy --warn-unused-ignores -c 'from typing import TypedDict
class Row(TypedDict):
    key: str
def misspelled(row: Row) -> object:
    return row.get("kye")  # type: ignore[typeddict-item]'
run ansible-lint --offline --profile production --config-file tests/ansible-lint.yml
run ansible-lint --offline --profile production --config-file tests/ansible-lint.yml tests/demo.yml
run antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent .
run antsibull-changelog lint
# ansible-test asks the nearest git checkout for the files to check; that must be the staged copy, not the one around it.
git -C "$STAGED" init -q 2>/dev/null
run python tests/scripts/sanity.py
