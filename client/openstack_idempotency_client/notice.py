# SPDX-License-Identifier: Apache-2.0
"""What a user should know about a POST with a client token, in plain words."""

from __future__ import annotations

import datetime

from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.ending import Ending
from openstack_idempotency_client.entry import Entry
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State
from openstack_idempotency_client.program import Program
from openstack_idempotency_client.retry import TRANSIENT_STATES as AGAIN_STATES


def again(outcome: Outcome, delay: float, attempt: int, of: int) -> str:
    """Say that a request is sent again.

    :param outcome: what came of the try before
    :param delay: seconds until then
    :param attempt: which try it is
    :param of: how many there are at most
    """
    return (
        f"NOTE: {outcome}; sending the request again with the same client "
        f"token in {delay:.1f} s (attempt {attempt} of {of})."
    )


def promised(promise: LookUp) -> str:
    """Say what a service promises.

    :param promise: what its look-up said
    """
    if promise.keeps_tokens is None:
        return "it did not say"
    if not promise.keeps_tokens:
        return "keeps no client tokens"
    safe = "safe" if promise.retry_safe else "not known to be safe"
    return (
        f"keeps client tokens for {promise.token_ttl or 'unknown'} s; to send "
        f"a request again is {safe}"
    )


def why_not_safe(promise: LookUp) -> str:
    """Say why a request cannot be sent again without looking first.

    :param promise: what the look-up said
    """
    if promise.keeps_tokens is None:
        return "the cloud did not say whether that is safe"
    if not promise.keeps_tokens:
        return "this cloud keeps no client tokens"
    return (
        "this cloud does not promise that each of its hosts keeps client "
        "tokens (its look-up does not say retry_safe)"
    )


def of_answer(outcome: Outcome) -> str | None:
    """Say what an answer means that has come, if it is not just an answer.

    :param outcome: what came of the last try
    """
    if outcome.state is State.REPLAYED:
        return (
            "NOTE: this answer was given before (first request id "
            f"{outcome.first_request or 'unknown'}); the request was not run "
            "again."
        )
    if outcome.state is State.REBUILT:
        return (
            "NOTE: the request ran before (first request id "
            f"{outcome.first_request or 'unknown'}) and was not run again. "
            "Its answer was made again from what is there; secrets in it, "
            "like a password or a private key, are lost. If you need them, "
            "delete what was made, and make it again with a new client token."
        )
    if outcome.state is None and outcome.status and outcome.status < 400:
        return (
            "WARNING: this cloud ignores client tokens; it is not safe to "
            "repeat this command, which would run again."
        )
    return None


def resumed(entry: Entry) -> str:
    """Say that a command goes on where one that died has stopped.

    :param entry: what is remembered of it
    """
    return (
        f"NOTE: this command was run before ({when(entry.created)}) and not "
        "answered to its end. It goes on with the same client token, so that "
        f"nothing is made twice. (remembered as {entry.id})"
    )


def elsewhere(entry: Entry, program: Program) -> str:
    """Say that the same command was left unanswered on another machine.

    :param entry: what is remembered of it
    :param program: to which it was typed
    """
    return (
        f"NOTE: the same command was run on host {entry.host} "
        f"({when(entry.created)}) and not answered to its end. That one is "
        "not continued here. To continue it on this host instead, run "
        f"'{program.line('resume', entry.id)}' and then the command again."
    )


def not_resumed(entry: Entry, program: Program, promise: LookUp) -> str:
    """Say why nothing was sent, where a command that died should go on.

    :param entry: what is remembered of it
    :param program: to which it was typed
    :param promise: what the look-up said
    """
    if promise.keeps_tokens is None:
        return (
            "nothing was sent: this command was run before and not answered "
            "to its end, and the cloud did not say whether it is safe to send "
            "it again. Run the same command again when the cloud answers; "
            f"'{program.line('status')}' shows whether it does"
        )
    return (
        "nothing was sent: this command was run before and may have taken "
        f"effect, and {why_not_safe(promise)}. "
        f"{_look_first(entry, program).removesuffix('.')}"
    )


def other_request(entry: Entry, program: Program) -> str:
    """Say that a command asks for something else than the one that died.

    :param entry: what is remembered of it
    :param program: to which it was typed
    """
    return (
        "nothing was sent: the same command was run before and may have taken "
        "effect, but now it is another request: perhaps a name in it means "
        "another resource now. "
        f"{_look_first(entry, program).removesuffix('.')}"
    )


