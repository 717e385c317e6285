# SPDX-License-Identifier: Apache-2.0
"""Options of client tokens in nova.conf, group [idempotency]."""

from __future__ import annotations

from oslo_config import cfg

from openstack_idempotency import opts

idempotency_group = cfg.OptGroup(
    opts.idempotency_group.name,
    title=opts.idempotency_group.title,
    help=f"""{opts.idempotency_group.help}
In Nova, they are turned on where api-paste.ini loads
``nova.idempotency.router``, or where methods are decorated in the source.
""",
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the group.

    :param conf: Nova's configuration
    """
    opts.register_opts(conf)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    """Return the options, as nova.conf.opts asks the modules beside it."""
    return {idempotency_group: opts.idempotency_opts}


def list_opts_of_entry_point() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """Return the options, as oslo-config-generator asks entry points."""
    return list(list_opts().items())
