# SPDX-License-Identifier: Apache-2.0
"""Which POSTs only read: the services ignore their tokens (section 7)."""

from __future__ import annotations

import typing as ty
import urllib.parse

_READ_ACTIONS = frozenset(
    {
        "os-getConsoleOutput",
        "os-getSPICEConsole",
        "os-getSerialConsole",
        "os-getVNCConsole",
    }
)
_READ_PATH = "/remote-consoles"


def only_reads(url: str, kwargs: ty.Mapping[str, ty.Any]) -> bool:
    """Tell whether a POST changes nothing, so that no token is needed.

    :param url: where it goes
    :param kwargs: the arguments of keystoneauth's request
    """
    path = urllib.parse.urlsplit(url).path
    body = kwargs.get("json")
    if path.endswith("/action") and isinstance(body, dict):
        return not _READ_ACTIONS.isdisjoint(body)
    return path.endswith(_READ_PATH)
