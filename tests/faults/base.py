# SPDX-License-Identifier: Apache-2.0
"""A site of Nova's API workers, in which stories are told."""

from __future__ import annotations

import contextlib
from pathlib import Path
import tempfile
import typing as ty
import unittest

from chaos import allocations
from chaos import client
from chaos import databases
from chaos import hosts
from chaos import schema
from chaos.configuration import Configuration
from chaos.grants import Grants
from chaos.history import History
from chaos.ledger import Ledger
from testing import databases as servers
from tests.faults import scenes
from tests.faults.bystanders import Asked
from tests.faults.bystanders import Bystanders
from tests.faults.stories import Stories

# What bystanders ask for, and what that is called.
_ASKED = (
    ("a boot", client.SERVER),
    ("a keypair", client.KEYPAIR),
    ("what is refused", scenes.REFUSED),
)


class TestCase(Stories):
    """One API host on one real database; each story forks its workers."""

    usual = client.SERVER
    urls: ty.ClassVar[databases.Databases]

    @classmethod
    def setUpClass(cls) -> None:
        missing = servers.missing(cls.backend)
        if missing:
            raise unittest.SkipTest(missing)
        with contextlib.ExitStack() as stack:
            folder = tempfile.TemporaryDirectory(prefix="nova-faults-")
            path = Path(stack.enter_context(folder))
            # It starts beside the rest.
            placement = stack.enter_context(allocations.started(path))
            cls.urls = stack.enter_context(databases.created(cls.backend))
            site = Configuration(cls.urls, placement=placement.endpoint)
            schema.create(cls.urls, site.transport_url)
            cls.history = History(path / "history")
            cls.ledger = Ledger(cls.urls)
            cls.grants = Grants(cls.urls.api)
            (cls.host,) = stack.enter_context(
                hosts.started(path, 1, site, cls.history, cls.mutation)
            )
            placement.ready()
            cls.workers = []
            cls.addClassCleanup(stack.pop_all().close)

    def bystanders(self) -> Bystanders:
        """Return those who must notice nothing."""
        return Bystanders(
            self.second,
            self.third,
            self.urls.api,
            begins=self.caller(client.SERVER),
            lasts=self.caller(client.SERVER),
            asked=[
                Asked(
                    f"{what} with {with_} token",
                    self.caller(operation, tokened=tokened),
                    self.second.port,
                )
                for what, operation in _ASKED
                for with_, tokened in (("a new", True), ("no", False))
            ],
        )


if ty.TYPE_CHECKING:
    #: What a mixin of tests is derived from: what it is mixed into.
    Mixin = TestCase
else:
    Mixin = object


def on_each_database(scenarios: type[ty.Any]) -> dict[str, type[TestCase]]:
    """Return a class of tests for each kind of database.

    :param scenarios: a mixin with the tests
    """
    made = {}
    for backend in servers.SERVERS:
        name = f"{scenarios.__name__}On{backend.capitalize()}"
        fields = {"backend": backend, "__module__": scenarios.__module__}
        made[name] = type(name, (scenarios, TestCase), fields)
    return made
