# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Caches what botocore and moto would compute again for each client and call: half the time of a test on EC2."""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest import mock

import botocore.client
import botocore.hooks
import botocore.loaders
import botocore.session
import moto.backends
import moto.core.responses
import moto.ec2.models.vpcs
import moto.moto_server.werkzeug_app

_classes: dict[str, Any] = {}
_names: dict[str, str] = {}


@functools.cache
def install_caches() -> None:
    """Cache EC2's model, botocore's client classes and event names, and moto's lists of services and methods.

    Omit the networks that moto creates in each region at each reset; no test uses them.
    """
    loader = botocore.loaders.create_loader()
    botocore.session.create_loader = lambda *_paths: loader

    make_class = botocore.client.ClientCreator._create_client_class

    def client_class(creator: Any, service: str, model: Any) -> Any:
        if service not in _classes:
            _classes[service] = make_class(creator, service, model)
        return _classes[service]

    botocore.client.ClientCreator._create_client_class = client_class
    make_aliaser = botocore.hooks.EventAliaser.__init__

    def aliaser(self: Any, *arguments: Any, **named: Any) -> None:
        make_aliaser(self, *arguments, **named)
        self._alias_name_cache = _names

    botocore.hooks.EventAliaser.__init__ = aliaser
    accepts = functools.cache(botocore.hooks.accepts_kwargs)
    botocore.hooks.accepts_kwargs = lambda handler: accepts(getattr(handler, "__func__", handler))
    services = tuple(moto.backends.list_of_moto_modules())
    moto.backends.list_of_moto_modules = lambda: services
    moto.core.responses.method_names_from_class = functools.cache(moto.core.responses.method_names_from_class)
    moto.ec2.models.vpcs.VPCBackend.create_default_vpc = lambda _self: None
    application = moto.moto_server.werkzeug_app.DomainDispatcherApplication
    application.get_backend_for_host = functools.cache(application.get_backend_for_host)


def reuse_clients_of(cloud: str, clients: dict[str, Any]) -> AbstractContextManager[None]:
    """Let the modules of a cloud reuse the clients of its SDK: making one takes longer than many a call.

    ``clients`` keeps them. A client whose keys are not just the options of the module is made anew.
    """
    clouds = "ansible_collections.multicloud.snapshots.plugins.module_utils._clouds"
    if cloud == "ebs":
        return _reuse_clients(importlib.import_module(f"{clouds}.aws.client").AwsModule, clients)
    if cloud in ("ecs", "ens"):
        return _reuse_sdk_clients(importlib.import_module(f"{clouds}.alibaba.client"), clients)
    return nullcontext()


@contextlib.contextmanager
def _reuse_clients(module_class: Any, clients: dict[str, Any]) -> Iterator[None]:
    """Let a module class of ours make one client for equal options, and return a copy with its own events."""
    make = module_class.make_client

    def make_client(module: Any, service: str, **options: Any) -> Any:
        given = {name: value for name, value in module.params.items() if name in _CONNECTION}
        if not given.get("access_key") or given.get("profile") or module.params.get("assume_role_arn"):
            return make(module, service, **options)
        config = getattr(options.get("aws_config"), "_user_provided_options", None)
        options_of_all = (sorted({**options, "aws_config": config}.items()), sorted(given.items()))
        key = repr((service, *options_of_all, _aws_environment()))
        if key not in clients:
            clients[key] = make(module, service, **options)
        return _copy_client(clients[key])

    with mock.patch.object(module_class, "make_client", make_client):
        yield


@contextlib.contextmanager
def _reuse_sdk_clients(client_module: Any, clients: dict[str, Any]) -> Iterator[None]:
    """Let Alibaba's SDK make one client for equal options, because each client reads a list of all endpoints."""
    make = client_module.AcsClient

    def made(**options: Any) -> Any:
        key = repr({name: vars(value) if name == "credential" else value for name, value in options.items()})
        if key not in clients:
            clients[key] = make(**options)
        client = copy.copy(clients[key])
        client.session = copy.copy(client.session)  # each has its own answers
        client.session.hooks = {}
        return client

    with mock.patch.object(client_module, "AcsClient", made):
        yield


def _aws_environment() -> list[tuple[str, str]]:
    """Return what decides about clients besides options: variables, and files that exist."""
    found = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return [(name, value) for name, value in found if not name.endswith("_FILE") or os.path.exists(value)]


_CONNECTION = (
    *("access_key", "secret_key", "session_token", "profile", "region", "endpoint_url"),
    *("validate_certs", "aws_ca_bundle", "aws_config"),
)


def _copy_client(client: Any) -> Any:
    made = object.__new__(type(client))  # copy.copy() fails because of __getattr__
    vars(made).update(vars(client))
    made.meta, made._endpoint = copy.copy(client.meta), copy.copy(client._endpoint)
    made.meta.events = made._endpoint._event_emitter = copy.copy(client.meta.events)
    return made
