# SPDX-License-Identifier: Apache-2.0
"""Writes the patch for those who carry Nova in source.

:mod:`.command` is ``nova-idempotency source-patch``; :mod:`.carried` says
which files of the tree are changed, and which are added.
"""
