# SPDX-License-Identifier: Apache-2.0
"""Options of client tokens in nova.conf, group [idempotency]."""

from __future__ import annotations

from oslo_config import cfg

from openstack_idempotency import opts

#: What turns client tokens off again, for messages.
TURN_OFF = "take nova.idempotency.router out of api-paste.ini"


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the group.

    :param conf: Nova's configuration
    """
    opts.register_opts(conf)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    """Return the options, as nova.conf.opts asks the modules beside it."""
    return dict(opts.list_opts())
