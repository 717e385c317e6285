# SPDX-License-Identifier: Apache-2.0
"""Paste files: upstream's, and what is to be different in them."""

from __future__ import annotations

import configparser
import io
from pathlib import Path
import sys
import typing as ty

_APP = "app:osapi_compute_app_v21"
# A pipeline of the compute API is told by the application at its end.
_END = " osapi_compute_app_v21"
# The one line by which an operator turns the product on in Nova.
_OPTION = "paste.app_factory"
_ROUTER = "nova.idempotency.router:APIRouterV21.factory"
# The filter of other services.
_FILTER = "idempotency"
# Keystone's middleware, in the pipelines of all services.
_AUTHENTICATION = "authtoken"


def installed(
    service: str = "nova", name: str = "api-paste.ini"
) -> configparser.RawConfigParser:
    """Return the file that upstream's package has installed.

    :param service: the service
    :param name: what the file is called
    """
    return parsed(path(service, name).read_text())


def path(service: str, name: str) -> Path:
    """Return where upstream's package has installed a file.

    :param service: the service
    :param name: what the file is called
    """
    return Path(sys.prefix, "etc", service, name)


def parsed(text: str) -> configparser.RawConfigParser:
    """Return a file, to be changed.

    :param text: what is in it
    """
    paste = configparser.RawConfigParser()
    paste.optionxform = str  # type: ignore[assignment, method-assign]
    paste.read_string(text)
    return paste


def turn_on(paste: configparser.RawConfigParser) -> None:
    """Let the compute API be loaded by our router.

    :param paste: the file
    :raises configparser.NoSectionError: upstream's file has other names
    """
    paste.set(_APP, _OPTION, _ROUTER)


def add_filter(
    paste: configparser.RawConfigParser,
    composite: str,
    behind: str,
    service: str,
    *inner: str,
) -> None:
    """Put our filter into each pipeline of a composite.

    :param paste: the file
    :param composite: the section of the pipelines
    :param behind: the filter that makes contexts
    :param service: the service
    :param inner: filters that ours has to have behind itself
    :raises configparser.NoSectionError: upstream's file has other names
    """
    for option, pipeline in paste.items(composite):
        filters = pipeline.split()
        if behind in filters:
            place = filters.index(behind) + 1
            filters[place:place] = [_FILTER, *inner]
            paste.set(composite, option, " ".join(filters))
    define_filter(paste, service)


def define_filter(paste: configparser.RawConfigParser, service: str) -> None:
    """Say what our filter is, which pipelines name.

    :param paste: the file
    :param service: the service
    """
    section = f"filter:{_FILTER}"
    paste.add_section(section)
    paste.set(section, "use", f"egg:openstack-idempotency#{_FILTER}")
    paste.set(section, "service", service)


def trusting(
    service: str, name: str, composite: str, behind: str, *inner: str
) -> configparser.RawConfigParser:
    """Return upstream's file with our filter, for callers with headers.

    What would ask Keystone who they are is left out: the headers that it adds
    are given.

    :param service: the service
    :param name: what the file is called
    :param composite: the section of the pipelines
    :param behind: the filter that makes contexts
    :param inner: filters that ours has to have behind itself
    """
    paste = installed(service, name)
    add_filter(paste, composite, behind, service, *inner)
    for option, pipeline in paste.items(composite):
        kept = [one for one in pipeline.split() if one != _AUTHENTICATION]
        paste.set(composite, option, " ".join(kept))
    return paste


def change_pipelines(
    paste: configparser.RawConfigParser, change: ty.Callable[[str], str]
) -> None:
    """Change each pipeline of the compute API.

    :param paste: the file
    :param change: returns what a pipeline is to be, filters first
    """
    for section in paste.sections():
        for option, value in paste.items(section):
            if value.endswith(_END):
                paste.set(section, option, change(value))


def text(paste: configparser.RawConfigParser) -> str:
    """Return what is in a file.

    :param paste: the file
    """
    with io.StringIO() as written:
        paste.write(written)
        return written.getvalue()
