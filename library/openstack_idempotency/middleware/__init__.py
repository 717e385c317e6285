# SPDX-License-Identifier: Apache-2.0
"""One filter for any service: it answers POSTs that bear a client token.

A service is described by an :class:`.adapter.Adapter`; the entry points of the
group ``openstack_idempotency.adapter`` name those that are installed.
"""
