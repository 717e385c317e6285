# SPDX-License-Identifier: Apache-2.0
"""Bring a fresh stack up, play the story against it, and tell."""

from __future__ import annotations

from pathlib import Path
import shutil
import time
import typing as ty

from embedded import ports
from embedded import progress
from embedded import provision
from embedded import source
from embedded.platform import Platform
from embedded.site import Site
from embedded.stack import Stack
from embedded.story import Outcome
from embedded.story import Story


def run(
    var: Path,
    chosen: ty.Mapping[str, int],
    platform: Platform,
    nova: Path | None = None,
) -> int:
    """Return the exit status: 0 when all happened as expected.

    :param var: directory for all state
    :param chosen: port of each service
    :param platform: what it runs on
    :param nova: a source tree of Nova that carries the patch, if any
    """
    started = time.monotonic()
    # Before the state is removed, under which another demo may run.
    ports.require_free(chosen)
    state = platform.beside(var / "demo")
    shutil.rmtree(state, ignore_errors=True)
    site = Site.on(platform, state, chosen, tokens=True)
    progress.say("A control plane of its own:")
    site = source.installed(site, nova, progress.step)
    with Stack(site, var / "template", progress.step) as stack:
        progress.say("The story:")
        results = []
        for step in Story(site).steps():
            for line in step.typed:
                progress.say(f"  $ {line}")
            results.append(tell(step.title, step.play))
        results.append(tell("stop everything", lambda: _stop(stack)))
    provision.drop(site)
    differences = results.count(False)
    progress.say(
        f"{len(results)} steps, {differences} different, "
        f"{time.monotonic() - started:.0f} s. Logs: {_near(site.log('*'))}"
    )
    return 1 if differences else 0


def _near(path: Path) -> Path:
    """Return the path from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def tell(title: str, play: ty.Callable[[], Outcome]) -> bool:
    """Play a step, print its line, and return whether it went as expected."""
    started = time.monotonic()
    try:
        outcome = play()
    except Exception as error:  # the other steps still have their say
        outcome = Outcome("no error", f"{type(error).__name__}: {error}")
    seconds = time.monotonic() - started
    mark, seen = ("ok", outcome.seen) if outcome.ok else ("DIFFERENT", "")
    line = f"  {mark:<9} {seconds:4.1f} s  {title:<27}  {seen}"
    progress.say(line.rstrip())
    if not outcome.ok:
        progress.say(f"      expected: {outcome.expected}")
        progress.say(f"      happened: {outcome.happened}")
    return outcome.ok


def _stop(stack: Stack) -> Outcome:
    stack.stop()
    survivors = ", ".join(stack.survivors())
    return Outcome("nothing left running",
                   f"left running: {survivors}" if survivors
                   else "nothing left running",
                   "nothing left running")
