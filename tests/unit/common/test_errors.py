# SPDX-License-Identifier: Apache-2.0
"""The statuses and the advice of protocol section 3."""

from __future__ import annotations

import testtools

from nova.openstack.common.idempotency import errors

_STATUSES = {
    errors.BadToken: 400,
    errors.BodyTooDeep: 400,
    errors.DifferentRequest: 422,
    errors.InProgress: 409,
    errors.TokenLost: 409,
    errors.OutcomeUnknown: 409,
    errors.AnswerLost: 409,
    errors.Unavailable: 503,
}


class RefusalTest(testtools.TestCase):
    def test_every_refusal_has_the_protocol_s_status(self) -> None:
        self.assertEqual(
            {refusal: refusal.status for refusal in _STATUSES}, _STATUSES
        )

    def test_there_is_no_other_refusal(self) -> None:
        found = set(errors.Refusal.__subclasses__())
        self.assertEqual(set(_STATUSES), found)

    def test_its_text_is_its_message(self) -> None:
        for refusal in set(_STATUSES) - {errors.BadToken}:
            self.assertEqual(refusal.message, str(refusal()))

    def test_a_bad_token_s_names_the_header(self) -> None:
        refusal = errors.BadToken("X-Client-Token")
        self.assertIn("X-Client-Token: ", refusal.message)
        self.assertEqual(refusal.message, str(refusal))

    def test_a_different_request_is_told_in_the_protocol_s_words(self) -> None:
        self.assertIn(
            "was used for a different request", errors.DifferentRequest.message
        )

    def test_a_client_is_told_when_to_come_again(self) -> None:
        again = {r for r in _STATUSES if r.retry_after is not None}
        self.assertEqual({errors.InProgress, errors.TokenLost}, again)

    def test_it_says_when_nothing_was_done(self) -> None:
        harmless = {
            errors.BadToken,
            errors.BodyTooDeep,
            errors.DifferentRequest,
            errors.Unavailable,
        }
        said = {r for r in _STATUSES if "Nothing was done" in r.message}
        self.assertEqual(harmless, said)
