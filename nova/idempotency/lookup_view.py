# SPDX-License-Identifier: Apache-2.0
"""What the look-up shows of uses of tokens."""

from __future__ import annotations

import datetime
import typing as ty
import urllib.parse

from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.db.idempotency import kinds
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.protocol.standing import Standing
from openstack_idempotency.protocol.standing import standing

#: The path of the look-up.
COLLECTION: ty.Final = "os-client-tokens"

#: Where the API has the resources of each kind.
COLLECTIONS: ty.Final = {
    kinds.SERVER.name: "servers",
    kinds.KEYPAIR.name: "os-keypairs",
    kinds.SERVER_GROUP.name: "os-server-groups",
    kinds.AGGREGATE.name: "os-aggregates",
    kinds.FLAVOR.name: "flavors",
}

_View = dict[str, ty.Any]


class ViewBuilder(common.ViewBuilder):  # type: ignore[misc]
    """Shows uses of tokens, the same at every microversion.

    :param token_ttl: seconds that a token lives
    """

    def __init__(self, token_ttl: int) -> None:
        self._life = token_ttl * 1000

    def show(
        self,
        req: wsgi.Request,
        use: Found,
        roles: frozenset[str] | None,
        resources: ty.Iterable[Resource],
    ) -> _View:
        """Return what is shown of one use.

        :param req: the request
        :param use: the use
        :param roles: what :func:`standing` is asked with
        :param resources: what is bound to it
        """
        stands = standing(use, roles)
        if stands is Standing.FORBIDDEN:
            return {"state": stands.value}
        record = use.record
        return {
            "id": record.id,
            "project_id": use.project_id,
            "user_id": use.user_id,
            "target": use.target,
            "state": stands.value,
            "status": record.status,
            "linked": record.linked,
            "resources": [self._resource(req, one) for one in resources],
            "request_id": record.request_id,
            "created_at": _date(use.created_at),
            "expires_at": _date(use.lives_until(self._life)),
        }

    def next_links(self, req: wsgi.Request, marker: int) -> list[_View]:
        """Return the links of a page that another one follows.

        :param req: the request
        :param marker: what the other one begins after
        """
        href = self._get_next_link(req, marker, COLLECTION)
        return [{"rel": "next", "href": href}]

    def _resource(self, req: wsgi.Request, resource: Resource) -> _View:
        # A name may have characters that a path does not.
        quoted = urllib.parse.quote(resource.id, safe="")
        collection = COLLECTIONS[resource.kind]
        return {
            "type": resource.kind,
            "id": resource.id,
            "links": self._get_links(req, quoted, collection),
        }


def _date(milliseconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(
        milliseconds // 1000, datetime.UTC
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
