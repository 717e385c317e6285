# SPDX-License-Identifier: Apache-2.0
"""Texts that the patch adds to Nova's tree."""

from __future__ import annotations

import importlib.resources
import string


def read(name: str) -> str:
    """Return a text.

    :param name: the name of its file
    """
    return (importlib.resources.files(__name__) / name).read_text("utf-8")


def filled(name: str, **values: str) -> str:
    """Return a text with values in the places of their names (``$name``).

    :param name: the name of its file
    :param values: the values
    """
    return string.Template(read(name)).substitute(values)
