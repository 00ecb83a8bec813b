# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Engines that are broken on purpose, each in one way that would harm a user. The tests must find every one.

They are broken at the interfaces of the engine, so that a refactoring of its code does not affect them: in its options,
its adapter, or its result. What can only be broken inside is in the table INSIDE: module, attribute, replacement.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest import mock

from tests.clouds import CLOUDS
from tests.support.harness import COLLECTION, COPYING

PROVENANCE = "dr-copy:source-"
HOLD = "dr-copy:hold"
CORE = f"{COLLECTION}.plugins.module_utils._core"


@dataclass(frozen=True)
class BrokenEngine:
    """One broken engine. ``clouds`` are those on which the error shows."""

    name: str
    what: str
    change: Callable[[ExitStack], None]
    clouds: tuple[str, ...] = tuple(CLOUDS)
    #: Whether it shows on restored disks, so that storms over drills find it.
    over_disks: bool = False


BROKEN: list[BrokenEngine] = []


def _clouds_with(option: str) -> tuple[str, ...]:
    """Return the clouds whose copy module has an option."""
    return tuple(name for name, cloud in CLOUDS.items() if option in cloud.load_module().OPTIONS)


TAGS, DESCRIPTION, EXPIRY, ENCRYPTION = map(_clouds_with, ("tags", "description", "retention_days", "encrypted"))
LOCKS, MODES = map(_clouds_with, ("lock_days", "lock_mode"))
#: ECS has a token against second copies. On CBS a failed copy vanishes, and a second call for the same copy is refused.
NO_TOKEN = tuple(name for name in CLOUDS if name != "ecs")
NOT_ENS = tuple(name for name in CLOUDS if name != "ens")
NOT_CBS = tuple(name for name in CLOUDS if name != "cbs")


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Let this process have a broken engine. Raises LookupError if the engine no longer has such a part."""
    found = {one.name: one for one in BROKEN}[name]
    with ExitStack() as stack:
        found.change(stack)
        yield


# -- ways to break ---------------------------------------------------------------------------------------


def _wrap_copy_snapshots(stack: ExitStack, wrap: Callable[..., Any]) -> None:
    """Wrap the function that runs every copy module in ``wrap(real, module, connect, own_options)``."""
    copying = importlib.import_module(COPYING)
    real = copying.copy_snapshots

    def copy_snapshots(module: Any, connect: Any, own_options: Any = copying.no_own_options) -> None:
        wrap(real, module, connect, own_options)

    for where in [
        copying,
        *(importlib.import_module(f"{COLLECTION}.plugins.modules.{c}_snapshot_copy") for c in CLOUDS),
    ]:
        stack.enter_context(mock.patch.object(where, "copy_snapshots", copy_snapshots))


def break_options(what: str, clouds: tuple[str, ...] = tuple(CLOUDS), **changes: Any) -> None:
    """Break how an option is understood: each change is a value, or a function of the given value."""

    def wrap(real: Any, module: Any, connect: Any, own_options: Any) -> None:
        for name, change in changes.items():
            if name in module.params:
                module.params[name] = change(module.params[name]) if callable(change) else change
        real(module, connect, own_options)

    BROKEN.append(BrokenEngine(_name(what), what, lambda stack: _wrap_copy_snapshots(stack, wrap), clouds))


def break_adapter(
    what: str, clouds: tuple[str, ...] = tuple(CLOUDS)
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Break the engine's calls of its adapter, or the answers: the function changes an adapter."""

    def take(change: Callable[[Any], None]) -> Callable[[Any], None]:
        def wrap(real: Any, module: Any, connect: Any, own_options: Any) -> None:
            def connected(given: Any) -> Any:
                cloud = connect(given)
                change(cloud)
                return cloud

            real(module, connected, own_options)

        BROKEN.append(BrokenEngine(_name(what), what, lambda stack: _wrap_copy_snapshots(stack, wrap), clouds))
        return change

    return take


def break_attributes(what: str, clouds: tuple[str, ...] = tuple(CLOUDS), **values: Any) -> None:
    """Break an adapter by other values of its attributes."""
    break_adapter(what, clouds)(lambda cloud: vars(cloud).update(values))


