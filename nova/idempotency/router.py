# SPDX-License-Identifier: Apache-2.0
"""The router of the compute API, with client tokens.

It is turned on by one line of api-paste.ini::

    [app:osapi_compute_app_v21]
    paste.app_factory = nova.idempotency.router:APIRouterV21.factory
"""

from __future__ import annotations

import typing as ty

from oslo_log import log as logging

from nova.api.openstack.compute import routes
from nova.idempotency import operations
from nova.idempotency import service
from nova.openstack.common.idempotent import decorated
from nova.openstack.common.idempotent import idempotent

LOG = logging.getLogger(__name__)


class APIRouterV21(routes.APIRouterV21):  # type: ignore[misc]
    """Nova's router; the POSTs in the table of operations are idempotent.

    Only the controllers of this router are changed, on their instances:
    upstream's classes, and other routers of the process, stay as they are.
    """

    def __init__(self, custom_routes: ty.Any = None) -> None:
        super().__init__(custom_routes)
        nova = service.from_configuration()
        for route in self.map.matchlist:
            if "POST" in (route.conditions or {}).get("method", ()):
                _weave(route.defaults, nova)


def _weave(defaults: dict[str, ty.Any], nova: service.NovaService) -> None:
    # Nova puts a Resource into its routes, and the controller into that.
    controller = defaults["controller"].controller
    name = defaults["action"]
    if operations.find(controller, name) is None:
        return
    method = getattr(controller, name)
    if not decorated(method):
        setattr(controller, name, idempotent(method, service=nova))
        LOG.debug("%s.%s is idempotent.", type(controller).__name__, name)
