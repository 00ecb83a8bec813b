# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep what botocore and moto would work out again for each client and each call: half the time of a test on EC2."""

from __future__ import annotations

import functools
from typing import Any

import botocore.client
import botocore.hooks
import botocore.loaders
import botocore.session
import moto.backends
import moto.core.responses
import moto.moto_server.werkzeug_app

_classes: dict[str, Any] = {}
_names: dict[str, str] = {}


@functools.cache
def remember() -> None:
    """Keep EC2's model, botocore's classes of clients and names of events, moto's list of services and of methods."""
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
    application = moto.moto_server.werkzeug_app.DomainDispatcherApplication
    application.get_backend_for_host = functools.cache(application.get_backend_for_host)
