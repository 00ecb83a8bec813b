# Sourced by the scripts in this folder. Makes .work/: a virtual environment, amazon.aws, and a staged copy of the
# collection.
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
set -euo pipefail

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WORK=${WORK_DIR:-$REPO/.work}
ROOT=$WORK/root
STAGED=$ROOT/ansible_collections/multicloud/snapshots
# Python compiles what it imports, once, and keeps it outside the staged copy.
unset PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONPYCACHEPREFIX=$WORK/bytecode

# Real interpreters, newest first: the shims of a version manager may exist for versions that are not installed.
interpreters() {
  local version found shims
  shims=${PYENV_ROOT:-$(command -v pyenv >/dev/null && pyenv root || echo "$HOME/.pyenv")}
  for version in 3.13 3.12 3.14 3.11 3.10; do
    for found in "$shims"/versions/"$version"*/bin/python"$version" "$(command -v "python$version" || true)"; do
      [ -x "$found" ] && "$found" -c 'import venv, ensurepip, sys; print(sys.executable)' 2>/dev/null
    done
  done
  python3 -c 'import venv, ensurepip, sys; print(sys.executable) if sys.version_info >= (3, 10) else None' 2>/dev/null || true
}

clean_path() { # those interpreters, and the system's folders; kept, since to ask each takes a second
  local kept=$WORK/interpreters
  mkdir -p "$WORK"
  if ! { [ -s "$kept" ] && xargs -a "$kept" ls >/dev/null 2>&1; }; then interpreters >"$kept"; fi
  echo "$(xargs -r -n 1 dirname <"$kept" | awk '!seen[$0]++' | paste -sd: -):/usr/local/bin:/usr/bin:/bin"
}

files_of_test() { # the files of tests/unit that have a test of this name, or inherit it from a contract
  local file
  ls tests/unit/*/*"$1"*.py 2>/dev/null || true
  { grep -lE "^ *def \w*$1" tests/unit/*/*.py || true; } | while IFS= read -r file; do
    case $file in
    */test_*) echo "$file" ;;
    *) grep -lE "^from tests\.unit\.contracts\.$(basename "$file" .py) import" tests/unit/*/test_*.py || true ;;
    esac
  done | sort -u
}

install_with() { # a requirements file, into the virtual environment or another one, once for each of its versions
  local stamp
  stamp=$WORK/$(basename "$1").$(cksum <"$1" | tr ' ' -)
  [ -e "$stamp" ] && return
  local environment=${2:-$WORK/venv}
  # uv takes a quarter of pip's time, but does not read pip's configuration. So only .ci/run installs it.
  # To compile all files takes as long as to install them; few are imported.
  "$environment/bin/uv" pip install -q --python "$environment/bin/python" -r "$1" 2>/dev/null ||
    "$environment/bin/pip" install -qq --no-compile -r "$1"
  touch "$stamp"
}

make_venv() {
  mkdir -p "$WORK"
  if [ ! -x "$WORK/venv/bin/python" ]; then
    local python
    python=$(interpreters | head -n 1)
    [ -n "$python" ] || { echo "A Python of 3.10 or newer, with venv, is needed." >&2; exit 1; }
    echo "Making a virtual environment with $("$python" --version) in .work/ (once, about a minute) ..."
    "$python" -m venv "$WORK/venv"
  fi
}

make_environment() {
  mkdir -p "$ROOT" "$WORK/home"
  make_venv
  install_with "$REPO/tests/requirements/test.txt"
  PATH=$WORK/venv/bin:$(clean_path)
  export PATH
  export HOME=$WORK/home ANSIBLE_HOME=$WORK/home/.ansible ANSIBLE_COLLECTIONS_PATH=$ROOT ANSIBLE_NOCOLOR=${ANSIBLE_NOCOLOR:-}
  export ANSIBLE_REMOTE_TMP=$WORK/home/.ansible/tmp ANSIBLE_ASYNC_DIR=$WORK/home/.ansible_async LC_ALL=C.UTF-8
  # The tests must not use roles that are installed on the machine.
  export ALIBABA_CLOUD_ECS_METADATA_DISABLED=true
  export ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false
  fetch_amazon_aws
  [ -n "${ALREADY_STAGED:-}" ] || stage
  export ALREADY_STAGED=yes # what this script starts works on the same copy
}

# Users get other collections from Galaxy; here they come from PyPI's wheels of ansible.
fetch_amazon_aws() {
  fetch_collections "$(python -c 'import sys; v = sys.version_info; print("14" if v >= (3, 12) else "12" if v >= (3, 11) else "11")')" amazon/aws community/aws
}

fetch_collections() { # from this release of ansible, these collections, once
  local release=$1
  shift
  [ -d "$ROOT/ansible_collections/$1" ] && return
  python "$REPO/tests/scripts/fetch_collections.py" "$release" "$ROOT" "$@"
}

# All files that git does not ignore; ansible-test refuses links, and does not check what they point to.
stage() {
  mkdir -p "$STAGED"
  (cd "$REPO" && git ls-files -z -co --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
    [ -e "$file" ] && printf '%s\n' "$file"
  done) >"$WORK/files"
  find "$STAGED" -type f -not -path "$STAGED/tests/output/*" -delete
  find "$STAGED" -mindepth 1 -type d -empty -delete
  tar -C "$REPO" -T "$WORK/files" -cf - | tar -C "$STAGED" -xf -
}

hand_back() { # files that were written in the staged copy
  local file
  for file in "$@"; do cp "$STAGED/$file" "$REPO/$file"; done
}

install_built() { # this collection's tarball into DIRECTORY/dist, installed beside amazon.aws into DIRECTORY/installed
  rm -rf "$1/dist" "$1/installed"
  ansible-galaxy collection build "$STAGED" --output-path "$1/dist" -f
  mkdir -p "$1/installed/ansible_collections"
  cp -r "$ROOT/ansible_collections/amazon" "$1/installed/ansible_collections/"
  ANSIBLE_COLLECTIONS_PATH=$1/installed ansible-galaxy collection install --offline -p "$1/installed" "$1"/dist/*.tar.gz
}
