# SPDX-License-Identifier: Apache-2.0
"""The clients of one token, all of which want its answer."""

from __future__ import annotations

from concurrent import futures
import random
import uuid

from chaos import client
from chaos import states
from chaos.client import Client
from chaos.fleet import Fleet
from chaos.history import History
from chaos.sabotage import Order
from chaos.subject import Grants
from chaos.subject import Subject
from chaos.trouble import Troublemaker

_CLIENTS = 3
# Seconds, and how often: even if each try meets a frozen worker, a client
# outlasts all of them. The longer it has tried, the longer it waits for an
# answer, or on a busy machine it would never see one that comes once only.
_TIMEOUTS = (1.5, 8.0)
_TRIES = 100
_TRIES_AS_PATIENT = 10
_BACKOFF = (0.1, 1.0)
# How many of the requests find trouble on their way: of the first ones of a
# token, more where it is soon done with, as it is when they are refused; and
# of the later ones, which are many more.
_TROUBLED_FIRST = 0.5
_TROUBLED_REFUSALS = 0.8
_TROUBLED_LATER = 0.04


class Clients:
    """Sends one token's request from several clients, until each is done.

    :param subject: what they ask for
    :param fleet: to whose workers
    :param grants: gives the callers what they need
    :param trouble: gives some of the requests trouble on their way
    :param history: gets all that is sent and answered
    """

    def __init__(
        self,
        subject: Subject,
        fleet: Fleet,
        grants: Grants,
        trouble: Troublemaker,
        history: History,
    ) -> None:
        self._subject = subject
        self._fleet = fleet
        self._grants = grants
        self._trouble = trouble
        self._history = history

    def use_a_token(self, chance: random.Random) -> None:
        """Take a fresh token, and return when all of its clients have ended.

        :param chance: chooses what they ask for, whom and when
        """
        operation = self._subject.any_of_them(chance)
        caller = uuid.UUID(int=chance.getrandbits(128)).hex
        mine = self._grants.give(Client(caller, operation))
        self._history.note(
            "token",
            caller=mine.caller,
            kind=operation.kind,
            count=operation.count,
            refusal=operation.refusal,
            grouped=operation.grouped,
            changes=operation.changes,
        )
        # Whichever of them is the first to use the token bears it.
        refused = operation.refusal is not None
        often = _TROUBLED_REFUSALS if refused else _TROUBLED_FIRST
        order = self._trouble.order(chance, often, refused=refused)
        with futures.ThreadPoolExecutor(_CLIENTS) as threads:
            started = [
                threads.submit(
                    self._insist, mine, order, random.Random(chance.random())
                )
                for _ in range(_CLIENTS)
            ]
        for ended in started:
            ended.result()

    def _insist(
        self, mine: Client, order: Order | None, chance: random.Random
    ) -> None:
        name = {"id": uuid.uuid4().hex, "caller": mine.caller}
        self._history.note("began", **name)
        for number in range(_TRIES):
            timeout = chance.choice(_TIMEOUTS)
            timeout *= 1 + number // _TRIES_AS_PATIENT
            if self._try(mine, order, timeout, chance):
                self._history.note("ended", **name)
                return
            order = self._trouble.order(chance, _TROUBLED_LATER)
            if self._trouble.over.wait(chance.uniform(*_BACKOFF)):
                break
        self._history.note("gave-up", **name)

    def _try(
        self,
        mine: Client,
        order: Order | None,
        timeout: float,
        chance: random.Random,
    ) -> bool:
        worker = self._fleet.any(chance)
        name = {"id": uuid.uuid4().hex, "caller": mine.caller}
        self._history.note("sent", **name)
        try:
            answer = mine.post(worker.port, order, timeout)
        except client.NO_ANSWER as exc:
            self._history.note("broken", **name, by=type(exc).__name__)
            return False
        self._history.note(
            "answered",
            **name,
            status=answer.status,
            made=answer.made,
            replayed=answer.replayed,
            state=answer.state,
            later=answer.later,
            before=answer.before,
        )
        return states.final(
            answer.status, answer.state, later=answer.later
        )
