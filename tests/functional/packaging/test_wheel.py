# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import typing as ty

import testtools

from tests.functional.packaging import builds
from tests.functional.packaging import scratch


class WheelTest(testtools.TestCase):
    files: ty.ClassVar[set[str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        wheel = builds.build("wheel", builds.copy_of_checkout(cls))
        cls.files = builds.files(wheel)

    def test_no_file_is_upstreams(self) -> None:
        upstream = {str(path) for path in scratch.upstream()}
        self.assertIn("nova/conf/__init__.py", upstream)
        self.assertEqual(set(), self.files & upstream)

    def test_no_folder_is_a_package_for_us_and_not_for_upstream(self) -> None:
        """Upstream has folders without ``__init__.py`` too."""
        theirs = {str(path.parent) for path in scratch.upstream()}
        ours = {
            name.removesuffix("/__init__.py")
            for name in self.files
            if name.endswith("/__init__.py")
        }
        self.assertEqual(set(), ours & theirs)

    def test_every_module_of_the_checkout(self) -> None:
        root = builds.CHECKOUT / "nova"
        source = {f"nova/{p.relative_to(root)}" for p in root.rglob("*.py")}
        modules = {name for name in self.files if name.endswith(".py")}
        self.assertEqual(source, modules)

    def test_nothing_outside_of_nova(self) -> None:
        roots = {name.split("/")[0] for name in self.files}
        (info,) = roots - {"nova"}
        self.assertTrue(info.endswith(".dist-info"), info)
