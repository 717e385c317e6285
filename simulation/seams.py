# SPDX-License-Identifier: Apache-2.0
"""Where the engine meets the machine: its threads and its random names.

The engine gets its clock and its sleep as parts. What it takes directly from
the standard library is replaced here, for the one episode that this process
plays.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import types
import typing as ty

from openstack_idempotency.engine import attempt
from openstack_idempotency.engine import periodic
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point

Start = ty.Callable[[ty.Callable[[], None]], None]


class _Thread:
    """Stands for threading.Thread.

    :param target: what the thread does
    """

    start_now: ty.ClassVar[Start]

    def __init__(
        self, *, target: ty.Callable[[], None], **ignored: ty.Any
    ) -> None:
        self._target = target

    def start(self) -> None:
        """Start it.

        :raises RuntimeError: there are no more threads
        """
        type(self).start_now(self._target)


@contextlib.contextmanager
def installed(
    chance: random.Random, start: Start, hook: ty.Callable[[Point], None]
) -> ty.Iterator[None]:
    """Let the engine run in an episode, as long as the body runs.

    :param chance: where names come from
    :param start: starts a thread of the process whose turn it is
    :param hook: is called at each of the named points
    """

    def name() -> ty.Any:
        return types.SimpleNamespace(hex=f"{chance.getrandbits(128):032x}")

    thread = type("Thread", (_Thread,), {"start_now": staticmethod(start)})
    modules: tuple[tuple[ty.Any, str, ty.Any], ...] = (
        (attempt, "uuid", types.SimpleNamespace(uuid4=name)),
        (
            periodic,
            "threading",
            types.SimpleNamespace(Thread=thread, Lock=threading.Lock),
        ),
    )
    before = [getattr(module, name) for module, name, _ in modules]
    for module, attribute, value in modules:
        setattr(module, attribute, value)
    points.arm(hook)
    # What is logged is not looked at, and costs a third of the time.
    silent = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(silent)
        points.arm(None)
        for (module, attribute, _), value in zip(modules, before, strict=True):
            setattr(module, attribute, value)
