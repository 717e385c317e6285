# SPDX-License-Identifier: Apache-2.0
"""What must hold in a campaign, whatever happens in it."""

from __future__ import annotations

import dataclasses
import enum


class Rule(enum.Enum):
    """What must hold; the text says what is wrong when it does not."""

    DUPLICATE = "a token made more than what was asked for"
    SHORT = "a success for several servers has fewer"
    LOST_MAPPING = "a resource is there, but its token does not name it"
    DANGLING = "a token names a resource that is not there"
    PHANTOM = "an answer named a resource that never was, or is withdrawn"
    DISAGREEMENT = "two answers of a token name different resources"
    UNANSWERED = "a client did not get its answer"
    REFUSED = "a client got an answer that a retry must not get"
    ACCEPTED = "what has to be refused succeeded"
    LEFT = "a refusal left something behind"
    GONE = "an answer named a server that is nowhere"
    STRAY = "a server is built that no token made, or that was withdrawn"
    KEPT = "allocations of a withdrawn server are kept"
    UNBUILT = "a server was answered, but not handed to the conductor"
    STATE = "an answer's state does not say what a client has to know"
    BYSTANDER = "somebody else had to wait, or was turned away"
    ENDLESS = "a request or a client has not ended"
    DIVERGED = "a node of the cluster holds something else than the others"
    SLOW = "a worker spent longer on a request than any wait of ours"


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that did not hold.

    :param rule: the rule
    :param caller: whose token it was
    :param says: the details
    """

    rule: Rule
    caller: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule.value}: {self.caller}: {self.says}"
