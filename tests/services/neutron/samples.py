# SPDX-License-Identifier: Apache-2.0
"""A request for each of Neutron's POSTs."""

from __future__ import annotations

import functools
import itertools
import typing as ty
import uuid

from tests.services.base import some
from tests.services.neutron.world import HOSTS
from tests.services.sample import Ask
from tests.services.sample import once
from tests.services.sample import Sample
from tests.services.sample import Wanted

_QOS: ty.Final = "/qos/policies/{policy_id}"
_NUMBERS = itertools.count(1)
_NETWORKS = itertools.count(1)


def make(ask: Ask, path: str, key: str, **fields: ty.Any) -> ty.Any:
    """Make something, and return it."""
    return ask("POST", path, {key: fields})[key]


def cidr() -> str:
    """Return a network that nothing has yet."""
    number = next(_NETWORKS)
    return f"10.{number // 250}.{number % 250}.0/24"


def network(ask: Ask, **fields: ty.Any) -> str:
    """Make a network with a subnet; return its id."""
    made: str = make(ask, "/networks", "network", name=some("n"), **fields)[
        "id"
    ]
    subnet(ask, made)
    return made


def subnet(ask: Ask, of: str, **fields: ty.Any) -> str:
    """Make a subnet; return its id."""
    given = {"ip_version": 4, "cidr": cidr()} | fields
    made: str = make(ask, "/subnets", "subnet", network_id=of, **given)["id"]
    return made


@once
def inside(ask: Ask) -> str:
    """Return the id of a network."""
    return network(ask)


@once
def external(ask: Ask) -> str:
    """Return the id of a network that floating addresses are of."""
    return network(ask, **{"router:external": True})


def port(ask: Ask, **fields: ty.Any) -> ty.Any:
    """Make a port, and return it."""
    fields = {"network_id": inside(ask)} | fields
    return make(ask, "/ports", "port", **fields)


def router(ask: Ask, **fields: ty.Any) -> str:
    """Make a router; return its id."""
    made: str = make(ask, "/routers", "router", name=some("r"), **fields)["id"]
    return made


@once
def group(ask: Ask) -> str:
    """Return the id of a security group."""
    made: str = make(
        ask, "/security-groups", "security_group", name=some("group")
    )["id"]
    return made


@once
def _forwarding(ask: Ask) -> tuple[str, ty.Any]:
    """Return the id of a floating ip, and a port that it may lead to."""
    through = {"external_gateway_info": {"network_id": external(ask)}}
    (its,) = ask("GET", f"/networks/{inside(ask)}")["network"]["subnets"][:1]
    ask("PUT", f"/routers/{router(ask, **through)}/add_router_interface",
        {"subnet_id": its})  # fmt: skip
    fip = make(ask, "/floatingips", "floatingip",
               floating_network_id=external(ask))  # fmt: skip
    return fip["id"], port(ask, fixed_ips=[{"subnet_id": its}])


def _agent(ask: Ask, kind: str) -> str:
    found = ask("GET", "/agents")["agents"]
    ids = [one["id"] for one in found if one["agent_type"] == kind]
    return ty.cast("str", ids[0])


def _two(path: str, key: str, vary: str, **fields: ty.Any) -> Wanted:
    """Return a request that differs from the other one in one field."""
    one = {key: fields | {vary: some(vary)}}
    return Wanted(path, one, {key: fields | {vary: some(vary)}})


def _fields(
    path: str, key: str, vary: str, fields: ty.Mapping[str, ty.Any], ask: Ask
) -> Wanted:
    return _two(path, key, vary, **fields)


def _rule(name: str, field: str, ask: Ask) -> Wanted:
    policy = make(ask, "/qos/policies", "policy", name=some("policy"))["id"]
    path = f"/qos/policies/{policy}/{name}s"
    key = name.replace("-", "_")
    return Wanted(path, {key: {field: 26}}, {key: {field: 28}})


