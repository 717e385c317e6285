# SPDX-License-Identifier: Apache-2.0
"""The cloud, user and project that a command is for."""

from __future__ import annotations

import typing as ty


def of_adapter(adapter: ty.Any) -> tuple[str, ...]:
    """Return what tells clouds, users and projects apart.

    :param adapter: keystoneauth's, of the compute service
    """
    auth = adapter.auth or adapter.session.auth
    known = (
        getattr(auth, "auth_url", None),
        adapter.endpoint_override,
        adapter.region_name,
        adapter.get_user_id(),
        adapter.get_project_id(),
    )
    return tuple(str(one or "") for one in known)
