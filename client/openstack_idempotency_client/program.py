# SPDX-License-Identifier: Apache-2.0
"""The commands that take a token, and how their users write it."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Program:
    """A command line client.

    :param name: what its users type
    :param option: the option for a token
    :param verbs: how its commands about tokens are called
    :param form: the option, with a value, where it belongs
    """

    name: str
    option: str
    verbs: str
    form: str

    def line(self, verb: str, *words: str) -> str:
        """Return a command about tokens, as the user would type it.

        :param verb: which one
        :param words: what follows it
        """
        return " ".join((self.name, self.verbs.format(verb), *words))


NOVA = Program(
    name="nova",
    option="--x-client-token",
    verbs="client-token-{}",
    form="nova --x-client-token [TOKEN] COMMAND ...",
)
OPENSTACK = Program(
    name="openstack",
    option="--os-client-token",
    verbs="client token {}",
    form="openstack --os-client-token[=TOKEN] COMMAND ...",
)
