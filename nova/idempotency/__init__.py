# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's compute API: what the protocol needs of Nova.

    router       loaded by api-paste.ini, decorates the controllers' methods
    browsers     lets scripts in browsers use client tokens
    operations   the table of operations: one row each
    posts        what POSTs Nova's routes have
    releases     what differs between the releases of Nova
    service      builds the engine from nova.conf, and answers in Nova's way
    work         one operation: run it, rebuild its answer
    rebuild      answers that died with their worker, made again
    undoing      undoes what was done for servers that are withdrawn
    chores       what a process does once a minute
    response     the engine's answers, in Nova's form
    seal         the cipher of stored answers
    versions     the microversion that a request asks for
"""
