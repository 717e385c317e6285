# SPDX-License-Identifier: Apache-2.0
"""Nova's api-paste.ini: upstream's, and what is to be different in it."""

from __future__ import annotations

import configparser
import io
from pathlib import Path
import sys
import typing as ty

_APP = "app:osapi_compute_app_v21"
# A pipeline of the compute API is told by the application at its end.
_END = " osapi_compute_app_v21"
# The one line by which an operator turns the product on.
_OPTION = "paste.app_factory"
_ROUTER = "nova.idempotency.router:APIRouterV21.factory"


def installed() -> configparser.RawConfigParser:
    """Return the file that upstream's package has installed."""
    place = Path(sys.prefix, "etc", "nova", "api-paste.ini")
    return parsed(place.read_text())


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
