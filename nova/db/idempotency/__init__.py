# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's API database: what the library cannot know of it."""
