# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's compute API: what the protocol needs of Nova.

api-paste.ini loads :mod:`.router`, which decorates the method of each POST in
the table of :mod:`.operations`; :mod:`.service` answers for Nova.
"""
