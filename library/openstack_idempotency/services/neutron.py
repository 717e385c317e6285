# SPDX-License-Identifier: Apache-2.0
"""Neutron: networks, ports, and what its service plugins add to them."""

from __future__ import annotations

import os
import re
import typing as ty

from neutron import objects
from neutron import policy
from neutron import server
from neutron.common import config
from neutron_lib.db import api
from neutron_lib.db import model_base
from oslo_config import cfg
from oslo_db import options
import webob
import webob.exc

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import caller_at
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.spelling import Spelling
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

_QOS: ty.Final = "/qos/policies/{policy_id}"

# By their paths, the tables that have other names than the collections.
_RESOURCES: ty.Final = {
    "/default-security-group-rules": "securitygroupdefaultrules",
    "/floatingips/{floatingip_id}/port_forwardings": "portforwardings",
    "/metering/metering-label-rules": "meteringlabelrules",
    "/metering/metering-labels": "meteringlabels",
    "/qos/policies": "qos_policies",
    f"{_QOS}/bandwidth_limit_rules": "qos_bandwidth_limit_rules",
    f"{_QOS}/dscp_marking_rules": "qos_dscp_marking_rules",
    f"{_QOS}/minimum-packet-rate-rules": "qos_minimum_packet_rate_rules",
    f"{_QOS}/minimum_bandwidth_rules": "qos_minimum_bandwidth_rules",
    f"{_QOS}/packet_rate_limit_rules": "qos_packet_rate_limit_rules",
    "/security-group-rules": "securitygrouprules",
    "/segments": "networksegments",
    "/service_profiles": "serviceprofiles",
}
_OTHERS: ty.Final = (
    "/address-groups", "/address-scopes", "/flavors", "/floatingips",
    "/local-ips", "/log/logs", "/ndp-proxies", "/networks", "/ports",
    "/routers", "/routers/{router_id}/conntrack_helpers", "/subnetpools",
    "/subnets", "/trunks",
)  # fmt: skip
_TAGGED: ty.Final = (
    "floatingips", "network_segment_ranges", "networks", "policies", "ports",
    "routers", "security-groups", "subnetpools", "subnets", "trunks",
)  # fmt: skip
_REFUSED: ty.Final = (
    "/agents", "/alias-bandwidth-limit-rules", "/alias-dscp-marking-rules",
    "/alias-minimum-bandwidth-rules", "/alias-minimum-packet-rate-rules",
    "/auto-allocated-topology", "/availability_zones", "/extensions",
    "/flavors/{flavor_id}/next_providers", "/floatingip-pools",
    "/log/loggable-resources", "/network-ip-availabilities",
    "/networks/{network_id}/dhcp-agents", "/qos/rule-types", "/quotas",
    "/routers/{router_id}/l3-agents", "/security-groups-default-statefulness",
    "/service-providers",
)  # fmt: skip

# As agents do: now all of its models are there, whichever plugins are.
objects.register_objects()
# As Neutron does when it first uses its database: that may be later.
cfg.CONF.register_opts(options.database_opts, "database")
_MODELS: ty.Final = {
    mapper.local_table.name: mapper.class_
    for mapper in model_base.BASEV2.registry.mappers
}
_RBACS = (_MODELS[name] for name in _MODELS if name.endswith("rbacs"))
_RBAC: ty.Final = Change("rbac_policy", tuple(_RBACS), "id")
_TAGS: ty.Final = Change("tags", (_MODELS["tags"],))
# The key of its row is longer than a binding's.
_BINDING: ty.Final = Change(
    "port_binding", (_MODELS["ml2_port_bindings"],), "host"
)


def _kind(name: str, table: str, attribute: str) -> Kind:
    return Kind(name, _MODELS[table], attribute)


def _linked(path: str, kind: Kind | Change, *complete: ty.Any) -> Operation:
    shown, most = rebuilding.whole(path, *complete), rebuilding.asked
    return Operation(path, kind, shown, most=most)


def _filled(shown: ty.Any) -> bool:
    """Tell whether a range has its segments, which are committed later."""
    numbers = range(shown["minimum"], shown["maximum"] + 1)
    return len(shown["available"]) + len(shown["used"]) >= len(numbers)


