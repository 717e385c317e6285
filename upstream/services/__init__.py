# SPDX-License-Identifier: Apache-2.0
"""A row for each service: which of its tests are run, and what they need.

A module of this package says it in words, and has it as ``ROW``; a module of
the same name in :mod:`upstream.suite` turns client tokens on in its tests.
"""

from __future__ import annotations

import importlib
import typing as ty

from upstream.service import Service

#: The services that there is a row for.
NAMES: ty.Final = (
    "nova",
    "placement",
    "keystone",
    "glance",
    "neutron",
    "cinder",
)


def find(name: str) -> Service:
    """Return the row of a service.

    :param name: its name
    """
    row: Service = importlib.import_module(f"{__name__}.{name}").ROW
    return row
