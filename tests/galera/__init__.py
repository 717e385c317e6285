# SPDX-License-Identifier: Apache-2.0
"""A cluster of three Galera nodes, all of which are written at once."""
