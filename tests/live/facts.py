# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service does if its documentation is unclear, observed on one copy made by a plain call."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .clouds.account import code_of, retry_read
from .mark import Thing
from .run import Run, Sightings


def watch_disk(run: Run, disk_id: str) -> None:
    """Wait until the disk can be used."""
    account, seen = run.account, Sightings(time.monotonic())
    disk = run.watch(
        lambda: account.disk(run.source, disk_id),
        lambda thing: bool(thing and thing.state == account.disk_usable),
        seen,
    )
    run.results.record_fact("states of a disk being made", "see docs/development/api-facts.md", seen)
    if disk:
        run.results.record_answer("disk", "DescribeDisks", "disk", disk.raw, ours=_own_words(run))


def repeat_disk(run: Run) -> None:
    """Observe the answers to two more calls with the same token: one identical, one with another name."""
    for asked, changed in (("the same", {}), ("another name", {"DiskName": f"{run.mark.name}-again"})):
        run.journal.write("make a disk once more by its token", region=run.source, mark=run.mark.run)
        try:
            answer = run.account.repeat_disk(run.source, **changed)
            seen = "the same disk" if answer == run.disk_id else f"another disk, {answer}"
        except Exception as error:
            seen = f"refused: {code_of(error)}"
        run.results.record_fact(f"a disk's token, asked {asked}", "no second disk", seen)


def watch_snapshot(run: Run, snapshot_id: str, first: bool) -> None:
    """Wait until a source snapshot can be copied."""
    account, seen = run.account, Sightings(time.monotonic())

    def look(thing: Thing | None) -> None:
        if seen(thing) and thing and first:
            _record_snapshot(run, f"snapshot_{thing.state.lower()}", thing)

    run.watch(
        lambda: account.snapshot(run.source, snapshot_id),
        lambda thing: bool(thing and thing.state == account.snapshot_usable),
        look,
    )
    if first:
        run.results.record_fact("states of an ordinary snapshot", "lag until it is shown unknown", seen)
        shown = retry_read(lambda: account.snapshot(run.source, snapshot_id))
        raw = shown.raw if shown else {}
        seen_fields = _source_fields(raw)
        run.results.record_fact(
            "fields of the source on an ordinary snapshot", "missing, null and empty count as the same", seen_fields
        )
        _record_time_zone(run, raw)


def observe_page_sizes(run: Run) -> None:
    """Observe which page sizes the listing accepts."""
    for size in (run.account.page, run.account.page + 1, run.account.page * 2):
        try:
            answer = run.account.first_page(run.destination, size)
            seen = {k: answer.get(k) for k in ("PageSize", "TotalCount") if k in answer} or "taken"
        except Exception as error:
            seen = f"refused: {code_of(error)}"
            run.results.record_answer(
                f"page_of_{size}", run.account.list_call, "error", {"Code": code_of(error)}, note=f"a page of {size}"
            )
        run.results.record_fact(f"a page of {size}", f"{run.account.page} is asked for", seen)
    answer = run.account.first_page(run.source, run.account.page)
    if "TotalCount" in answer:
        count = f"{answer['TotalCount']} beside {len(_items(answer))} items"
        run.results.record_fact("TotalCount of a page", "ENS: items or pages; else items", count)


def _items(answer: Mapping[str, Any]) -> list[Any]:
    """Return the list of an answer to a listing; some wrap it, some return null for an empty one."""
    lists = (value for value in answer.values() if isinstance(value, list))
    wrapped = (_items(value) for value in answer.values() if isinstance(value, Mapping))
    return next(lists, None) or next(wrapped, [])


def observe_copy_name(run: Run, copy_id: str) -> None:
    """Observe how the service shows the name that the module gave a copy."""
    if run.account.name_key:
        shown = retry_read(lambda: run.account.snapshot(run.destination, copy_id))
        name = repr(shown.raw.get(run.account.name_key)) if shown else "not shown"
        run.results.record_fact("name of a copy by the module", "CBS: unknown with brackets; else as asked", name)


def observe_plain_copy(run: Run) -> None:
    """Copy with a plain call, and observe when the copy shows, its states, and how it disappears."""
    account, source_id = run.account, run.sources[0]
    answers: list[Mapping[str, Any]] = []

    def make() -> str:
        copy_id, answer = account.copy(run.source, source_id, run.destination, run.mark)
        answers.append(answer)
        return copy_id

    copy_id = run.make("a copy by the bare call", run.destination, make)
    started = time.monotonic()
    run.results.record_answer("copy_call", account.copy_call, "answer", answers[0], ours=_own_words(run))
    seen, progress = Sightings(started), Sightings(started, _progress_text)
    tagged: list[float] = []

    def look(thing: Thing | None) -> None:
        progress(thing)
        if seen(thing) and thing:
            _record_snapshot(run, f"copy_{thing.state.lower()}", thing)
            if len(seen.met) <= 2 and not account.tags_in_copy_call and account.has_tags:
                account.tag(run.destination, copy_id, run.mark)
                tagged.append(time.monotonic())
        if thing and thing.tags and len(tagged) < 2:
            tagged.append(time.monotonic())

    def read() -> Thing | None:
        return account.snapshot(run.destination, copy_id)

    run.watch(read, lambda thing: thing is not None, look)
    run.results.record_fact("lag until a copy shows", "nowhere documented", f"{seen.first or 0:.1f} s")
    early = _delete_early(run, copy_id) if account.tries_early_deletion else None
    last = run.watch(read, lambda thing: _has_ended(account.snapshot_usable, thing, early), look)
    run.results.record_fact("states of a copy", "see part 0.2", seen)
    run.results.record_fact("progress of a copy", "0 % to 99 % may be one jump", progress)
    if account.has_tags:
        at = tagged[-1] - (tagged[0] if len(tagged) > 1 else started) if tagged else None
        run.results.record_fact(
            "lag until tags show", "nowhere documented", "never seen" if at is None else f"{at:.1f} s"
        )
    if last:
        _record_defaults(run, last)
        _observe_deletion(run, copy_id)


