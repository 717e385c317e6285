# SPDX-License-Identifier: Apache-2.0
"""The patch for those who carry Nova in source, on small trees."""
