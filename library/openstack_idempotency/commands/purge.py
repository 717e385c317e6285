# SPDX-License-Identifier: Apache-2.0
"""The command that deletes what has ended."""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import sys
import time
import typing as ty

from rich import console
from rich import progress

from openstack_idempotency.commands import output
from openstack_idempotency.commands.service import Service
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.sql.purge import Batch
from openstack_idempotency.sql.store import SqlTokenStore

# The exit statuses of nova-manage db archive_deleted_rows.
NOTHING, SOME, NO_DATABASE, NO_DATE = 0, 1, 3, 4

# How often it tries rows that are locked once more, after so many seconds.
_TRIES, _PAUSE = 5, 1.0

_T = ty.TypeVar("_T")
Advance = ty.Callable[[int], None]
Step = ty.Callable[[int], Batch]


def add(subparsers: ty.Any) -> None:
    """Add ``purge``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser(
        "purge", help="Delete ended tokens."
    )
    parser.set_defaults(run=_run, unusable=NO_DATABASE)
    add_option = parser.add_argument
    add_option("--max_rows", "--max-rows", type=output.number_of, default=1000,
               metavar="NUMBER", help="Delete at most this many tokens; "
               "with --until-complete, at a time.")  # fmt: skip
    add_option("--before", metavar="DATE",
               help="Only tokens that ended before this time.")  # fmt: skip
    add_option("--sleep", type=output.pause_of, metavar="SECONDS",
               help="Seconds between two batches; by default, as long as the "
               "last one took.")  # fmt: skip
    add_option("--until-complete", action="store_true",
               help="Continue until there are no more.")  # fmt: skip
    add_option("--dry-run", action="store_true",
               help="Only count the tokens to delete.")  # fmt: skip
    add_option("--verbose", action="store_true",
               help="Print how many were deleted.")  # fmt: skip


def _run(service: Service, arguments: ty.Any) -> int:
    text: str | None = arguments.before
    try:
        # An empty text, as of a variable that is not set, is no date either.
        before = None if text is None else output.time_of(text)
    except argparse.ArgumentTypeError as exc:
        # argparse itself would end with the status of any wrong command line.
        output.complain(f"{service.program}: --before: {exc}")
        return NO_DATE
    with service.tokens() as tokens:
        if arguments.dry_run:
            count = tokens.ended(before)
            output.say(f"{count} tokens have ended and can be deleted.")
            return NOTHING
        done: dict[str, int] = collections.Counter()
        try:
            _purge(service, tokens, arguments, before, done)
        finally:
            # Also what was done before it was interrupted, or failed.
            if arguments.verbose:
                rows = [{"What": k, "Number": v} for k, v in done.items()]
                output.as_table(("What", "Number"), rows)
    return SOME if any(done.values()) else NOTHING


def _purge(
    service: Service,
    tokens: SqlTokenStore,
    arguments: ty.Any,
    before: int | None,
    done: dict[str, int],
) -> None:
    batch = service.conf.idempotency.purge_batch
    for count in _batches(tokens.strip, batch, arguments.sleep):
        done["answers deleted"] += count
    most = None if arguments.until_complete else arguments.max_rows
    total = tokens.ended(before) if _shows() else 0
    with _bar(min(total, most or total)) as advance:
        for count in _batches(
            lambda limit: tokens.purge(limit, before),
            min(arguments.max_rows, batch),
            arguments.sleep,
            most,
        ):
            done["tokens deleted"] += count
            # Among what this host has purged.
            tokens.add({("", Event.PURGED.value): count})
            advance(count)
    if most is None or done["tokens deleted"] < most:
        _walk(service, tokens, batch, arguments.sleep)


def _walk(
    service: Service, tokens: SqlTokenStore, batch: int, sleep: float | None
) -> None:
    """Find out which tokens end; this deletes nothing yet.

    It reads all lasting tokens, so it comes once everything else is done, and
    not in each run of a loop that deletes a few rows at a time.
    """
    after: int | None = 0
    while after is not None:
        walk = functools.partial(tokens.walk, service.lasting, after, batch)
        walked, pause = _timed(walk, sleep)
        after = walked.last
        if after is not None:
            time.sleep(pause)


def _timed(step: ty.Callable[[], _T], sleep: float | None) -> tuple[_T, float]:
    """Do a step; return its result, and the seconds to pause afterwards.

    A pause as long as the step keeps the database busy half of the time.
    """
    began = time.monotonic()
    found = step()
    return found, time.monotonic() - began if sleep is None else sleep


def _batches(
    step: Step, batch: int, sleep: float | None, most: int | None = None
) -> ty.Iterator[int]:
    """Run a step batch by batch; yield how many rows each one changed.

    It ends when nothing is left but what other transactions have locked: that
    a batch is short may only mean that another purge was faster.
    """
    done = tries = 0
    pause: float | None = None
    while most is None or done < most:
        if pause is not None:
            time.sleep(pause)
        limit = batch if most is None else min(batch, most - done)
        found, rest = _timed(functools.partial(step, limit), sleep)
        done += found.done
        if found.done:
            yield found.done
        if found.done == len(found.chosen) < limit:
            return
        tries = 0 if found.done else tries + 1
        if tries > _TRIES:
            output.complain(
                "Other transactions have locked what is left: run it again "
                "later."
            )
            return
        # Another purge may be deleting these very ones.
        pause = max(rest, _PAUSE) if tries else rest


def _shows() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextlib.contextmanager
def _bar(total: int) -> ty.Iterator[Advance]:
    """Show a progress bar, on a terminal."""
    if not _shows():
        yield lambda _: None
        return
    with progress.Progress(console=console.Console(stderr=True)) as shown:
        task = shown.add_task("Deleting tokens", total=total)
        yield lambda count: shown.update(task, advance=count)
