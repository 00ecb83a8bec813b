# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a live run needs of a cloud beyond the collection's modules. Clients and login are those of the adapters."""

from __future__ import annotations

import abc
import contextlib
import importlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from unittest import mock

from ansible.module_utils import basic

from ..mark import Mark, Thing

Answer = TypeVar("Answer")


class Account(abc.ABC):
    """One lent account. Every write goes out once; a write whose answer is lost ends the run, which then cleans up."""

    cloud: str
    #: The things made, and for what they are billed.
    costs: Sequence[tuple[str, str]]
    #: The disk's and the snapshots' states in the cloud's words.
    disk_usable: str
    snapshot_usable: str
    #: Whether the copy module can encrypt, and whether snapshots have tags.
    encrypts = False
    has_tags = True
    #: Whether the copy call takes tags; else a copy's name is its mark.
    tags_in_copy_call = True
    #: Whether deleting a copy in progress is worth trying: what it does is unverified.
    tries_early_deletion = False
    #: Whether what a repeated call that makes a disk answers is unverified (api-facts: cbs-disk-token).
    repeats_disk = False
    #: Options of the copy module that let the cloud delete forgotten copies by itself, or bill them least.
    copy_options: Mapping[str, Any] = {}
    #: The copy call, and the read call with its key of a list.
    copy_call, list_call = "CopySnapshot", "DescribeSnapshots"
    #: The largest page that the adapter asks for.
    page = 100
    #: What the cloud's answer calls the parts of a snapshot that facts speak of.
    description_key: str | None = "Description"
    name_key: str | None = "SnapshotName"
    disk_key, size_key, created_key = "SourceDiskId", "SourceDiskSize", "CreationTime"

    @abc.abstractmethod
    def make_disk(self, region: str, mark: Mark) -> str:
        """Make the smallest disk that the region sells, marked by the very call; returns its ID."""

    def repeat_disk(self, region: str, **changed: Any) -> str:
        """Make the call of ``make_disk`` again, with its token and other parameters; returns the ID of the answer."""
        raise NotImplementedError

    @abc.abstractmethod
    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        """Take a snapshot, marked by the very call; returns its ID."""

    @abc.abstractmethod
    def disks(self, region: str) -> list[Thing]:
        """List the disks that may bear a mark."""

    @abc.abstractmethod
    def snapshots(self, region: str) -> list[Thing]:
        """List the snapshots and copies that may bear a mark, and are the account's own."""

    @abc.abstractmethod
    def disk(self, region: str, disk_id: str) -> Thing | None:
        """Read one disk."""

    @abc.abstractmethod
    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        """Read one snapshot."""

    @abc.abstractmethod
    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        """Copy by the bare call, without what the modules add but marked; returns the copy's ID and the whole
        answer."""

    def tag(self, region: str, snapshot_id: str, mark: Mark) -> None:  # noqa: B027 - most copy calls do
        """Tag a copy, where the copy call does not."""

    @abc.abstractmethod
    def delete(self, thing: Thing) -> None:
        """Delete, whether it bears a mark or not: called by ``clean`` alone, which looks first."""

    @abc.abstractmethod
    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        """Return the answer to a listing of snapshots with this size of a page."""

    @abc.abstractmethod
    def becomes(self, thing: Thing) -> dict[str, Any]:
        """What the adapter's translator makes of a snapshot's answer."""

    def secrets(self) -> set[str]:
        """Keys, tokens and the account's names as far as the clients show them; never written anywhere."""
        return set()


def patiently(read: Callable[[], Answer], attempts: int = 5) -> Answer:
    """Make a read again where it fails, with growing pauses."""
    for attempt in range(attempts):
        try:
            return read()
        except Exception:
            if attempt == attempts - 1:
                raise
            time.sleep(min(2**attempt, 15))
    raise AssertionError("unreachable")


def code_of(error: Exception) -> str:
    """The cloud's own code of an error, of a CopyError or of boto3."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code") or getattr(error, "code", None)
    return str(code or type(error).__name__)


@contextlib.contextmanager
def module_arguments(given: dict[str, Any]) -> Iterator[None]:
    """Let a module class be made outside a module's process."""
    given = {**given, "_ansible_remote_tmp": "/tmp"}
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # ansible-core before 2.19
        with mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()):
            yield
    else:
        with patch_module_args(given):
            yield


def cloud_of(
    cloud: str, adapter: Callable[[Any], Any], module: Callable[..., Any], params: dict[str, Any], region: str
) -> Any:
    """Make the adapter as the cloud's info module makes it, with these connection options."""
    info = importlib.import_module(f"ansible_collections.multicloud.snapshots.plugins.modules.{cloud}_snapshot_info")
    with module_arguments({**params, "region": region}):
        return adapter(module(argument_spec=dict(info.OPTIONS), supports_check_mode=True))


def texts_of(holder: Any, *names: str) -> set[str]:
    """Return the attributes of an object that are texts long enough to differ from words."""
    values = (getattr(holder, name, None) for name in names)
    return {value for value in values if isinstance(value, str) and len(value) >= 12}