def kept(entry: Entry, program: Program, ending: Ending) -> str:
    """Say what to do where a command did not get all of its answers.

    :param entry: what is remembered of it
    :param program: to which it was typed
    :param ending: of the POST that got none
    """
    outcome = ending.outcome
    if outcome.state is State.DIFFERENT:
        return (
            "WARNING: the request differs from the one that was sent first: "
            "perhaps a name in it means another resource now, or the client "
            "or the cloud speaks another microversion. "
            f"{_look_first(entry, program)}"
        )
    if outcome.state is not None and outcome.state not in AGAIN_STATES:
        return (
            f"WARNING: what came of this command is not sure ({outcome}). "
            f"{_look_first(entry, program)}"
        )
    if ending.retry_safe:
        return f"{_unanswered(ending)} {_again(entry)}"
    if not ending.promise.answered:
        # The same command reads the promise before it sends anything.
        return (
            f"{_unanswered(ending)} Run the same command again when the cloud "
            "answers: it is safe, because it uses the same client token, and "
            "sends nothing before the cloud has said that it keeps tokens. "
            f"(remembered as {entry.id})"
        )
    return f"{_unanswered(ending)} {_look_first(entry, program)}"


def interrupted(entry: Entry) -> str:
    """Say what to do where a command failed although its POSTs did not.

    :param entry: what is remembered of it
    """
    return (
        "WARNING: what this command asked for was done, but a later request "
        f"of it got no answer. {_again(entry)}"
    )


def of_call(ending: Ending, *, own: bool) -> str | None:
    """Say what to do where a program's POST got no answer.

    :param ending: of that POST
    :param own: whether the program gave the token, and so can use it again
    """
    outcome = ending.outcome
    if ending.hides_a_try:
        return f"{_hidden(ending)} Look first what the call did."
    if not outcome.may_have_run or not (
        outcome.silent or outcome.state in AGAIN_STATES
    ):
        return None
    if own and ending.retry_safe:
        return (
            f"{_unanswered(ending)} Make the same call again with the same "
            "client token: it is safe."
        )
    return f"{_unanswered(ending)} Look first what the call did."


def not_kept(program: Program, ending: Ending) -> str | None:
    """Say what to do where a POST with the user's own token got no answer.

    :param program: to which it was typed
    :param ending: of that POST
    """
    outcome = ending.outcome
    look = (
        f"Look first what the command did: '{program.line('show')}' with the "
        f"same {program.option} shows what the cloud knows of it."
    )
    if ending.hides_a_try:
        return f"{_hidden(ending)} {look}"
    if not outcome.may_have_run:
        return None
    if not (outcome.state in AGAIN_STATES or outcome.silent):
        return None
    if ending.retry_safe:
        return (
            f"{_unanswered(ending)} Run the same command again with the same "
            "client token: it is safe."
        )
    return f"{_unanswered(ending)} {look}"


def not_sent() -> str:
    """Say that no connection came about, so that nothing has happened."""
    return (
        "NOTE: nothing was sent, because there was no connection to the "
        "cloud. Run the same command again later: it is safe."
    )


def not_begun() -> str:
    """Say that a command failed before it asked for anything."""
    return (
        "NOTE: this command only asked questions, and one of them got no "
        "answer; it has changed nothing. Run the same command again later: it "
        "is safe."
    )


def when(created: float) -> str:
    """Return a time as users read it, in their own zone.

    :param created: seconds since the epoch
    """
    local = datetime.datetime.fromtimestamp(created).astimezone()
    return local.isoformat(" ", "seconds")


def _unanswered(ending: Ending) -> str:
    outcome = ending.outcome
    said = "no answer came" if outcome.silent else f"the answer is {outcome}"
    reason = f" ({ending.reason})" if ending.reason else ""
    return f"WARNING: {said}{reason}."


def _hidden(ending: Ending) -> str:
    return (
        f"WARNING: the answer is {ending.outcome}, but an earlier try of the "
        "request got no answer, and may have run."
    )


def _again(entry: Entry) -> str:
    return (
        "Run the same command again: it is safe, because it uses the same "
        f"client token. (remembered as {entry.id})"
    )


def _look_first(entry: Entry, program: Program) -> str:
    return (
        f"Look first what it did: '{program.line('show', entry.id)}'. After "
        f"that, '{program.line('forget', entry.id)}' lets the same command "
        "run as a new one."
    )
