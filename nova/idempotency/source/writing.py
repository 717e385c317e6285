# SPDX-License-Identifier: Apache-2.0
"""Writes the patch for a source tree of Nova."""

from __future__ import annotations

import pathlib

from nova.idempotency.source import patch
from nova.idempotency.source.carried import Carried
from nova.idempotency.source.tree import Tree

_INTRODUCTION = """\
Let any POST of the compute API be retried safely

A client sends a token of its own choice with a request (X-Client-Token); a
later request with the same token is answered as the first one was, and not
run again. @idempotent marks the methods: {methods} of Nova {release}.
"""
_VENDORED = "The decorator and all below it become part of Nova's tree.\n"
_REQUIRED = "The decorator is in the distribution nova-idempotency.\n"


def write(
    nova_: pathlib.Path, output: pathlib.Path, *, vendored: bool
) -> Carried:
    """Write the patch for a tree, all of it or nothing.

    :param nova_: the tree
    :param output: the file
    :param vendored: whether our modules become part of the tree
    :raises Unfit: the tree cannot be patched
    :raises OSError: the file cannot be written
    """
    carried = Carried(Tree(nova_), vendored=vendored)
    introduction = _INTRODUCTION.format(
        methods=len(carried.places), release=carried.release
    )
    origin = _VENDORED if vendored else _REQUIRED
    patch.write(output, patch.text(introduction + origin, carried.changes()))
    return carried
