# SPDX-License-Identifier: Apache-2.0
"""Protocol section 4: what a dump of the database and the logs tell."""

from __future__ import annotations

import base64
import logging

import fixtures
from oslo_config import cfg
import sqlalchemy as sa

from nova.db.api import api as api_db
from nova.idempotency import router
from nova.idempotency import service
from openstack_idempotency import opts
from openstack_idempotency.protocol import record
from openstack_idempotency.sql import tables
from testing.nova import base

_TOKEN = "a-token-that-nobody-may-read"
_USER_DATA = base64.b64encode(b"a body that nobody may read").decode()


class Secrecy(base.Mixin):
    """Neither tokens, bodies, passwords nor keys can be read."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(
            fixtures.FakeLogger("", level=logging.DEBUG)
        )

    def use_secrets(self):
        server = self.boot(_TOKEN, user_data=_USER_DATA).json()["server"]
        keypair = self.generate("k", _TOKEN).json()["keypair"]
        self.boot(_TOKEN, user_data=_USER_DATA)
        self.generate("k", _TOKEN)
        self.boot(_TOKEN, name="another body that nobody may read")
        self.generate("k", f"{_TOKEN} ")
        self.generate("k", _TOKEN + "\x7f")
        return server["adminPass"], keypair["private_key"].splitlines()[1]

    def test_a_dump_of_our_tables_tells_nothing(self):
        password, key_line = self.use_secrets()
        dump = self.dump(tables.TOKENS) + self.dump(tables.RESOURCES)
        self.assertEqual(2, len(self.rows()))
        secrets = [_TOKEN, password, key_line, _USER_DATA, base.SECRET]
        secrets += ["nobody may read", "adminPass", "private_key"]
        for secret in secrets:
            self.assertNotIn(secret.encode(), dump, secret)

    def test_a_dump_of_the_database_has_no_token_or_answer(self):
        password, key_line = self.use_secrets()
        found = sa.MetaData()
        found.reflect(api_db.get_engine())
        self.assertIn("instance_mappings", found.tables)
        dump = b"".join(map(self.dump, found.tables.values()))
        for secret in (_TOKEN, password, key_line, base.SECRET):
            self.assertNotIn(secret.encode(), dump, secret)

    def test_the_logs_tell_nothing_even_when_debugging(self):
        password, key_line = self.use_secrets()
        secrets = [_TOKEN, password, key_line, base.SECRET]
        self.assertIn("POST", self.log.output)
        for secret in secrets:
            self.assertNotIn(secret, self.log.output)

    def test_an_answer_opens_only_with_its_token_in_its_row(self):
        self.boot(_TOKEN)
        (row,) = self.rows()
        sealer = service.from_configuration()._engine.parts.sealer

        def opened(token=_TOKEN, **other):
            place = record.place(
                other.get("token_digest", row.token_digest),
                other.get("target_digest", row.target_digest),
                other.get("state", record.State(row.state)),
                other.get("status", row.status),
            )
            return sealer.open(token, place, row.sealed)

        self.assertIn(b"adminPass", opened())
        self.assertIsNone(opened(_TOKEN + "x"))
        for other in (
            {"token_digest": row.target_digest},
            {"target_digest": row.token_digest},
            {"state": record.State.FAILED},
            {"status": 201},
        ):
            self.assertIsNone(opened(**other), other)

    def test_an_answer_of_another_target_is_not_given(self):
        """The same token of the same user, somewhere else."""
        group = {"server_group": {"name": "g", "policy": "affinity"}}
        self.generate("k", _TOKEN)
        self.post("/os-server-groups", group, _TOKEN)
        (keypair,) = [one for one in self.rows() if "key" in one.target]
        self.change(sealed=keypair.sealed)
        answer = self.post("/os-server-groups", group, _TOKEN)
        self.assertNotIn("private_key", answer.text)
        self.assertEqual("rebuilt", answer.headers["X-Client-Token-State"])

    def dump(self, table):
        with api_db.get_engine().connect() as connection:
            rows = connection.execute(sa.select(table)).all()
        values = (value for row in rows for value in row)
        return b"\0".join(
            value if isinstance(value, bytes) else str(value).encode()
            for value in values
        )


globals().update(base.on_each_database(Secrecy))


class Rotation(base.TestCase):
    """Section 4: several secrets, the first seals, each opens."""

    def restart(self, *secrets):
        """Load the API again, as on a host with these secrets."""
        self.configure(secret=list(secrets))
        self.start_api()

    def test_a_token_outlives_its_secret_in_three_steps(self):
        old, new = base.SECRET, base.OTHER_SECRET
        first = self.boot("t1")
        for number, secrets in enumerate(([old, new], [new, old])):
            self.restart(*secrets)
            token = f"during-{number}"
            answer = self.boot(token)
            self.assertEqual(202, answer.status_code)
            self.assertEqual(answer.content, self.boot(token).content)
            self.assertEqual(first.content, self.boot("t1").content)
        during = self.boot("during-1")
        self.restart(new)
        self.assertEqual(during.content, self.boot("during-1").content)
        # What only the old secret knew is forgotten, as its help says.
        self.assertNotIn("Idempotent-Replayed", self.boot("t1").headers)

    def test_hosts_in_the_middle_of_a_rotation_agree(self):
        old, new = base.SECRET, base.OTHER_SECRET
        self.restart(old, new)
        first = self.boot("t1")
        self.restart(new, old)
        self.assertEqual(first.content, self.boot("t1").content)
        second = self.boot("t2")
        self.restart(old, new)
        self.assertEqual(second.content, self.boot("t2").content)
        self.assertEqual(2, len(self.servers()))

    def test_without_the_secret_that_sealed_it_the_answer_is_rebuilt(self):
        self.restart(base.SECRET, base.OTHER_SECRET)
        first = self.boot("t").json()["server"]
        self.restart(base.OTHER_SECRET)
        again = self.boot("t").json()["server"]
        first.pop("adminPass")
        self.assertEqual(first, again)
        self.assertIn("cannot be opened", self.stdlog.logger.output)


class Options(base.TestCase):
    """The options are checked against each other when the API starts."""

    def assert_refused(self, says, **values):
        self.configure(**values)
        error = self.assertRaises(
            opts.Misconfigured, router.APIRouterV21.factory, {}
        )
        self.assertIn(says, str(error))
        self.assertNotIn(base.SECRET[:20], str(error))

    def test_a_secret_is_needed(self):
        self.assert_refused("secret is not set", secret=[])
        self.assert_refused("fewer than 32", secret=["short"])
        self.assert_refused("twice", secret=[base.SECRET, base.SECRET])
        self.assert_refused("8 different", secret=["x" * 44])
        self.assert_refused("'$'", secret=[f"{base.SECRET}$5"])

    def test_times_fit_each_other(self):
        self.assert_refused("wait_timeout", wait_timeout=60, lease=60)
        self.assert_refused("token_ttl", lease=3600, token_ttl=3600)

    def test_each_has_its_bounds(self):
        for name, value in (
            ("token_ttl", 3599),
            ("max_tokens", -1),
            ("max_waiting", -1),
            ("lease", 0),
            ("wait_timeout", -1),
            ("max_response_size", -1),
        ):
            self.assertRaises(
                (ValueError, cfg.ConfigFileValueError),
                self.configure,
                **{name: value},
            )
