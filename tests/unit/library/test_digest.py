# SPDX-License-Identifier: Apache-2.0
"""Protocol sections 2 (scope) and 4 (secrecy)."""

from __future__ import annotations

import hashlib
import itertools
import typing as ty

import ddt
import testtools

from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.scope import Scope
from tests.unit.library.bodies import form

ONE = b"1" * 32
TWO = b"2" * 32


def _scope(
    project: str | None = "p",
    user: str | None = "u",
    target: str = "POST /servers",
    domain: str | None = None,
    system: str | None = None,
) -> Scope:
    return Scope(project, user, target, domain, system)


class CallerTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.digests = Digests([ONE])

    def _one(self, scope: Scope, token: str = "t") -> bytes:
        (only,) = self.digests.of_token(scope, token)
        return only

    def assert_all_differ(self, digests: ty.Iterable[bytes]) -> None:
        for one, other in itertools.combinations(digests, 2):
            self.assertNotEqual(one, other)

    def test_the_same_use_has_the_same_digest(self) -> None:
        again = Digests([ONE]).of_token(_scope(), "t")
        self.assertEqual(self.digests.of_token(_scope(), "t"), again)

    def test_projects_users_and_tokens_are_apart(self) -> None:
        self.assert_all_differ(
            [
                self._one(_scope()),
                self._one(_scope(project="q")),
                self._one(_scope(user="v")),
                self._one(_scope(), "T"),
            ]
        )

    def test_domains_and_systems_are_apart(self) -> None:
        # Neither has a project: only this tells such callers apart.
        self.assert_all_differ(
            [
                self._one(_scope(None)),
                self._one(_scope(None, domain="p")),
                self._one(_scope(None, domain="q")),
                self._one(_scope(None, system="p")),
                self._one(_scope(None, system="all")),
                self._one(_scope(None, domain="p", system="p")),
                self._one(_scope("p")),
            ]
        )

    def test_none_is_not_the_empty_name(self) -> None:
        names = (None, "", "None", "p")
        self.assert_all_differ(
            self._one(_scope(project, user, domain=domain, system=system))
            for project, user, domain, system in itertools.product(
                names, names, names, names
            )
        )

    def test_parts_do_not_run_together(self) -> None:
        self.assert_all_differ(
            self._one(_scope(project, user), token)
            for project, user, token in (
                ("ab", "c", "d"),
                ("a", "bc", "d"),
                ("a", "b", "cd"),
                ("abc", "", "d"),
                ("", "abc", "d"),
                ("a", "b\x00\x00c", "d"),
            )
        )

    def test_the_target_has_a_digest_of_its_own(self) -> None:
        one, other = _scope(), _scope(target="POST /os-keypairs")
        self.assertEqual(self._one(one), self._one(other))
        self.assertNotEqual(digest.target(one), digest.target(other))

    def test_a_target_s_digest_is_the_same_for_all_callers(self) -> None:
        self.assertEqual(
            digest.target(_scope()), digest.target(_scope("q", None))
        )

    def test_names_beyond_ascii_have_digests(self) -> None:
        self.assertEqual(32, len(self._one(_scope("\u00e9", "\ud800"))))


@ddt.ddt
class RotationTest(testtools.TestCase):
    @ddt.named_data(
        ("of_token", Digests.of_token, _scope(), "t"),
        ("of_request", Digests.of_request, "t", form(b"{}")),
    )
    def test_there_is_a_digest_for_each_secret_in_their_order(
        self, digests: ty.Callable[..., ty.Sequence[bytes]], *of: ty.Any
    ) -> None:
        (first,) = digests(Digests([ONE]), *of)
        (second,) = digests(Digests([TWO]), *of)
        self.assertNotEqual(first, second)
        both = digests(Digests([ONE, TWO]), *of)
        self.assertEqual((first, second), both)


class RequestTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.digests = Digests([ONE])

    def test_another_body_has_another_fingerprint(self) -> None:
        self.assertNotEqual(
            self.digests.of_request("t", form(b"a")),
            self.digests.of_request("t", form(b"b")),
        )

    def test_another_token_has_another_fingerprint(self) -> None:
        self.assertNotEqual(
            self.digests.of_request("t", form(b"a")),
            self.digests.of_request("u", form(b"a")),
        )

    def test_token_and_body_do_not_run_together(self) -> None:
        self.assertNotEqual(
            self.digests.of_request("ta", form(b"b")),
            self.digests.of_request("t", form(b"ab")),
        )

    def test_a_fingerprint_never_stands_for_a_token(self) -> None:
        # _join(project, ..., token) would begin as _join(token) does.
        scope = _scope("t", None)
        rest = (-1).to_bytes(8, "big", signed=True) * 3
        rest += (1).to_bytes(8, "big") + b"x"
        self.assertNotEqual(
            self.digests.of_token(scope, "x"),
            self.digests.of_request("t", form(rest)),
        )


class KeyIdTest(testtools.TestCase):
    """Section 4: with which secret a row was written."""

    def test_it_is_the_same_on_each_host(self) -> None:
        self.assertEqual(digest.key_id(ONE), digest.key_id(bytes(ONE)))
        # Rows keep it: it is the same in each release, too.
        self.assertEqual("8608c7eac5f766a9", digest.key_id(ONE))

    def test_other_secrets_have_others(self) -> None:
        secrets = [b"%d" % number for number in range(1000)] + [b""]
        ids = {digest.key_id(secret) for secret in secrets}
        self.assertEqual(len(secrets), len(ids))
        for one in ids:
            self.assertRegex(one, "^[0-9a-f]{16}$")

    def test_it_is_no_part_of_the_secret_or_of_a_digest(self) -> None:
        name = digest.key_id(ONE)
        digests = Digests([ONE])
        for kept in (
            ONE.hex(),
            hashlib.sha256(ONE).hexdigest(),
            *(key.hex() for key in digests._token_keys),
            *(key.hex() for key in digests._request_keys),
            digests.of_token(_scope(), "t")[0].hex(),
        ):
            self.assertNotIn(name, kept)


class SecrecyTest(testtools.TestCase):
    def test_nothing_of_what_it_digests_is_in_a_digest(self) -> None:
        digests = Digests([ONE])
        for short in ("t", "tok", "x" * 255):
            for data in (
                *digests.of_token(_scope(), short),
                *digests.of_request(short, form(b"body")),
            ):
                self.assertEqual(32, len(data))
        data = digests.of_token(_scope(), "token")[0]
        self.assertNotIn(b"token", data)

    def test_without_the_secret_nobody_can_compute_it(self) -> None:
        known = digest._join("p", "u", None, None, "t")
        (found,) = Digests([ONE]).of_token(_scope(), "t")
        self.assertNotEqual(hashlib.sha256(known).digest(), found)
