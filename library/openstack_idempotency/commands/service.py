# SPDX-License-Identifier: Apache-2.0
"""What a service gives the commands: its configuration and its database."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as ty

from oslo_config import cfg
import sqlalchemy as sa

from openstack_idempotency import assembly
from openstack_idempotency.assembly import Place
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.store import SqlTokenStore


@dataclasses.dataclass(frozen=True)
class Service:
    """A service with client tokens.

    :param name: its name, as metrics have it
    :param program: the command's name, for messages
    :param conf: its configuration, loaded
    :param place: gives where it keeps its tokens
    :param opened: gives its database; raises migration.Unusable where there
        is none, or where it does not answer as it should
    :param kinds: the kinds of resources that it binds
    :param turned_on: tells whether it takes tokens, None where that cannot
        be found out here
    """

    name: str
    program: str
    conf: cfg.ConfigOpts
    place: ty.Callable[[], Place]
    opened: ty.Callable[[], contextlib.AbstractContextManager[sa.Engine]]
    kinds: tuple[Kind, ...]
    turned_on: ty.Callable[[], bool | None]

    @property
    def lasting(self) -> tuple[Kind, ...]:
        """The kinds by which tokens last (protocol section 6)."""
        return tuple(kind for kind in self.kinds if kind.lasting)

    @contextlib.contextmanager
    def tokens(self) -> ty.Iterator[SqlTokenStore]:
        """Give the table of tokens.

        :raises errors.Unavailable: it cannot be reached
        """
        with self.opened():
            tokens = assembly.store(self.conf, self.place())
            try:
                yield tokens
            finally:
                tokens.connections.dispose()
