# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin for mypy: a key that a TypedDict lacks is an error in ``row.get("key")``, as it is in ``row["key"]``."""

from __future__ import annotations

from collections.abc import Callable

from mypy.errorcodes import TYPEDDICT_ITEM
from mypy.nodes import StrExpr
from mypy.plugin import MethodContext, Plugin
from mypy.plugins.default import typed_dict_get_callback
from mypy.types import Type, TypedDictType


class TypedGet(Plugin):
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        return _checked if fullname == "typing.Mapping.get" else None


def _checked(context: MethodContext) -> Type:
    row, key = context.type, context.args[0][0]
    if isinstance(row, TypedDictType) and isinstance(key, StrExpr) and key.value not in row.items:
        name = row.fallback.type.name
        context.api.fail(f'TypedDict "{name}" has no key "{key.value}"', context.context, code=TYPEDDICT_ITEM)
    return typed_dict_get_callback(context)


def plugin(version: str) -> type[Plugin]:
    return TypedGet
