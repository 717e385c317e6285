# SPDX-License-Identifier: Apache-2.0
"""Each operation, sent twice over the whole of Nova's API, runs once."""

from __future__ import annotations

import re
import typing as ty
import unittest

from nova.idempotency.operations import Operation
from testing.nova import cloud
from testing.nova import releases
from testing.nova import samples
from testing.nova.sample import Sample

_STATE = "X-Client-Token-State"
_TAKES_TOKENS = [row for row in releases.OPERATIONS if row.left_out is None]


def different(body: dict[str, ty.Any]) -> dict[str, ty.Any]:
    """Return another body for the same operation."""
    return {key: {"another": "request"} for key in body}


class Once(cloud.Cloud):
    """POST with a token; the same again; another one with that token.

    There is one test for each row of the table, made below.
    """

    def check(self, row: Operation) -> None:
        sample = samples.SAMPLES[row.path, row.action]
        path = self.prepared(row, sample)
        first = self.post(path, sample.body, "t")
        self.assertLess(first.status_code, 300, first.content)
        did = self.effects.taken()
        self.assertEqual(1, did.count(sample.effect), did)
        again = self.post(path, sample.body, "t")
        self.assert_replay(first, again)
        self.assertEqual([], self.effects.taken())
        other = self.post(path, different(sample.body), "t")
        self.assert_different(other)
        self.assertEqual([], self.effects.taken())
        (stored,) = self.rows()
        self.assertIs(row.kind is not None, stored.linked)
        self.assertEqual(1 if row.kind else 0, stored.bound)

    def prepared(self, row: Operation, sample: Sample) -> str:
        self.api.microversion = sample.version
        self.server(**sample.server)
        if sample.given is not None:
            sample.given(self)
        self.effects.taken()
        return sample.path(row)

    def assert_replay(self, first: ty.Any, again: ty.Any) -> None:
        self.assertEqual(first.status_code, again.status_code)
        self.assertEqual(first.content, again.content)
        self.assertEqual("t", first.headers["X-Client-Token"])
        self.assertEqual("t", again.headers["X-Client-Token"])
        self.assertEqual("executed", first.headers[_STATE])
        self.assertEqual("replayed", again.headers[_STATE])
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        self.assertEqual(
            first.headers["x-openstack-request-id"],
            again.headers["X-Client-Token-Request-Id"],
        )
        self.assertEqual(
            first.headers.get("OpenStack-API-Version"),
            again.headers.get("OpenStack-API-Version"),
        )

    def assert_different(self, other: ty.Any) -> None:
        self.assert_fault(other, 422, "used for a different request")
        self.assertEqual("different", other.headers[_STATE])
        self.assertEqual("t", other.headers["X-Client-Token"])
        # It tells nothing of the other one.
        self.assertNotIn("X-Client-Token-Request-Id", other.headers)


class Samples(unittest.TestCase):
    """No operation is skipped in silence."""

    def test_each_row_has_a_sample_or_a_reason(self):
        rows = {(row.path, row.action): row for row in _TAKES_TOKENS}
        for post, row in rows.items():
            self.assertTrue(
                (post in samples.SAMPLES) != (post in samples.NOT_EXERCISED),
                f"{row} needs a body in tests/functional/operations/"
                "samples.py, or a reason why it has none.",
            )
        known = samples.SAMPLES.keys() | samples.NOT_EXERCISED.keys()
        self.assertEqual(rows.keys(), known)

    def test_few_are_not_exercised(self):
        self.assertLessEqual(len(samples.NOT_EXERCISED), 5)


def _add_test(row: Operation) -> None:
    def test(self: Once) -> None:
        self.check(row)

    words = re.findall(r"[a-zA-Z_]+", f"{row.path} {row.action or ''}")
    name = "_".join(["test", *words])
    test.__name__ = name
    setattr(Once, name, test)


for _row in _TAKES_TOKENS:
    if (_row.path, _row.action) in samples.SAMPLES:
        _add_test(_row)
