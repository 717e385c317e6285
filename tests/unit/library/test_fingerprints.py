# SPDX-License-Identifier: Apache-2.0
"""The fingerprints of bodies: what a former release has stored stays known."""

from __future__ import annotations

import functools
import hmac
import json
import tracemalloc

import ddt
import testtools

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import sameness
from openstack_idempotency.protocol.digest import Digests

_SECRETS = (
    b"a secret of thirty-two bytes ....",
    b"another secret of 32 bytes .....",
)
_LARGE = {"text": '\U0001f600"\\n' * 50_000, "n": list(range(50_000))}
_WHOLE = (
    b"[0, -0, 7, -120, 999999999999999999, 1000000000000000000, "
    + b"12" * 3000
    + b"]"
)
_OTHER = (
    b"[0.1, -0.0, 1e2, 1.5E-7, 1e999, 0.1000000000000000055511151231257827, "
    b"123456789012345678.5, 1e-999999999999999999999, Infinity]"
)
_NESTED = rb'{"b":[1.50,"1",null,true],"\u00e9":{"a":NaN,"":[]}}'


def _of(body: bytes, content_type: str | None = None) -> tuple[bytes, ...]:
    return Digests(_SECRETS).of_request(
        "token",
        functools.partial(sameness.write, "a=1", "2.90", body, content_type),
    )


def _in_pieces(data: bytes, size: int, write: sameness.Write) -> None:
    for begin in range(0, len(data), size):
        write(data[begin : begin + size])


@ddt.ddt
class FingerprintTest(testtools.TestCase):
    # Computed by the first release that stored any.
    @ddt.named_data(
        (
            "no_body",
            b"",
            "865406793a49faa857c8f11d669331314113be73747b6bab1c63d7abb81a4000",
            "659601034057fe5b8151349fc610796c7aa66ebbbe283115728fcc4120057fd5",
        ),
        (
            "broken_json",
            b'{"a": 1',
            "e69ab2f5d91f7bb3a0467658c0e45953f653ad2a5f85815dd97d5163032d8e37",
            "68ecb2eb7e7feb6b518b34324adb14f723d41e44a99036f9220977cb3b78ce11",
        ),
        (
            "nested",
            _NESTED,
            "f62bf101a7d23d95693838e95b25a2eef2933ea8eb817172b41e858f31909af5",
            "522c0823f3c43d33bcf90a43956fad7b31c0abd41f86381f8f352ebb6adbffec",
        ),
        (
            "whole_numbers",
            _WHOLE,
            "e2ca8f97a53ce27a569f90c1b856aae35381f04a96000fddce034db1a4346dcc",
            "125900c395617b75a7f5a6e22622647a8f3f2235677b75fcb03712f61c772b8e",
        ),
        (
            "other_numbers",
            _OTHER,
            "f13915f91bb59990b7c585dd825db093c3bd710106ed406663687d608ed65eeb",
            "c8c152018f7fad61a6eada2945b35fe77626595249d5bccfb2a3be5ece1a031d",
        ),
        (
            "large",
            json.dumps(_LARGE).encode(),
            "b56f5c8d7536c1427b4df9093ff86ede40254c5c336d21634d094540cf73415f",
            "ae7b46e5758d894e1ec3c25cf73670c5b63ae655c5bc49fdc0fcd1158183c4e6",
        ),
    )
    def test_they_stay(self, body: bytes, *expected: str) -> None:
        self.assertEqual(expected, tuple(one.hex() for one in _of(body)))

    def test_those_of_other_bodies_stay(self) -> None:
        found = _of(b"a=1", "text/x; charset=UTF-8")
        self.assertEqual(
            "7defe42a89e08701d8501dd91f1888c4d53487b888f577fd87d0828164edca3a",
            found[0].hex(),
        )

    def test_pieces_do_not_count(self) -> None:
        data = bytes(range(256)) * 1000
        one = Digests(_SECRETS).of_request("t", lambda write: write(data))
        for size in (1, 5, 8191, 8192, 100_000):
            pieces = functools.partial(_in_pieces, data, size)
            self.assertEqual(one, Digests(_SECRETS).of_request("t", pieces))
        key = hmac.digest(_SECRETS[0], b"request", "sha256")
        begun = (1).to_bytes(8, "big") + b"t"
        self.assertEqual(hmac.digest(key, begun + data, "sha256"), one[0])

    def test_what_is_written_is_never_held_whole(self) -> None:
        form = functools.partial(_in_pieces, bytes(10_000_000), 100)
        tracemalloc.start()
        try:
            Digests(_SECRETS).of_request("t", form)
            self.assertLess(tracemalloc.get_traced_memory()[1], 100_000)
        finally:
            tracemalloc.stop()

    def test_a_body_nested_too_deep_has_none(self) -> None:
        self.assertRaises(errors.BodyTooDeep, _of, b"[" * 100_000)
