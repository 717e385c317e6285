# SPDX-License-Identifier: Apache-2.0
"""What a store promises of first uses, and while secrets are rotated."""

from __future__ import annotations

import dataclasses

import ddt

from tests.unit.library.contract_base import ONE
from tests.unit.library.contract_base import SCOPE
from tests.unit.library.contract_base import StoreContract
from tests.unit.library.contract_base import TAKEOVERS
from tests.unit.library.contract_base import TTL
from tests.unit.library.contract_base import TWO
from tests.unit.library.contract_base import use_of


class LookContract(StoreContract):
    def test_an_unused_token_has_no_row(self) -> None:
        self.assertEqual(
            (self.clock.milliseconds, None), self.store.look(use_of())
        )

    def test_the_time_is_told_with_a_row_too(self) -> None:
        self.hold()
        self.clock.forward(1.5)
        now, _ = self.store.look(use_of())
        self.assertEqual(self.clock.milliseconds, now)

    def test_looking_changes_nothing(self) -> None:
        self.hold()
        self.assertEqual(self.row(), self.row())


@ddt.ddt
class ClaimContract(StoreContract):
    def test_the_row_is_as_the_use_says(self) -> None:
        use, claim = self.hold()
        self.assertEqual(self.just_claimed(claim.id, use), self.row())

    @ddt.data(True, False)
    def test_it_says_whether_the_operation_is_linked(
        self, linked: bool
    ) -> None:
        self.hold(linked=linked)
        self.assertIs(linked, self.row().linked)

    @ddt.data((), ("reader",), ("member", "admin", 'r\xf4le "of", a caller'))
    def test_it_says_which_roles_the_request_had(
        self, roles: tuple[str, ...]
    ) -> None:
        self.hold(roles=roles)
        self.assertEqual(frozenset(roles), self.row().roles)

    def test_many_roles_of_long_names_fit(self) -> None:
        # Keystone's names have up to 255 characters; 64 KiB are soon full.
        roles = {f"{number:0255}" for number in range(300)}
        self.hold(roles=roles)
        self.assertEqual(frozenset(roles), self.row().roles)

    def test_a_second_request_does_not_get_it(self) -> None:
        use, _ = self.hold()
        self.assertIsNone(self.store.claim(use_of()))
        self.assertEqual(use.owner, self.row().owner)

    def test_the_same_request_finds_that_it_has_it(self) -> None:
        # As after a commit whose connection broke.
        use, claim = self.hold()
        self.assertEqual(claim.id, self.store.claim(use))

    def test_other_tokens_and_scopes_are_unrelated(self) -> None:
        uses = [
            use_of(),
            use_of("another"),
            use_of(scope=dataclasses.replace(SCOPE, project_id="q")),
            use_of(scope=dataclasses.replace(SCOPE, project_id=None)),
            use_of(scope=dataclasses.replace(SCOPE, project_id="")),
            use_of(scope=dataclasses.replace(SCOPE, user_id="v")),
            use_of(scope=dataclasses.replace(SCOPE, target="POST /x")),
        ]
        keys = {self.store.claim(use) for use in uses}
        self.assertNotIn(None, keys)
        self.assertEqual(len(uses), len(keys))

    def test_a_target_may_be_longer_than_its_column(self) -> None:
        for end in ("a", "b"):
            scope = dataclasses.replace(SCOPE, target="/" + "x" * 999 + end)
            self.hold(scope=scope)

    def test_a_version_may_be_longer_than_its_column(self) -> None:
        use = dataclasses.replace(use_of(), version="2." + "1" * 999)
        self.assertIsNotNone(self.store.claim(use))


