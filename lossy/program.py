# SPDX-License-Identifier: Apache-2.0
"""A program that uses openstacksdk: ``python -m lossy.program THREADS TRIES``.

It reads cases from its input, one JSON object a line, and writes what came of
each call, likewise. It makes a call again that failed, with the same client
token, which is the resource's name. With a third word, it has no tokens, and
lets keystoneauth send requests again.
"""

from __future__ import annotations

from concurrent import futures
import json
import logging
import os
import sys
import time
import typing as ty

from keystoneauth1 import exceptions as keystone
import openstack
from openstack import exceptions

from openstack_idempotency_client.sdk import client_token

OWN_LOOP = "own-loop"
_HOOK = "openstack_idempotency_client.sdk:vendor_hook"
# What somebody asks of keystoneauth who wants to survive a short outage.
_RETRIES = {
    "compute_connect_retries": 5,
    "compute_status_code_retries": 5,
    "compute_retriable_status_codes": [502, 503, 504],
}
# Seconds between two calls of the same.
_PAUSE = 0.2


class Caller:
    """Makes the calls of one connection.

    :param connection: the connection
    :param tries: how often it makes a call that fails
    """

    def __init__(self, connection: ty.Any, tries: int) -> None:
        self._compute = connection.compute
        self._tries = tries

    def call(self, case: dict[str, str]) -> None:
        """Make a call until it succeeds.

        :param case: what it asks for
        """
        for _ in range(self._tries):
            try:
                with client_token(case["name"]):
                    answer = self._make(case)
            except (exceptions.SDKException, keystone.ClientException) as why:
                error = f"{type(why).__name__}: {why}"
                _tell(name=case["name"], error=error)
                time.sleep(_PAUSE)
            else:
                _tell(name=case["name"], answer=answer)
                return

    def _make(self, case: dict[str, str]) -> str:
        if case["kind"] == "keypair":
            made = self._compute.create_keypair(name=case["name"])
            return str(made.private_key)
        made = self._compute.create_server(
            name=case["name"], flavor_id=case["flavor"],
            image_id=case["image"], networks="none",
        )  # fmt: skip
        return str(made.id)


def _tell(**what: str) -> None:
    # In one write: threads share the output, and the process may be killed.
    os.write(1, json.dumps(what).encode() + b"\n")


def main() -> None:
    """Make the calls of all cases."""
    threads, tries = map(int, sys.argv[1:3])
    logging.basicConfig(level=logging.WARNING)
    own = OWN_LOOP in sys.argv[3:]
    options: dict[str, ty.Any] = _RETRIES if own else {"vendor_hook": _HOOK}
    caller = Caller(
        openstack.connect(compute_default_microversion="2.90", **options),
        tries,
    )
    cases = [json.loads(line) for line in sys.stdin]
    with futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(caller.call, cases))


if __name__ == "__main__":
    main()
