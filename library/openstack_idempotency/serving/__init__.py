# SPDX-License-Identifier: Apache-2.0
"""WSGI modules for services whose pipelines are made in code.

An operator names one of them where the service's own module stood.
"""
