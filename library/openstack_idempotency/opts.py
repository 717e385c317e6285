# SPDX-License-Identifier: Apache-2.0
"""The options of client tokens: group [idempotency]."""

from __future__ import annotations

import os
import typing as ty

from oslo_config import cfg
from oslo_config import types

from openstack_idempotency.protocol import headers

# A statement has to fit MariaDB's default max_allowed_packet of 16 MiB, and
# PyMySQL writes each byte of an answer as two digits.
_MAX_SEALED = 4 * 1024 * 1024

# Shorter secrets could be found by brute force; this many base64 characters
# hold 192 bits.
MIN_SECRET_CHARS = 32

# A random secret of that length, even a hexadecimal one, has fewer different
# characters than this once in a billion billion times; one typed by holding a
# key down always does.
MIN_DIFFERENT_CHARS = 8


_DOLLAR = (
    "[idempotency] secret contains a '$'. oslo.config would substitute the "
    "value of another option for it, or fail. Use a secret without one, for "
    "example the output of 'openssl rand -base64 32'."
)


class _SecretOpt(cfg.MultiStrOpt):
    """Refuses a dollar before oslo.config substitutes what follows it."""

    def _get_from_namespace(
        self, namespace: ty.Any, group_name: str | None
    ) -> tuple[ty.Any, ty.Any]:
        found: tuple[ty.Any, ty.Any] = super()._get_from_namespace(
            namespace, group_name
        )
        if any("$" in secret for secret in found[0]):
            raise ValueError(_DOLLAR)
        return found


idempotency_group = cfg.OptGroup(
    "idempotency",
    title="Client tokens",
    help="""
A POST with a client token (header ``X-Client-Token`` or ``Idempotency-Key``)
can be retried safely: the retry gets the answer of the first request.
""",
)

idempotency_opts = [
    _SecretOpt(
        "secret",
        secret=True,
        default=[],
        help="""
Secret that keys the digests of tokens and requests, and seals the stored
answers. It must be the same on all API hosts. The option can be given several
times, for rotation: the first secret seals, and any of them opens. To rotate,
append the new secret on all hosts, then move it to the first place on all
hosts, and remove the old one once all earlier tokens have expired (see
``token_ttl``).

Removing a secret makes the API forget all tokens that were first used before
its successor was listed: their retries run again.

Possible values:

* At least 32 characters, at least 8 of them different, and no dollar sign;
  for example the output of ``openssl rand -base64 32``. The API refuses to
  start without one.
""",
    ),
    cfg.ListOpt(
        "headers",
        item_type=types.String(choices=headers.TOKENS, ignore_case=True),
        default=list(headers.TOKENS),
        help="""
Names of the headers in which a client may send its token. A header that is
not listed is ignored, so a POST with only that header runs each time it is
sent. Do not list ``Idempotency-Key`` if browsers or gateways add one of their
own to requests: these could be refused, or get the answer of an earlier
request by mistake. If a request has both headers, only ``X-Client-Token``
counts.
""",
    ),
    cfg.IntOpt(
        "token_ttl",
        default=86400,
        min=3600,
        max=31536000,
        help="""
Seconds that a token lives after its first answer. A later retry is a new
request or, if the token shows its age, refused. A server's token also lives as
long as the server, and this long again after the server was seen to be
deleted; its stored answer is deleted after this time. A longer life lets
clients retry later, and makes the table larger in proportion. Must be more
than ``lease``.
""",
    ),
    cfg.IntOpt(
        "purge_interval",
        default=60,
        min=0,
        max=86400,
        help="""
Seconds, give or take half, between two rounds in which an API process deletes
ended tokens. The first round comes after the first interval. Each round
deletes at most ``purge_batch`` rows. 0 turns it off: the table then only
grows, unless the purge command runs.
""",
    ),
    cfg.IntOpt(
        "purge_batch",
        default=1000,
        min=1,
        max=10000,
        help="""
Maximum number of rows that one statement of a purge changes. A larger batch
gives the database more to do at a time. All API processes together must
delete as many tokens as clients use: one process with the defaults deletes
some 1.4 million a day.
""",
    ),
    cfg.BoolOpt(
        "every_host",
        default=False,
        help="""
Whether every API host of this cloud keeps client tokens, with the same
secrets and the same database. The look-up (``GET /os-client-tokens``) passes
it on as ``retry_safe``, and clients then resend POSTs whose answers were lost.
Set it on all hosts, but only after client tokens are turned on on all of
them; unset it before you turn them off on one: a retry that reaches a host
without them runs the request a second time.
""",
    ),
    cfg.IntOpt(
        "max_tokens",
        default=10000,
        min=0,
        max=1000000000,
        help="""
Number of tokens younger than ``token_ttl`` that one user may have in one
project. Beyond that, a request with a new token gets 429 and does not run; a
retry with a known token is always answered. Tokens are counted at intervals,
so a user may briefly exceed the limit. 0 means no limit: one user can then
fill the database.
""",
    ),
    cfg.IntOpt(
        "lease",
        default=60,
        min=1,
        max=3600,
        help="""
Seconds that a running request holds its token without renewing it; it is
renewed every third of that time while the request runs. When an API process
dies, retries of its requests get 409 for that long. With a short lease, a
process that was merely stopped for a while may lose its tokens, and answer
its clients with 409. Must be more than ``wait_timeout``.
""",
    ),
    cfg.FloatOpt(
        "wait_timeout",
        default=5.0,
        min=0.0,
        max=300.0,
        help="""
Seconds that a retry waits for the first request, if that is still running,
before it gets 409 with ``Retry-After``. It occupies an API thread for that
time (see ``max_waiting``). Keep it below the time-outs of proxies.
""",
    ),
    cfg.IntOpt(
        "max_waiting",
        default=1,
        min=0,
        max=1000,
        help="""
Number of retries that may wait in one API process at the same time, each for
at most ``wait_timeout``. Further ones get 409 with ``Retry-After`` at once.
Each waiting retry occupies a thread: if this equals the number of the
process's threads, it may answer nobody while they wait. With 0, none waits. In
an API process with a single thread none ever waits.
""",
    ),
    cfg.IntOpt(
        "max_response_size",
        default=65536,
        min=0,
        max=_MAX_SEALED,
        help="""
Size in bytes of the largest answer body that is stored. The retry of a request
with a larger answer gets one that is rebuilt from the resource, without a
password or private key, or 409 if that is not possible; the request never runs
again.
""",
    ),
]


