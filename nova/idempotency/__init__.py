# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's compute API: what the protocol needs of Nova.

router       loaded by api-paste.ini, decorates the controllers' methods
posts        what POSTs Nova's routes have
operations   the table of operations: one row each
service      builds the engine from nova.conf, and answers in Nova's way
lookup       GET /os-client-tokens, with its schema and its view
authority    the look-up's rules, in Nova's policy
scopes       who a caller is
versions     the microversion that a request asks for
work         one operation: run it, or find out what became of it
rebuild      answers of linked operations, made again from the resource
actions      how Nova records each operation that is not linked
evidence     what such a record tells of a request whose worker died
acceptance   answers of such operations, made again
undoing      undoes what was done for servers that are withdrawn
chores       what a process does once a minute
unconfigured refuses requests with a token where the options are missing
response     the engine's answers, in Nova's form
releases     what differs between the releases of Nova
 source       the patch for those who carry Nova in source
"""
