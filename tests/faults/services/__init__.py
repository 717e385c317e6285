# SPDX-License-Identifier: Apache-2.0
"""The stories of other services: real workers under uWSGI, on real servers."""
