# SPDX-License-Identifier: Apache-2.0
"""Histories of the campaign, made by hand."""

from __future__ import annotations

import unittest

from chaos import checker
from chaos.entry import Entry

SOUND = {"c": Entry(("s1",), ("s1",))}


def event(event, at=0.0, **fields):
    return {"event": event, "caller": "c", "at": at, **fields}


def sent(key):
    return event("sent", id=key)


def answered(
    key, made="s1", status=202, *, replayed=False, state=None, later=None
):
    return event(
        "answered",
        id=key,
        made=made,
        status=status,
        replayed=replayed,
        state=state,
        later=status in (409, 503) if later is None else later,
    )


def token(
    kind="server", count=1, refusal=None, *, grouped=False, changes=False
):
    return event(
        "token",
        kind=kind,
        count=count,
        refusal=refusal,
        grouped=grouped,
        changes=changes,
    )


def handed(*servers, at=0.0):
    return event("handed", at, id="cast", servers=servers)


def built(*servers, ended="done"):
    return [
        handed(*servers),
        *(event("built", server=server) for server in servers),
        event(ended, id="cast", servers=servers),
    ]


def history(*events, of=None, conductor=None):
    return [
        of or token(),
        event("began", id="client"),
        *events,
        event("ended", id="client"),
        *(built("s1") if conductor is None else conductor),
    ]


def down(start, end, of="database"):
    return [event("down", start, of=of), event("up", end, of=of)]


FIRST = (sent("1"), answered("1"))
AGAIN = (sent("2"), answered("2", replayed=True))


class Judged(unittest.TestCase):
    def assert_found(self, rules, events, entries=SOUND):
        found = checker.judge(events, entries)
        self.assertEqual(rules, [violation.rule for violation in found])
