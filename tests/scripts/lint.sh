#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every static check. A check that cannot run is a failure.
source "$(dirname "$0")/environment.sh"
make_environment
install_with "$REPO/tests/requirements/check.txt"
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
# Checks that tests/scripts/typed_get.py works with this mypy: otherwise the comment is unused, which is an error.
run mypy --warn-unused-ignores -c 'from typing import TypedDict
class Row(TypedDict):
    key: str
def misspelled(row: Row) -> object:
    return row.get("kye")  # type: ignore[typeddict-item]'
run ansible-lint --offline --profile production --config-file tests/ansible-lint.yml
run ansible-lint --offline --profile production --config-file tests/ansible-lint.yml tests/demo/demo.yml
run antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent .
run antsibull-changelog lint
# ansible-test takes the files to check from the nearest git checkout, which must be the staged copy.
git -C "$STAGED" init -q 2>/dev/null
run python tests/scripts/sanity.py --skip-test pylint --skip-test import
# Pylint takes a minute for the tests, which Ruff checks; `make matrix` runs it on them too.
run python tests/scripts/sanity.py --test pylint --exclude tests/
# The tests import everything with the newest Python. `make matrix` runs this with each.
oldest=$(sed -n 's/.*python\(3\.[0-9]*\)$/\1/p' "$WORK/interpreters" | sort -V | head -n 1)
run python tests/scripts/sanity.py --test import --python "${oldest:-default}"
