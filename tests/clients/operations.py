# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that the adapters send, read from their code by the SDKs' names."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

from tests.clouds import CLOUDS

ADAPTERS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_clouds"
#: Tencent Cloud's services, with their versions.
TENCENT = {"cbs": "2017-03-12", "tag": "2018-08-13", "sts": "2018-08-13"}


def operations_sent_by(cloud: str) -> dict[str, set[str]]:
    """Return the operations that a cloud's adapter sends, by service."""
    provider = CLOUDS[cloud].action_group
    known = {"aws": _aws_operations, "alibaba": _alibaba_operations, "tencent": _tencent_operations}[provider](cloud)
    words = _words_in_code(cloud, ADAPTERS / provider)
    found = {service: {names[word] for word in words & names.keys()} for service, names in known.items()}
    return {service: operations for service, operations in found.items() if operations}


def _words_in_code(cloud: str, folder: Path) -> set[str]:
    """Return the strings and attributes in an adapter's code; clouds of one provider have files of their own."""
    others = tuple(name for name in CLOUDS if name != cloud)
    found: set[str] = set()
    for path in [path for path in folder.glob("*.py") if not path.name.startswith(others)]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found


def _aws_operations(_cloud: str) -> dict[str, dict[str, str]]:
    from botocore import xform_name
    from botocore.session import Session

    models = {name: Session().get_service_model(name) for name in ("ec2", "ebs", "sts", "kms")}
    return {name: {xform_name(o): o for o in model.operation_names} for name, model in models.items()}


def _alibaba_operations(service: str) -> dict[str, dict[str, str]]:
    versions = importlib.import_module(f"aliyunsdk{service}.request")
    (version,) = [name for _finder, name, _is in pkgutil.iter_modules(versions.__path__)]
    package = importlib.import_module(f"{versions.__name__}.{version}")
    names = [name.removesuffix("Request") for _finder, name, _is in pkgutil.iter_modules(package.__path__)]
    return {service: {name: name for name in names}}


def _tencent_operations(_cloud: str) -> dict[str, dict[str, str]]:
    known = {}
    for service, version in TENCENT.items():
        client = importlib.import_module(f"tencentcloud.{service}.v{version.replace('-', '')}.{service}_client")
        actions = vars(getattr(client, f"{service.capitalize()}Client"))
        known[service] = {name: name for name in actions if name[0].isupper()}
    return known
