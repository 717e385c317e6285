# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pathlib

import fixtures
import testtools

from openstack_idempotency_client import digest

KEY = b"k" * 32


class DigestTest(testtools.TestCase):
    def test_parts_are_apart(self):
        self.assertNotEqual(
            digest.of(KEY, "ab", "c"), digest.of(KEY, "a", "bc")
        )

    def test_key_counts(self):
        self.assertNotEqual(digest.of(KEY, "a"), digest.of(b"other", "a"))

    def test_words_that_are_no_text(self):
        self.assertNotEqual(
            digest.of(KEY, "\udce9"), digest.of(KEY, "\udce8")
        )


class FilesTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / "file"
        self.file.write_text("one")
        self.name = str(self.file)

    def test_values_of_options_name_files(self):
        for words in (
            ["--user-data", self.name],
            [f"--user-data={self.name}"],
            ["--file", f"/there={self.name}"],
            [f"--file=/there={self.name}"],
        ):
            self.assertEqual([self.name], digest.files(words), str(words))

    def test_other_words_do_not(self):
        for words in (
            [self.name],
            ["--private-key", self.name],
            ["--user-data", "not there"],
            ["--user-data", "x" * 5000, "--meta", "a\0b", "--h", "~nobody0"],
            ["--user-data", str(self.file.parent)],
        ):
            self.assertEqual([], digest.files(words), str(words))

    def test_content_counts(self):
        words = ["boot", "--user-data", self.name]
        one = digest.of_command(KEY, words)
        self.assertEqual(one, digest.of_command(KEY, words))
        self.file.write_text("two")
        self.assertNotEqual(one, digest.of_command(KEY, words))


class WithoutValuesTest(testtools.TestCase):
    def test_only_names_of_options_are_left(self):
        self.assertEqual(
            "--meta --image -f --wait",
            digest.without_values(
                ["--meta", "password=s", "--image=i", "-f", "json", "-s3cret",
                 "--wait", "web"]
            ),
        )  # fmt: skip
