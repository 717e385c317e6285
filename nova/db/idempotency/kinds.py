# SPDX-License-Identifier: Apache-2.0
"""The kinds of Nova's resources that are bound to a token."""

from __future__ import annotations

from nova.db.api import models as api_models
from openstack_idempotency.sql.kinds import Kind

SERVER = Kind(
    "server",
    api_models.InstanceMapping,
    "instance_uuid",
    cleaned=(
        api_models.RequestSpec,
        api_models.BuildRequest,
        api_models.InstanceMapping,
    ),
    # Without a BuildRequest the conductor builds nothing. If a user has
    # already deleted that, the mapping is the last that a clean-up finds: were
    # the server still bound without it, a withdrawal would take the missing
    # mapping for the conductor's work, and leave the other servers alone.
    ends=(api_models.BuildRequest, api_models.InstanceMapping),
    later=(api_models.InstanceGroupMember,),
    lasting=True,
    # The row outlives its server until Nova archives it.
    gone="queued_for_delete",
)
KEYPAIR = Kind("keypair", api_models.KeyPair, "name")
SERVER_GROUP = Kind("server_group", api_models.InstanceGroup, "uuid")
AGGREGATE = Kind("aggregate", api_models.Aggregate, "id")
FLAVOR = Kind("flavor", api_models.Flavors, "flavorid")

#: All of them, and those by which a token lasts.
ALL = (SERVER, KEYPAIR, SERVER_GROUP, AGGREGATE, FLAVOR)
LASTING = tuple(kind for kind in ALL if kind.lasting)
