# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes keys, accounts and names from everything that is written."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .mark import KEY

#: The environment variables with credentials.
_VARIABLES = re.compile(
    r"(?i)(AWS|EC2|ALIBABA_CLOUD|ALICLOUD|ALIYUN|TENCENTCLOUD|TKE)_.*(KEY|SECRET|TOKEN|ID|ARN|PROFILE)"
)
#: Patterns of keys, accounts and their names, wherever they occur.
_PATTERNS = [
    (re.compile(r"\b(AKIA|ASIA|AIDA|AROA|LTAI|AKID|STS\.)[0-9A-Za-z]{12,}"), "<key>"),
    (re.compile(r"\b(arn:[a-z-]+:(iam|sts)::|acs:ram:|qcs::cam:)[^\s,;\"'\])]+"), r"\1<name>"),
    (re.compile(r"(arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:|uin/|:)\d{9,20}(?=[:/])"), r"\1<account>"),
    (re.compile(r"(?<![\w.-])\d{12}(?![\w.-])|(?<![\w.-])\d{15,20}(?![\w.-])|(?<=uin/)\d+"), "<account>"),
    (re.compile(r"(?i)(authorization failure message: )\S+"), r"\1<encoded>"),
    (re.compile(r"(?i)((?:signature|security_?token|access_?key_?id|x-amz-[a-z-]+)=)[^&\s\"']+"), r"\1<hidden>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<mail>"),
]
#: Members of an answer whose values show what the service does, and nothing about the caller.
_TELLING = {
    *("State", "Status", "SnapshotState", "DiskState", "Progress", "Percent", "StateMessage", "Code", "BizStatusCode"),
    *("VolumeSize", "Size", "DiskSize", "SourceDiskSize", "FullSnapshotSizeInBytes", "StorageTier", "TransferType"),
    *("SnapshotType", "SnapshotMode", "Category", "Usage", "DiskUsage", "SourceDiskType", "SourceDiskCategory"),
    *("SourceStorageType", "RegionId", "EnsRegionId", "SourceRegionId", "SourceEnsRegionId", "DestinationRegion"),
    *("AvailabilityZone", "AvailabilityZoneId", "Zone", "ZoneId", "VolumeType", "Type", "DiskType", "DiskChargeType"),
    *("RetentionDays", "RemainTime", "ImageCount", "ShareReference", "TotalCount", "PageSize", "PageNumber", "Iops"),
    *("Throughput", "SseType", "PerformanceLevel", "CompletionDurationMinutes", "ProductCode", "Device"),
}
_ID = re.compile(r"\b(?:snap|vol|s|sp|d|disk)-[0-9a-z]{6,}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


class Sanitizer:
    """Knows what must not be written; ``text`` is for sentences, ``answer`` for answers of a service."""

    def __init__(self, environ: Mapping[str, str]):
        self._secrets: set[str] = set()
        self._ids: dict[str, str] = {}
        self.hide(value for name, value in environ.items() if _VARIABLES.fullmatch(name))
        self.hide([str(Path.home()), socket.gethostname(), getpass.getuser()])

    def hide(self, texts: Iterable[str]) -> None:
        """Never write these; strings too short to differ from others are kept."""
        self._secrets |= {text for text in texts if len(text) >= 6 and text != KEY}

    def text(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "<hidden>")
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def answer(self, value: Any, key: str = "", ours: Iterable[str] = ()) -> Any:
        """Return an answer with its keys and types, and only those values that show what the service does.

        ``ours`` are strings that the run itself set: names and tags.
        """
        ours = set(ours)
        if isinstance(value, Mapping):
            return {str(k): self.answer(v, str(k), ours) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.answer(item, key, ours) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, (int, float)):
            return value if key in _TELLING else 0
        text = str(value)
        if key in _TELLING:
            return self.text(text)
        if not text or text in ours or _TIME.fullmatch(text):
            return text
        replaced = _ID.sub(lambda found: self._other_id(found[0]), text)
        if _ID.fullmatch(text) or text.startswith((f"{KEY}-", "Copied ", "copy-of-", "copy [", "[Copied ")):
            return self.text(replaced)
        return "<replaced>"

    def _other_id(self, value: str) -> str:
        """Return an unused ID of the same form; the same one for the same ID."""
        if value not in self._ids:
            prefix, _sign, rest = value.partition("-")
            number = f"{len(self._ids) + 1:x}"
            self._ids[value] = value if set(rest) == {"f"} else f"{prefix}-{number.rjust(len(rest), 'a')}"
        return self._ids[value]