def break_method(
    what: str, name: str, make: Callable[[Callable[..., Any]], Any], clouds: tuple[str, ...] = tuple(CLOUDS)
) -> None:
    """Break a method of the adapter: ``make`` gets the real one and returns its replacement."""
    break_adapter(what, clouds)(lambda cloud: setattr(cloud, name, make(getattr(cloud, name))))


def break_result(what: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Break what an engine reports: ``change`` changes a result; it returns True to make the module succeed."""

    def wrap(real: Any, module: Any, connect: Any, own_options: Any) -> None:
        ends, fails = module.exit_json, module.fail_json

        def exit_json(**said: Any) -> None:
            if said.get("copies"):
                change(said)
            ends(**said)

        def fail_json(msg: str, **said: Any) -> None:
            said["msg"] = msg
            well = change(said) if said.get("copies") else False
            (ends if well else fails)(**said)

        module.exit_json, module.fail_json = exit_json, fail_json
        real(module, connect, own_options)

    BROKEN.append(BrokenEngine(_name(what), what, lambda stack: _wrap_copy_snapshots(stack, wrap)))


def break_inside(
    what: str,
    module: str,
    attribute: str,
    make: Callable[[Any], Any],
    clouds: tuple[str, ...] = tuple(CLOUDS),
    package: str = CORE,
    over_disks: bool = False,
) -> None:
    """Break a part of the engine itself: ``make`` gets the real thing and returns its replacement.

    The place is a module of ``_core``, or of another package, and an attribute of it, with a dot if it is one of a
    class. If another module has imported the thing by name, it is replaced there too.
    """

    def change(stack: ExitStack) -> None:
        try:
            holder = importlib.import_module(f"{package}.{module}")
            *path, last = attribute.split(".")
            for part in path:
                holder = getattr(holder, part)
            real = getattr(holder, last)
        except (ImportError, AttributeError) as error:
            raise LookupError(f"{module}.{attribute} is not there: {error}") from error
        made = make(real)
        stack.enter_context(mock.patch.object(holder, last, made))
        if not path:
            for name in _modules():
                other = importlib.import_module(name)
                if getattr(other, last, None) is real:
                    stack.enter_context(mock.patch.object(other, last, made))

    BROKEN.append(BrokenEngine(_name(what), what, change, clouds, over_disks))


def _modules() -> list[str]:
    import sys

    return [name for name in sys.modules if name.startswith(f"{COLLECTION}.plugins.module_utils.")]


def _name(what: str) -> str:
    return "-".join("".join(c if c.isalnum() or c in "_ " else " " for c in what).split())


# -- options that are ignored -----------------------------------------------------------------------------

break_options("max_in_flight is ignored", max_in_flight=1000)
break_options("max_in_flight is one more", max_in_flight=lambda n: n + 1)
break_options("copy_tags is ignored", TAGS, copy_tags=False)
break_options("copy_tags is always on", TAGS, copy_tags=True)
break_options("purge_tags is ignored", TAGS, purge_tags=False)
break_options("purge_tags is always on", TAGS, purge_tags=True)
break_options("tags are ignored", TAGS, tags=None)
break_options("name is ignored", name=None)
break_options("description is ignored", DESCRIPTION, description="another one")
break_options("replace_failed is ignored", replace_failed=True)
break_options("failed copies are never replaced", replace_failed=False)
break_options("replace_mismatched is ignored", ENCRYPTION, replace_mismatched=False)
break_options("remove_duplicates is ignored", remove_duplicates=False)
break_options("duplicates are removed without the option", remove_duplicates=True)
break_options("encrypted is ignored", ENCRYPTION, encrypted=False, kms_key_id=None)
break_options("kms_key_id is ignored", ENCRYPTION, kms_key_id=None)
break_options("retention_days is doubled", EXPIRY, retention_days=lambda days: days and 2 * days)
break_options("retention_days is ignored", EXPIRY, retention_days=None)
break_options("lock_days is ignored", LOCKS, lock_days=None)
break_options("lock_days is doubled", LOCKS, lock_days=lambda days: days and 2 * days)
break_options("lock_mode is ignored", MODES, lock_mode=lambda mode: mode and "governance")
break_options("copy_ids is ignored", copy_ids=None)
break_options("wait is ignored", wait=False)
break_options("wait is always on", wait=True)
break_options("wait_timeout is ignored", wait_timeout=10_000_000)
break_options("wait_timeout is a tenth", wait_timeout=lambda seconds: max(1, seconds // 10))
break_options("the last destination is forgotten", destination_regions=lambda regions: regions[:-1] or regions)
break_options("the last source is forgotten", snapshot_ids=lambda ids: ids[:-1])
break_options("absent is treated as present", state="present")


def _check_mode_writes(real: Any, module: Any, connect: Any, own_options: Any) -> None:
    getattr(module, "_module", module).check_mode = False
    real(module, connect, own_options)


BROKEN.append(
    BrokenEngine(
        "check-mode-writes", "check mode writes", lambda stack: _wrap_copy_snapshots(stack, _check_mode_writes)
    )
)


# -- what is read ----------------------------------------------------------------------------------------


def break_listings(
    what: str, change: Callable[[list[Any]], list[Any]], clouds: tuple[str, ...] = tuple(CLOUDS)
) -> None:
    """Break the copies that a listing shows."""

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        def list_copies(*arguments: Any) -> Any:
            listing = real(*arguments)
            return replace(listing, copies=change(list(listing.copies)))

        return list_copies

    break_method(what, "list_copies", make, clouds)


def break_copies(what: str, change: Callable[[Any], Any], clouds: tuple[str, ...] = tuple(CLOUDS)) -> None:
    """Break each copy that a read shows."""

    @break_adapter(what, clouds)
    def _change(cloud: Any) -> None:
        list_copies, refresh = cloud.list_copies, cloud.refresh

        def listing(*arguments: Any) -> Any:
            listing = list_copies(*arguments)
            return replace(listing, copies=[change(copy) for copy in listing.copies])

        cloud.list_copies = listing
        cloud.refresh = lambda *arguments: {key: change(copy) for key, copy in refresh(*arguments).items()}


def _state(name: str) -> Any:
    return getattr(importlib.import_module(f"{CORE}.model").State, name)


def _mistake_state(old: str, new: str) -> Callable[[Any], Any]:
    """Return a function that takes a copy in one state for one in another state."""
    return lambda c: replace(c, state=_state(new)) if c.state is _state(old) else c


break_listings("never adopts copies of others", lambda copies: [c for c in copies if c.ours], TAGS)
break_listings(
    "never adopts copies in progress", lambda copies: [c for c in copies if c.state is not _state("PENDING")]
)
break_listings("sees no existing copy", lambda copies: [])


@break_adapter("lists once and never again")
def _change(cloud: Any) -> None:
    real, kept = cloud.list_copies, {}
    cloud.list_copies = lambda region, *more: (
        kept.setdefault(region, None) or kept.update({region: real(region, *more)}) or kept[region]
    )


@break_adapter("looks once a minute at most")
def _change(cloud: Any) -> None:
    real, kept = cloud.list_copies, {}

    def list_copies(region: str, *more: Any) -> Any:
        now = cloud.deadline.now()
        if region not in kept or now - kept[region][0] > 60:
            kept[region] = now, real(region, *more)
        return kept[region][1]

    cloud.list_copies = list_copies


break_copies(
    "treats everybody's copies as ours",
    lambda c: replace(c, source=replace(c.source, managed=True), is_copy=True) if c.source else c,
    TAGS,
)
break_copies(
    "treats no copy as ours",
    lambda c: replace(c, source=replace(c.source, managed=False), marked_ours=False) if c.source else c,
    TAGS,
)
break_copies(
    "does not see that a copy is held",
    lambda c: replace(c, tags={key: value for key, value in c.tags.items() if key != HOLD}),
    TAGS,
)
break_copies("treats a failed copy as complete", _mistake_state("ERROR", "COMPLETED"), NOT_CBS)
break_copies("treats a failed copy as in progress", _mistake_state("ERROR", "PENDING"), NOT_CBS)
break_copies("treats a copy in progress as complete", _mistake_state("PENDING", "COMPLETED"))
break_copies(
    "counts a copy that is being deleted",
    lambda c: replace(c, state=_state("COMPLETED")) if c.provider_state == "deleting" else c,
    ("ens",),
)
break_copies("does not see the encryption of copies", lambda c: replace(c, encrypted=None, kms_key=None), ENCRYPTION)
break_copies("treats every copy as encrypted", lambda c: replace(c, encrypted=True), ENCRYPTION)
break_copies("does not see tags", lambda c: replace(c, tags={}), TAGS)
break_attributes("locks again at each run", LOCKS, list_locks=lambda region: {})


@break_adapter("locks a copy in progress", LOCKS)
def _change(cloud: Any) -> None:
    real = cloud.begin_one

    def begin_one(order: Any) -> Any:
        made = real(order)
        if order.request.lock:
            days, mode = order.request.lock
            cloud.lock(order.request.region, made.id, days, mode or cloud.lock_modes[0])
        return made

    cloud.begin_one = begin_one


@break_adapter("reports the lock without sending it", LOCKS)
def _change(cloud: Any) -> None:
    cloud.lock = lambda region, snapshot_id, days, mode: cloud.deadline.utc() + timedelta(days=days)


@break_adapter("reads five times for each look")
def _change(cloud: Any) -> None:
    for name in ("refresh", "list_copies"):
        real = getattr(cloud, name)
        setattr(cloud, name, lambda *arguments, real=real: [real(*arguments) for _n in range(5)][-1])


@break_adapter("a copy that one read does not show has failed")
def _change(cloud: Any) -> None:
    real, seen = cloud.refresh, {}

    def refresh(region: str, ids: Any) -> Any:
        shown = real(region, ids)
        seen.update(shown)
        started = getattr(cloud, "_started_here", {})
        missing = {i: (seen.get(i) or started.get(i)) for i in ids if i not in shown}
        return {**shown, **{i: replace(c, state=_state("ERROR")) for i, c in missing.items() if c}}

    cloud.refresh = refresh
    _remember_started(cloud)


def _remember_started(cloud: Any) -> None:
    real, cloud._started_here = cloud.begin, {}

    def begin(orders: Any) -> Any:
        answers = real(orders)
        cloud._started_here.update({a.id: a for a in answers if not isinstance(a, Exception)})
        return answers

    cloud.begin = begin


# -- what is written -------------------------------------------------------------------------------------


def break_orders(what: str, change: Callable[[Any], Any], clouds: tuple[str, ...] = tuple(CLOUDS)) -> None:
    """Break each order of a copy."""
    break_method(what, "begin", lambda real: lambda orders: real([change(order) for order in orders]), clouds)


@break_adapter("provenance lacks disk and time", TAGS)
def _change(cloud: Any) -> None:
    begin, change_tags = cloud.begin, cloud.change_tags

    def without(tags: Any) -> dict[str, str]:
        left_out = (f"{PROVENANCE}disk-id", f"{PROVENANCE}created-at")
        return {key: value for key, value in tags.items() if key not in left_out}

    cloud.begin = lambda orders: begin([replace(order, tags=without(order.tags)) for order in orders])
    cloud.change_tags = lambda region, ids, change: change_tags(region, ids, replace(change, set=without(change.set)))


break_orders(
    "provenance names a wrong disk",
    lambda order: replace(order, tags={**order.tags, f"{PROVENANCE}disk-id": "another"}),
    ENCRYPTION,
)
break_orders(
    "new copies get no name",
    lambda order: replace(
        order, name="another", tags={**order.tags, **({"Name": "x"} if "Name" in order.tags else {})}
    ),
)


@break_adapter("calls again at once after a lost answer", NO_TOKEN)
def _change(cloud: Any) -> None:
    real = cloud.begin
    ambiguous = importlib.import_module(f"{CORE}.errors").Ambiguous

    def begin(orders: Any) -> Any:
        try:
            answers = real(orders)
        except ambiguous:
            return real(orders)
        return [real([o])[0] if isinstance(a, ambiguous) else a for o, a in zip(orders, answers)]

    cloud.begin = begin


def _call_twice(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        real(*arguments)
        return real(*arguments)

    return call


break_attributes("never calls again after a lost answer", doubt_seconds=1_000_000.0)
break_attributes("does not look for a lost copy", NO_TOKEN, doubt_seconds=0.0)
break_method("requests each copy twice", "begin", _call_twice, NOT_CBS)


def _errors(name: str) -> Any:
    return getattr(importlib.import_module(f"{CORE}.errors"), name)


def break_errors(what: str, old: str, new: str) -> None:
    """Take the answers to copy calls that are errors of one class for errors of another class."""

    @break_adapter(what)
    def _change(cloud: Any) -> None:
        real, error_class, old_class = cloud.begin, _errors("CopyError"), _errors(old)

        def taken_for(error: Any) -> Any:
            return error.as_kind(_errors(new)) if isinstance(error, old_class) else error

        def begin(orders: Any) -> Any:
            try:
                answers = real(orders)
            except error_class as error:
                raise taken_for(error) from error
            return [taken_for(answer) for answer in answers]

        cloud.begin = begin


break_errors("treats a full quota as a refusal", "Busy", "Refused")
break_errors("treats a lost answer as a refusal", "Ambiguous", "Refused")
break_errors("treats a refusal as a lost answer", "Busy", "Ambiguous")


@break_adapter("a refused copy is requested ten times at once")
def _change(cloud: Any) -> None:
    real, busy = cloud.begin, _errors("Busy")

    def begin(orders: Any) -> Any:
        for _n in range(9):
            try:
                answers = real(orders)
            except busy:
                continue
            if not all(isinstance(a, busy) for a in answers):
                return answers
        return real(orders)

    cloud.begin = begin


@break_adapter("one refusal ends all copies")
def _change(cloud: Any) -> None:
    real, error_class, met = cloud.begin, _errors("CopyError"), []

    def begin(orders: Any) -> Any:
        if met:
            raise met[0]
        try:
            answers = real(orders)
        except error_class as error:
            met.append(error.as_kind(_errors("Refused")))
            raise
        met.extend(a.as_kind(_errors("Refused")) for a in answers if isinstance(a, error_class))
        return answers

    cloud.begin = begin


@break_adapter("a failed copy is deleted before the new one is started", NOT_CBS)
def _change(cloud: Any) -> None:
    real = cloud.begin

    def begin(orders: Any) -> Any:
        for order in orders:
            listed = cloud.list_copies(order.request.region, [order.request.snapshot_id])
            asked = [c for c in listed.copies if order.request.is_copied_by(c)]
            failed = [c for c in asked if c.state is _state("ERROR") and c.certainly_ours]
            cloud.delete(order.request.region, [c.id for c in failed])
        return real(orders)

    cloud.begin = begin


def _other_copies_of(cloud: Any, region: str, snapshot_id: str) -> list[str]:
    copies = {c.id: c for c in cloud.list_copies(region).copies}
    copy = copies.get(snapshot_id)
    return [
        c.id
        for c in copies.values()
        if copy and copy.source and c is not copy and c.source and c.source.snapshot_id == copy.source.snapshot_id
    ]


@break_adapter("deletes the wrong one of two copies")
def _change(cloud: Any) -> None:
    real = cloud.delete
    cloud.delete = lambda region, ids: real(region, [(_other_copies_of(cloud, region, i) or [i])[0] for i in ids])


@break_adapter("deletes all copies of a source instead of one")
def _change(cloud: Any) -> None:
    real = cloud.delete
    cloud.delete = lambda region, ids: real(
        region, [*ids, *(o for i in ids for o in _other_copies_of(cloud, region, i))]
    )


break_attributes("never deletes, but reports deletions", delete=lambda region, ids: {})
break_method("deletes twice", "delete", _call_twice)


def _purge_also(*keys: str) -> Callable[[Callable[..., Any]], Any]:
    """Let each call that removes tags remove these too."""
    return lambda real: (
        lambda region, ids, change: real(
            region, ids, replace(change, remove=(*change.remove, *keys)) if change.remove else change
        )
    )


break_method(
    "purging removes provenance too",
    "change_tags",
    _purge_also(f"{PROVENANCE}disk-id", f"{PROVENANCE}created-at"),
    TAGS,
)
break_method("purging removes the hold too", "change_tags", _purge_also(HOLD), TAGS)
break_attributes("changes of tags are never sent", TAGS, change_tags=lambda region, ids, change: {})
break_method(
    "tags are set and none is removed",
    "change_tags",
    lambda real: lambda region, ids, change: real(region, ids, replace(change, remove=())),
    TAGS,
)
break_method(
    "tags only one of several copies",
    "change_tags",
    lambda real: lambda region, ids, change: real(region, list(ids)[:1], change),
    TAGS,
)
break_method(
    "a copy is kept for twice its days",
    "set_expiry",
    lambda real: lambda region, snapshot_id, moment: real(region, snapshot_id, moment + timedelta(days=30)),
    ("cbs",),
)
break_attributes("an expiry is never set", ("cbs",), set_expiry=lambda region, snapshot_id, moment: None)
break_attributes("a copy in progress is not cancelled but waited for", ENCRYPTION, cancels_by_deletion=False)


# -- what is reported --------------------------------------------------------------------------------------


def _hide_failures(said: dict[str, Any]) -> bool:
    said["failures"] = []
    for row in said["copies"]:
        row["error"] = None
    return True


def _report_as(member: str, old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """Report rows of one state or action as rows of another one."""

    def change(said: dict[str, Any]) -> None:
        for row in said["copies"]:
            row[member] = new if row[member] == old else row[member]
        said["counts"][new] += said["counts"][old]
        said["counts"][old] = 0

    return change


def _rotate_ids(said: dict[str, Any]) -> None:
    ids = [row["snapshot_id"] for row in said["copies"]]
    for row, snapshot_id in zip(said["copies"], ids[1:] + ids[:1]):
        row["snapshot_id"] = snapshot_id


def _drop_tags(said: dict[str, Any]) -> None:
    for row in said["copies"]:
        row["tags"] = {}


def _count_one_more(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda said: said["counts"].update({name: said["counts"][name] + 1})


break_result("changed is always true", lambda said: said.update(changed=True))
break_result("changed is always false", lambda said: said.update(changed=False))
break_result("duplicates are not reported", lambda said: said.update(duplicates=[]))
break_result("failures are not reported", _hide_failures)
break_result("a failed run ends as a success", lambda said: True)
break_result("pending is reported as completed", _report_as("state", "pending", "completed"))
break_result("created is reported as adopted", _report_as("action", "created", "adopted"))
break_result("adopted is reported as created", _report_as("action", "adopted", "created"))
break_result("rows are in another order", lambda said: said["copies"].reverse())
break_result("IDs are in the wrong rows", _rotate_ids)
break_result("rows have no tags", _drop_tags)
for _count in ("created", "adopted", "replaced", "updated", "deleted", "unchanged", "completed", "pending", "failed"):
    break_result(f"{_count} is counted wrong", _count_one_more(_count))


# -- inside the engine -----------------------------------------------------------------------------------
# What no option, adapter or result can break. One line each; after a change of the engine, update the place.


def _always_return(value: Any) -> Callable[[Any], Any]:
    return lambda real: lambda *arguments, **named: value


def _forget_copies(real: Any) -> Any:
    def record_copy_accepted(self: Any, copy: Any, now: float) -> None:
        real(self, copy, now)
        self.own_copies.clear()

    return record_copy_accepted


def _forget_lost_calls(real: Any) -> Any:
    def record_copy_in_doubt(self: Any, error: Any, now: float, today: Any) -> None:
        real(self, error, now, today)
        self.copy_call = replace(self.copy_call.found(), lost_spans=())

    return record_copy_in_doubt


def _reverse_order(real: Any) -> Any:
    def start_key(copy: Any) -> Any:
        return tuple("".join(chr(0x10FFFF - ord(c)) for c in text) for text in real(copy))

    return start_key


_random = random.Random(1)


def _draw_order(copy: Any) -> tuple[str, str]:
    return (f"{_random.random()}", copy.id)


def _delete_all_duplicates(_real: Any) -> Any:
    return lambda copies, *_cloud: tuple(c for c in copies.duplicates if c.certainly_ours)


def _lock_always(real: Any) -> Any:
    return lambda memory, copy, drift, now, may_lock: real(memory, copy, drift, now, True)


def _keep_whole_batch(real: Any) -> Any:
    return lambda self, snapshot_id, what, most: most


def _ask_blindly(self: Any, attempt: Any) -> Any:
    return self._ask([attempt])


def _keep_region_order(real: Any) -> Any:
    return property(lambda self: list(self._regions.values()))


def _forget_cooldown(real: Any) -> Any:
    return lambda self, error, cooldown=0.0: real(self, error)


def _start_with_first_kind(real: Any) -> Any:
    def act(self: Any) -> Any:
        self._first_kind = 0
        return real(self)

    return act


def _report_no_duration(real: Any) -> Any:
    def look(self: Any, last: bool = False) -> Any:
        refreshed, self.look_lasted = real(self, last), 0.0
        return refreshed

    return look


def _forget_priority(real: Any) -> Any:
    def taken_in(self: Any, attempts: Any) -> Any:
        known, self._priority_region = real(self, attempts), None
        return known

    return taken_in


def _change_result(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda real: lambda *given: change(real(*given))


_skip_recheck = _change_result(lambda back: replace(back, recheck=False))


def _ignore_order(real: Any) -> Any:
    return lambda wanted, memory, copies, copy=None: real(wanted, memory, copies)


def _ignore_gaps(real: Any) -> Any:
    return lambda self, shown, at, may_be_incomplete: real(self, shown, at, False)


def _never_ask_again(real: Any) -> Any:
    def may_delete(self: Any, snapshot_id: str, survivor_id: str, now: float) -> Any:
        sighting = self.seen.get(snapshot_id)
        return sighting is not None and sighting.is_fresh(now) and real(self, snapshot_id, survivor_id, now)

    return may_delete


def _believe_older_state(real: Any) -> Any:
    """Believe an older state than an earlier look showed."""

    def shown(self: Any, snapshot_id: str, copy: Any, at: float) -> None:
        if snapshot_id in self.seen and copy.state is not _state("ABSENT"):
            self.seen[snapshot_id].copy = copy
        real(self, snapshot_id, copy, at)

    return shown


def _omit_overlap_of_offsets(real: Any) -> Any:
    """Let each page begin where the one before ended."""
    paging = importlib.import_module(f"{COLLECTION}.plugins.module_utils._clouds.paging")
    return lambda size: lambda index, end: paging.Span(end, size, {"Limit": size, "Offset": end})


def _omit_overlap_of_numbers(real: Any) -> Any:
    paging = importlib.import_module(f"{COLLECTION}.plugins.module_utils._clouds.paging")
    return lambda size: lambda index, end: paging._numbered(end // size + 1, size)


CLOUDS_PACKAGE = f"{COLLECTION}.plugins.module_utils._clouds"
break_inside(
    "pages by offset do not overlap", "paging", "by_offset", _omit_overlap_of_offsets, ("cbs",), CLOUDS_PACKAGE
)
break_inside(
    "pages by number do not overlap", "paging", "by_number", _omit_overlap_of_numbers, ("ens",), CLOUDS_PACKAGE
)


def _ignore_disk_ids(real: Any) -> Any:
    def run(module: Any, *given: Any) -> None:
        module.params["disk_ids"] = None
        real(module, *given)

    return run


def _never_change_expiry(real: Any) -> Any:
    return lambda request, copy: type(real(request, copy))()


break_inside("disk_ids is ignored", "module.restore", "_run", _ignore_disk_ids, over_disks=True)
break_inside(
    "the expiry of a disk never changes",
    "decide.expiry",
    "expiry_change",
    _never_change_expiry,
    NOT_ENS,
    over_disks=True,
)
BY_KEY = ("ebs", "ecs")
break_inside("misfits are deleted whatever their rank", "decide.replacing", "misfits_to_replace", _ignore_order, BY_KEY)
break_options("survivors are ignored", survivors=None)
break_options("create is ignored", create=True)
INSIDE: list[tuple[str, str, str, Callable[[Any], Any]]] = [
    ("survivors are not looked at", "decide.sightings", "Survivor.is_safe", _always_return(True)),
    ("an old look at survivors is enough", "decide.sightings", "FRESH_SECONDS", lambda real: 1e9),
    ("a long listing is believed at once", "decide.memory", "Memory._compare_with_listing", _ignore_gaps),
    ("a source is gone at the first look", "decide.sightings", "ABSENT_LOOKS", lambda real: 1),
    ("a source is gone after three looks at once", "decide.sightings", "ABSENT_SECONDS", lambda real: 0.0),
    ("times are compared by the controller's clock", "waiting", "CloudClock.record_date", _always_return(None)),
    ("no listing is made at the end", "decide.with_copy", "withdrawal_of", _skip_recheck),
    ("a lost deletion is not sent again", "decide.memory", "Memory.may_delete", _never_ask_again),
    ("a doubt lasts although the copy shows", "decide.memory", "Memory._find_lost", _always_return(None)),
    ("any copy of ours ends a doubt", "decide.memory", "Memory._may_be_own", lambda real: lambda self, copy: copy.ours),
    ("an older state is believed", "decide.memory", "Memory._record_shown", _believe_older_state),
    ("no copy is looked at again at the end", "act.loop", "Loop._look_back", _always_return([])),
    ("a doubt is over at once", "decide.timing", "next_search", _always_return(None)),
    ("a copy begins on any listing", "decide.memory", "Memory.is_fresh", _always_return(True)),
    ("the first copy of this run counts as another's", "decide.memory", "Memory._may_be_own", _always_return(False)),
    ("own copies are compared at once", "decide.sightings", "SAME_SECOND", lambda real: -1e9),
    ("a lock waits for nothing", "decide.with_copy", "Withdrawal.may_take_back", _always_return(False)),
    ("a copy is missing after two looks", "decide.memory", "UNSEEN_LOOKS", lambda real: 2),
    ("each listing is the last", "act.region", "Region._comparisons", lambda real: property(lambda self: [])),
    ("a write that was refused is sent at once", "pacing", "write_pause", _always_return(0.0)),
    ("a source that does not show is read all the time", "act.sources", "Sources._next_read", _always_return(-1e9)),
    ("a tag service that does not know a copy is final", "decide.writes", "NotFound", lambda real: type("No", (), {})),
    ("looks may be of any age", "decide.memory", "FRESH_SECONDS", lambda real: 1e9),
    ("a copy is missing at once", "capabilities", "Capabilities.unseen_seconds", lambda real: 0.0),
    ("a copy is missing after one look", "decide.memory", "UNSEEN_LOOKS", lambda real: 1),
    ("a missing copy never fails before the deadline", "capabilities", "Capabilities.unseen_seconds", lambda real: 1e9),
    ("the run forgets its own copies", "decide.memory", "Memory.record_copy_accepted", _forget_copies),
    ("a lost call is forgotten", "decide.memory", "Memory.record_copy_in_doubt", _forget_lost_calls),
    ("the newest copy counts", "decide.copies", "start_key", _reverse_order),
    ("each run ranks copies by its own draw", "decide.copies", "start_key", lambda real: _draw_order),
    ("nothing is ever taken back", "decide.with_copy", "withdrawal_of", _change_result(lambda back: type(back)())),
    ("duplicates are deleted while none is complete", "decide.copies", "deletable_duplicates", _delete_all_duplicates),
    ("the window is always open", "pacing", "Window.has_room", _always_return(True)),
    ("the window does not follow the quota", "pacing", "Window.record_refusal", _always_return(None)),
    ("a busy source keeps its place in the queue", "act.queue", "Queue.defer", _always_return(None)),
    ("a failing write stays in its batch", "act.attempt", "Attempt.max_per_call", _keep_whole_batch),
    ("a busy source closes the window for long", "pacing", "SOURCE_SECONDS", lambda real: 15.0),
    ("a request overtakes one that needs a look", "act.copy_calls", "takewhile", lambda real: filter),
    ("the region that was called most recently comes first", "act.loop", "Loop._in_turn", _keep_region_order),
    ("the most refused request comes first", "act.attempt", "Attempt.most_sent", lambda real: 0),
    ("a region that hangs is called again at once", "pacing", "Retries.record_failure", _forget_cooldown),
    ("each pass begins with the same kind of call", "act.loop", "Loop._act", _start_with_first_kind),
    ("slow looks are made together", "act.region", "Region.look", _report_no_duration),
    ("locks that took long to read are read again", "act.lock_reads", "LockReads._read_region", _forget_priority),
    ("polls have no pause", "decide.timing", "poll_pause", _always_return(0.001)),
    ("the shortest pause is too short", "pacing", "MIN_PAUSE", lambda real: 0.001),
    ("provenance is not looked for", "decide.tag_drift", "_lacks_provenance", _always_return(False)),
    ("a hold that was seen is forgotten", "decide.sightings", "with_known_facts", lambda real: lambda before, now: now),
    ("locks are read once", "decide.locking", "FRESH_SECONDS", lambda real: 1e9),
    ("a copy is locked before it is compared", "decide.with_copy", "_update_now", _lock_always),
    ("a refused call is repeated on its old look", "act.copy_calls", "CopyCalls._ask_alone", lambda real: _ask_blindly),
    ("a refused deletion is repeated on its old look", "act.attempt", "Attempt.may_delete", _always_return(True)),
    ("one look reads all copies", "capabilities", "Capabilities.read_per_call", lambda real: 10**9),
    ("an unread source is a success", "decide.tag_drift", "_unread_source", _always_return(None)),
]  # fmt: skip

for _row in INSIDE:
    break_inside(*_row)
