# SPDX-License-Identifier: Apache-2.0
"""Holds nova.openstack.common, where the blueprint put idempotent.py."""
