# SPDX-License-Identifier: Apache-2.0
"""The table of faults is true, and a fault that survives is told."""

from __future__ import annotations

import pathlib
import re
import tempfile
import textwrap
import unittest

import ddt

from mutations import installation
from mutations import trial
from mutations import witness
from mutations.fault import Change
from mutations.fault import fault
from mutations.fault import Proof
from mutations.fault import Simulated
from mutations.fault import Tests
from mutations.fault import Untrue
from mutations.table import FAULTS

ROOT = pathlib.Path(__file__).parents[2]
_HERE = f"{__name__}.Probe"
_SEAL = "library/openstack_idempotency/seal.py"


def _points() -> set[str]:
    letters = {f"14{letter}" for letter in "abcdefghijklmn"}
    return {*map(str, range(1, 20)), *letters, "clients"} - {"14"}


class Probe(unittest.TestCase):
    """What the tests below let a process run."""

    def test_the_format_has_one_byte(self):
        from openstack_idempotency import seal

        self.assertEqual(1, len(seal._FORMAT))

    def test_it_is_the_first_one(self):
        from openstack_idempotency import seal

        self.assertEqual(b"\x01", seal._FORMAT)


@ddt.ddt
class TableTestCase(unittest.TestCase):
    @ddt.named_data(*((f"{one.number}_{one.says}", one) for one in FAULTS))
    def test_each_change_fits_the_source(self, one):
        paths = {change.path for change in one.changes}
        read = {
            change.installed: (ROOT / change.path).read_text()
            for change in one.changes
        }
        changed = one.sources(read)
        self.assertEqual(len(paths), len(changed))
        for place, source in changed.items():
            self.assertNotEqual(read[place], source)
            compile(source, place, "exec")

    def test_one_that_changes_nothing_is_the_simulator_s_own(self):
        for one in FAULTS:
            switched = getattr(one.proof, "mutation", None) is not None
            self.assertNotEqual(bool(one.changes), switched, one)

    def test_each_test_is_there(self):
        proofs = [f.proof for f in FAULTS if isinstance(f.proof, Tests)]
        self.assertEqual("", trial.missing(proofs))

    def test_a_test_that_is_not_there_is_told(self):
        said = trial.missing([Tests((f"{_HERE}.test_nothing",))])
        self.assertIn("There is no test", said)

    def test_each_point_has_a_fault(self):
        numbers = {re.sub(r"\.\d+$", "", one.number) for one in FAULTS}
        self.assertEqual(_points(), numbers)


class ChangeTestCase(unittest.TestCase):
    def test_it_must_fit_in_one_place(self):
        change = Change("nova/x.py", "old", "new")
        self.assertEqual("a new one", change.made("a old one"))
        self.assertRaises(Untrue, change.made, "another one")
        self.assertRaises(Untrue, change.made, "old and old")

    def test_where_it_is_installed(self):
        places = {
            "nova/conf/x.py": "nova/conf/x.py",
            "migrations/env.py": "openstack_idempotency/migrations/env.py",
            "library/openstack_idempotency/x.py": "openstack_idempotency/x.py",
        }
        for path, place in places.items():
            self.assertEqual(place, Change(path, "", "").installed)
        with self.assertRaises(Untrue):
            _ = Change("tests/x.py", "", "").installed


@ddt.ddt
class TrialTestCase(unittest.TestCase):
    """In processes of their own, as each fault is tried."""

    _old, _new = '_FORMAT = b"\\x01"\n', '_FORMAT = b"\\x02"\n'

    def _try(self, proof, new):
        change = (_SEAL, self._old, new)
        return trial.with_fault(fault("0", "a fault", proof, change))

    def test_a_fault_is_found(self):
        installed = (
            installation.root() / Change(_SEAL, "", "").installed
        ).read_bytes()
        proof = Tests((f"{_HERE}.test_*",))
        outcome = self._try(proof, self._new)
        self.assertTrue(outcome.good, outcome.says)
        self.assertEqual(f"{_HERE}.test_it_is_the_first_one", outcome.says)
        self.assertEqual(
            installed,
            (
                installation.root() / Change(_SEAL, "", "").installed
            ).read_bytes(),
        )

    def test_one_that_survives_is_told(self):
        proof = Tests((f"{_HERE}.test_the_format_has_one_byte",))
        self.assertFalse(self._try(proof, self._new).good)

    @ddt.data("_FORMAT = (\n", "import nova.nowhere\n", "")
    def test_a_broken_module_is_no_fault(self, broken):
        proof = Tests((f"{_HERE}.test_it_is_the_first_one",))
        self.assertFalse(self._try(proof, broken).good)

    def test_a_change_that_does_not_fit_is_told(self):
        self._old = "something else"
        outcome = self._try(Tests((f"{_HERE}.test_*",)), self._new)
        self.assertFalse(outcome.good)
        self.assertIn("has this 0 times", outcome.says)

    def test_proofs_hold_without_a_fault(self):
        proofs: list[Proof] = [Tests((f"{_HERE}.test_*",))]
        proofs.append(Simulated(requests=1))
        outcome = trial.without_faults(proofs)
        self.assertTrue(outcome.good, outcome.says)

    def test_one_that_does_not_is_told(self):
        with tempfile.TemporaryDirectory(dir=ROOT / "tests") as folder:
            name = f"tests.{pathlib.Path(folder).name}.fails"
            (pathlib.Path(folder) / "fails.py").write_text(
                textwrap.dedent(
                    """
                    import unittest

                    class Fails(unittest.TestCase):
                        def test_it(self):
                            self.fail("as it must")

                        @unittest.skip("as it may")
                        def test_skipped(self):
                            pass
                    """
                )
            )
            for test, says in (("it", "must"), ("skipped", "may")):
                proof = Tests((f"{name}.Fails.test_{test}",))
                outcome = trial.without_faults([proof])
                self.assertFalse(outcome.good)
                self.assertIn(f"as it {says}", outcome.says)


class WitnessTestCase(unittest.TestCase):
    def test_an_asterisk_stands_for_any_text(self):
        self.assertEqual(2, witness.load([f"{_HERE}.test_*"]).countTestCases())

    def test_another_name_is_an_error(self):
        with self.assertRaisesRegex(LookupError, "test_nothing"):
            witness.load([f"{_HERE}.test_nothing"])
