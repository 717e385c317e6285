# SPDX-License-Identifier: Apache-2.0
"""Keyed digests of tokens and requests: protocol section 4."""

from __future__ import annotations

import hashlib
import hmac
import typing as ty

from openstack_idempotency.protocol.scope import Scope

_KEY_ID_BYTES = 8

#: Writes bytes, piece by piece, to what it is given.
Form = ty.Callable[[ty.Callable[[bytes], object]], object]


class Digests:
    """Turns tokens and requests into what may be stored of them.

    :param secrets: the operator's secrets, the one in use first, then those
        that are being rotated in or out
    """

    def __init__(self, secrets: ty.Sequence[bytes]) -> None:
        # One key per purpose, so that no digest stands for another.
        self._token_keys = [_mac(s, b"client token") for s in secrets]
        self._request_keys = [_mac(s, b"request") for s in secrets]

    def of_token(self, scope: Scope, token: str) -> tuple[bytes, ...]:
        """Return the token's digests for this caller, one for each secret.

        :param scope: the caller; the target does not count here
        :param token: the client token
        """
        joined = _join(
            scope.project_id,
            scope.user_id,
            scope.domain_id,
            scope.system_scope,
            token,
        )
        return tuple(_mac(key, joined) for key in self._token_keys)

    def of_request(self, token: str, form: Form) -> tuple[bytes, ...]:
        """Return the fingerprints of a request, one for each secret.

        :param token: the client token: without it nobody can guess by trial
            which body a fingerprint stands for
        :param form: writes what is compared: see :func:`sameness.write`
        :raises Exception: what the form raises
        """
        begun = _join(token)
        macs = [hmac.new(key, begun, "sha256") for key in self._request_keys]

        def update(piece: bytes) -> None:
            for mac in macs:
                mac.update(piece)

        form(update)
        return tuple(mac.digest() for mac in macs)


def key_id(secret: bytes) -> str:
    """Return the id by which hosts tell which secret a row needs.

    It reveals nothing of the secret itself.

    :param secret: one of the operator's secrets
    :returns: 16 hexadecimal digits
    """
    # A label of its own, so that no digest ever stands for an id.
    return _mac(secret, b"key id")[:_KEY_ID_BYTES].hex()


def target(scope: Scope) -> bytes:
    """Return the digest of a target: a path may be too long for an index.

    :param scope: whose target it is
    """
    return hashlib.sha256(scope.target.encode("ascii")).digest()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _join(*parts: str | None) -> bytes:
    """Join parts so that no two lists of parts give the same bytes."""
    joined = b""
    for part in parts:
        data = b"" if part is None else part.encode("utf-8", "surrogatepass")
        length = -1 if part is None else len(data)
        joined += length.to_bytes(8, "big", signed=True) + data
    return joined
