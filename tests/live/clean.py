# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes what has the mark, in both regions, until nothing is left. The only code of a live run that deletes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .clouds.account import Account, code_of, retry_read
from .journal import Journal
from .mark import Thing


class Unmarked(Exception):
    """Something without the mark was about to be deleted: a bug in this program."""


def list_marked(account: Account, regions: Sequence[str], run: str | None) -> list[Thing]:
    """List what has the mark of this run, or any mark if ``run`` is None: copies first, disks last."""
    found = []
    for region in reversed(list(dict.fromkeys(regions))):
        found += retry_read(lambda: account.snapshots(region))
    for region in dict.fromkeys(regions):
        found += retry_read(lambda: account.disks(region))
    return [thing for thing in found if thing.run and run in (None, thing.run)]


def clean(
    account: Account,
    regions: Sequence[str],
    run: str | None,
    journal: Journal | None,
    say: Callable[[str], None],
    settle: float,
    poll: float,
    timeout: float,
) -> list[Thing]:
    """Delete until looks over ``settle`` seconds show nothing more; return what is left after ``timeout``.

    Reads lag behind writes, so one empty look after a lost answer or a kill proves nothing.
    """
    deadline, empty_since = time.monotonic() + timeout, None
    reported: dict[str, str] = {}
    while True:
        things = list_marked(account, regions, run)
        now = time.monotonic()
        if things:
            empty_since = None
        elif empty_since is None:
            empty_since = now
        if empty_since is not None and now - empty_since >= settle:
            return []
        if now > deadline:
            return things
        for thing in things:
            words = _request_deletion(account, thing, journal)
            if reported.get(thing.id) != words:
                reported[thing.id] = words
                say(f"{thing}: {words}")
        time.sleep(poll)


def _request_deletion(account: Account, thing: Thing, journal: Journal | None) -> str:
    """Request one deletion; return the result. If it is refused for now, it is requested again after the next look."""
    if not thing.run:
        raise Unmarked(str(thing))
    if thing.attached_to:
        return "is attached, and left: detach it first"
    if thing.state.lower() in ("deleting", "deleted"):
        return "is being deleted"
    if journal:
        journal.write("delete", kind=thing.kind, region=thing.region, id=thing.id)
    try:
        account.delete(thing)
    except Exception as error:
        return f"not deleted yet: {code_of(error)}"
    return "deletion asked for"
