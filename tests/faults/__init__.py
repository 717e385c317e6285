# SPDX-License-Identifier: Apache-2.0
"""Real API workers that die, freeze and lose their database connections."""
