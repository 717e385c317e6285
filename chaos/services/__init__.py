# SPDX-License-Identifier: Apache-2.0
"""Services that are not Nova, as campaigns and stories run and ask them.

What runs inside their processes imports nothing of Nova, whose options would
be in the way of theirs.
"""
