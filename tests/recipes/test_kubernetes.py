# SPDX-License-Identifier: Apache-2.0
"""Kubernetes takes our CronJob, by its schemas."""

from __future__ import annotations

from pathlib import Path
import unittest

import kubernetes_validate
import yaml

CONTRIB = Path(__file__).parents[2] / "contrib" / "kubernetes"
# The oldest and the newest that the schemas are there of.
VERSIONS = ("1.25", "1.37")


class CronJobTest(unittest.TestCase):
    def setUp(self) -> None:
        text = (CONTRIB / "purge.yaml").read_text("utf-8")
        self.job = yaml.safe_load(text)

    def test_it_fits_the_schemas(self) -> None:
        for version in VERSIONS:
            kubernetes_validate.validate(self.job, version, strict=True)

    def test_the_schemas_find_what_does_not_fit(self) -> None:
        self.job["spec"]["schedules"] = self.job["spec"].pop("schedule")
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(self.job, VERSIONS[0], strict=True)
