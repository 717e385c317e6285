# SPDX-License-Identifier: Apache-2.0
"""A small service: it has one kind of thing, and answers POSTs with a token.

It is all that a token's cost can be measured with, and nothing else.
"""

from __future__ import annotations

import typing as ty
import uuid

from oslo_config import cfg
from oslo_db import options as db_options
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
from sqlalchemy import orm

from openstack_idempotency import assembly
from openstack_idempotency import opts
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import link
from openstack_idempotency.sql import migration
from openstack_idempotency.sql.kinds import Kind

KIND = "thing"
#: What an operation answers: as much as a POST /servers does.
ANSWER = Answer(202, (("Location", "/things/1"),), b"{" + b"x" * 500 + b"}")
_SECRET = "of benchmarks only: 0123456789 0123456789"  # noqa: S105 - is none
_SCOPE = Scope(
    project_id="project",
    user_id="user",
    domain_id=None,
    system_scope=None,
    target="POST /things",
)

BASE: ty.Any = orm.declarative_base()


class Thing(BASE):  # type: ignore[misc]
    """A resource."""

    __tablename__ = "things"
    id = sa.Column(sa.Integer, primary_key=True, autoincrement=True)
    name = sa.Column(sa.String(255), nullable=False)


@enginefacade.transaction_context_provider
class _Context:
    """One request of the service."""


class _Make:
    """The operation that makes a thing.

    :param database: enginefacade's context manager
    """

    link = KIND
    lasting = False
    followed = False

    def __init__(self, database: ty.Any) -> None:
        self._database = database

    def run(self) -> Answer:
        """Make a thing."""
        with self._database.writer.using(_Context()) as session:
            session.add(Thing(name="a thing"))
        return ANSWER

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        """Return None: nothing is lost here."""
        return None

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        """Return True: nothing is deleted here."""
        return True

    def started(self, request_id: str) -> Started:
        """Return that nothing is known."""
        return Started(Evidence.NONE)

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Withdraw nothing."""
        return Withdrawn(Fate.TAKEN)

    def undo(self, todo: ty.Any) -> None:
        """Undo nothing: there is nothing to undo."""


class Service:
    """The service, with a pool of connections of its own.

    :param url: its database, which has the tables
    :param pool: how many connections its pool has
    """

    def __init__(self, url: sa.URL, pool: int = 20) -> None:
        manager = enginefacade.transaction_context()
        text = url.render_as_string(hide_password=False)
        manager.configure(connection=text, max_pool_size=pool)
        self.engine: sa.Engine = manager.writer.get_engine()
        self._make = _Make(manager)
        conf = cfg.ConfigOpts()
        db_options.set_defaults(conf, connection=text, max_pool_size=pool)
        opts.register_opts(conf)
        conf([])
        conf.set_override("secret", [_SECRET], "idempotency")
        conf.set_override("max_tokens", 0, "idempotency")
        place = assembly.Place(manager, "database", "host", "-", "-")
        self._engine, self.store = assembly.build(conf, place)

    def bare(self) -> None:
        """Make a thing, without a token."""
        self._make.run()

    def answer(self, token: str) -> None:
        """Answer a request to make a thing.

        :param token: its client token
        """
        digests = self._engine.parts.digests
        request = Request(
            token=token,
            scope=_SCOPE,
            fingerprints=digests.of_request(
                token, lambda write: write(b'{"thing": {}}')
            ),
            request_id=f"req-{uuid.uuid4()}",
            roles=frozenset({"member"}),
        )
        self._engine.answer(request, self._make)

    def look_up(self, token: str) -> None:
        """Look up a token's uses (protocol section 8).

        :param token: one that was used
        :raises LookupError: there is none
        """
        lookup = self._engine.lookup(self.store)
        if not lookup.uses(token, _SCOPE, frozenset({"member"})):
            raise LookupError("the token of a look-up was not used")

    def close(self) -> None:
        """Close its connections."""
        self.store.connections.dispose()
        self.engine.dispose()


def create(engine: sa.Engine) -> None:
    """Make the tables of the service, and ours.

    :param engine: of an empty database
    """
    link.listen(Kind(KIND, Thing, "name"))
    migration.db_sync(engine)
    BASE.metadata.create_all(engine)
