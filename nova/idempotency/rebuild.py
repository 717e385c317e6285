# SPDX-License-Identifier: Apache-2.0
"""Answers of linked operations, made again from what they created.

Each function takes the controller, the request, its body and the resources
that are bound to the token, and returns what the controller's own method
would have returned, without secrets; None where the resource is gone.
"""

from __future__ import annotations

import typing as ty

from nova import exception
from nova import objects
from nova.api.openstack import api_version_request
from nova.api.openstack import wsgi
from nova.idempotency import releases
from nova.policies import flavor_extra_specs
from openstack_idempotency.protocol.record import Resource

Body = dict[str, ty.Any]


def server(
    controller: ty.Any,
    req: wsgi.Request,
    body: Body,
    resources: ty.Sequence[Resource],
) -> ty.Any:
    """Answer as ServersController.create does, without adminPass.

    :param controller: the controller of servers
    :param req: the retry
    :param body: its body
    :param resources: the servers; the first of several is the answer's
    """
    # A server that was deleted meanwhile is the answer all the same.
    context = req.environ["nova.context"].elevated(read_deleted="yes")
    try:
        instance = controller.compute_api.get(context, resources[0].id)
    except exception.InstanceNotFound:
        return None
    if body["server"].get("return_reservation_id", False):
        return {"reservation_id": instance.reservation_id}
    builder = controller._view_builder
    view = releases.view_of_server(builder, req, body, instance)
    return controller._add_location(wsgi.ResponseObject(view))


def keypair(
    controller: ty.Any,
    req: wsgi.Request,
    body: Body,
    resources: ty.Sequence[Resource],
) -> ty.Any:
    """Answer as KeypairController.create does, without private_key.

    :param controller: the controller of keypairs
    :param req: the retry
    :param body: its body
    :param resources: the keypair
    """
    context = req.environ["nova.context"]
    owner = context.user_id
    # Below 2.10, and at /v2, Nova drops what it does not know.
    if api_version_request.is_supported(req, "2.10"):
        owner = body["keypair"].get("user_id") or owner
    try:
        found = objects.KeyPair.get_by_name(context, owner, resources[0].id)
    except exception.KeypairNotFound:
        return None
    if str(found.id) != resources[0].key:
        return None  # deleted, and its name used again
    typed = api_version_request.is_supported(req, "2.2")
    return controller._view_builder.create(found, key_type=typed)


def server_group(
    controller: ty.Any,
    req: wsgi.Request,
    body: Body,
    resources: ty.Sequence[Resource],
) -> ty.Any:
    """Answer as ServerGroupController.create does.

    :param controller: the controller of server groups
    :param req: the retry
    :param body: its body
    :param resources: the server group
    """
    context = req.environ["nova.context"]
    try:
        found = objects.InstanceGroup.get_by_uuid(context, resources[0].id)
    except exception.InstanceGroupNotFound:
        return None
    view = controller._format_server_group(context, found, req)
    return {"server_group": view}


def aggregate(
    controller: ty.Any,
    req: wsgi.Request,
    body: Body,
    resources: ty.Sequence[Resource],
) -> ty.Any:
    """Answer as AggregateController.create does.

    :param controller: the controller of aggregates
    :param req: the retry
    :param body: its body
    :param resources: the aggregate
    """
    context = req.environ["nova.context"]
    try:
        found = objects.Aggregate.get_by_id(context, int(resources[0].key))
    except exception.AggregateNotFound:
        return None
    view = controller._marshall_aggregate(req, found)
    for later in ("hosts", "metadata"):  # create does not show them
        del view["aggregate"][later]
    return view


def flavor(
    controller: ty.Any,
    req: wsgi.Request,
    body: Body,
    resources: ty.Sequence[Resource],
) -> ty.Any:
    """Answer as FlavorsController.create does.

    :param controller: the controller of flavors
    :param req: the retry
    :param body: its body
    :param resources: the flavor
    """
    context = req.environ["nova.context"]
    try:
        # Permission to create a private flavor does not imply access to it.
        found = objects.Flavor.get_by_flavor_id(
            context.elevated(), resources[0].id
        )
    except exception.FlavorNotFound:
        return None
    if str(found.id) != resources[0].key:
        return None  # deleted, and its id used again
    specs = api_version_request.is_supported(req, "2.61") and context.can(
        flavor_extra_specs.POLICY_ROOT % "index", fatal=False
    )
    found.extra_specs = {}  # as when it was new
    builder = controller._view_builder
    return releases.view_of_flavor(builder, req, found, specs=specs)
