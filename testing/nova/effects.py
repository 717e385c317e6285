# SPDX-License-Identifier: Apache-2.0
"""Writes down all that a request changes, and where.

Each effect is one short text: ``INSERT instance_actions`` for a statement on
one of Nova's tables, ``cast stop_instance`` and ``call attach_interface`` for
a message to another service of Nova, ``neutron create_port``, ``cinder
create`` and ``glance update`` for a request to a neighbour.
"""

from __future__ import annotations

import typing as ty

import fixtures
from oslo_messaging.rpc import client as rpc_client
import sqlalchemy as sa

from nova.volume import cinder
from openstack_idempotency.sql import tables

_OURS = frozenset(tables.METADATA.tables)
_CHANGES = ("INSERT", "UPDATE", "DELETE")
_CINDER = ("create", "create_snapshot_force")
_GLANCE = ("create", "update", "delete")


class Effects(fixtures.Fixture):
    """Collects effects, and lets messages to other services end here.

    :param neutron: the fake client of neutron
    :param glance: the fake image service
    :param answers: what a service answers to a message, by its method
    """

    def __init__(
        self, neutron: ty.Any, glance: ty.Any, answers: dict[str, ty.Any]
    ) -> None:
        self.seen: list[str] = []
        self._neutron = neutron
        self._glance = glance
        self.answers = answers

    def _setUp(self) -> None:
        sa.event.listen(sa.Engine, "before_cursor_execute", self._statement)
        self.addCleanup(
            sa.event.remove,
            sa.Engine,
            "before_cursor_execute",
            self._statement,
        )
        self._patch(rpc_client._BaseCallContext, "cast", self._message("cast"))
        self._patch(rpc_client._BaseCallContext, "call", self._message("call"))
        for name in _CINDER:
            counted = self._counted("cinder", name, getattr(cinder.API, name))
            # Nova's fixture takes no self, as the mock that it is.
            self._patch(cinder.API, name, staticmethod(counted))
        for name in _GLANCE:
            counted = self._counted(
                "glance", name, getattr(self._glance, name)
            )
            self._patch(self._glance, name, counted)
        for name in self._neutron.CHANGES:
            counted = self._counted(
                "neutron", name, getattr(self._neutron, name)
            )
            self._patch(self._neutron, name, counted)

    def taken(self) -> list[str]:
        """Return the effects since the last time."""
        seen, self.seen = self.seen, []
        return seen

    def _patch(self, owner: ty.Any, name: str, value: ty.Any) -> None:
        self.useFixture(fixtures.MockPatchObject(owner, name, value))

    def _statement(
        self, conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
    ) -> None:
        verb, *words = statement.split(None, 3)
        if verb in _CHANGES:
            table = words[0] if verb == "UPDATE" else words[1]
            if table not in _OURS:
                self.seen.append(f"{verb} {table}")

    def _message(self, kind: str) -> ty.Callable[..., ty.Any]:
        def sent(
            client: ty.Any, ctxt: ty.Any, method: str, **kwargs: ty.Any
        ) -> ty.Any:
            self.seen.append(f"{kind} {method}")
            answer = self.answers.get(method)
            return answer(ctxt, **kwargs) if answer else None

        return sent

    def _counted(
        self, service: str, name: str, function: ty.Callable[..., ty.Any]
    ) -> ty.Callable[..., ty.Any]:
        def counted(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            self.seen.append(f"{service} {name}")
            return function(*args, **kwargs)

        return counted
