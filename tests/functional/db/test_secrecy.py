# SPDX-License-Identifier: Apache-2.0
"""What a full dump of the database tells: protocol section 4."""

from __future__ import annotations

import base64
import contextlib
import typing as ty

import sqlalchemy as sa

from openstack_idempotency import seal
from openstack_idempotency.engine import engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.request import Request
from tests.functional.db import base

_TOKEN = "Token-that-nobody-knows"
_BODY = b'{"server": {"user_data": "body-that-nobody-knows"}}'
_ANSWER = Answer(
    202,
    (("Location", "/answer-header-that-nobody-knows"),),
    b'{"server": {"adminPass": "answer-that-nobody-knows"}}',
)
_SECRETS = (b"operators-secret-that-nobody-knows", b"another-secret-of-theirs")


class _NoHeartbeat:
    def keep(self, claim: ty.Any) -> ty.ContextManager[None]:
        return contextlib.nullcontext()


def _ways(value: bytes) -> set[bytes]:
    """Return the ways in which a value could be written somewhere."""
    encoded = {value, base64.b64encode(value)[:-4], value[: len(value) // 2]}
    return encoded | {value.hex().encode(), value.hex().upper().encode()}


@base.on_each_backend
class _Dump(base.StoreTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.engine = engine.Engine(
            Parts(
                store=self.store,
                digests=Digests(_SECRETS),
                sealer=seal.AnswerSealer(_SECRETS),
                heartbeat=ty.cast(ty.Any, _NoHeartbeat()),
                returns=Returns(self.store),
                limits=Limits(
                    token_ttl=3600, wait_timeout=0, max_response_size=1000
                ),
                clock=self.clock,
            )
        )

    def _send(self) -> Answer:
        digests = self.engine.parts.digests
        prints = digests.of_request(_TOKEN, lambda write: write(_BODY))
        request = Request(_TOKEN, contract.SCOPE, prints, "req-1")
        work = fakes.Work(lambda: _ANSWER)
        return self.engine.answer(request, work).answer

    def _dump(self) -> list[bytes]:
        """Return every value of every column of every table."""
        values: list[bytes] = []
        database = self.database.engine
        with database.connect() as connection:
            metadata = sa.MetaData()
            metadata.reflect(connection)
            for table in metadata.sorted_tables:
                for row in connection.execute(sa.select(table)):
                    for value in row:
                        raw = isinstance(value, (bytes, memoryview))
                        values.append(
                            bytes(value) if raw else str(value).encode()
                        )
        return values

    def test_it_tells_no_token_request_answer_nor_secret(self) -> None:
        self._send()
        values = self._dump()
        self.assertIn(b"POST /servers", values)
        for hushed in (
            _TOKEN.encode(),
            _BODY,
            b"body-that-nobody-knows",
            _ANSWER.body,
            b"answer-that-nobody-knows",
            b"answer-header-that-nobody-knows",
            *_SECRETS,
        ):
            for way in _ways(hushed):
                for value in values:
                    self.assertNotIn(way, value)

    def test_it_is_enough_to_answer_the_client_that_has_the_token(
        self,
    ) -> None:
        self._send()
        self.assertEqual(_ANSWER, self._send())

    def test_the_log_tells_nothing_either(self) -> None:
        self._send()
        self.assertNotIn("nobody-knows", self.log.output)


class NotOursTest(base.StoreTestCase):
    """Databases that are neither ours nor the service's."""

    backend = "sqlite"

    def test_their_errors_are_shown_as_before(self) -> None:
        engine = sa.create_engine("sqlite://")
        with engine.connect() as connection:
            error = self.assertRaises(
                sa.exc.OperationalError,
                connection.exec_driver_sql,
                "SELECT ? FROM client_tokens_of_theirs",
                ("shown",),
            )
        self.assertIn("shown", str(error))
