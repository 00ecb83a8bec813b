# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options, drawn from a module's own argument spec."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[31mred\x1b[0m",
    "\u202eevil",
    "é快照😀",
    "x" * 5000,
    "{snapshot_id}",
    "{snapshot_id.__class__}",
    "{snapshot_id!r:>99999999}",
    "{0}",
    "{}",
    "{",
    "}",
    "{nothing}",
    "%s%n%x",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "$(id)",
    "'; DROP TABLE",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "http://169.254.169.254/",
    "null",
    "-1",
    "1e309",
    "true",
    "snap-" + "f" * 17,
    "snap-abcdefgh",
    "s-bp67acfmxazb4p0000",
    "line\nbreak",
    "tab\there",
    "\ud7ff",
)
NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    -(10**30),
    "7",
    "0x10",
    "1_000",
    1.5,
    float("1e300"),
    True,
    "",
)
ENDPOINTS = (
    "nonsense",
    "http://",
    "ftp://127.0.0.1",
    "http://127.0.0.1:99999",
    "http://[",
    "https://a b",
    "{region}",
    "//x",
)
#: Never drawn: the effect depends on the machine.
LEFT_ALONE = {"aws_ca_bundle", "debug_botocore_endpoint_logs", "profile"}


def odd_input(
    spec: Mapping[str, Mapping[str, Any]], good: Mapping[str, Any], draw: random.Random
) -> tuple[dict[str, Any], list[str]]:
    """Return options of which one to three are invalid, and their names."""
    names = draw.sample(sorted(set(spec) - LEFT_ALONE), draw.randint(1, 3))
    given = dict(good)
    for name in names:
        given[name] = _odd(name, spec[name], draw)
    return given, names


def _odd(name: str, facts: Mapping[str, Any], draw: random.Random) -> Any:
    if name == "endpoint_url":
        return draw.choice(ENDPOINTS)
    if draw.random() < 0.15:
        return draw.choice((None, [], {}, [[]], {"a": {"b": []}}, [None], [1, 2.5, True], [{"a": 1}], 3.7))
    kind = facts.get("type", "str")
    if kind == "int":
        return draw.choice(NUMBERS)
    if kind == "bool":
        return draw.choice((*TEXTS, 2, -1, "yes", "off"))
    if kind == "list":
        return [draw.choice(TEXTS) for _n in range(draw.choice((1, 1, 2, 200)))]
    if kind == "dict":
        return {
            draw.choice(TEXTS): draw.choice((*TEXTS, None, 5, True, ["x"], {"y": "z"}))
            for _n in range(draw.choice((1, 3, 80)))
        }
    return draw.choice(TEXTS)
