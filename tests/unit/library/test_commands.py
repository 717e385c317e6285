# SPDX-License-Identifier: Apache-2.0
"""How the operators' command ends where nobody foresaw what happens."""

from __future__ import annotations

import types
import typing as ty
import unittest

from openstack_idempotency.commands import commands
from openstack_idempotency.commands.service import Service


def nowhere() -> ty.Any:
    raise AssertionError("no command asks for it here")


def of(run: ty.Callable[..., int]) -> Service:
    arguments = types.SimpleNamespace(run=run, unusable=1)
    return Service(
        name="museum",
        program="museum-idempotency",
        conf=ty.cast(ty.Any, types.SimpleNamespace(command=arguments)),
        place=nowhere,
        opened=nowhere,
        kinds=(),
        turned_on=nowhere,
    )


class RunTest(unittest.TestCase):
    def test_what_nobody_foresaw_is_logged_and_is_not_1(self) -> None:
        def run(service: Service, arguments: ty.Any) -> int:
            raise ZeroDivisionError("nobody foresaw it")

        with self.assertLogs(commands.__name__, "ERROR") as logs:
            status = commands.run(of(run))
        self.assertEqual(255, status)
        self.assertIn("nobody foresaw it", "".join(logs.output))

    def test_a_status_of_the_command_s_own_is_passed_on(self) -> None:
        self.assertEqual(4, commands.run(of(lambda *_: 4)))
