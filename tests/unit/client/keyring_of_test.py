# SPDX-License-Identifier: Apache-2.0
"""A keyring for processes of tests; it stands for one that keeps secrets."""

from __future__ import annotations

import json
import os
import pathlib

import filelock
from keyring import backend
from keyring import errors


class Keyring(backend.KeyringBackend):
    """Keeps passwords in the file that KEYRING_OF_TEST names."""

    priority = 9

    def _change(self, change):
        path = pathlib.Path(os.environ["KEYRING_OF_TEST"])
        with filelock.FileLock(f"{path}.lock"):
            known = json.loads(path.read_text()) if path.exists() else {}
            result = change(known)
            path.write_text(json.dumps(known))
        return result

    def get_password(self, service, username):
        return self._change(lambda known: known.get(f"{service}/{username}"))

    def set_password(self, service, username, password):
        def put(known):
            known[f"{service}/{username}"] = password

        self._change(put)

    def delete_password(self, service, username):
        def drop(known):
            if known.pop(f"{service}/{username}", None) is None:
                raise errors.PasswordDeleteError(username)

        self._change(drop)
