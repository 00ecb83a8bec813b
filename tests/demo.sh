#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Start the simulated clouds and run playbooks/demo.yml against them.
source "$(dirname "$0")/environment.sh"
make_environment
cd "$STAGED" || exit
export ANSIBLE_CALLBACK_RESULT_FORMAT=yaml ANSIBLE_DISPLAY_SKIPPED_HOSTS=false
told=$(mktemp)
python -m tests.simulator >"$told" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -f "$told"' EXIT
for _ in $(seq 100); do
  [ -s "$told" ] && break
  kill -0 "$server" || { echo "The simulated clouds did not start." >&2; exit 1; }
  sleep 0.1
done
ansible-playbook multicloud.snapshots.demo -e "{\"demo_clouds\": $(cat "$told")}" "$@"
