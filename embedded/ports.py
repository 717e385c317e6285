# SPDX-License-Identifier: Apache-2.0
"""Which port each service listens on."""

from __future__ import annotations

import http.client
import os
import socket
import typing as ty

from embedded.errors import PortTakenError

HOST = "127.0.0.1"

# Upstream's numbers plus 10000, so that a cloud on this host keeps its own.
DEFAULTS: ty.Mapping[str, int] = {
    "keystone": 15000,
    "placement": 18778,
    "glance": 19292,
    "cinder": 18776,
    "neutron": 19696,
    "nova": 18774,
}


def option(service: str) -> str:
    """Return the command line option that chooses the port of a service."""
    return f"--{service}-port"


def variable(service: str) -> str:
    """Return the environment variable that chooses the port of a service."""
    return f"{service.upper()}_PORT"


def default(service: str) -> str:
    """Return the port of a service when no option names one, unchecked."""
    return os.environ.get(variable(service), str(DEFAULTS[service]))


def ephemeral() -> dict[str, int]:
    """Return a free port for each service, for runs beside each other."""
    return dict(zip(DEFAULTS, free(len(DEFAULTS)), strict=True))


def free(number: int) -> list[int]:
    """Return so many ports that nobody listens on."""
    # All are held until all are chosen: the kernel may repeat a released one.
    held = [socket.socket() for _ in range(number)]
    try:
        for listener in held:
            listener.bind((HOST, 0))
        return [listener.getsockname()[1] for listener in held]
    finally:
        for listener in held:
            listener.close()


def require_free(ports: ty.Mapping[str, int]) -> None:
    """Check that every port can be listened on.

    :raises PortTakenError: naming each taken port, its service, and the
        option and the variable that choose another.
    """
    taken = [service for service in ports if not _free(ports[service])]
    if taken:
        raise PortTakenError("\n".join(_complaints(ports, taken)))


def answers(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def serves(port: int) -> bool:
    """Tell whether an HTTP server gives an answer on the port, any one.

    uWSGI listens long before it has loaded what it serves.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _free(port: int) -> bool:
    with socket.socket() as listener:
        # As the servers do: an address in TIME_WAIT is not a taken one.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


def _complaints(
    ports: ty.Mapping[str, int], taken: ty.Iterable[str]
) -> ty.Iterable[str]:
    for service in taken:
        yield (
            f"port {ports[service]} on {HOST}, wanted for {service}, is "
            f"taken: stop what listens there, or choose another with "
            f"{option(service)} PORT (make: {variable(service)}=PORT)"
        )
