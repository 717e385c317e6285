# SPDX-License-Identifier: Apache-2.0
"""What looks after the repository itself.

words      finds words that the glossary bans
picture    draws the architecture from the imports
"""
