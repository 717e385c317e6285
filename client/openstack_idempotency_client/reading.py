# SPDX-License-Identifier: Apache-2.0
"""Which POSTs need no token: the services ignore it (section 7)."""

from __future__ import annotations

import re
import typing as ty
import urllib.parse

_READ_ACTIONS = frozenset(
    {
        "os-getConsoleOutput",
        "os-getSPICEConsole",
        "os-getSerialConsole",
        "os-getVNCConsole",
        # Cinder's.
        "list_replication_targets",
        "os-show_image_metadata",
    }
)
_READ_PATH = "/remote-consoles"
# By these, callers prove to keystone who they are.
_PROOFS = re.compile(
    r".*/(auth/tokens|ec2tokens|s3tokens|OS-OAUTH2/token"
    r"|OS-OAUTH1/(request|access)_token|OS-FEDERATION/.+)"
)


def needs_none(
    url: str, service_type: str | None, kwargs: ty.Mapping[str, ty.Any]
) -> bool:
    """Tell whether a POST is one for which the services ignore tokens.

    :param url: where it goes
    :param service_type: to which service, as keystone's catalog calls it
    :param kwargs: the arguments of keystoneauth's request
    """
    path = urllib.parse.urlsplit(url).path
    body = kwargs.get("json")
    if path.endswith("/action") and isinstance(body, dict):
        return not _READ_ACTIONS.isdisjoint(body)
    if service_type == "identity" and _PROOFS.fullmatch(path):
        return True
    return path.endswith(_READ_PATH)
