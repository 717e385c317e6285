# SPDX-License-Identifier: Apache-2.0
"""Configuration files as data, and the sections that services share."""

from __future__ import annotations

import typing as ty

from embedded.site import Site

Section = ty.Mapping[str, object]
Sections = ty.Mapping[str, Section]

REGION = "RegionOne"
SERVICE_PROJECT = "service"


def render(sections: Sections) -> str:
    """Return the text of a configuration file."""
    lines: list[str] = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{option} = {value}" for option, value in options.items()]
        lines.append("")
    return "\n".join(lines)


def merged(ours: Sections, others: Sections) -> Sections:
    """Return sections with other options, which win.

    :param ours: the sections
    :param others: the options, by section
    """
    return {
        name: {**ours.get(name, {}), **others.get(name, {})}
        for name in {**ours, **others}
    }


def database(url: str) -> Section:
    """Return the options of a section that names a database."""
    options: dict[str, object] = {"connection": url, "max_retries": 3}
    if url.startswith("sqlite"):
        # A throw-away database need not survive a power cut.
        options["sqlite_synchronous"] = False
    return options


def idempotency(site: Site) -> Section:
    """Return the options of client tokens, the same for each service."""
    # Each has one host, and where it takes tokens at all, that does.
    return {"secret": site.secrets.idempotency, "every_host": True}


def credentials(site: Site, user: str) -> Section:
    """Return the options with which a service logs in as a user."""
    return {
        "auth_type": "password",
        "auth_url": f"{site.url('keystone')}/v3",
        "username": user,
        "password": site.secrets.passwords[user],
        "user_domain_name": "Default",
        "project_name": SERVICE_PROJECT,
        "project_domain_name": "Default",
        "region_name": REGION,
    }


def authtoken(site: Site, user: str) -> Section:
    """Return the options with which a service checks its callers' tokens."""
    return {
        **credentials(site, user),
        "www_authenticate_uri": site.url("keystone"),
        # The catalog has public endpoints only.
        "interface": "public",
        "service_token_roles": "service",
        "service_token_roles_required": True,
    }
