# SPDX-License-Identifier: Apache-2.0
"""Requests that Nova takes, of which others are made."""

from __future__ import annotations

import dataclasses
import json
import typing as ty

from nova.idempotency.operations import Operation
from testing.nova import cloud
from testing.nova import releases
from testing.nova import samples
from tests.fuzz.wsgi import Request


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request that Nova takes.

    :param path: its path, below the API's version
    :param body: its body
    :param version: its microversion
    """

    path: str
    body: ty.Any
    version: str = "2.90"

    def request(self, **fields: ty.Any) -> Request:
        """Return it, where other fields of Request may be given."""
        version = {"HTTP_OPENSTACK_API_VERSION": f"compute {self.version}"}
        made = {
            "path": f"/v2.1{self.path}",
            "body": json.dumps(self.body).encode(),
            "environ": version,
        }
        return Request(**made | fields)


# The fakes of neighbours keep what they are told, from one request to the
# next; and these make a body or an answer that differs each time.
_NEIGHBOURS = ("neutron", "cinder", "call")


def _asked(row: Operation) -> ty.Iterator[Asked]:
    sample = samples.SAMPLES[row.path, row.action]
    as_it_is = not sample.server and sample.given is None
    if as_it_is and not sample.effect.startswith(_NEIGHBOURS):
        yield Asked(sample.path(row), sample.body, sample.version)


LOCK = Asked(f"/servers/{cloud.SERVER}/action", {"lock": None})
GROUP = Asked(
    "/os-server-groups", {"server_group": {"name": "g", "policy": "affinity"}}
)
#: Takes any value whatsoever.
STOP = Asked(f"/servers/{cloud.SERVER}/action", {"os-stop": None})
REFUSED = Asked("/os-keypairs", {"keypair": {"name": 7}})
LEFT_OUT = Asked(
    f"/servers/{cloud.SERVER}/action", {"os-getConsoleOutput": {"length": 5}}
)
GONE = Asked("/os-networks", {"network": {"label": "n"}}, "2.1")
NOWHERE = Asked("/nowhere", {})

#: Operations that take tokens, and can be asked for at any time.
TAKEN = tuple(
    asked
    for row in releases.OPERATIONS
    if row.left_out is None
    for asked in _asked(row)
)
