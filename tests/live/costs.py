# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run makes in the real account, and what that may cost. No prices: they differ by region and year."""

from __future__ import annotations

from tests.clouds import CLOUDS


def describe_costs(cloud: str, source: str, destination: str, lent_disk: str | None) -> list[str]:
    """Return lines about what is about to be made and billed."""
    lines = [f"This makes things in the account that the credentials belong to, in {source} and {destination}:"]
    for number, (what, price) in enumerate(CLOUDS[cloud].load("account").costs):
        if number == 0 and lent_disk:
            what, price = f"no disk: snapshots are taken of {lent_disk}, which is left as it is", "nothing"
        lines.append(f"  - {what} ({price})")
    return [
        *lines,
        "Each has the mark dr-copy-live. All are deleted at the end; make live-clean does so after a kill.",
        "Nothing without the mark is changed or deleted.",
    ]
