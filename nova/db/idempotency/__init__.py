# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's API database: what the library cannot know of it.

database      where the tables are
kinds         the kinds of resources that are bound
withdrawal    withdraws servers: Nova's own rows
"""
