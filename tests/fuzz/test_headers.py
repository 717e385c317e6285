# SPDX-License-Identifier: Apache-2.0
"""Protocol section 1: which headers are a token."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz import base
from tests.fuzz import contract
from tests.fuzz import headers
from tests.fuzz import requests
from tests.fuzz.wsgi import Request

# Most are sent to the first, which takes tokens and yet is the quickest.
_REQUESTS = (
    requests.REFUSED.request(),
    requests.LOCK.request(),
    requests.GROUP.request(),
    requests.LEFT_OUT.request(),
    requests.GONE.request(),
    requests.NOWHERE.request(),
    Request("/v2.1/servers/detail", method="GET"),
    requests.LOCK.request(method="PUT"),
    # Routes takes it for a POST, which it is not.
    requests.LOCK.request(method="PUT", query="_method=POST"),
)
_PLACES = st.sampled_from([*[0] * 8, *range(len(_REQUESTS))])


class Headers(base.Fuzz):
    """Each is a token, or refused; and only where tokens are taken."""

    def setUp(self) -> None:
        super().setUp()
        self.plain = []
        for request in _REQUESTS:
            self.databases.restore()
            self.plain.append(self.send(self.stock, request))

    def check_fields(self, example: tuple[int, dict[str, str]]) -> None:
        place, fields = example
        self.compare(_REQUESTS[place], fields, self.plain[place])

    def test_generated_ones(self) -> None:
        examples = st.tuples(_PLACES, headers.FIELDS)
        ends = ("bad token", "covered 400", "covered 202", "covered 200")
        self.fuzz("headers", examples, self.check_fields, ends)

    def test_each_byte(self) -> None:
        for name in (contract.X_CLIENT_TOKEN, contract.IDEMPOTENCY_KEY):
            for byte in map(chr, range(0x100)):
                for form in ("{}", "t{}t", '"{}"', '"t\\{}"'):
                    self.check_fields((0, {name: form.format(byte)}))
        self.assertEqual(2 * 0x100 * 4, self.sent)
        self.assertGreater(self.seen["bad token"], 2 * (0x100 - 94) * 4)
        self.assertGreater(self.seen["covered 400"], 94 * 5)
