# SPDX-License-Identifier: Apache-2.0
"""Tempest tests of client tokens: a proof for any cloud."""
