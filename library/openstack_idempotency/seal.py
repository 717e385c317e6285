# SPDX-License-Identifier: Apache-2.0
"""Seals stored answers, so that only their client's token opens them."""

from __future__ import annotations

import os
import typing as ty

from cryptography import exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf import hkdf

_FORMAT = b"\x01"
_SALT_BYTES = 16
_NONCE_BYTES = 12  # what NIST SP 800-38D recommends for GCM
_KEY_BYTES = 32  # AES-256
_LEAST_BYTES = len(_FORMAT) + _SALT_BYTES + _NONCE_BYTES


class AnswerSealer:
    """AES-256-GCM with a key for each row; see protocol section 4.

    The key comes from the client's token, a secret of the operator and a
    salt of the row: neither the database, nor the server without a client
    that sends the token, can open an answer.

    :param secrets: the operator's secrets; the first seals, each opens
    """

    def __init__(self, secrets: ty.Sequence[bytes]) -> None:
        self._secrets = tuple(secrets)

    def seal(self, token: str, context: bytes, data: bytes) -> bytes:
        """Return the data sealed.

        :param token: the client's token
        :param context: names the row, its target and its state; sealed data
            opens in no other one
        :param data: what is sealed
        """
        salt = os.urandom(_SALT_BYTES)
        nonce = os.urandom(_NONCE_BYTES)
        cipher = _cipher(self._secrets[0], token, salt)
        sealed = cipher.encrypt(nonce, data, _FORMAT + context)
        return _FORMAT + salt + nonce + sealed

    def open(self, token: str, context: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed, None if no listed secret opens it.

        :param token: the client's token
        :param context: what it was sealed with
        :param sealed: what :meth:`seal` returned
        """
        if sealed[:1] != _FORMAT or len(sealed) < _LEAST_BYTES:
            return None
        salt, rest = sealed[1:][:_SALT_BYTES], sealed[1 + _SALT_BYTES :]
        nonce, text = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        for secret in self._secrets:
            try:
                cipher = _cipher(secret, token, salt)
                return cipher.decrypt(nonce, text, _FORMAT + context)
            except exceptions.InvalidTag:
                continue
        return None


def _cipher(secret: bytes, token: str, salt: bytes) -> aead.AESGCM:
    # With the token's length, so that two pairs of token and secret never run
    # together to the same key material.
    encoded = token.encode("ascii")
    material = len(encoded).to_bytes(2, "big") + encoded + secret
    derive = hkdf.HKDF(
        algorithm=hashes.SHA256(),
        length=_KEY_BYTES,
        salt=salt,
        info=b"openstack-idempotency answer",
    )
    return aead.AESGCM(derive.derive(material))
