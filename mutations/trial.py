# SPDX-License-Identifier: Apache-2.0
"""Tries proofs, with and without a fault, in processes of their own."""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import typing as ty

from mutations import installation
from mutations.fault import Fault
from mutations.fault import Proof
from mutations.fault import Simulated
from mutations.fault import Tests
from mutations.fault import Untrue

_CHECKOUT = pathlib.Path(__file__).parents[1]
# Seconds after which a proof is ended that does not end by itself.
_PATIENCE = 240
# A test that fails so tells that the changed source is broken, not wrong.
_BROKEN = ("ImportError", "ModuleNotFoundError", "NameError", "SyntaxError")
# What the simulator prints of a violation, and at its end without one.
_VIOLATION = re.compile(r"^episode \d+: (.*)$", re.MULTILINE)
_HELD = ", 0 violations"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    :param good: whether it is as it must be
    :param says: what found the fault, or what is wrong
    :param seconds: how long it took
    """

    good: bool
    says: str
    seconds: float


def missing(proofs: ty.Iterable[Tests]) -> str:
    """Say which of the tests are not there; nothing if all are.

    :param proofs: tests of any suites
    """
    names = sorted({name for proof in proofs for name in proof.names})
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        arguments = ["mutations.witness", str(results), "--load", *names]
        printed = _run(arguments, {})
        return "" if results.exists() else printed


def without_faults(proofs: ty.Iterable[Proof], jobs: int = 2) -> Outcome:
    """Try that proofs hold while nothing is changed.

    :param proofs: the proofs
    :param jobs: how many processes run at a time
    """
    started = time.monotonic()
    several = list(proofs)
    simulated = [p for p in several if isinstance(p, Simulated)]
    requests = max((p.requests for p in simulated), default=0)
    seeds = sorted({seed for p in simulated for seed in p.seeds})
    with futures.ThreadPoolExecutor(jobs) as pool:
        wrong = [
            pool.submit(_wrong_tests, several),
            *(pool.submit(_wrong_seed, seed, requests) for seed in seeds),
        ]
        says = "".join(one.result() for one in wrong)
    return Outcome(not says, says, time.monotonic() - started)


def _wrong_tests(proofs: ty.Iterable[Proof]) -> str:
    names = sorted(
        {n for p in proofs if isinstance(p, Tests) for n in p.names}
    )
    if not names:
        return ""
    seen, says = _run_tests(names, {}, first=False)
    wrong = [f"{name}: {said}\n" for name, said in seen.items() if said]
    return "".join(wrong) if seen else says


def _wrong_seed(seed: int, requests: int) -> str:
    found, says = _play(Simulated((seed,), requests), seed, {})
    return f"seed {seed}: {says}\n" if found or says else ""


def with_fault(fault: Fault) -> Outcome:
    """Put a fault back, and try that its proof finds it.

    :param fault: the fault
    """
    started = time.monotonic()
    try:
        sources = fault.sources(_installed(fault))
        for place, source in sources.items():
            compile(source, place, "exec")
    except (OSError, SyntaxError, Untrue) as exc:
        found, says = False, str(exc)
    else:
        if isinstance(fault.proof, Tests):
            found, says = _tests_find(fault.proof, sources)
        else:
            found, says = _simulator_finds(fault.proof, sources)
    return Outcome(found, says, time.monotonic() - started)


def _installed(fault: Fault) -> dict[str, str]:
    places = {change.installed for change in fault.changes}
    return {
        place: (installation.root() / place).read_text() for place in places
    }


def _tests_find(proof: Tests, sources: dict[str, str]) -> tuple[bool, str]:
    seen, says = _run_tests(proof.names, sources, first=True)
    for name, said in seen.items():
        broken = any(f"\n{kind}" in said for kind in _BROKEN)
        if said.startswith("failed") and proof.has(name):
            return not broken, said if broken else name
    other = [f"{name}: {said}" for name, said in seen.items() if said]
    return False, "\n".join(other) or says


def _simulator_finds(
    proof: Simulated, sources: dict[str, str]
) -> tuple[bool, str]:
    for seed in proof.seeds:
        found, says = _play(proof, seed, sources)
        if found:
            options = f"--seed {seed} --requests {proof.requests}"
            return True, f"{proof} ({options}): {says}"
    return False, says


def _run_tests(
    names: ty.Iterable[str], sources: dict[str, str], *, first: bool
) -> tuple[dict[str, str], str]:
    """Return what became of tests by their ids, and what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        options = ["--first"] if first else []
        arguments = ["mutations.witness", str(results), *options, *names]
        printed = _run(arguments, sources)
        try:
            seen: dict[str, str] = json.loads(results.read_text())
        except (OSError, ValueError):
            return {}, printed
        return seen, ""


def _play(
    proof: Simulated, seed: int, sources: dict[str, str]
) -> tuple[bool, str]:
    """Return whether a violation was found, and which."""
    arguments = ["simulation", "--first"]
    arguments += ["--seed", str(seed), "--requests", str(proof.requests)]
    if proof.mutation is not None:
        arguments += ["--mutation", proof.mutation]
    printed = _run(arguments, sources)
    found = _VIOLATION.search(printed)
    if found:
        return True, found[1]
    return False, "" if _HELD in printed else printed


def _run(arguments: ty.Sequence[str], sources: dict[str, str]) -> str:
    """Run a module of the checkout; return what it printed."""
    with installation.changed(sources) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=_CHECKOUT,
            env=os.environ
            | {
                "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": str(folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            printed = f"It did not end within {_PATIENCE} seconds."
        finally:
            _end(process)
        return printed


def _end(process: subprocess.Popen[str]) -> None:
    # With the processes that it has started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
