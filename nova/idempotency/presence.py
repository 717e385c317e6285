# SPDX-License-Identifier: Apache-2.0
"""How the API of this host has client tokens: by our router, or its source."""

from __future__ import annotations

import configparser
import importlib.resources

from oslo_config import cfg

#: What api-paste.ini loads.
ROUTER = "nova.idempotency.router:APIRouterV21.factory"

_DECORATOR = "nova.openstack.common.idempotent"
_CONTROLLERS = "api/openstack/compute"

_WITHOUT_THE_ROUTER = "remove nova.idempotency.router from api-paste.ini"
_WITHOUT_THE_DECORATOR = "take @idempotent out of Nova's source"


def turn_off() -> str:
    """Return how to turn client tokens off here, for messages."""
    return _WITHOUT_THE_DECORATOR if in_source() else _WITHOUT_THE_ROUTER


def turned_on(conf: cfg.ConfigOpts) -> bool | None:
    """Tell whether this host's API takes tokens.

    :param conf: Nova's configuration, which names api-paste.ini
    :returns: None where that cannot be found out
    """
    return True if in_source() else by_router(conf)


def in_source() -> bool:
    """Tell whether methods are decorated in the source of Nova itself.

    It reads the controllers, since to import them takes seconds.
    """
    folder = importlib.resources.files("nova").joinpath(_CONTROLLERS)
    return any(
        _DECORATOR in module.read_text("utf-8")
        for module in folder.iterdir()
        if module.name.endswith(".py")
    )


def by_router(conf: cfg.ConfigOpts) -> bool | None:
    """Tell whether api-paste.ini, as nova.conf names it, has our line.

    :param conf: Nova's configuration
    :returns: None where the file cannot be read
    """
    path = conf.find_file(conf.wsgi.api_paste_config)
    if path is None:
        return None
    paste = configparser.RawConfigParser()
    try:
        paste.read(path)
    except (OSError, configparser.Error):
        return None
    return any(
        paste.get(section, "paste.app_factory", fallback="") == ROUTER
        for section in paste.sections()
    )
