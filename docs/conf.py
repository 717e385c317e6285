# SPDX-License-Identifier: Apache-2.0
"""The site of the documentation, which `make docs` builds.

Each page is a Markdown file where the repository has it, so that its links
lead to the same pages here and in the forge.
"""

from __future__ import annotations

project = "Client tokens"
author = "the maintainers of nova-idempotency"

extensions = [
    "myst_parser",
    "openstackdocstheme",
    "os_api_ref",
    "oslo_config.sphinxext",
    "reno.sphinxext",
]

# Below the root of the repository; nothing else is a page.
root_doc = "docs/index"
include_patterns = [
    "CONTRIBUTING.md",
    "SECURITY.md",
    "api-ref/source/client-tokens.rst",
    "client/README.md",
    "clients/go/README.md",
    "docs/**.md",
    "docs/release-notes.rst",
    "library/README.md",
    "model/README.md",
    "tempest_plugin/README.md",
]
# Folders that need not be looked through.
exclude_patterns = [".*", "**/build", "dist", "var"]

# Links to a heading are named as the forge names them.
myst_heading_anchors = 3
# Not oslo.config's: its look-up of a name fails on what is no option.
myst_ref_domains = ["std"]

# What is of no language that is named: commands' forms, log lines.
highlight_language = "text"

html_theme = "openstackdocs"
html_theme_options = {
    # Whoever reads is nobody's business.
    "analytics_tracking_code": "",
    "display_badge": False,
    "sidebar_search": True,
}
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
# Whoever opens the folder comes to the first page.
html_additional_pages = {"index": "redirect.html"}
html_copy_source = False
html_last_updated_fmt = "%Y-%m-%d"
# They are asked from files that this repository does not have.
openstackdocs_auto_name = False
openstackdocs_auto_version = False
