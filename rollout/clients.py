# SPDX-License-Identifier: Apache-2.0
"""Clients with tokens and without, which go on whatever the operator does.

Of those with a token, some answers are lost on their way. Our client finds out
by itself whether such a request can be sent again. Whoever got an answer sends
the same request once more, after the look-up has said that this is safe.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import typing as ty
import uuid

from keystoneauth1 import adapter
from keystoneauth1 import exceptions
import requests

from embedded import identity
from embedded.services import NOVA
from openstack_idempotency_client import session
from openstack_idempotency_client.token import client_token
from openstack_idempotency_client.use import NotSafeError
from region.host import Host
from rollout.wish import Wish
from testing.cloud import Cloud
from testing.losing import Losing

# How often an answer is lost.
_LOST = 0.3
# So often a client sends its request before it gives up.
_TRIES = 10
# Seconds between two wishes of a client.
_PAUSE = 1.0
# Seconds in which a server is built, or its client goes on without it: a claim
# of nova-compute costs a request for each server that waits for one.
_PATIENCE = 10.0
# Before somebody is given up who does not get on, on a busy machine.
_SECONDS = 900
# Each lost answer makes a warning, which is no news here.
logging.getLogger("openstack_idempotency_client").addHandler(
    logging.NullHandler()
)


_Ask: ty.TypeAlias = ty.Callable[[str], Wish]


class Clients:
    """They run from the begin of a block to its end.

    :param cloud: whose users they are
    :param seed: decides which answers are lost
    """

    def __init__(self, cloud: Cloud, seed: int) -> None:
        self._cloud = cloud
        self._luck = random.Random(seed)
        self._end = threading.Event()
        self.wishes: list[Wish] = []
        self._rounds = {"token": 0, "plain": 0}
        self._threads = [
            threading.Thread(target=self._run, args=(kind, *client))
            for kind, client in (
                ("token", self._with_token()),
                ("plain", self._without()),
            )
        ]
        self._errors: list[BaseException] = []

    def __enter__(self) -> ty.Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop()

    def _stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def let_all_finish(self) -> None:
        """Wait until whatever they are about now is over, and one more.

        So whoever has read a look-up before has sent what it sends after.

        :raises TimeoutError: one of them does not get on
        """
        before = {**self._rounds}
        deadline = time.monotonic() + _SECONDS
        while any(self._rounds[kind] < before[kind] + 2 for kind in before):
            if self._errors:
                raise self._errors[0]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._rounds}, after {before}")
            time.sleep(_PAUSE / 20)

    def ask(
        self, wish: Wish, host: Host, *, again: bool = False
    ) -> requests.Response:
        """Ask a host for a server with a token once, past what loses answers.

        :param wish: with a token
        :param host: the host
        :param again: whether it was answered before
        """
        answer = requests.post(
            f"{host.url}/servers",
            json=self._cloud.server(wish.name),
            headers=self._cloud.headers() | {"X-Client-Token": wish.token},
            timeout=_SECONDS,
            proxies={"http": ""},
        )
        if answer.status_code == 202:
            wish.told.append(answer.json()["server"]["id"])
        if not again:
            self.wishes.append(wish)
        return answer

    def wrong(self) -> list[str]:
        """End them, and return all that is wrong with what they got."""
        self._stop()
        if self._errors:
            raise self._errors[0]
        servers: list[dict[str, str]] = []
        query: dict[str, str] = {}
        while page := self._cloud.compute.get(
            "/servers", params=query
        ).json()["servers"]:
            servers += page
            query = {"marker": page[-1]["id"]}
        there: dict[str, list[str]] = {}
        for server in servers:
            there.setdefault(server["name"], []).append(server["id"])
        return [
            what
            for wish in self.wishes
            for what in wish.wrong(there.get(wish.name, []))
        ]

    def _run(self, kind: str, compute: adapter.Adapter, ask: _Ask) -> None:
        try:
            while not self._end.wait(_PAUSE):
                name = f"{kind}-{self._rounds[kind]}"
                self.wishes.append(wish := ask(name))
                self._let_it_build(compute, wish)
                self._rounds[kind] += 1
        except BaseException as error:
            self._errors.append(error)
            raise

    def _let_it_build(self, compute: adapter.Adapter, wish: Wish) -> None:
        """Look at a server until it is built, or for as long as one does."""
        deadline = time.monotonic() + _PATIENCE
        while wish.told and time.monotonic() < deadline:
            try:
                found = compute.get(f"/servers/{wish.told[0]}").json()
            except exceptions.ClientException as error:
                wish.refused.append(f"failed: {error}")
                return
            if found["server"]["status"] != "BUILD" or self._end.wait(_PAUSE):
                return

    def _adapter(self, session_: ty.Any) -> adapter.Adapter:
        return adapter.Adapter(
            session_,
            service_type=NOVA.kind,
            default_microversion="2.90",
            raise_exc=True,
        )

    def _logged_in(self) -> ty.Any:
        return identity.log_in(
            self._cloud.site, "demo", identity.DEMO_PROJECT
        )

    def _with_token(self) -> tuple[adapter.Adapter, _Ask]:
        logged_in = self._logged_in()
        logged_in.session.mount("http://", Losing(self._loses))
        session.attach(logged_in)
        compute = self._adapter(logged_in)

        def ask(name: str) -> Wish:
            wish = Wish(name, str(uuid.uuid4()))
            body = self._cloud.server(name)
            for _ in range(_TRIES):
                try:
                    with client_token(wish.token):
                        answer = compute.post("/servers", json=body)
                except NotSafeError:
                    break  # it has to look, and asks for nothing more
                except exceptions.ClientException:
                    continue
                wish.told.append(answer.json()["server"]["id"])
                if len(wish.told) == 2 or not _is_retry_safe(compute):
                    break
            return wish

        return compute, ask

    def _loses(self, request: requests.PreparedRequest) -> bool:
        is_boot = request.method == "POST" and "servers" in str(request.url)
        return is_boot and self._luck.random() < _LOST

    def _without(self) -> tuple[adapter.Adapter, _Ask]:
        compute = self._adapter(self._logged_in())

        def ask(name: str) -> Wish:
            wish = Wish(name)
            try:
                body = self._cloud.server(name)
                answer = compute.post("/servers", json=body)
                wish.told.append(answer.json()["server"]["id"])
            except exceptions.ClientException as error:
                wish.refused.append(f"failed: {error}")
            return wish

        return compute, ask


def _is_retry_safe(compute: adapter.Adapter) -> bool:
    answer = compute.get("/os-client-tokens", raise_exc=False)
    return answer.status_code == 200 and bool(answer.json()["retry_safe"])
