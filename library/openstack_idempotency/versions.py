# SPDX-License-Identifier: Apache-2.0
"""How the versions of the library and of a service's part may differ."""

from __future__ import annotations

import importlib.metadata

#: The library's distribution.
LIBRARY = "openstack-idempotency"


class Differ(Exception):
    """Two distributions do not fit; the text says which, and what to do."""


def check(distribution: str) -> None:
    """Check that a distribution has the library's minor version.

    Private names may change from one minor version to the next, and a
    service's part uses some of them. Nothing is checked if either is not
    installed as a distribution, as in a service that carries both in source.

    :param distribution: the name of the service's part
    :raises Differ: it has another one
    """
    try:
        ours = importlib.metadata.version(LIBRARY)
        theirs = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return
    if _minor(ours) != _minor(theirs):
        raise Differ(
            f"{distribution} {theirs} does not fit {LIBRARY} {ours}: their "
            "first two numbers must be equal. Install both from the same "
            f"release, for example {LIBRARY} {'.'.join(_minor(theirs))}.*."
        )


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])
