# SPDX-License-Identifier: Apache-2.0
"""What is rendered from contrib by the projects that it is for."""
