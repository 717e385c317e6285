# SPDX-License-Identifier: Apache-2.0
"""Code that any OpenStack service could use; it knows nothing of Nova."""