def _default_rule(ask: Ask) -> Wanted:
    number = next(_NUMBERS)
    rule = {
        "direction": "ingress", "protocol": "tcp", "port_range_min": number,
        "port_range_max": number, "used_in_default_sg": True,
        "used_in_non_default_sg": False,
    }  # fmt: skip
    key = "default_security_group_rule"
    other = {key: rule | {"direction": "egress"}}
    return Wanted("/default-security-group-rules", {key: rule}, other)


def _floatingip(ask: Ask) -> Wanted:
    return _two("/floatingips", "floatingip", "description",
                floating_network_id=external(ask))  # fmt: skip


def _port_forwarding(ask: Ask) -> Wanted:
    fip, to = _forwarding(ask)
    number = next(_NUMBERS)
    return _two(
        f"/floatingips/{fip}/port_forwardings", "port_forwarding",
        "description", internal_port_id=to["id"], internal_port=number,
        internal_ip_address=to["fixed_ips"][0]["ip_address"],
        external_port=number, protocol="tcp",
    )  # fmt: skip


def _local_ip(ask: Ask) -> Wanted:
    return _two("/local-ips", "local_ip", "name", network_id=inside(ask))


def _association(ask: Ask) -> Wanted:
    of = {"network_id": inside(ask)}
    local = make(ask, "/local-ips", "local_ip", **of)["id"]
    path = f"/local_ips/{local}/port_associations"
    one, other = ({"port_association": {"fixed_port_id": port(ask)["id"]}}
                  for _ in range(2))  # fmt: skip
    return Wanted(path, one, other)


def _log(ask: Ask) -> Wanted:
    return _two(
        "/log/logs", "log", "name", event="ALL",
        resource_type="security_group", resource_id=group(ask),
    )  # fmt: skip


def _metering_rule(ask: Ask) -> Wanted:
    path = "/metering/metering-labels"
    label = make(ask, path, "metering_label", name=some("label"))["id"]
    key = "metering_label_rule"
    rule = {"metering_label_id": label, "direction": "ingress"}
    one, other = ({key: rule | {"source_ip_prefix": cidr()}} for _ in range(2))
    return Wanted("/metering/metering-label-rules", one, other)


@once
def _to_ipv6(ask: Ask) -> tuple[str, str]:
    """Return the ids of a router and of a network that it leads to."""
    number = next(_NETWORKS)
    scope = make(ask, "/address-scopes", "address_scope", name=some("scope"),
                 ip_version=6)["id"]  # fmt: skip
    prefix = f"2001:db8:{number:x}::/48"
    pool = make(ask, "/subnetpools", "subnetpool", name=some("pool"),
                prefixes=[prefix], default_prefixlen=64,
                address_scope_id=scope)["id"]  # fmt: skip
    outside = make(ask, "/networks", "network", name=some("n"),
                   **{"router:external": True})["id"]  # fmt: skip
    its = make(ask, "/networks", "network", name=some("n"))["id"]
    both = [
        make(ask, "/subnets", "subnet", network_id=one, ip_version=6,
             subnetpool_id=pool)["id"]
        for one in (outside, its)
    ]  # fmt: skip
    through = router(
        ask, external_gateway_info={"network_id": outside},
        enable_ndp_proxy=True,
    )  # fmt: skip
    added = {"subnet_id": both[1]}
    ask("PUT", f"/routers/{through}/add_router_interface", added)
    return through, its


def _ndp_proxy(ask: Ask) -> Wanted:
    through, its = _to_ipv6(ask)
    return _two("/ndp-proxies", "ndp_proxy", "name", router_id=through,
                port_id=port(ask, network_id=its)["id"])  # fmt: skip


def _segment_range(ask: Ask) -> Wanted:
    return _two(
        "/network-segment-ranges", "network_segment_range", "name",
        network_type="vlan", shared=True, minimum=100, maximum=200,
        physical_network=some("physnet"),
    )  # fmt: skip


def _port(ask: Ask) -> Wanted:
    return _two("/ports", "port", "name", network_id=inside(ask))


def _conntrack_helper(ask: Ask) -> Wanted:
    key = "conntrack_helper"
    helper = {"protocol": "udp", "helper": "tftp", "port": 69}
    path = f"/routers/{router(ask)}/conntrack_helpers"
    return Wanted(path, {key: helper}, {key: helper | {"port": 70}})


