# SPDX-License-Identifier: Apache-2.0
"""Client tokens in tables of a service's own database.

:mod:`.store` puts the engine's store together from steps, a module for each
kind. They run on connections of our own (:mod:`.connections`), but for what
is bound: :mod:`.link` does that in the service's own transactions.
"""
