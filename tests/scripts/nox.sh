#!/usr/bin/env bash
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs sessions of noxfile.py, with nox from PyPI and real interpreters; arguments go to nox.
source "$(dirname "$0")/environment.sh"
PATH=$(clean_path)
export PATH LC_ALL=C.UTF-8
mkdir -p "$WORK/nox"
if [ ! -x "$WORK/nox/venv/bin/nox" ]; then
  "$(interpreters | head -n 1)" -m venv "$WORK/nox/venv"
  "$WORK/nox/venv/bin/pip" install -qq "antsibull-nox==1.10.*"
fi
cd "$REPO" || exit
exec "$WORK/nox/venv/bin/nox" --envdir "$WORK/nox" "$@"
