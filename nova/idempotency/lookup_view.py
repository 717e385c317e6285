# SPDX-License-Identifier: Apache-2.0
"""The links that the look-up shows."""

from __future__ import annotations

import typing as ty
import urllib.parse

from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.db.idempotency import kinds
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.wsgi.lookup import COLLECTION
from openstack_idempotency.wsgi.lookup import View

#: Where the API has the resources of each kind.
COLLECTIONS: ty.Final = {
    kinds.SERVER.name: "servers",
    kinds.KEYPAIR.name: "os-keypairs",
    kinds.SERVER_GROUP.name: "os-server-groups",
    kinds.AGGREGATE.name: "os-aggregates",
    kinds.FLAVOR.name: "flavors",
}


class ViewBuilder(common.ViewBuilder):  # type: ignore[misc]
    """Links as all of Nova shows them."""

    def next_links(self, req: wsgi.Request, marker: int) -> list[View]:
        """Return the links of a page that another one follows.

        :param req: the request
        :param marker: what the other one begins after
        """
        href = self._get_next_link(req, marker, COLLECTION)
        return [{"rel": "next", "href": href}]

    def links(self, req: wsgi.Request, resource: Resource) -> list[View]:
        """Return the links of what is bound to a token.

        :param req: the request
        :param resource: the resource
        """
        # A name may have characters that a path does not.
        quoted = urllib.parse.quote(resource.id, safe="")
        collection = COLLECTIONS[resource.kind]
        links: list[View] = self._get_links(req, quoted, collection)
        return links
