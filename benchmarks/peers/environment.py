# SPDX-License-Identifier: Apache-2.0
"""The environments that peers run in: made once, from PyPI and npm."""

from __future__ import annotations

import hashlib
from pathlib import Path
import subprocess
import sys

from benchmarks.peers import redis
from benchmarks.peers.catalogue import Listed

_FOLDER = Path("var") / "peers"
# Seconds that pip or npm may take.
_PATIENCE = 120.0


class Missing(Exception):
    """A peer cannot be measured here; the message says why."""


def python(peer: Listed, folder: Path = _FOLDER) -> Path:
    """Return the interpreter of a peer's environment, which it has then.

    Peers that need the same share one.

    :param peer: the peer
    :param folder: where environments are
    :raises Missing: it cannot be installed, or needs a Redis that is not
        there
    """
    if peer.redis and not redis.answers():
        raise Missing(f"no Redis answers at {redis.URL}")
    wanted = "\n".join((sys.version, *peer.needs, *peer.npm))
    name = hashlib.sha256(wanted.encode()).hexdigest()[:12]
    place = (folder / name).absolute()
    interpreter, ready = place / "bin" / "python", place / "ready"
    if not ready.exists():
        python = (sys.executable, "-m")
        _run(*python, "venv", "--clear", "--without-pip", str(place))
        pip = ("pip", "--python", str(interpreter), "install", "--quiet")
        if peer.needs:
            _run(*python, *pip, *peer.needs)
        if peer.npm:
            _run("npm", "install", "--prefix", str(place), *peer.npm)
        ready.touch()
    return interpreter


def _run(*arguments: str) -> None:
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise Missing(f"{arguments[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(
            f"{arguments[0]} did not end in {_PATIENCE:g} seconds"
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise Missing(f"it cannot be installed: {' '.join(lines[-2:])}")
