# SPDX-License-Identifier: Apache-2.0
"""The table of tokens in a service's database.

Every method is one short step of core statements, apart from any transaction
of the request that it serves. Most are one statement: the server runs that
as a whole, so a worker that stops in it keeps no lock. The others lock the
row of one token and nothing else: they read and change by primary keys.
"""

from __future__ import annotations

from openstack_idempotency.sql.catalogue import Cataloguing
from openstack_idempotency.sql.census import Census
from openstack_idempotency.sql.claiming import Claiming
from openstack_idempotency.sql.counters import Counted
from openstack_idempotency.sql.looking import Looking
from openstack_idempotency.sql.purge import Purging
from openstack_idempotency.sql.reading import Reading
from openstack_idempotency.sql.settling import Settling
from openstack_idempotency.sql.watching import Watching
from openstack_idempotency.sql.withdrawing import Withdrawing


class SqlTokenStore(
    Reading,
    Claiming,
    Settling,
    Withdrawing,
    Watching,
    Purging,
    Cataloguing,
    Census,
    Looking,
    Counted,
):
    """Tokens in a database; what the engine's store port asks for.

    All methods raise :class:`errors.Unavailable` when the table cannot be
    reached. Any of them may be tried again after a broken connection: a
    row's owner tells whether the first try had been committed.
    """
