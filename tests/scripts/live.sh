#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# live.sh run|clean: checks the promises in a real account, or deletes what a run left there. Reads CLOUD, SOURCE,
# DESTINATION, YES, PROFILE, DISK, RUN. The credentials come from the environment, or from a profile in the user's home.
# FACTS=list says which unverified facts a run would verify on which cloud, and calls nothing.
lender=$HOME
source "$(dirname "$0")/environment.sh"
if [ -n "${FACTS:-}" ]; then
  make_environment
  cd "$STAGED" || exit
  PYTHONPATH=$ROOT exec python -m tests.live facts
fi
for name in CLOUD SOURCE DESTINATION; do
  [ -n "${!name:-}" ] || { echo "Say $name=, for example: make live CLOUD=ebs SOURCE=us-east-1 DESTINATION=eu-west-1" >&2; exit 2; }
done
make_environment
export HOME=$lender PYTHONPATH=$ROOT # the profiles are in the user's home
cd "$STAGED" || exit
arguments=("$1" --cloud "$CLOUD" --source "$SOURCE" --destination "$DESTINATION" --directory "$REPO/.work/live")
[ -z "${PROFILE:-}" ] || arguments+=(--profile "$PROFILE")
[ -z "${DISK:-}" ] || arguments+=(--disk "$DISK")
[ -z "${RUN:-}" ] || arguments+=(--run "$RUN")
[ "${YES:-}" != 1 ] || arguments+=(--yes)
exec python -W ignore -m tests.live "${arguments[@]}"
