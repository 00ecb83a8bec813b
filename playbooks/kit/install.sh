#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a virtual environment of this kit, without network: bash install.sh [DIRECTORY]
set -euo pipefail
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
to=${1:-$kit/dr}
# shellcheck source=/dev/null
source "$kit/made-for"

stop() {
  echo "$1" >&2
  exit 1
}

[ "$(uname -sm)" = "$SYSTEM" ] ||
  stop "This kit was made on $SYSTEM and its wheels run nowhere else; this machine is $(uname -sm). Use a machine of that kind."
python=
for found in "python$VERSION" python3 python; do
  if [ "$("$found" -c 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$VERSION" ]; then
    python=$found
    break
  fi
done
[ -n "$python" ] ||
  stop "This kit needs Python $VERSION with the module venv. Neither python$VERSION, python3 nor python in PATH provides it. Install it, or put it first in PATH (on Debian and Ubuntu the package python$VERSION-venv holds the module)."
[ ! -e "$to" ] || [ -e "$to/pyvenv.cfg" ] || stop "$to exists and is not a virtual environment. Give another directory."

echo "Making $to with Python $VERSION ..."
export PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1
"$python" -m venv "$to"
"$to/bin/python" -m pip install --quiet --no-index "$kit"/wheels/*.whl
site=$("$to/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export ANSIBLE_COLLECTIONS_PATH=$site
"$to/bin/ansible-galaxy" collection install --offline --force -p "$site" "$kit"/collections/*.tar.gz >/dev/null
# Otherwise Ansible would prefer the collections of another installation on this machine.
grep -q '^export ANSIBLE_COLLECTIONS_PATH=' "$to/bin/activate" ||
  printf 'export ANSIBLE_COLLECTIONS_PATH=%q\n' "$site" >>"$to/bin/activate"
# The core warns about a collection of its own, so its output is shown only if the role cannot be read.
shown=$("$to/bin/ansible-doc" -t role multicloud.snapshots.dr_restore 2>&1) || stop "$shown"
echo "Ready. Begin with: source $to/bin/activate"
echo "Then follow guides/worst_day.txt, \"Get ready\", from the step \"Set the credentials\"."
