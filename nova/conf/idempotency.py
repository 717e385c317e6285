# SPDX-License-Identifier: Apache-2.0
"""Options of client tokens, group [idempotency] of nova.conf."""

from __future__ import annotations

from oslo_config import cfg
from oslo_config import types

# A statement has to fit MariaDB's default max_allowed_packet of 16 MiB, and
# PyMySQL writes each byte of an answer as two digits.
_MAX_SEALED = 4 * 1024 * 1024

# Shorter ones could be found by trying all; this many base64 characters
# hold 192 bits.
MIN_SECRET_CHARS = 32

_HEADERS = ("X-Client-Token", "Idempotency-Key")

idempotency_group = cfg.OptGroup(
    "idempotency",
    title="Client tokens",
    help="""
A POST that bears a client token (header ``X-Client-Token`` or
``Idempotency-Key``) can be repeated safely: the repetition gets the first
answer. These options take effect where api-paste.ini loads
``nova.idempotency.router``.
""",
)

idempotency_opts = [
    cfg.MultiStrOpt(
        "secret",
        secret=True,
        default=[],
        help="""
Secret that keys the digests of tokens and requests, and seals the stored
answers. All API hosts must have the same. Give the option several times to
rotate it: the first one seals, each one opens. To rotate, add the new secret
last on all hosts, then move it to the first place on all hosts, and take the
old one out once no token from before lives any more (see ``token_ttl``).

Taking a secret out makes the API forget all tokens that were first used
before its successor was listed: their repetitions run again.

Possible values:

* At least 32 characters, for example the output of
  ``openssl rand -base64 32``. The API refuses to start without one.
""",
    ),
    cfg.ListOpt(
        "headers",
        item_type=types.String(choices=_HEADERS, ignore_case=True),
        default=list(_HEADERS),
        help="""
Names of the headers in which a client may send its token. A header that is
left out is ignored, so that a POST that bears it alone runs each time it is
sent. Leave ``Idempotency-Key`` out where browsers or gateways add one of
their own to each request, which would then be refused or answered with an
earlier answer by mistake. A request with both headers is known by its
``X-Client-Token``.
""",
    ),
    cfg.IntOpt(
        "token_ttl",
        default=86400,
        min=60,
        max=31536000,
        help="""
Seconds that a token lives after the first answer to it. A repetition that
comes later is a new request. Longer lives let clients retry later, and make
the table larger in proportion. Must be more than ``lease``.
""",
    ),
    cfg.IntOpt(
        "lease",
        default=60,
        min=1,
        max=3600,
        help="""
Seconds that a running request holds its token without renewing it; it is
renewed three times as often while the request runs. When an API process
dies, repetitions of its requests are answered with 409 for that long. Short
leases let a process that was only stopped for a while lose its tokens, and
answer its clients with 409. Must be more than ``wait_timeout``.
""",
    ),
    cfg.FloatOpt(
        "wait_timeout",
        default=5.0,
        min=0.0,
        max=300.0,
        help="""
Seconds that a repetition waits for the first request, when that one is still
running, before it is answered with 409 and ``Retry-After``. It occupies an
API thread for that time. Keep it below the timeouts of proxies.
""",
    ),
    cfg.IntOpt(
        "max_response_size",
        default=65536,
        min=0,
        max=_MAX_SEALED,
        help="""
Bytes of the largest answer that is stored. The repetition of a request with a
larger answer gets one that is rebuilt from the resource, without a password
or private key, or 409 where that cannot be; it is never run again.
""",
    ),
]


class Misconfigured(Exception):
    """The options contradict each other; says which and what to change."""


def check(conf: cfg.ConfigOpts) -> None:
    """Check the options against each other.

    :param conf: the configuration, with this group registered
    :raises Misconfigured: the API must not start with these options
    """
    group = conf.idempotency
    if not group.secret:
        raise Misconfigured(
            "[idempotency] secret is not set. Set it to the same value on "
            "all API hosts, for example the output of 'openssl rand -base64 "
            "32', or take nova.idempotency.router out of api-paste.ini."
        )
    if any(len(secret) < MIN_SECRET_CHARS for secret in group.secret):
        raise Misconfigured(
            f"[idempotency] secret has fewer than {MIN_SECRET_CHARS} "
            "characters. Set it to a longer random value."
        )
    if len(set(group.secret)) != len(group.secret):
        raise Misconfigured(
            "[idempotency] secret lists the same value twice. Take one out."
        )
    if not group.headers:
        raise Misconfigured(
            "[idempotency] headers is empty. Name at least one of "
            f"{' and '.join(_HEADERS)}, or take nova.idempotency.router out "
            "of api-paste.ini."
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


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the group.

    :param conf: the configuration
    """
    conf.register_group(idempotency_group)
    conf.register_opts(idempotency_opts, group=idempotency_group)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    """Return the options, as nova.conf.opts asks the modules beside it."""
    return {idempotency_group: idempotency_opts}


def list_opts_of_entry_point() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """Return the options, as oslo-config-generator asks entry points."""
    return list(list_opts().items())
