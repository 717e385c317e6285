# SPDX-License-Identifier: Apache-2.0
"""Writes the patch for those who carry Nova in source.

    command       nova-idempotency source-patch
    carried       which files of a tree the patch changes, and which it adds
    tree          a checkout or source distribution of Nova, only read
    module        where a module's text has its classes, methods and imports
    routes        which method answers each POST of the table of operations
    decoration    puts @idempotent on top of methods
    order         the order of imports, as hacking wants it
    registration  options, requirements and entry points
    reference     the header in the API reference
    vendoring     our own modules, in the form that Nova's tree wants
    patch         the differences, in the form that git applies
    templates     texts that the patch adds
"""
