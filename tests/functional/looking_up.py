# SPDX-License-Identifier: Apache-2.0
"""Looks tokens up, as protocol section 8 has it."""

from __future__ import annotations

import typing as ty

import jsonschema

from nova.idempotency import lookup_schema
from testing.nova import base

PATH = "/os-client-tokens"
GROUP = {"server_group": {"name": "g", "policy": "affinity"}}
OTHERS = ("reader", "member", "")


class Looks(base.Mixin):
    """Looks tokens up."""

    options: ty.ClassVar[dict[str, ty.Any]] = {"wait_timeout": 0}

    def look(self, token=None, query="", api=None, status=200, **headers):
        """Look up, and return the answer."""
        if token is not None:
            headers["X-Client-Token"] = token
        answer = (api or self.api).api_request(
            PATH + (query and f"?{query}"), headers=headers
        )
        self.assertEqual(status, answer.status_code, answer.text)
        if status == 200:
            jsonschema.validate(
                answer.json(),
                lookup_schema.index_response,
                format_checker=jsonschema.FormatChecker(),
            )
        return answer

    def uses(self, *args, **kwargs):
        return self.look(*args, **kwargs).json()["client_tokens"]

    def admin(self, project="another-project"):
        """Return the client of an admin who has nothing else to do here."""
        admin = self.client("an-admin", project)
        admin.roles = ["admin"]
        return admin
