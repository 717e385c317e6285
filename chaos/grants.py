# SPDX-License-Identifier: Apache-2.0
"""What callers are given before they begin: quotas, and server groups."""

from __future__ import annotations

import sqlalchemy as sa

from chaos.client import Client
from chaos.client import group_of
from chaos.hosts import wait_until
from embedded import database_server
from nova.db.api import models as api_models

#: The name of groups that callers were given, and have not made.
GIVEN = "given"


class Grants:
    """Writes into one API database, whenever that is up.

    :param url: the database
    """

    def __init__(self, url: str) -> None:
        self._engine = database_server.engine(url)

    def give(self, client: Client) -> Client:
        """Give a caller what the operation needs.

        :param client: the caller, who has nothing yet
        :returns: the caller, who has it
        """
        statements = []
        if client.operation.quota is not None:
            statements.append(
                sa.insert(api_models.Quota).values(
                    project_id=client.caller,
                    resource=client.operation.quota,
                    hard_limit=0,
                )
            )
        if client.operation.grouped:
            statements += _group(client.caller)
        if statements:
            wait_until(lambda: self._done(statements), "a caller is equipped")
        return client

    def _done(self, statements: list[sa.Insert]) -> bool:
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        except sa.exc.OperationalError:
            return False
        except sa.exc.IntegrityError:
            # The commit went through while its connection broke.
            return True
        return True


def _group(caller: str) -> list[sa.Insert]:
    groups = api_models.InstanceGroup
    mine = sa.select(groups.id).where(groups.uuid == group_of(caller))
    return [
        sa.insert(groups).values(
            user_id=caller,
            project_id=caller,
            uuid=group_of(caller),
            name=GIVEN,
        ),
        sa.insert(api_models.InstanceGroupPolicy).values(
            group_id=mine.scalar_subquery(), policy="affinity"
        ),
    ]