class YoungContract(StoreContract):
    """How many tokens a user has, for protocol section 6."""

    def test_a_user_without_tokens_has_none(self) -> None:
        self.assertEqual(0, self.store.young(SCOPE))

    def test_each_token_and_target_counts(self) -> None:
        self.hold()
        self.hold(token="another")
        self.hold(scope=dataclasses.replace(SCOPE, target="POST /x"))
        self.assertEqual(3, self.store.young(SCOPE))

    def test_other_users_and_projects_do_not(self) -> None:
        self.hold(scope=dataclasses.replace(SCOPE, user_id="v"))
        self.hold(scope=dataclasses.replace(SCOPE, project_id="q"))
        self.hold(scope=dataclasses.replace(SCOPE, project_id=None))
        self.assertEqual(0, self.store.young(SCOPE))

    def test_a_caller_without_a_project_has_some_too(self) -> None:
        scope = dataclasses.replace(SCOPE, project_id=None)
        self.hold(scope=scope)
        self.assertEqual(1, self.store.young(scope))

    def test_those_that_have_ended_count_as_long_as_they_are_young(
        self,
    ) -> None:
        _, claim = self.hold()
        self.store.complete(claim, self.outcome())
        self.clock.forward(TTL / 1000 - 0.001)
        self.assertEqual(1, self.store.young(SCOPE))
        self.clock.forward(0.001)
        self.assertEqual(0, self.store.young(SCOPE))

    def test_a_freed_one_does_not_count(self) -> None:
        self.free(self.hold())
        self.assertEqual(0, self.store.young(SCOPE))

    def test_a_token_under_two_secrets_counts_once(self) -> None:
        self.hold(secrets=(ONE, TWO))
        self.assertEqual(1, self.store.young(SCOPE))


@ddt.ddt
class RotationContract(StoreContract):
    """Hosts whose lists of secrets are in another order (section 4)."""

    @ddt.data(
        ((ONE, TWO), (TWO, ONE)),
        ((ONE, TWO), (ONE,)),
        ((ONE,), (ONE, TWO)),
        ((ONE, TWO), (TWO,)),
        ((TWO,), (ONE, TWO)),
    )
    @ddt.unpack
    def test_they_exclude_each_other(
        self, first: tuple[bytes, ...], second: tuple[bytes, ...]
    ) -> None:
        held = self.hold(secrets=first)
        other = use_of(secrets=second)
        self.assertIsNone(self.store.claim(other))
        self.assertEqual(held.use.owner, self.row(other).owner)

    @ddt.data((ONE,), (TWO,), (TWO, ONE))
    @ddt.unpack
    def test_the_row_is_found_by_each_of_its_names(
        self, *secrets: bytes
    ) -> None:
        use, claim = self.hold(secrets=(ONE, TWO))
        found = self.row(use_of(secrets=secrets))
        self.assertEqual((claim.id, use.digests[0]), (found.id, found.digest))

    @ddt.data((ONE,), (TWO,), (TWO, ONE))
    @ddt.unpack
    def test_it_is_the_same_request_under_each_of_its_names(
        self, *secrets: bytes
    ) -> None:
        self.hold(secrets=(ONE, TWO))
        use = use_of(secrets=secrets)
        self.assertIn(self.row(use).fingerprint, use.fingerprints)

    def test_a_row_that_was_found_by_an_alias_can_be_taken_over(self) -> None:
        self.hold(secrets=(ONE, TWO))
        use = use_of(secrets=(TWO,))
        for take in (self.store.recover, self.store.rerun):
            self.assertTrue(take(self.row(use), use))
            self.assertEqual(use.owner, self.row().owner)

    def test_a_rerun_is_found_by_each_of_its_names_too(self) -> None:
        _, claim = self.hold(secrets=(ONE,))
        present = self.take("rerun", secrets=(ONE, TWO))
        found = self.row(use_of(secrets=(TWO,)))
        self.assertEqual(
            (claim.id, present.use.owner), (found.id, found.owner)
        )
        self.assertIsNone(self.store.claim(use_of(secrets=(TWO,))))

    def test_its_outcome_is_found_by_each_of_its_names(self) -> None:
        _, claim = self.hold(secrets=(ONE, TWO))
        self.store.complete(claim, self.outcome())
        self.assertEqual(b"sealed", self.row(use_of(secrets=(TWO,))).sealed)

    @ddt.data((ONE,), (TWO,), (TWO, ONE))
    @ddt.unpack
    def test_a_release_frees_all_its_names(self, *secrets: bytes) -> None:
        self.free(self.hold(secrets=(ONE, TWO)))
        self.assertTrue(self.is_free(use_of(secrets=secrets)))

    @ddt.data(*TAKEOVERS)
    def test_a_release_after_a_takeover_does_so_too(self, take: str) -> None:
        self.hold(secrets=(ONE, TWO))
        self.free(self.take(take, secrets=(ONE, TWO)))
        for secret in (ONE, TWO):
            self.assertTrue(self.is_free(use_of(secrets=(secret,))))

    def test_the_same_request_finds_that_it_has_it(self) -> None:
        use, claim = self.hold(secrets=(ONE, TWO))
        self.assertEqual(claim.id, self.store.claim(use))
