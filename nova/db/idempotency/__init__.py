# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's API database: table, store, link, migrations."""
