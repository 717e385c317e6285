# SPDX-License-Identifier: Apache-2.0
"""Statements that somebody reads without a database."""

from __future__ import annotations

import collections.abc as cabc
import importlib
import pkgutil

import sqlalchemy as sa
import testtools

from openstack_idempotency import sql


def _statements() -> cabc.Iterator[tuple[str, sa.Executable]]:
    """Yield those that are built once, each with its name."""
    for found in pkgutil.iter_modules(sql.__path__, f"{sql.__name__}."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, sa.Executable):
                yield f"{found.name}.{name}", value


class ShownTest(testtools.TestCase):
    def test_each_has_a_text(self) -> None:
        # Neutron's own tests count statements by their texts, and so may
        # whatever an operator lets listen on the engine.
        texts = {name: str(statement) for name, statement in _statements()}
        self.assertGreater(len(texts), 15)
        clocks = [t for t in texts.values() if "now_in_milliseconds()" in t]
        self.assertGreater(len(clocks), 2)
