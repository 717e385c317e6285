# SPDX-License-Identifier: Apache-2.0
"""Nova as operators serve it: HAProxy, uWSGI, MariaDB, RabbitMQ."""

from __future__ import annotations

from concurrent import futures
import contextlib
import http.client
import json
import os
from pathlib import Path
import time
import typing as ty
import unittest
import urllib.parse

import sqlalchemy as sa

from embedded import database_server
from embedded.platform import GUNICORN
from embedded.platform import WAITRESS
from embedded.services import NOVA
from region import cloud
from region.host import Host
from region.host import Serving
from region.host import Tokens
from testing.cloud import SECONDS

# The proxy gives a request up after so many seconds.
PATIENCE = 6
# So many seconds a retry waits at a host that may wait, and has no proxy.
LONG = 40
PLAN = cloud.Plan(
    hosts={
        "threads": Serving(processes=2, threads=4),
        "single": Serving(processes=1, threads=1),
        "waitress": Serving(server=WAITRESS),
        "gunicorn": Serving(server=GUNICORN),
    },
    tokens={
        "threads": Tokens(options={"every_host": True, "wait_timeout": 2}),
        "single": Tokens(options={"every_host": True, "wait_timeout": LONG}),
    },
    patience=PATIENCE,
    retries=True,
    waiting=("waitress", "gunicorn"),
)
UWSGI = ("threads", "single")
CLOUD: cloud.RegionCloud


def setUpModule() -> None:
    global CLOUD  # noqa: PLW0603
    if missing := cloud.missing(PLAN):
        raise unittest.SkipTest(missing)
    CLOUD = cloud.RegionCloud(PLAN)
    unittest.addModuleCleanup(CLOUD.close)


class Answer:
    """What came of one POST, also where no host gave it."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.body = answer.read()
        self.state = answer.getheader("X-Client-Token-State")
        self.pause = float(answer.getheader("Retry-After", "1"))


class RegionTest(unittest.TestCase):
    def post(
        self, name: str, *tokens: str, url: str = "", header="X-Client-Token"
    ) -> Answer:
        """POST a server once: to the proxy, or to a host of that URL."""
        where = urllib.parse.urlsplit(url or NOVA.url(CLOUD.site))
        connection = http.client.HTTPConnection(where.netloc, timeout=SECONDS)
        body = json.dumps(CLOUD.server(name)).encode()
        with contextlib.closing(connection):
            connection.putrequest("POST", f"{where.path}/servers")
            for field, value in CLOUD.headers().items():
                connection.putheader(field, value)
            for token in tokens:
                connection.putheader(header, token)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return Answer(connection.getresponse())

    def until_done(self, name: str, token: str) -> list[Answer]:
        """POST a server as often as it takes; return all answers."""
        answers = [self.post(name, token)]
        deadline = time.monotonic() + SECONDS
        while answers[-1].status != 202:
            self.assertLess(time.monotonic(), deadline, answers[-1].body)
            self.assertIn(answers[-1].status, (409, 503, 504))
            time.sleep(answers[-1].pause)
            answers.append(self.post(name, token))
        return answers

    def wait_for(self, host: Host, *words: str) -> None:
        """Wait until a line of a host's log has all of these words."""
        deadline = time.monotonic() + SECONDS
        while not any(
            all(word in line for word in words)
            for line in host.log.splitlines()
        ):
            self.assertLess(time.monotonic(), deadline, words)
            time.sleep(0.1)

    @contextlib.contextmanager
    def frozen(self, host: Host):
        host.freeze()
        try:
            yield
        finally:
            host.thaw()

    @contextlib.contextmanager
    def held(self):
        """Let no request come further than to its server's commit."""
        engine = database_server.engine(CLOUD.site.databases["nova_api"])
        with engine.connect() as connection:
            connection.execute(sa.text("LOCK TABLES build_requests WRITE"))
            yield
            connection.execute(sa.text("UNLOCK TABLES"))


