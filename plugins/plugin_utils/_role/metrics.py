# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the metrics of copy runs and of drills share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .files import write_atomically
from .rows import parse_time

try:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest
    from prometheus_client.parser import text_string_to_metric_families

    MISSING = ""
except ImportError as error:
    MISSING = f"the Python package prometheus_client, where ansible-playbook runs ({error})"

#: A metric of both copy runs and drills.
DRILL = "dr_copy_drill_timestamp_seconds"


def write(path: Path, registry: CollectorRegistry) -> str:
    """Write metrics atomically, so that node_exporter, which is another user, can read them; return the path.

    Raises OSError.
    """
    write_atomically(path, generate_latest(registry).decode())
    return str(path)


def seconds_of(moment: str | None) -> float:
    """Return a time (ISO 8601) in seconds since 1970; 0 for never."""
    time = parse_time(moment)
    return time.timestamp() if time else 0.0


def drill_gauge(registry: CollectorRegistry) -> Gauge:
    help_text = "When a copy of a disk was last proven by creating a disk from it; 0: never"
    return Gauge(DRILL, help_text, ("plan", "disk", "region"), registry=registry)


class LastFile:
    """The series that the last run wrote. They are kept where this run could not look.

    Raises OSError, and ValueError with the path for a file that cannot be parsed.
    """

    def __init__(self, path: Path):
        try:
            families = list(text_string_to_metric_families(path.read_text(encoding="utf-8"))) if path.exists() else ()
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"{path} is damaged ({error}); delete it") from None
        self._values = {
            (sample.name, _sorted(sample.labels)): sample.value for family in families for sample in family.samples
        }

    def value(self, metric: str, labels: Mapping[str, str]) -> float:
        """Return the value of one series, 0 if there is none."""
        return self._values.get((metric, _sorted(labels)), 0.0)

    def series(self, metric: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and the value of each series of a metric."""
        return [(dict(labels), value) for (name, labels), value in self._values.items() if name == metric]


def _sorted(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def proofs_in_other_files(path: Path) -> set[tuple[str, str, str]]:
    """Return plan, disk and region of each proof in the other files of this directory.

    node_exporter refuses a series that is in two files. A plan and its drill may have the same name and thus the same
    series.
    """
    others = [other for kind in ("dr_copy_*.prom", "dr_drill_*.prom") for other in path.parent.glob(kind)]
    found: set[tuple[str, str, str]] = set()
    for other in others:
        lines = [] if other == path else [line for line in _lines(other) if line.startswith(DRILL)]
        try:
            for family in text_string_to_metric_families("\n".join(lines) + "\n") if lines else ():
                found.update((s.labels["plan"], s.labels["disk"], s.labels["region"]) for s in family.samples)
        except (ValueError, KeyError, IndexError):
            continue  # no file of ours; node_exporter reports it
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []  # no file of ours
