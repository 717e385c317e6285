# SPDX-License-Identifier: Apache-2.0
"""The microversion that a request asks for, before Nova resolves it."""

from __future__ import annotations

import typing as ty

import microversion_parse

from nova.api.openstack import api_version_request
from nova.api.openstack import wsgi

_LATEST = "latest"


def asked(headers: ty.Mapping[str, str]) -> str:
    """Return the microversion that a request asks for.

    Both of Nova's headers count, as nova.api.openstack.wsgi reads them.
    "latest" stays as it is: a retry after an upgrade asks for the same.

    Source: protocol section 2.

    :param headers: the headers of a request that Nova has taken
    """
    found = microversion_parse.get_version(
        dict(headers),
        service_type="compute",
        legacy_headers=[wsgi.LEGACY_API_VERSION_REQUEST_HEADER],
    )
    if found is None:
        found = api_version_request.DEFAULT_API_VERSION
    if found.lower() == _LATEST:
        return _LATEST
    version = api_version_request.APIVersionRequest(found)
    return ty.cast("str", version.get_string())
