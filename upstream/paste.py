# SPDX-License-Identifier: Apache-2.0
"""The api-paste.ini of each pass, made from upstream's."""

from __future__ import annotations

import configparser
from pathlib import Path
import sys

from upstream.run import Pass

_APP = "app:osapi_compute_app_v21"
_ROUTER = "nova.idempotency.router:APIRouterV21.factory"
_FILTER = "repeat"
_REPEAT = "upstream.repeat:factory"
# A pipeline of the compute API is told by the application at its end.
_END = " osapi_compute_app_v21"


def installed() -> str:
    """Return the text of upstream's file."""
    return Path(sys.prefix, "etc", "nova", "api-paste.ini").read_text()


def made(text: str, kind: Pass) -> configparser.RawConfigParser:
    """Return what a pass loads Nova's API by.

    :param text: upstream's file
    :param kind: the pass
    :raises configparser.NoSectionError: upstream's file has other names
    """
    paste = configparser.RawConfigParser()
    paste.optionxform = str  # type: ignore[assignment, method-assign]
    paste.read_string(text)
    if kind is not Pass.STOCK:
        paste.set(_APP, "paste.app_factory", _ROUTER)
    if kind is Pass.REPEATED:
        _repeat(paste)
    return paste


def _repeat(paste: configparser.RawConfigParser) -> None:
    """Put our filter before all others of the compute API."""
    for section in paste.sections():
        for option, value in paste.items(section):
            if value.endswith(_END):
                paste.set(section, option, f"{_FILTER} {value}")
    paste.add_section(f"filter:{_FILTER}")
    paste.set(f"filter:{_FILTER}", "paste.filter_factory", _REPEAT)
