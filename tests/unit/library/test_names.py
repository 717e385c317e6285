# SPDX-License-Identifier: Apache-2.0
"""Names that are final: others store them, configure them or import them.

Each is written out here, so that nobody changes one by the way.
"""

from __future__ import annotations

import importlib
import importlib.metadata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf
import testtools

import openstack_idempotency
from openstack_idempotency import decorator
from openstack_idempotency import opts
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.seal import AnswerSealer
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables
from tests.unit.library.bodies import form

_SECRET = b"a secret of thirty-two characters"
# What the labels "client token", "request" and "key id" make of it.
TOKEN = "e97321a325ef292720b8b462d0d0c3e4362dd1e8c3627cd73f21b457c4d99991"
REQUEST = "0806f1698221b20af56bf38323590d9acd1d05058a02e794f2b663fde8198e01"
KEY_ID = "17cc1766abb73bb6"


class NamesTest(testtools.TestCase):
    def test_the_group_of_entry_points(self) -> None:
        self.assertEqual(
            "openstack_idempotency.service", decorator.ENTRY_POINTS
        )
        found = importlib.metadata.entry_points(group=decorator.ENTRY_POINTS)
        self.assertIn("nova", found.names)

    def test_the_option_group_and_its_options(self) -> None:
        ((group, options),) = opts.list_opts()
        self.assertEqual("idempotency", group.name)
        # Others may be added; none may go.
        self.assertLessEqual(
            {
                "headers",
                "lease",
                "max_response_size",
                "max_tokens",
                "max_waiting",
                "secret",
                "token_ttl",
                "wait_timeout",
            },
            {option.name for option in options},
        )

    def test_the_tables(self) -> None:
        self.assertEqual(
            "alembic_version_idempotency", migration.VERSION_TABLE
        )
        self.assertLessEqual(
            {
                "client_tokens",
                "client_token_resources",
                "client_token_withdrawals",
            },
            set(tables.METADATA.tables),
        )

    def test_the_headers(self) -> None:
        self.assertEqual(("X-Client-Token", "Idempotency-Key"), headers.TOKENS)


class KeysTest(testtools.TestCase):
    """A label of a key that changed would make stored rows unknown."""

    def test_of_digests(self) -> None:
        digests = Digests([_SECRET])
        (of_token,) = digests.of_token(Scope("p", "u", "POST /x"), "token")
        (of_request,) = digests.of_request("token", form(b"{}"))
        self.assertEqual(TOKEN, of_token.hex())
        self.assertEqual(REQUEST, of_request.hex())
        self.assertEqual(KEY_ID, digest.key_id(_SECRET))

    def test_of_seals(self) -> None:
        sealed = AnswerSealer([_SECRET]).seal("token", b"place", b"answer")
        form, salt, nonce = sealed[:1], sealed[1:17], sealed[17:29]
        key = hkdf.HKDF(
            algorithm=hashes.SHA256(),
            length=32,
            salt=salt,
            info=b"openstack-idempotency answer",
        ).derive(b"\x00\x05token" + _SECRET)
        opened = aead.AESGCM(key).decrypt(nonce, sealed[29:], form + b"place")
        self.assertEqual((b"\x01", b"answer"), (form, opened))


class PublicTest(testtools.TestCase):
    """What other projects may rely on (docs/rely-on.md)."""

    def test_the_names(self) -> None:
        self.assertEqual(
            [
                "Change",
                "Claim",
                "Edge",
                "Kind",
                "Place",
                "Refusal",
                "Resource",
                "Service",
                "build",
                "idempotent",
                "listen",
            ],
            openstack_idempotency.__all__,
        )

    def test_each_is_there(self) -> None:
        for name in openstack_idempotency.__all__:
            self.assertEqual(
                name, getattr(openstack_idempotency, name).__name__
            )

    def test_no_other_is(self) -> None:
        error = self.assertRaises(
            AttributeError, getattr, openstack_idempotency, "idempotently"
        )
        self.assertIn("idempotently", str(error))

    def test_those_of_the_fixture(self) -> None:
        fixture = importlib.import_module("openstack_idempotency.fixture")
        self.assertEqual(["Clock", "Sealer", "Store", "Work"], fixture.__all__)
