# SPDX-License-Identifier: Apache-2.0
"""What looks after the repository itself: its words, and its picture."""
