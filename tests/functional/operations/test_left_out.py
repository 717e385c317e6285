# SPDX-License-Identifier: Apache-2.0
"""What the table leaves out answers as if we were not there."""

from __future__ import annotations

import typing as ty

from nova.idempotency.operations import LeftOut
from nova.idempotency.operations import Operation
from testing.nova import cloud
from testing.nova import releases

_VNC = {"protocol": "vnc", "type": "novnc"}

#: The operations that read: body, microversion, and the message to compute.
_READS: dict[str, tuple[dict[str, ty.Any], str, str]] = {
    "os-getConsoleOutput": (
        {"os-getConsoleOutput": {"length": 5}},
        "2.90",
        "call get_console_output",
    ),
    "os-getSPICEConsole": (
        {"os-getSPICEConsole": {"type": "spice-html5"}},
        "2.5",
        "call get_spice_console",
    ),
    "os-getSerialConsole": (
        {"os-getSerialConsole": {"type": "serial"}},
        "2.5",
        "call get_serial_console",
    ),
    "os-getVNCConsole": (
        {"os-getVNCConsole": {"type": "novnc"}},
        "2.5",
        "call get_vnc_console",
    ),
    "": ({"remote_console": _VNC}, "2.90", "call get_vnc_console"),
}


def _rows(why: LeftOut) -> list[Operation]:
    return [row for row in releases.OPERATIONS if row.left_out is why]


class Ignored(cloud.Cloud):
    """With a token and without: the same answer, and no row of ours."""

    def setUp(self) -> None:
        super().setUp()
        self.server()
        self.consoles = 0
        for name in ("vnc", "spice", "serial"):
            self.effects.answers[f"get_{name}_console"] = self.console
        self.effects.answers["get_console_output"] = lambda *_, **__: "text"
        self.effects.taken()

    def console(self, ctxt: ty.Any, **kwargs: ty.Any) -> dict[str, str]:
        """Answer as nova-compute does: with another secret each time."""
        self.consoles += 1
        return {"access_url": f"http://console/?token={self.consoles}"}

    def test_what_reads_is_asked_each_time(self) -> None:
        consoles = []
        for row in _rows(LeftOut.READS):
            body, version, message = _READS[row.action or ""]
            self.api.microversion = version
            path = self.path(row)
            answers = [self.post(path, body, token) for token in ("t", "t")]
            for answer in answers:
                self.assertEqual(200, answer.status_code, answer.content)
                self.assert_plain(answer)
            self.assertEqual([message] * 2, self.effects.taken(), row)
            if message != "call get_console_output":
                consoles.append(row)
        self.assertEqual(2 * len(consoles), self.consoles)

    def test_what_nova_refuses_is_refused(self) -> None:
        self.api.microversion = "2.1"
        for row in _rows(LeftOut.REFUSED):
            body: dict[str, ty.Any] = {row.action or "anything": {}}
            plain = self.post(self.path(row), body)
            self.assertIn(plain.status_code, (400, 410), row)
            for _ in range(2):
                answer = self.post(self.path(row), body, "t")
                self.assertEqual(plain.status_code, answer.status_code, row)
                self.assertEqual(plain.content, answer.content, row)
                self.assertEqual(plain.headers.keys(), answer.headers.keys())
                self.assert_plain(answer)
        self.assertEqual([], self.effects.taken())

    def path(self, row: Operation) -> str:
        return row.path.format(id=cloud.SERVER, server_id=cloud.SERVER)

    def assert_plain(self, answer: ty.Any) -> None:
        ours = ("client-token", "idempotent")
        for name in answer.headers:
            self.assertFalse([o for o in ours if o in name.lower()], name)
        self.assertEqual([], self.rows())
