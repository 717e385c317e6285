# SPDX-License-Identifier: Apache-2.0
"""Command line: `python -m embedded demo` or `python -m embedded serve`."""

from __future__ import annotations

import argparse
from pathlib import Path
import signal
import sys
import typing as ty

from embedded import database_server
from embedded import demo
from embedded import platform
from embedded import ports
from embedded import serve
from embedded.errors import StackError

INTERRUPTED = 130


def main() -> int:
    """Run the command, and return its exit status."""
    options = _parser().parse_args()
    chosen = {
        service: getattr(options, f"{service}_port")
        for service in ports.DEFAULTS
    }
    # Set explicitly: a shell that starts us in the background would
    # otherwise have us ignore the first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if options.command == "demo":
            return demo.run(
                options.var, chosen, _platform(options), options.source
            )
        serve.run(options.var, chosen, _platform(options), options.source)
    except StackError as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _platform(options: argparse.Namespace) -> platform.Platform:
    return platform.Platform(options.database, options.server)


def _interrupt(*_signal: object) -> ty.NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="embedded", description=__doc__)
    parser.add_argument("command", choices=("demo", "serve"))
    parser.add_argument(
        "--var",
        type=Path,
        default=Path(__file__).parents[1] / "var",
        help="directory for all state (default: %(default)s)",
    )
    known = ", ".join(
        f"{name} (where ${variable} says)"
        for name, variable in database_server.VARIABLES.items()
    )
    parser.add_argument(
        "--database",
        default=platform.SQLITE,
        help=f"sqlite, {known}, or the URL of such a server without a "
        "password (default: %(default)s)",
    )
    parser.add_argument(
        "--server",
        choices=platform.SERVERS,
        default=platform.WAITRESS,
        help="what serves each API (default: %(default)s)",
    )
    parser.add_argument(
        "--source",
        type=Path,
        metavar="PATH",
        help="serve Nova from a source tree that carries the patch",
    )
    for service in ports.DEFAULTS:
        parser.add_argument(
            ports.option(service),
            type=int,
            metavar="PORT",
            default=ports.default(service),
            help=f"also ${ports.variable(service)} (default: %(default)s)",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