def _resource(path: str, table: str | None = None) -> Operation:
    name = path.rpartition("/")[2].replace("-", "_")
    # As Neutron calls one of them.
    one = re.sub("(?<!s)s$", "", re.sub("ies$", "ys", name))
    return _linked(path, _kind(one, table or name, "id"))


def _as_sent(case: Case, found: webob.Response) -> webob.Response:
    found.json_body = case.req.json
    return found


def _tagged(collection: str) -> Operation:
    path = f"/{collection}/{{resource_id}}/tags"
    return Operation(path, _TAGS, rebuilding.shown(path, 200, _as_sent))


def _nothing(case: Case, found: webob.Response) -> webob.Response | None:
    """Return the answer to giving an agent something, while it has it."""
    (given,) = found.json.values()
    found.json_body = None
    return found if case.resources[0].id in {e["id"] for e in given} else None


def _scheduled(one: str, table: str, attribute: str) -> Operation:
    path = f"/agents/{{agent_id}}/{one.replace('_', '-')}s"
    shown = rebuilding.shown(path, change=_nothing)
    return Operation(path, _kind(one, table, attribute), shown)


def _flavor(case: Case, found: webob.Response) -> webob.Response:
    """Return what Neutron shows of the flavor that has a profile now."""
    found.json_body = {"service_profile": {"id": case.named["flavor_id"]}}
    return found


_PROFILES: ty.Final = "/flavors/{flavor_id}/service_profiles"
OPERATIONS: ty.Final = (
    *(_resource(*row) for row in _RESOURCES.items()),
    *map(_resource, _OTHERS),
    _linked("/network-segment-ranges",
            _kind("network_segment_range", "network_segment_ranges", "id"),
            _filled),
    # A project's first one is made by the way; no user's has its name.
    _linked(
        "/security-groups",
        Kind("security_group", _MODELS["securitygroups"], "id",
             counts=lambda row: row.name != "default"),
    ),
    _linked("/rbac-policies", _RBAC),
    _linked(
        "/local_ips/{local_ip_id}/port_associations",
        _kind("port_association", "local_ip_associations", "fixed_port_id"),
    ),
    _linked("/ports/{port_id}/bindings", _BINDING),
    _scheduled("dhcp_network", "networkdhcpagentbindings", "network_id"),
    _scheduled("l3_router", "routerl3agentbindings", "router_id"),
    Operation(
        _PROFILES,
        _kind("flavor_profile", "flavorserviceprofilebindings",
              "service_profile_id"),
        rebuilding.shown(f"{_PROFILES}/{{id}}", change=_flavor),
    ),
    *map(_tagged, _TAGGED),
    *(Operation(at, left_out="Neutron always refuses it") for at in _REFUSED),
)  # fmt: skip


def _fault(status: int, message: str, req: webob.Request) -> webob.Response:
    """Return an error as Neutron's own translation makes it."""
    name = webob.exc.status_map[status].__name__
    error = {"type": name, "message": message, "detail": ""}
    return webob.Response(status=status, json_body={"NeutronError": error})


def _conf() -> cfg.ConfigOpts:
    config.register_common_config_options()
    return cfg.CONF


def _load(conf: cfg.ConfigOpts, arguments: ty.Sequence[str]) -> None:
    files = [*filter(os.path.isfile, server._get_config_files())]
    conf(arguments, project="neutron", default_config_files=files or None)


ADAPTER: ty.Final = Adapter(
    name="neutron",
    database=api.get_context_manager,
    options="database",
    conf=_conf,
    load=_load,
    context=caller_at("neutron.context"),
    fault=_fault,
    operations=OPERATIONS,
    turn_off="take the filter out of the pipeline in api-paste.ini",
    normal=Spelling(OPERATIONS, before=("log", "metering", "qos")),
    prepare=policy.init,
    places={row.kind.name: f"{row.path}/{{id}}" for row in OPERATIONS
            if row.kind is not None and "{" not in row.path},
)  # fmt: skip