def _group_rule(ask: Ask) -> Wanted:
    number = next(_NUMBERS)
    return _two(
        "/security-group-rules", "security_group_rule", "description",
        security_group_id=group(ask), direction="ingress", protocol="tcp",
        port_range_min=number, port_range_max=number,
    )  # fmt: skip


def _segment(ask: Ask) -> Wanted:
    return _two("/segments", "segment", "description", network_id=inside(ask),
                network_type="vlan", physical_network="physnet1",
                segmentation_id=100 + next(_NUMBERS))  # fmt: skip


def _subnet(ask: Ask) -> Wanted:
    return _two("/subnets", "subnet", "name", network_id=inside(ask),
                ip_version=4, cidr=cidr())  # fmt: skip


def _subnetpool(ask: Ask) -> Wanted:
    return _two("/subnetpools", "subnetpool", "name", prefixes=[cidr()])


def _trunk(ask: Ask) -> Wanted:
    return _two("/trunks", "trunk", "name", port_id=port(ask)["id"])


def _rbac(ask: Ask) -> Wanted:
    key, path = "rbac_policy", "/rbac-policies"
    policy = {"object_type": "network", "object_id": inside(ask),
              "action": "access_as_shared"}  # fmt: skip
    one, other = ({key: policy | {"target_tenant": uuid.uuid4().hex}}
                  for _ in range(2))  # fmt: skip
    return Wanted(path, one, other)


def _binding(ask: Ask) -> Wanted:
    fields = {"binding:host_id": HOSTS[0], "device_owner": "compute:nova"}
    path = f"/ports/{port(ask, **fields)['id']}/bindings"
    host, other = {"host": HOSTS[1]}, {"host": "elsewhere"}
    return Wanted(path, {"binding": host}, {"binding": other})


def _dhcp(ask: Ask) -> Wanted:
    path = f"/agents/{_agent(ask, 'DHCP agent')}/dhcp-networks"
    # With a subnet Neutron would give it to an agent by itself.
    one, other = (
        {"network_id": make(ask, "/networks", "network", name=some("n"))["id"]}
        for _ in range(2)
    )
    return Wanted(path, one, other)


def _l3(ask: Ask) -> Wanted:
    path = f"/agents/{_agent(ask, 'L3 agent')}/l3-routers"
    one, other = ({"router_id": router(ask)} for _ in range(2))
    return Wanted(path, one, other)


def _flavor_profile(ask: Ask) -> Wanted:
    flavor = make(ask, "/flavors", "flavor", name=some("flavor"),
                  service_type="L3_ROUTER_NAT")["id"]  # fmt: skip
    key = "service_profile"
    one, other = (
        {key: {"id": make(ask, "/service_profiles", key,
                          metainfo=some("info"))["id"]}}
        for _ in range(2)
    )  # fmt: skip
    return Wanted(f"/flavors/{flavor}/service_profiles", one, other)


def _tags(path: str, ask: Ask) -> Wanted:
    """Add a tag to what a sample of another operation makes."""
    wanted = SAMPLES[path].given(ask)
    (made,) = ask("POST", wanted.path, wanted.body).values()
    body, other = ({"tags": [some("tag")]} for _ in range(2))
    return Wanted(f"{_TAGGED[path]}/{made['id']}/tags", body, other)


def _sample(given: ty.Any, table: str, *lost: str, **more: ty.Any) -> Sample:
    return Sample(given, f"INSERT {table}", table, lost=lost, **more)


# Of which IP their port is, in the port itself.
_OF_IPS: ty.Final = ("UPDATE ports", "UPDATE standardattributes")


