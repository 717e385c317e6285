# SPDX-License-Identifier: Apache-2.0
"""Nova's tables and ours, and the few rows that an API needs."""

from __future__ import annotations

import sqlalchemy as sa

from chaos.databases import Databases
from embedded import database_server
from nova.db.api import models as api_models
from nova.objects.cell_mapping import CellMapping
from openstack_idempotency.sql import migration
import testing.schema

FLAVOR = "1"
#: Where all servers are built, as far as the conductor knows.
COMPUTE = "compute"
CELL1 = "11111111-1111-1111-1111-111111111111"


def create(
    urls: Databases, transport_url: str, cells: Databases | None = None
) -> None:
    """Fill empty databases.

    :param urls: the databases
    :param transport_url: the broker of both cells
    :param cells: where hosts find those of the cells, if not there
    """
    found = cells or urls
    for url in (urls.cell0, urls.cell1):
        testing.schema.create_cell(database_server.engine(url))
    api = database_server.engine(urls.api)
    testing.schema.create_api(api)
    migration.db_sync(api)
    mappings = (("cell0", CellMapping.CELL0_UUID, found.cell0),
                ("cell1", CELL1, found.cell1))
    with api.begin() as connection:
        for name, uuid, url in mappings:
            connection.execute(
                sa.insert(api_models.CellMapping).values(
                    uuid=uuid,
                    name=name,
                    transport_url=transport_url,
                    database_connection=url,
                )
            )
        cell1 = sa.select(api_models.CellMapping.id).where(
            api_models.CellMapping.uuid == CELL1
        )
        connection.execute(
            sa.insert(api_models.HostMapping).values(
                cell_id=cell1.scalar_subquery(), host=COMPUTE
            )
        )
        connection.execute(
            sa.insert(api_models.Flavors).values(
                name="tiny",
                flavorid=FLAVOR,
                memory_mb=64,
                vcpus=1,
                root_gb=1,
                ephemeral_gb=0,
            )
        )
