# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a live run needs from a cloud in addition to the collection's modules. Clients and login are the adapters'."""

from __future__ import annotations

import abc
import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tests.support.harness import module_args

from ..mark import Mark, Thing

Answer = TypeVar("Answer")


class Account(abc.ABC):
    """One real account. Every write is sent once. A write without an answer ends the run, which then cleans up."""

    cloud: str
    #: The things that are made, and for what they are billed.
    costs: Sequence[tuple[str, str]]
    #: The states of the disk and of snapshots, as the cloud names them.
    disk_usable: str
    snapshot_usable: str
    #: Whether the copy module can encrypt, and whether snapshots have tags.
    encrypts = False
    has_tags = True
    #: Whether the copy call takes tags; otherwise the name of a copy is its mark.
    tags_in_copy_call = True
    #: Whether to try deleting a copy in progress, whose effect is unverified.
    tries_early_deletion = False
    #: Whether the answer to a repeated call that makes a disk is unverified (api-facts: cbs-disk-token).
    repeats_disk = False
    #: Options of the copy module that let the cloud delete forgotten copies, or bill them least.
    copy_options: Mapping[str, Any] = {}
    #: The copy call, and the read call with the key of its list.
    copy_call, list_call = "CopySnapshot", "DescribeSnapshots"
    #: The largest page that the adapter requests.
    page = 100
    #: The cloud's names for the members of a snapshot that facts mention.
    description_key: str | None = "Description"
    name_key: str | None = "SnapshotName"
    disk_key, size_key, created_key = "SourceDiskId", "SourceDiskSize", "CreationTime"

    @abc.abstractmethod
    def make_disk(self, region: str, mark: Mark) -> str:
        """Make the smallest disk that the region offers; the call itself sets the mark. Return its ID."""

    def repeat_disk(self, region: str, **changed: Any) -> str:
        """Repeat the call of ``make_disk`` with its token and other parameters; return the ID in the answer."""
        raise NotImplementedError

    @abc.abstractmethod
    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        """Take a snapshot; the call itself sets the mark. Return its ID."""

    @abc.abstractmethod
    def disks(self, region: str) -> list[Thing]:
        """List the disks that may have a mark."""

    @abc.abstractmethod
    def snapshots(self, region: str) -> list[Thing]:
        """List the account's own snapshots and copies that may have a mark."""

    @abc.abstractmethod
    def disk(self, region: str, disk_id: str) -> Thing | None:
        """Read one disk."""

    @abc.abstractmethod
    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        """Read one snapshot."""

    @abc.abstractmethod
    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        """Copy with a plain call, which only adds the mark; return the copy's ID and the whole answer."""

    def tag(self, region: str, snapshot_id: str, mark: Mark) -> None:  # noqa: B027 - most copy calls do
        """Tag a copy if the copy call does not."""

    @abc.abstractmethod
    def delete(self, thing: Thing) -> None:
        """Delete, with or without a mark: only ``clean`` calls it, which checks the mark first."""

    @abc.abstractmethod
    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        """Return the answer to a listing of snapshots with this page size."""

    @abc.abstractmethod
    def parse(self, thing: Thing) -> dict[str, Any]:
        """Return how the adapter parses a snapshot of an answer."""

    def secrets(self) -> set[str]:
        """Keys, tokens and names of the account, as far as the clients show them; they are never written to a file."""
        return set()


def retry_read(read: Callable[[], Answer], attempts: int = 5) -> Answer:
    """Repeat a read that fails, with growing pauses."""
    for attempt in range(attempts):
        try:
            return read()
        except Exception:
            if attempt == attempts - 1:
                raise
            time.sleep(min(2**attempt, 15))
    raise AssertionError("unreachable")


def code_of(error: Exception) -> str:
    """Return the cloud's own code of an error, from a CopyError or from boto3."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code") or getattr(error, "code", None)
    return str(code or type(error).__name__)


def cloud_of(
    cloud: str, adapter: Callable[[Any], Any], module: Callable[..., Any], params: dict[str, Any], region: str
) -> Any:
    """Create the adapter as the cloud's info module does, with these connection options."""
    info = importlib.import_module(f"ansible_collections.multicloud.snapshots.plugins.modules.{cloud}_snapshot_info")
    with module_args({**params, "region": region, "_ansible_remote_tmp": "/tmp"}):
        return adapter(module(argument_spec=dict(info.OPTIONS), supports_check_mode=True))


def texts_of(holder: Any, *names: str) -> set[str]:
    """Return the string attributes of an object that are long enough to differ from words."""
    values = (getattr(holder, name, None) for name in names)
    return {value for value in values if isinstance(value, str) and len(value) >= 12}