class Misconfigured(Exception):
    """The options cannot be used; the text names them and what to change."""


def check(conf: cfg.ConfigOpts, turn_off: str) -> None:
    """Check the options against each other.

    :param conf: the configuration, with this group registered
    :param turn_off: what turns client tokens off, for the messages
    :raises Misconfigured: the API must not start with these options
    """
    _check_secrets(_secrets(conf), turn_off)
    group = conf.idempotency
    if not group.headers:
        raise Misconfigured(
            "[idempotency] headers is empty. Name at least one of "
            f"{' and '.join(headers.TOKENS)}, or {turn_off}."
        )
    if group.wait_timeout >= group.lease:
        raise Misconfigured(
            f"[idempotency] wait_timeout ({group.wait_timeout}) must be less "
            f"than lease ({group.lease})."
        )
    if group.lease >= group.token_ttl:
        raise Misconfigured(
            f"[idempotency] lease ({group.lease}) must be less than "
            f"token_ttl ({group.token_ttl})."
        )


def _secrets(conf: cfg.ConfigOpts) -> list[str]:
    """Return the secrets, if they are those that the operator wrote."""
    name, group = "secret", idempotency_group.name
    try:
        secrets: list[str] = conf[group][name]
    except (cfg.Error, ValueError):
        # Nothing but a dollar can be wrong with a string.
        raise Misconfigured(_DOLLAR) from None
    written = list(secrets)
    location = conf.get_location(name, group)
    if location and location.location is cfg.Locations.environment:
        # oslo.config reads the environment in another way than files.
        written.append(os.environ.get(location.detail, ""))
    if any("$" in secret for secret in written):
        raise Misconfigured(_DOLLAR)
    return secrets


def _check_secrets(secrets: ty.Sequence[str], turn_off: str) -> None:
    if not secrets:
        raise Misconfigured(
            "[idempotency] secret is not set. Set it to the same value on "
            "all API hosts, for example the output of 'openssl rand -base64 "
            f"32', or {turn_off}."
        )
    if any(len(secret) < MIN_SECRET_CHARS for secret in secrets):
        raise Misconfigured(
            f"[idempotency] secret has fewer than {MIN_SECRET_CHARS} "
            "characters. Set it to a longer random value."
        )
    if any(len(set(secret)) < MIN_DIFFERENT_CHARS for secret in secrets):
        raise Misconfigured(
            f"[idempotency] secret has fewer than {MIN_DIFFERENT_CHARS} "
            "different characters, so that it can be guessed. Set it to a "
            "random value, for example the output of 'openssl rand -base64 "
            "32'."
        )
    if len(set(secrets)) != len(secrets):
        raise Misconfigured(
            "[idempotency] secret lists the same value twice. Remove one."
        )


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the group.

    :param conf: the configuration
    """
    conf.register_group(idempotency_group)
    conf.register_opts(idempotency_opts, group=idempotency_group)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """Return the options, as oslo-config-generator asks entry points."""
    return [(idempotency_group, idempotency_opts)]
