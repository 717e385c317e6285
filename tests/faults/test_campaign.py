# SPDX-License-Identifier: Apache-2.0
"""A campaign can fail: it finds what is wrong without our safeguards."""

from __future__ import annotations

from pathlib import Path
import tempfile
import unittest

from chaos import site
from chaos.campaign import Campaign
from chaos.mutation import Mutation
from chaos.rules import Rule

# A mutation does its harm only where chance wants it.
_SEEDS = range(3)


class CampaignTestCase(unittest.TestCase):
    def setUp(self):
        missing = site.missing("mysql")
        if missing:
            self.skipTest(missing)

    def found(self, rule, mutation, seconds):
        """Tell whether a campaign finds that a rule does not hold."""
        for seed in _SEEDS:
            with tempfile.TemporaryDirectory(prefix="nova-chaos-") as folder:
                campaign = Campaign(
                    Path(folder), seconds, seed, mutation=mutation
                )
                _, violations = campaign.run()
            if any(violation.rule is rule for violation in violations):
                return True
        return False

    def test_without_the_fence_it_finds_a_duplicate(self):
        found = self.found(Rule.DUPLICATE, Mutation.NO_FENCE, seconds=20)
        self.assertTrue(found)

    def test_without_the_link_it_finds_a_lost_mapping(self):
        found = self.found(Rule.LOST_MAPPING, Mutation.NO_LINK, seconds=5)
        self.assertTrue(found)
