# SPDX-License-Identifier: Apache-2.0
"""One run of a command: gives its tokens, remembers them, says what came."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import typing as ty

from openstack_idempotency_client import notice
from openstack_idempotency_client import token as tokens
from openstack_idempotency_client.choice import Choice
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.entry import Post
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.program import Program
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.use import NotSafeError
from openstack_idempotency_client.use import Request
from openstack_idempotency_client.use import Use

if ty.TYPE_CHECKING:
    from openstack_idempotency_client.held import Held

_current: contextvars.ContextVar[Run | None] = contextvars.ContextVar(
    "run", default=None
)


def current() -> Run | None:
    """Return the run of the command that is being carried out, if any."""
    return _current.get()


class Run:
    """A source of the tokens of one command.

    :param program: to which it was typed
    :param choice: what the user chose
    :param typed: returns the command, once the user is logged in
    :param say: takes a line for the user
    """

    def __init__(
        self,
        program: Program,
        choice: Choice,
        typed: ty.Callable[[], Typed],
        say: ty.Callable[[str], None],
    ) -> None:
        self.program = program
        self._choice = choice
        self._typed = typed
        self._say = say
        self._said: set[str] = set()
        self._held: Held | None = None
        self._uses: list[Use] = []
        # Whether the command failed; whether a question got no answer since
        # the last POST, which may be why; whether it sent only questions.
        self.failed = False
        self._unanswered = False
        self._only_asked = True
        # Closed when the command has ended.
        self.until_its_end = contextlib.ExitStack()

    @contextlib.contextmanager
    def running(self) -> ty.Iterator[None]:
        """Carry the command out in this block; at its end, say what came."""
        before = _current.set(self)
        try:
            with self.until_its_end:
                yield
        except BaseException:
            self.failed = True
            raise
        finally:
            _current.reset(before)
            self._finish()

    @property
    def makes_tokens(self) -> bool:
        """Tell whether the user gave no token."""
        return self._choice.token is None

    def tell(self, text: str) -> None:
        """Say a line, once.

        :param text: the line
        """
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    def ended(self, use: Use) -> None:
        """Leave it to the end of the command."""

    def passed(self, method: str, *, answered: bool) -> None:
        """Learn of a request without a token.

        :param method: how it was sent
        :param answered: whether it got an answer to use
        """
        if method.upper() not in ("GET", "HEAD"):
            self._only_asked = False
        elif not answered:
            self._unanswered = True

    @property
    def _cut_short(self) -> bool:
        return self.failed and self._unanswered

    def use(self, request: Request) -> Use:
        """Return what a POST of the command carries.

        :param request: the POST
        :raises NotSafeError: when it must not be sent
        """
        use = self._use(request)
        self._uses.append(use)
        # It asked what it had to know before.
        self._unanswered = False
        return use

    def _use(self, request: Request) -> Use:
        if self._choice.token is not None:
            return Use(self._choice.token)
        try:
            held = self.claim(request.clock.now())
            found = held.token_for(
                request.target, lambda: tokens.make(request.clock.now())
            )
        except JournalError as error:
            raise self.refusal(f"nothing was sent: {error}") from None
        if found is None:
            raise self.refusal(notice.other_request(held.entry, self.program))
        return _Remembered(*found, held, self)

    def refusal(self, text: str) -> NotSafeError:
        """Return the error with which a POST is not sent.

        :param text: says why and what to do; it is told here, because some
            commands go on, or print no error
        """
        self.tell(f"ERROR: {text}.")
        return NotSafeError("the request was not sent")

    def claim(self, now: float) -> Held:
        """Return this command's entry: one that died left it, or a new one.

        :param now: the server's time
        :raises JournalError: when the journal cannot be used
        """
        if self._held is not None:
            return self._held
        # Late: a command without such a token need not wait for all that the
        # journal imports.
        from openstack_idempotency_client.journal import Journal

        journal = Journal()
        typed = self._typed()
        held = journal.resume(typed)
        if held is None:
            for entry in journal.matching(typed):
                if not entry.here:
                    self.tell(notice.elsewhere(entry, self.program))
            held = journal.begin(typed, now)
        else:
            self.tell(notice.resumed(held.entry))
        self._held = held
        return held

    def _finish(self) -> None:
        endings = [use.ending for use in self._uses if use.ending]
        if self._cut_short and self._only_asked and not self._uses:
            self.tell(notice.not_begun())
        for ending in endings:
            if text := notice.of_answer(ending.outcome):
                self.tell(text)
            if not ending.outcome.may_have_run:
                self.tell(notice.not_sent())
        if self._held is not None:
            try:
                self._keep_or_forget(self._held)
            except JournalError as error:
                self.tell(f"WARNING: {error}.")
        elif not self.makes_tokens:
            for ending in endings:
                if text := notice.not_kept(self.program, ending):
                    self.tell(text)

    def _keep_or_forget(self, held: Held) -> None:
        done = any(post.settled for post in held.entry.posts)
        if held.entry.finished and not (done and self._cut_short):
            # First of all the user has the answer, on a pipe, too.
            sys.stdout.flush()
            held.forget()
            return
        held.release()
        if held.entry.finished:
            self.tell(notice.interrupted(held.entry))
        for use in self._uses:
            if isinstance(use, _Remembered) and use.ending and use.open:
                self.tell(notice.kept(held.entry, self.program, use.ending))


class _Remembered(Use):
    """A token that was made, and is written down before each try."""

    def __init__(
        self,
        token: ClientToken,
        post: Post,
        held: Held,
        run: Run,
    ) -> None:
        super().__init__(token, post.attempts)
        self._post = post
        self._held = held
        self._run = run

    @property
    def open(self) -> bool:
        """Tell whether the user has no answer to rely on."""
        return not self._post.settled

    def sending(self) -> None:
        """Write it down: from now on, it may be lost.

        :raises NotSafeError: when that is not possible
        """
        self._post.sending()
        try:
            self._held.save()
        except JournalError as error:
            self._post.attempts -= 1
            raise self._run.refusal(
                f"the request was not sent: {error}"
            ) from None

    def heard(self, outcome: Outcome) -> None:
        """Write down what came, if possible."""
        self._post.heard(outcome)
        # The user has the answer. What is written says that there is none,
        # which makes a later run careful.
        with contextlib.suppress(JournalError):
            self._held.save()

    def refusal(self, promise: LookUp) -> NotSafeError:
        """Return the error with which it is not sent again."""
        return self._run.refusal(
            notice.not_resumed(self._held.entry, self._run.program, promise)
        )
