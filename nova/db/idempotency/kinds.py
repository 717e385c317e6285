# SPDX-License-Identifier: Apache-2.0
"""The kinds of resources that are bound to a token: one row each."""

from __future__ import annotations

import dataclasses
import typing as ty

import sqlalchemy as sa

from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.idempotency import link
from nova.db.idempotency import transaction
from nova.openstack.common.idempotency.record import Resource


@dataclasses.dataclass(frozen=True)
class Kind:
    """A resource whose row is inserted in the API database (section 5).

    :param name: what it is called
    :param model: the ORM class of a row that lives as long as the resource
    :param attribute: the attribute that holds the id by which the API
        names it
    """

    name: str
    model: ty.Any
    attribute: str


SERVER = Kind("server", api_models.InstanceMapping, "instance_uuid")
KEYPAIR = Kind("keypair", api_models.KeyPair, "name")
SERVER_GROUP = Kind("server_group", api_models.InstanceGroup, "uuid")
AGGREGATE = Kind("aggregate", api_models.Aggregate, "id")
FLAVOR = Kind("flavor", api_models.Flavors, "flavorid")


def listen(kind: Kind) -> None:
    """Bind new resources of a kind to the token of their request.

    :param kind: the kind; to name it again does nothing
    """
    link.listen(kind.model, kind.name, kind.attribute)


def survive(kind: Kind, resources: ty.Sequence[Resource]) -> bool:
    """Tell whether any of the resources still has its row.

    :param kind: what they are
    :param resources: what a token made
    :raises errors.Unavailable: the API database cannot be reached
    """
    rows = [resource.row_id for resource in resources]

    def count(connection: sa.Connection) -> int:
        column = kind.model.__table__.c.id
        query = sa.select(sa.func.count()).where(column.in_(rows))
        return connection.execute(query).scalar_one()

    return transaction.run(api_db.context_manager, count) > 0
