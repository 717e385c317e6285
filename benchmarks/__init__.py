# SPDX-License-Identifier: Apache-2.0
"""What a client token costs, measured beside what it is compared with."""
