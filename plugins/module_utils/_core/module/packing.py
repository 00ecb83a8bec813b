# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs long lists of rows into one string.

ansible-core inspects each value of each row whenever it passes on a result or a fact. For the snapshots of a real
account that takes minutes and gigabytes. It passes on a string unchanged.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def packed(lists: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    """Return lists of rows as one string. Each row is freed once it is packed."""
    compressor = zlib.compressobj(6)
    parts = [compressor.compress(part.encode()) for part in _json_of(lists)]
    return base64.b64encode(b"".join([*parts, compressor.flush()])).decode()


def unpacked(text: str) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of rows in a string. Raises ValueError if the string is incomplete."""
    try:
        lists: dict[str, list[dict[str, Any]]] = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except zlib.error as error:
        raise ValueError(f"a packed list has changed since it was returned: {error}") from error
    return lists


def _json_of(lists: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[str]:
    before = "{"
    for name, rows in lists.items():
        yield f"{before}{json.dumps(name)}:["
        between = ""
        for row in rows:
            yield between + json.dumps(row, separators=(",", ":"))
            between = ","
        before = "],"
    yield "]}" if lists else "{}"
