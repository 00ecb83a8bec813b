# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of a role's variables: the valid values, and the module arguments that each one sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, fields
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities

from .call import Arguments
from .parsing import InvalidValue, RawVariables

Value = TypeVar("Value")
#: What a cloud must support for a variable that needs it.
NEEDS: dict[str, Callable[[Capabilities], bool]] = {
    "attaching": lambda cloud: cloud.instance_ids is not None,
    "clusters": lambda cloud: cloud.csi_driver is not None,
    "descriptions": lambda cloud: cloud.description_rule is not None,
    "encryption": lambda cloud: cloud.encrypts_copies,
    "expiry": lambda cloud: cloud.expires_copies,
    "initialization rates": lambda cloud: cloud.initialization_rates is not None,
    "keys": lambda cloud: cloud.shows_keys,
    "locks": lambda cloud: bool(cloud.lock_modes),
    "set_tags": lambda cloud: cloud.names_sets_by_tag,
    "sharing": lambda cloud: cloud.shares_snapshots,
    "sizes": lambda cloud: cloud.shows_sizes,
    "billing cycles": lambda cloud: bool(cloud.billing_cycles),
    "tags": lambda cloud: cloud.tag_rules is not None,
    "zones": lambda cloud: cloud.has_zones,
}


class Argument(NamedTuple):
    """An argument of the module that a step of the role calls; ``convert`` makes it from the variable's value."""

    step: str
    name: str
    convert: Callable[[Any], Any] = lambda value: value


class Variable(NamedTuple):
    """A variable: its parser and its default. If the default is None, the variable is required.

    - ``sets`` are the arguments that it sets.
    - ``used_by`` are the Python modules of the role that use it for a decision, such as ``decide.selection``.
    - ``needs`` is a key of NEEDS. A cloud that does not support it refuses the variable, or ignores it if it
      ``is_ignorable``.
    """

    parse: Callable[[Any], Any]
    default: Any
    sets: tuple[Argument, ...] = ()
    used_by: tuple[str, ...] = ()
    needs: str = ""
    is_ignorable: bool = False

    def is_supported(self, cloud: Capabilities) -> bool:
        return not self.needs or NEEDS[self.needs](cloud)


#: How similar two names are (from 0 to 1) if one may be meant by the other. They share the prefix of the role.
_SIMILAR = 0.8

Table = Mapping[str, Variable]
#: Values of variables by name, of the types in their rows.
ByName = dict[str, Any]


def variable(
    parse: Callable[[Any], Value],
    default: Value,
    *,
    required: bool = False,
    sets: tuple[Argument, ...] = (),
    used_by: tuple[str, ...] = (),
    needs: str = "",
    is_ignorable: bool = False,
) -> Value:
    """Return a field of a dataclass of variables that is also a row of the table (see Variable).

    So each variable is defined once, and its type is checked against its parser and its default. If a ``required``
    variable is missing, the run is refused, and the variable has its default in that run.
    """
    # pylint accepts fields only in the body of a class.
    row = Variable(parse, None if required else default, sets, used_by, needs, is_ignorable)
    return field(default_factory=lambda: default, metadata={"row": row})  # pylint: disable=invalid-field-call


def table_of(variables: Any) -> dict[str, Variable]:
    """Return the table of variables from a dataclass."""
    return {member.name: member.metadata["row"] for member in fields(variables) if member.metadata}


def as_mapping(variables: Any) -> ByName:
    """Return the values of a dataclass of variables by name."""
    return {member.name: getattr(variables, member.name) for member in fields(variables)}


def parse_variables(table: Table, raw_variables: RawVariables, prefix: str) -> tuple[ByName, list[str]]:
    """Return the parsed variables, with defaults for those that the user did not set, and all problems.

    A required variable that is missing or invalid is omitted.
    """
    values: ByName = {}
    problems: list[str] = []
    for name, row in table.items():
        value = raw_variables.get(name)
        is_empty = value is None or (isinstance(value, str) and not value.strip())
        try:
            values[name] = row.default if is_empty else row.parse(value)
        except InvalidValue as error:
            problems.append(f"{prefix}{name} {error}")
            values[name] = row.default
            continue
        if row.default is None and not values[name]:
            problems.append(f"{prefix}{name} is required")
    return {name: value for name, value in values.items() if value is not None}, problems


def arguments_of(table: Table, step: str, values: ByName, cloud: Capabilities) -> Arguments:
    """Return the arguments that the variables set for the module of a step.

    For an empty string, list or dict, and for 0, the module's own default applies; true and false are always passed.
    """
    found = {}
    for name, variable in table.items():
        for argument in variable.sets if variable.is_supported(cloud) else ():
            if argument.step == step and (isinstance(values[name], bool) or values[name]):
                found[argument.name] = argument.convert(values[name])
    return found


def arguments_in(table: Table) -> Iterator[tuple[str, str]]:
    """Return step and name of each argument that a variable sets."""
    return ((argument.step, argument.name) for variable in table.values() for argument in variable.sets)


def unknown_variables(table: Table, prefix: str, names: Sequence[str], not_its_own: Sequence[str]) -> list[str]:
    """Return a problem for each name with the role's prefix that is no variable, with a similar one if there is any.

    ``not_its_own`` are names, without the prefix, that playbooks use or a run sets.
    """
    known = [f"{prefix}{name}" for name in table]
    unknown = [name for name in names if name not in known and name.removeprefix(prefix) not in not_its_own]
    near = {name: get_close_matches(name, known, 1, _SIMILAR) for name in unknown}
    meant = {name: f" (did you mean {match[0]}?)" if match else "" for name, match in near.items()}
    return [f"{name} is not a variable of the role{also}" for name, also in meant.items()]


def unsupported(table: Table, values: ByName, cloud: Capabilities) -> list[str]:
    """Return the names of the variables that are set but that the cloud does not support."""
    return [
        name
        for name, variable in table.items()
        if not variable.is_supported(cloud)
        and not variable.is_ignorable
        and values[name]
        and values[name] != variable.default
    ]
