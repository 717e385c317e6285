# SPDX-License-Identifier: Apache-2.0
"""What our wheels hold, and what they do to an environment."""