def _has_ended(usable: str, thing: Thing | None, early: str | None) -> bool:
    if thing is None:
        return early == "accepted"
    return thing.state == usable or thing.state.lower() in ("error", "failed")


def _delete_early(run: Run, copy_id: str) -> str:
    """Request the deletion of the copy while it is in progress; return the result."""
    thing = run.account.snapshot(run.destination, copy_id)
    if thing is None or thing.run != run.mark.run or thing.state == run.account.snapshot_usable:
        run.results.record_fact("deleting a copy in progress", "probably refused", "not tried: it was complete at once")
        return "not tried"
    try:
        run.account.delete(thing)
        answer = "accepted"
    except Exception as error:
        answer = f"refused: {code_of(error)}"
        run.results.record_answer("delete_in_progress", "DeleteSnapshot", "error", {"Code": code_of(error)})
    run.results.record_fact("deleting a copy in progress", "probably refused", answer)
    return answer


def _record_defaults(run: Run, copy: Thing) -> None:
    account, raw = run.account, copy.raw
    if account.description_key:
        answer = repr(raw.get(account.description_key, "(no such field)"))
        run.results.record_fact("description of a copy that none was given", "EBS: empty; else unknown", answer)
    if account.name_key and account.tags_in_copy_call and not copy.name.startswith(run.mark.name):
        answer = repr(raw.get(account.name_key, "(no such field)"))
        run.results.record_fact("name of a copy that none was given", "unknown", answer)
    run.results.record_fact(
        "fields of the source on a copy", "ECS, ENS: its source and its region", _source_fields(raw)
    )
    disk = raw.get(account.disk_key)
    kind = "the source's disk" if disk == run.disk_id else repr(disk)
    run.results.record_fact(f"{account.disk_key} of a copy", "EBS: vol-f…f; CBS: empty; else unverified", kind)
    size = raw.get(account.size_key)
    run.results.record_fact(
        f"{account.size_key} of a copy", "type and unit differ by page", f"{size!r}, {type(size).__name__}"
    )


def _source_fields(raw: Mapping[str, Any]) -> Any:
    keys = [key for key in ("SourceSnapshotId", "SourceRegionId", "SourceEnsRegionId") if key in raw]
    return {key: raw[key] for key in keys} or "none of them"


def _observe_deletion(run: Run, copy_id: str) -> None:
    """Delete the plain copy; observe when it is gone, and the answer to a second deletion."""
    account = run.account
    thing = retry_read(lambda: account.snapshot(run.destination, copy_id))
    if thing is None or thing.run != run.mark.run:
        return
    account.delete(thing)
    seen = Sightings(time.monotonic())
    run.watch(lambda: account.snapshot(run.destination, copy_id), lambda shown: shown is None, seen)
    run.results.record_fact("deletion of a complete copy", "CBS: asynchronous; else unknown", seen)
    try:
        account.delete(thing)
        answer = "accepted"
    except Exception as error:
        answer = code_of(error)
        run.results.record_answer("delete_missing", "DeleteSnapshot", "error", {"Code": answer})
    run.results.record_fact("deletion of one that is gone", "an error of its own", answer)


def _record_snapshot(run: Run, phenomenon: str, thing: Thing) -> None:
    try:
        made = run.account.parse(thing)
        becomes = {
            key: str(getattr(made[key], "value", made[key])) if key == "state" else made[key]
            for key in ("state", "progress", "size_gib", "encrypted", "is_copy")
        }
    except Exception as error:
        becomes = {"error": type(error).__name__}
    run.results.record_answer(
        phenomenon, run.account.list_call, "snapshot", thing.raw, ours=_own_words(run), becomes=becomes
    )


def _own_words(run: Run) -> set[str]:
    return {run.mark.name, f"{run.mark.name}-disk", run.mark.run, *run.mark.tags}


def _progress_text(raw: Mapping[str, Any]) -> str:
    percent = raw.get("Progress", raw.get("Percent"))
    words = raw.get("StateMessage")
    return "".join(f" {part}" for part in (percent, words) if part not in (None, ""))


def _record_time_zone(run: Run, raw: Mapping[str, Any]) -> None:
    """Observe how many hours the times that the service shows differ from UTC."""
    created = raw.get(run.account.created_key)
    try:
        moment = (
            created if isinstance(created, datetime) else datetime.fromisoformat(str(created).replace("Z", "+00:00"))
        )
    except ValueError:
        run.results.record_fact(f"form of {run.account.created_key}", "ISO 8601, or with a blank", repr(created))
        return
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    hours = (aware - datetime.now(timezone.utc)).total_seconds() / 3600
    run.results.record_fact(
        f"{run.account.created_key}, hours from UTC", "CBS: 8; else 0", f"{round(hours, 1) + 0:+.1f}"
    )
