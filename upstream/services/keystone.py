# SPDX-License-Identifier: Apache-2.0
"""Which of Keystone's tests are run: the rule.

Of ``keystone.tests.unit``, the modules about what a POST makes that takes
tokens: not those about logging in, about federation, which uses PUT, or about
what is only granted or listed; of OAuth the consumers, since all else is
signed, and takes no tokens.

A test that several classes inherit is run in one of them. Those of
``keystone.tests.protection`` are not run: many of them fail on Keystone as it
is, since they name policies that it no longer has.
"""

from __future__ import annotations

from pathlib import Path
import re
import typing as ty
import unittest

from upstream import selection
from upstream.service import excepted
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite
from upstream.service import Tests

_MODULES = frozenset((
    "test_limits",
    "test_v3_application_credential",
    "test_v3_catalog",
    "test_v3_credential",
    "test_v3_identity",
    "test_v3_oauth1",
    "test_v3_policy",
    "test_v3_resource",
    "test_v3_trust",
))  # fmt: skip
_OAUTH = re.compile(r"test_v3_oauth1[.](?!Consumer)")
_UNIT = "keystone.tests.unit"
_EXCEPTIONS = excepted(
    "OAuth's request token can be used once. The POST for it takes no client "
    "tokens, so it is run again, and refused.",
    f"{_UNIT}.test_v3_",
    *(
        f"credential.TestCredentialAccessToken.test_{test}"
        for test in (
            "access_token_cannot_create_ec2_credential",
            "access_token_cannot_delete_credential_via_os_ec2",
            "access_token_cannot_get_credential_via_os_ec2",
            "ec2_auth_access_token_cross_project_blocked",
        )
    ),
    *(
        f"trust.TrustsWithOtherDelegatedTokens.test_{test}"
        for test in (
            "create_trust_with_oauth1_token",
            "delete_trust_with_oauth1_token",
            "escape_hatch_does_not_extend_to_oauth1_or_ec2",
            "get_trust_with_oauth1_token",
            "list_trusts_with_oauth1_token",
        )
    ),
) | excepted(
    "Changing a password revokes the token of Keystone by which it is done. "
    "The retry needs a new one; with the old one it is refused, with 401.",
    f"{_UNIT}.test_v3_identity.",
    *(
        f"UserSelfServiceChangingPasswordsTestCase.test_{test}"
        for test in (
            "change_password_required_upon_first_use_for_admin_reset",
            "changing_password",
            "changing_password_not_logged",
            "changing_password_with_min_password_age",
        )
    ),
    *(
        f"PasswordValidationTestCase.test_changing_password_with_{test}"
        for test in ("simple_password_strength", "strong_password_strength")
    ),
)


def _same(test: unittest.TestCase) -> tuple[float, ...]:
    return ()


def _once(tests: Tests) -> Tests:
    taken = (test for test in tests if not _OAUTH.search(test.id()))
    return selection.once(taken, _same)


def _write(kind: Pass, folder: Path) -> dict[str, str]:
    return {"KEYSTONE_TEST_TEMP_DIR": str(folder / "tests")}


ROW: ty.Final = Service(
    "keystone",
    suites=(
        Suite(
            "unit",
            _UNIT,
            chosen=_MODULES.__contains__,
            choose=_once,
        ),
    ),
    exceptions=_EXCEPTIONS,
    write=_write,
)
