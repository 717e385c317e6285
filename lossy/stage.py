# SPDX-License-Identifier: Apache-2.0
"""A cloud behind a gateway, and the clients of a user before it."""

from __future__ import annotations

from concurrent import futures
import contextlib
import typing as ty

from embedded import environment
from embedded import openrc
from embedded.ports import HOST
from embedded.services import NOVA
from lossy import commands
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Story
from lossy.commands import Commands
from lossy.commands import Desk
from lossy.director import Director
from lossy.gopher import Gopher
from lossy.programs import Programs
from testing.cloud import Cloud
from testing.gateway import Gateway

# Commands at a time: each has a processor to itself for most of its life.
_AT_A_TIME = 2
# More than the demo needs.
_QUOTA = {"instances": 5000, "cores": 20000, "ram": -1, "key_pairs": 5000}


def options(*, every_host: bool) -> dict[str, dict[str, object]]:
    """Return what Nova's configuration has for a campaign.

    :param every_host: what its operator says
    """
    return {"idempotency": {"every_host": every_host}, "quota": {**_QUOTA}}


class Stage:
    """What a campaign has.

    :param cloud: the cloud
    :param desk: the user's
    :param director: decides what happens
    :param gateway: what all goes through
    """

    def __init__(
        self, cloud: Cloud, desk: Desk, director: Director, gateway: Gateway
    ) -> None:
        self.cloud = cloud
        self.desk = desk
        self.director = director
        self.gateway = gateway
        self.commands = Commands(desk, gateway, director)
        self.programs = Programs(desk, gateway, director, cloud)
        self.gopher = Gopher(desk, gateway)

    def play(
        self,
        cases: ty.Sequence[Case],
        one: ty.Callable[[Case], Story],
        programs: ty.Mapping[By, ty.Callable[[list[Case]], list[Story]]],
    ) -> list[Story]:
        """Play all cases, those of commands two at a time.

        :param cases: the cases
        :param one: plays one of a command
        :param programs: plays those of a program
        """
        single = [case for case in cases if not case.by.is_program]
        with futures.ThreadPoolExecutor(_AT_A_TIME) as pool:
            stories = list(pool.map(one, single))
        for by, play in programs.items():
            shared = [case for case in cases if case.by is by]
            stories += play(shared) if shared else []
        return stories


@contextlib.contextmanager
def on(cloud: Cloud, *, forgetful: bool = False) -> ty.Iterator[Stage]:
    """Give a stage on a cloud.

    :param cloud: the cloud
    :param forgetful: whether what the client remembers is lost each time
    """
    variables = environment.inherited() | openrc.variables(
        cloud.site, openrc.DEMO
    )
    api = f"{HOST}:{cloud.site.ports[NOVA.name]}"
    director = Director()
    with (
        commands.desk(variables, forgetful=forgetful) as desk,
        Gateway(api, director) as gateway,
    ):
        yield Stage(cloud, desk, director, gateway)
