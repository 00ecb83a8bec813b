# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the level usable needs: an instance, its host in the inventory, and a file of tasks that check disks there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities

from ..._role.enumerations import first_in_words
from .variables import Variables

#: Hosts that Ansible knows without an inventory.
IMPLICIT_HOSTS = ("localhost", "127.0.0.1", "::1")


class Inventory(NamedTuple):
    """The surroundings of a run.

    These are the ``hosts`` of the inventory (None if unknown), and by host the test instance of each other drill that
    the play runs at the same time.
    """

    hosts: Collection[str] | None = None
    instances: Mapping[str, str] = MappingProxyType({})


EMPTY_INVENTORY = Inventory()


def usable_problems(values: Variables, capabilities: Capabilities, inventory: Inventory) -> list[str]:
    """Return the problems of the variables of a drill with this level, on a cloud whose disks can be attached."""
    needed = {"test_instance": values.test_instance, "test_host": values.test_host, "checks": values.checks}
    faults = [f"dr_restore_{name} is required for dr_restore_level: usable" for name in needed if not needed[name]]
    instance, host = values.test_instance, values.test_host
    if instance and capabilities.instance_ids and not capabilities.instance_ids.matches(instance):
        faults.append(
            "dr_restore_test_instance must be the ID of an instance "
            f"(example: {capabilities.instance_ids.example}), not {instance!r}"
        )
    others = [name for name, other in inventory.instances.items() if instance and other == instance]
    if others:
        faults.append(
            f"dr_restore_test_instance is also that of {first_in_words(others)} in this play, but serves one drill "
            "at a time: give each drill an instance of its own, or run them one after the other (--limit)"
        )
    if host and inventory.hosts is not None and host not in inventory.hosts and host not in IMPLICIT_HOSTS:
        faults.append(f"dr_restore_test_host must be a host of the inventory, and {host!r} is not in it")
    if values.checks and (why := _problem_with_tasks(Path(values.checks))):
        faults.append(f"dr_restore_checks {why}")
    return faults


def _problem_with_tasks(path: Path) -> str:
    """Return why a file contains no tasks, or an empty string. Ansible itself parses the tasks."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("$ANSIBLE_VAULT"):
            return ""
        # Only the structure is parsed: a file of tasks may contain Ansible's own YAML tags, such as !vault.
        root = yaml.compose(text, yaml.SafeLoader)
    except OSError as error:
        return f"names a file that cannot be read: {path}: {error.strerror}"
    except (ValueError, yaml.YAMLError) as error:
        return f"names a file that is not valid YAML: {path}: {error}"
    tasks = root.value if isinstance(root, yaml.SequenceNode) else []
    if not tasks or not all(isinstance(task, yaml.MappingNode) for task in tasks):
        return f"must name a file with a list of at least one task: {path}"
    return ""
