# SPDX-License-Identifier: Apache-2.0
"""A real control plane in a few processes, to show and to test the product.

`python -m embedded demo` plays a story against it, `python -m embedded serve`
leaves it up to try things. Three layers, each ignorant of the one before:

* the story: demo, serve, story, relay, novaclient, openrc, progress;
* the stack: stack, site, template, identity, cloud, and services/, one module
  a service with its configuration, its schema and how it is served;
* the processes: process, ports, sqlite, and serving/, which runs inside the
  children and is the only folder that imports OpenStack services.
"""
