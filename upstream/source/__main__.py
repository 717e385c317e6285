# SPDX-License-Identifier: Apache-2.0
"""`python -m upstream.source`: try the patch for Nova's source."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time
import typing as ty

from embedded import demo
from embedded import ports
from embedded.platform import Platform
from upstream.source import distribution
from upstream.source.patched import Patched
from upstream.source.patched import Wrong

_NEWEST = max(distribution.PINS)
_OWN = r"\.test_idempotent\."
_TOX = Path(__file__).parents[2] / ".tox"


def main() -> int:
    """Try the patch on each release asked for; return 0 if it works."""
    arguments = _parser().parse_args()
    results = [
        _try(Patched(release, vendored), quick=arguments.quick)
        for release in arguments.release or distribution.PINS
        for vendored in (False, True)
    ]
    print(f"{len(results)} trees, {results.count(False)} with problems")
    return int(not all(results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--release",
        type=int,
        action="append",
        choices=sorted(distribution.PINS),
        help="a release of Nova, or several (default: each)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="run the unit tests of what the patch touches, not of all the "
        "compute API, and the story once",
    )
    return parser


def _try(patched: Patched, *, quick: bool) -> bool:
    # What the two differ in, is where our modules come from.
    thorough = patched.vendored or not quick
    try:
        _tell(f"{patched}: git apply", patched.apply)
        _tell(f"{patched}: hacking", patched.check_style)
        _tell(f"{patched}: install", patched.install)
        python = _python(patched.release)
        _tell(f"{patched}: its tests", lambda: patched.test(python, _OWN))
        _tell(f"{patched}: rules", lambda: patched.test_rules(python))
        if thorough:
            only = patched.touched() if quick else ""
            _tell(f"{patched}: tests", lambda: patched.test(python, only))
        if thorough and patched.release == _NEWEST:
            _tell(f"{patched}: story", lambda: _play(patched))
    except Wrong as exc:
        print(f"WRONG\n{exc}", flush=True)
        return False
    return True


def _tell(what: str, do: ty.Callable[[], str | None]) -> None:
    print(f"{what} ", end="", flush=True)
    started = time.monotonic()
    said = do()
    print(f"ok, {time.monotonic() - started:.0f} s", flush=True)
    for line in (said or "").splitlines():
        if line.startswith((" - Passed", " - Skipped")):
            print(f"   {line}", flush=True)


def _python(release: int) -> Path:
    """Return the Python that has the libraries of a release.

    :raises Wrong: it is not there
    """
    if release == _NEWEST:
        return Path(sys.executable)
    python = _TOX / f"nova{release}" / "bin" / "python"
    if not python.exists():
        raise Wrong(f"{python} is missing: run tox -e nova{release} --notest")
    return python


def _play(patched: Patched) -> None:
    print()
    var = patched.tree.parent / "var"
    if demo.run(var, ports.ephemeral(), Platform(), patched.tree):
        raise Wrong("the story differs")


if __name__ == "__main__":
    sys.exit(main())
