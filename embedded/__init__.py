# SPDX-License-Identifier: Apache-2.0
"""A real control plane in a few processes, to show and to test the product.

`python -m embedded demo` plays a story against it, `python -m embedded serve`
leaves it up to try things. Three layers, each ignorant of the one before:

* the story: demo and serve; story, with the real clients (command, openrc),
  which are killed (relay); progress, for the terminal;
* the stack: stack, the order in which everything comes up; site, what one
  stack has for itself (ports, databases, secrets), and platform, what it runs
  on; services/, one module a service; provision, where their tables come from
  (schema, template, sqlite, database_server); identity and cloud, what is in
  them;
* the processes: children, process and environment; and serving/, which runs
  inside the children and is the only folder that imports the services.
"""
