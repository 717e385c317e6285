# SPDX-License-Identifier: Apache-2.0
"""Shows that the patch for Nova's source works (`make source-patch`)."""