# Their requests name nothing that has to be there: key, field, table, and
# what else has to be given.
_ALONE: ty.Final[dict[str, tuple[str, str, str, dict[str, ty.Any]]]] = {
    "/address-groups": ("address_group", "name", "address_groups", {}),
    "/address-scopes": (
        "address_scope", "name", "address_scopes", {"ip_version": 4}
    ),
    "/flavors": (
        "flavor", "name", "flavors", {"service_type": "L3_ROUTER_NAT"}
    ),
    "/metering/metering-labels": (
        "metering_label", "name", "meteringlabels", {}
    ),
    "/networks": ("network", "name", "networks", {}),
    "/qos/policies": ("policy", "name", "qos_policies", {}),
    "/routers": ("router", "name", "routers", {}),
    "/security-groups": ("security_group", "name", "securitygroups", {}),
    "/service_profiles": (
        "service_profile", "description", "serviceprofiles",
        {"metainfo": "{}"},
    ),
}  # fmt: skip
# What a GET does not show, though the POST did.
_NOT_SHOWN: ty.Final = {"/networks": ("is_default",)}
_RULES: ty.Final = {
    "bandwidth_limit_rule": "max_kbps",
    "dscp_marking_rule": "dscp_mark",
    "minimum-packet-rate-rule": "min_kpps",
    "minimum_bandwidth_rule": "min_kbps",
    "packet_rate_limit_rule": "max_kpps",
}
# Where their tags are, by where they are themselves.
_TAGGED: ty.Final = {
    "/floatingips": "/floatingips",
    "/network-segment-ranges": "/network_segment_ranges",
    "/networks": "/networks",
    "/ports": "/ports",
    "/qos/policies": "/policies",
    "/routers": "/routers",
    "/security-groups": "/security-groups",
    "/subnetpools": "/subnetpools",
    "/subnets": "/subnets",
    "/trunks": "/trunks",
}

SAMPLES: ty.Final = {
    **{
        path: _sample(
            functools.partial(_fields, path, key, vary, more),
            table,
            *_NOT_SHOWN.get(path, ()),
        )
        for path, (key, vary, table, more) in _ALONE.items()
    },
    **{
        f"{_QOS}/{name}s": _sample(
            functools.partial(_rule, name, field),
            f"qos_{name.replace('-', '_')}s",
        )
        for name, field in _RULES.items()
    },
    "/default-security-group-rules": _sample(
        _default_rule, "securitygroupdefaultrules"
    ),
    "/floatingips": _sample(_floatingip, "floatingips", untold=_OF_IPS),
    "/floatingips/{floatingip_id}/port_forwardings": _sample(
        _port_forwarding, "portforwardings"
    ),
    "/local-ips": _sample(_local_ip, "local_ips", untold=_OF_IPS),
    "/local_ips/{local_ip_id}/port_associations": _sample(
        _association, "local_ip_associations"
    ),
    "/log/logs": _sample(_log, "logs"),
    "/metering/metering-label-rules": _sample(
        _metering_rule, "meteringlabelrules"
    ),
    "/ndp-proxies": _sample(_ndp_proxy, "ndp_proxies"),
    "/network-segment-ranges": _sample(
        _segment_range, "network_segment_ranges", "project_id",
        unfinished=True,
    ),
    "/ports": _sample(_port, "ports"),
    "/ports/{port_id}/bindings": _sample(_binding, "ml2_port_bindings"),
    "/rbac-policies": _sample(_rbac, "networkrbacs"),
    "/routers/{router_id}/conntrack_helpers": _sample(
        _conntrack_helper, "conntrack_helpers"
    ),
    "/security-group-rules": _sample(_group_rule, "securitygrouprules"),
    "/segments": _sample(_segment, "networksegments"),
    "/subnetpools": _sample(_subnetpool, "subnetpools"),
    "/subnets": _sample(_subnet, "subnets"),
    "/trunks": _sample(_trunk, "trunks"),
    "/agents/{agent_id}/dhcp-networks": _sample(
        _dhcp, "networkdhcpagentbindings"
    ),
    "/agents/{agent_id}/l3-routers": _sample(_l3, "routerl3agentbindings"),
    "/flavors/{flavor_id}/service_profiles": _sample(
        _flavor_profile, "flavorserviceprofilebindings"
    ),
    **{
        f"{at}/{{resource_id}}/tags": _sample(
            functools.partial(_tags, path), "tags"
        )
        for path, at in _TAGGED.items()
    },
}
