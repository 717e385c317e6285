# SPDX-License-Identifier: Apache-2.0
"""Each row of the table of operations, proven over the whole of Nova's API."""
