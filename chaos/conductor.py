# SPDX-License-Identifier: Apache-2.0
"""The conductor of a site: Nova's own manager, among neighbours of ours.

It takes what the API casts from the broker, and does what Nova's conductor
does at the databases. No scheduler chooses a host, placement only notes whose
allocations are there, and the computes only note what they are given. It
pauses between its steps now and then, so that the API's withdrawals meet it at
each of them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path
import random
import signal
import sys
import time
import typing as ty
import uuid

from nova import monkey_patch

# First: later, parts of Nova have already chosen another kind of thread.
monkey_patch.patch(backend="threading")

from oslo_log import log  # noqa: E402
import oslo_messaging  # noqa: E402

from chaos import schema  # noqa: E402
from chaos.history import History  # noqa: E402
from chaos.placement import Placement  # noqa: E402
from nova import config  # noqa: E402
from nova import exception  # noqa: E402
from nova import objects  # noqa: E402
from nova import rpc  # noqa: E402
from nova.conductor import manager  # noqa: E402
from nova.objects import base  # noqa: E402

# How often a step is preceded by a pause, and its seconds: some are longer
# than it takes a retry to take over.
_PAUSES = 0.15
_PAUSE = (0.05, 4.0)
# How often no host has room, and the servers are buried in cell0.
_FULL = 0.03


class Computes:
    """Stands in for the hosts that build servers.

    :param history: gets what they are given
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def build_and_run_instance(
        self, _: ty.Any, *, instance: ty.Any, **__: ty.Any
    ) -> None:
        """Take a server to be built.

        :param instance: the server
        """
        self._history.note("built", server=instance.uuid)


class Conductor(manager.ComputeTaskManager):  # type: ignore[misc]
    """Nova's manager of builds.

    :param history: gets what it is given, and what becomes of that
    """

    def __init__(self, history: History) -> None:
        # First: Nova's own asks for placement.
        self._history = history
        super().__init__()
        self.compute_rpcapi = Computes(history)

    @property
    def report_client(self) -> Placement:
        """The client of placement."""
        return Placement(self._history)

    def schedule_and_build_instances(
        self, context: ty.Any, *arguments: ty.Any, **named: ty.Any
    ) -> None:
        """Build what one request asked for.

        :param context: the request's
        :param arguments: as Nova has them
        :param named: as Nova has them
        """
        servers = [spec.instance_uuid for spec in named["request_specs"]]
        cast = {"id": uuid.uuid4().hex, "servers": servers}
        self._history.note("handed", **cast)
        try:
            super().schedule_and_build_instances(context, *arguments, **named)
        except BaseException as exc:
            self._history.note("failed", **cast, by=type(exc).__name__)
            raise
        self._history.note("done", **cast)

    def _schedule_instances(
        self,
        _context: ty.Any,
        _request_spec: ty.Any,
        instance_uuids: ty.Sequence[str] = (),
        **_: ty.Any,
    ) -> list[list[ty.Any]]:
        _pause()
        if random.random() < _FULL:
            raise exception.NoValidHost(reason="chance")
        self.report_client.claim(instance_uuids)
        where = objects.Selection(
            compute_node_uuid=uuid.uuid4().hex,
            service_host=schema.COMPUTE,
            nodename=schema.COMPUTE,
            cell_uuid=schema.CELL1,
            limits=None,
            allocation_request=None,
            allocation_request_version=None,
            availability_zone=None,
        )
        return [[where] for _ in instance_uuids]

    def _recheck_quota(self, *arguments: ty.Any, **named: ty.Any) -> None:
        # Between its two loops.
        _pause()
        super()._recheck_quota(*arguments, **named)

    def _create_block_device_mapping(
        self, *arguments: ty.Any, **named: ty.Any
    ) -> ty.Any:
        # At the start of its second loop, for each server.
        _pause()
        return super()._create_block_device_mapping(*arguments, **named)

    @staticmethod
    def _map_instance_to_cell(*arguments: ty.Any) -> ty.Any:
        mapped = manager.ComputeTaskManager._map_instance_to_cell(*arguments)
        # Before the build request is deleted, which decides.
        _pause()
        return mapped

    def _bury_in_cell0(
        self, context: ty.Any, *arguments: ty.Any, **named: ty.Any
    ) -> None:
        super()._bury_in_cell0(context, *arguments, **named)
        for request in named["build_requests"]:
            self._history.note("buried", server=request.instance_uuid)


def main() -> None:
    """Serve until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--topic", required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    configuration = Path(os.environ["OS_NOVA_CONFIG_DIR"]) / "nova.conf"
    config.parse_args(["nova-conductor"], [str(configuration)])
    log.setup(config.CONF, "nova")
    objects.register_all()
    # Both of its names are of this site alone.
    target = oslo_messaging.Target(
        topic=arguments.topic, server=arguments.topic
    )
    server = rpc.get_server(
        target,
        [Conductor(History(arguments.history))],
        base.NovaObjectSerializer(),
    )
    server.start()
    print("ready", flush=True)
    # Until whoever started it is gone.
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def _pause() -> None:
    if random.random() < _PAUSES:
        time.sleep(random.uniform(*_PAUSE))


if __name__ == "__main__":
    main()
