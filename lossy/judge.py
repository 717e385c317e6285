# SPDX-License-Identifier: Apache-2.0
"""Judges what clients saw against what is there: pure."""

from __future__ import annotations

import dataclasses
import enum
import re
import typing as ty

from lossy import ledger
from lossy.cases import By
from lossy.cases import Kind
from lossy.cases import Run
from lossy.cases import Story
from lossy.director import Seen
from lossy.ledger import Found
from lossy.ledger import Ledger

_SAFE = re.compile("same command again|same call again", re.IGNORECASE)
_LOOK = re.compile("look first", re.IGNORECASE)
# What a user would have to do, where a cloud promises that a retry is safe.
_ASKS = re.compile("look first|--private-key FILE|put it back", re.IGNORECASE)
_SHOWS = re.compile(r"client[- ]token[- ]show ([0-9a-f]{8})")


class Rule(enum.Enum):
    """What must hold; the text says what is wrong when it does not."""

    DUPLICATE = "there are more than one"
    LOST = "there is none"
    UNANSWERED = "the user has no answer"
    OTHER = "the answer is not of what is there"
    ASKED = "the user is asked for something"
    SILENT = "a client that failed does not say what to do"
    TRACEBACK = "a client ended with a traceback"
    TWICE = "a request was sent again without the cloud's promise"
    KEPT = "a command is remembered although it was answered"
    MANY = "too many requests were sent again"


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that did not hold.

    :param rule: the rule
    :param name: of the case
    :param says: the details
    """

    rule: Rule
    name: str
    says: str

    def __str__(self) -> str:
        return f"{self.name}: {self.rule.value}: {self.says}"


def promised(
    story: Story, there: Ledger, seen: ty.Sequence[Seen]
) -> ty.Iterator[Violation]:
    """Yield what is wrong with a case on a cloud that promises safe retries.

    :param story: the case
    :param there: what the cloud has
    :param seen: the requests of the case
    """
    name, found = story.case.name, there.get(story.case.name, ())
    if len(found) > 1:
        yield Violation(Rule.DUPLICATE, name, ", ".join(map(str, found)))
    if not found:
        yield Violation(Rule.LOST, name, _ends(story))
    if story.answer is None:
        yield Violation(Rule.UNANSWERED, name, _ends(story))
    elif found and not _is_of(story, found[0]):
        yield Violation(Rule.OTHER, name, f"{found[0]}, {_ends(story)}")
    if story.case.by.is_program:
        return
    yield from _tracebacks(story)
    for number, run in enumerate(story.runs, 1):
        if _ASKS.search(run.errors):
            yield Violation(Rule.ASKED, name, _last(run))
        if run.status > 0 and not _SAFE.search(run.errors):
            if _before_we_are_loaded(story, number, seen):
                continue
            yield Violation(Rule.SILENT, name, _last(run))


def unpromised(
    story: Story, there: Ledger, seen: ty.Sequence[Seen]
) -> ty.Iterator[Violation]:
    """Yield what is wrong with a case on a cloud that promises nothing.

    :param story: the case
    :param there: what the cloud has
    :param seen: the requests of the case
    """
    name, found = story.case.name, there.get(story.case.name, ())
    posts = [one for one in seen if one.method == "POST"]
    if len(found) > 1:
        yield Violation(Rule.DUPLICATE, name, ", ".join(map(str, found)))
    if len(posts) != 1:
        yield Violation(Rule.TWICE, name, f"{len(posts)} times")
    if not story.case.by.is_program:
        yield from _tracebacks(story)
    for run in story.runs:
        looks = bool(_LOOK.search(run.errors))
        if not story.case.by.is_program:
            looks = looks and bool(_SHOWS.search(run.errors))
        if not looks and not run.killed:
            yield Violation(Rule.SILENT, name, _last(run))
        if _SAFE.search(run.errors):
            yield Violation(Rule.SILENT, name, f"not safe: {_last(run)}")


def remembered_as(run: Run) -> str | None:
    """Return the name by which a command says that it is remembered.

    :param run: how it ended
    """
    found = _SHOWS.search(run.errors)
    return found[1] if found else None


def _is_of(story: Story, found: Found) -> bool:
    if story.case.kind is Kind.SERVER:
        return story.answer == found.id
    if story.case.by is By.GO:
        # It had the private key, and tells the fingerprint.
        return story.answer == found.fingerprint
    try:
        return ledger.public(story.answer or "") == found.id
    except ValueError:
        return False


def _before_we_are_loaded(
    story: Story, number: int, seen: ty.Sequence[Seen]
) -> bool:
    """Tell whether novaclient was stopped before it loads extensions.

    It asks for the API's versions first. Nothing was sent then, and its own
    message is all there is (client/README.md says why).
    """
    asked = [one for one in seen if one.run == number]
    return story.case.by is By.NOVA and all(one.is_version for one in asked)


def _tracebacks(story: Story) -> ty.Iterator[Violation]:
    for run in story.runs:
        # urllib3 logs one of its own for half of a head, and goes on.
        logged = run.errors.count("Failed to parse headers (url=")
        if run.errors.count("Traceback") > logged:
            yield Violation(Rule.TRACEBACK, story.case.name, _last(run))


def _ends(story: Story) -> str:
    statuses = ", ".join(str(run.status) for run in story.runs)
    errors = f"; {story.errors[-1]}" if story.errors else ""
    last = _last(story.runs[-1]) if story.runs else ""
    return f"ended with {statuses}{errors}; {last}"


def _last(run: Run) -> str:
    return " / ".join(run.errors.strip().splitlines()[-3:])