class ProxyTest(RegionTest):
    """HAProxy answers late, or sends a request again by itself."""

    def test_a_boot_becomes_active(self) -> None:
        answers = self.until_done("plain", "plain")
        (server,) = CLOUD.ids("plain")
        self.assertEqual(server, json.loads(answers[-1].body)["server"]["id"])
        CLOUD.wait_until_active(server)

    def test_twenty_at_once_make_one_server(self) -> None:
        with futures.ThreadPoolExecutor(20) as pool:
            each = [
                pool.submit(self.until_done, "burst", "burst")
                for _ in range(20)
            ]
        bodies = {answers.result()[-1].body for answers in each}
        self.assertEqual(1, len(bodies))
        self.assertEqual(1, len(CLOUD.ids("burst")))

    def test_a_retry_of_the_proxy_s_own_is_safe(self) -> None:
        # Two in turn, so one of them goes to the host that is frozen.
        names = ["again-0", "again-1"]
        host = CLOUD.hosts["threads"]
        with self.frozen(host), futures.ThreadPoolExecutor(2) as pool:
            each = list(pool.map(self.until_done, names, names))
        # It wakes up, and finds the one that the proxy had given up.
        self.wait_for(host, "state=replayed", "POST /servers", "202")
        for name, answers in zip(names, each, strict=True):
            (server,) = CLOUD.ids(name)
            said = json.loads(answers[-1].body)["server"]["id"]
            self.assertEqual(server, said)

    def test_without_a_token_nothing_is_sent_again(self) -> None:
        names = ["once-0", "once-1"]
        host = CLOUD.hosts["threads"]
        with self.frozen(host), futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(self.post, names))
        statuses = [answer.status for answer in answers]
        self.assertIn(504, statuses)
        self.assertLessEqual({*statuses}, {202, 504})
        deadline = time.monotonic() + SECONDS
        for name in names:
            while not CLOUD.ids(name):
                self.assertLess(time.monotonic(), deadline, name)
                time.sleep(0.1)
            self.assertEqual(1, len(CLOUD.ids(name)))

    def test_one_that_takes_longer_than_the_proxy_allows(self) -> None:
        with futures.ThreadPoolExecutor(1) as pool:
            with self.held():
                done = pool.submit(self.post, "slow", "slow")
                # What the proxy sends again meets the one that still runs.
                first = done.result(2 * SECONDS)
                self.assertIn(first.status, (409, 504), first.body)
            answers = self.until_done("slow", "slow")
        self.assertIn(answers[-1].state, ("replayed", "executed"))
        (server,) = CLOUD.ids("slow")
        self.assertEqual(server, json.loads(answers[-1].body)["server"]["id"])


class LifelineTest(RegionTest):
    def test_all_that_runs_ends_with_us(self) -> None:
        running = CLOUD.stack.survivors()
        # Keystone and three more, Nova's services and hosts, and HAProxy.
        self.assertGreaterEqual(len(running), 4 + 3 + len(UWSGI) + 1)
        watched = set(_watched())
        for name in running:
            pid = int(name.rpartition("(")[2].rstrip(")"))
            # By itself, or by who stays beside it in its group.
            if b"embedded.serving" not in _command(pid):
                self.assertIn(os.getpgid(pid), watched, name)


def _watched() -> ty.Iterator[int]:
    """Yield the groups that somebody ends when we do."""
    for path in Path("/proc").glob("[0-9]*"):
        # Of those that end meanwhile there is nothing to read.
        with contextlib.suppress(OSError):
            if b"embedded/held.py" in _command(int(path.name)):
                yield os.getpgid(int(path.name))


def _command(pid: int) -> bytes:
    return Path("/proc", str(pid), "cmdline").read_bytes()


class ThreadsTest(RegionTest):
    """Whether a retry may wait depends on the host that it reaches."""

    def test_at_a_single_thread_nobody_waits(self) -> None:
        threads, single = (CLOUD.hosts[name] for name in UWSGI)
        with futures.ThreadPoolExecutor(1) as pool:
            with self.held():
                first = pool.submit(
                    self.post, "waits", "waits", url=threads.url
                )
                self.wait_until_claimed("waits")
                started = time.monotonic()
                retry = self.post("waits", "waits", url=single.url)
                seconds = time.monotonic() - started
            self.assertEqual(202, first.result(SECONDS).status)
        self.assertEqual((409, "running"), (retry.status, retry.state))
        self.assertLess(seconds, LONG / 2)

    def wait_until_claimed(self, token: str) -> None:
        deadline = time.monotonic() + SECONDS
        url = CLOUD.hosts["single"].url + "/os-client-tokens"
        headers = {"X-Client-Token": token}
        uses: list = []
        while not uses:
            self.assertLess(time.monotonic(), deadline)
            found = CLOUD.compute.get(url, headers=headers).json()
            uses = found["client_tokens"]


class RepeatedHeaderTest(RegionTest):
    """Each server joins a header that comes twice in its own way."""

    def test_twice_on_any_server_is_one_server(self) -> None:
        hosts = [CLOUD.hosts[name] for name in ("waitress", "gunicorn")]
        for host in hosts:
            CLOUD.stack.start(host, PLAN.tokens["threads"])
            self.addCleanup(host.stop)
        urls = ["", *(host.url for host in CLOUD.hosts.values())]
        for number, url in enumerate(urls):
            name = f"twice-{number}"
            made = self.post(name, name, name, url=url)
            self.assertEqual((202, "executed"), (made.status, made.state))
            for other in urls:
                for tokens in ([name], [name, name]):
                    again = self.post(name, *tokens, url=other)
                    self.assertEqual("replayed", again.state, again.body)
                    self.assertEqual(made.body, again.body)
            different = self.post("no", name, f"{name}-b", url=url)
            self.assertEqual((400, "invalid"), (different.status,
                                                different.state))
            self.assertEqual(1, len(CLOUD.ids(name)))
        self.assertEqual([], CLOUD.ids("no"))
