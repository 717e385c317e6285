# SPDX-License-Identifier: Apache-2.0
"""The figures of the benchmarks, and what is concluded from them."""

from __future__ import annotations

import inspect
import io
import time
import unittest

from rich import console

from benchmarks import block
from benchmarks import depth
from benchmarks import filling
from benchmarks import floor
from benchmarks import ratio
from benchmarks import report
from benchmarks import stopwatch
from benchmarks.block import Block
from benchmarks.block import Measure
from benchmarks.comparison import Comparison
from benchmarks.filling import Content
from benchmarks.ratio import Interval
from benchmarks.ratio import Mark
from benchmarks.ratio import Verdict
from benchmarks.reading import Reading
from benchmarks.stopwatch import Stopwatch
from openstack_idempotency.sql.purge import KEPT
from openstack_idempotency.sql.tables import TOKENS


def a_block(*seconds, elapsed=1.0, cpu=0.0, trips=0):
    return Block(seconds, elapsed, cpu, trips)


class QuantileTestCase(unittest.TestCase):
    def test_it_is_the_nearest_rank(self):
        values = [*range(100, 0, -1)]
        for share, value in ((0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)):
            self.assertEqual(value, block.quantile(values, share), share)

    def test_the_p99_of_a_few_is_the_worst(self):
        self.assertEqual(7, block.quantile([7, 1, 2], 0.99))


class MeasureTestCase(unittest.TestCase):
    blocks = [
        a_block(0.001, 0.002, elapsed=0.5, cpu=0.003, trips=9),
        a_block(0.003, 0.010, elapsed=1.5, cpu=0.005, trips=11),
    ]

    def test_it_is_of_all_blocks_together(self):
        for measure, value in (
            (Measure.P50, 2.0),
            (Measure.P99, 10.0),
            (Measure.RATE, 2.0),
            (Measure.CPU, 2.0),
            (Measure.TRIPS, 5.0),
        ):
            self.assertAlmostEqual(value, measure.of(self.blocks))

    def test_there_is_none_of_no_operation(self):
        for measure in Measure:
            self.assertRaises(ValueError, measure.of, [a_block()])


class InTurnTestCase(unittest.TestCase):
    def test_each_goes_first_as_often_and_warming_up_does_not_count(self):
        order, depths = [], []

        def side(name):
            def run(at):
                depths.append(at)
                order.append(name)
                return a_block(float(len(order)))

            return run

        pairs = block.in_turn(side("mine"), side("base"), 4)
        self.assertEqual(10, len(order))
        firsts = order[2::2]
        self.assertEqual(2, firsts.count("mine"))
        self.assertEqual(depths[::2], depths[1::2])
        self.assertEqual(4, len(set(depths[2:])))
        counted = [one.seconds[0] for pair in pairs for one in pair]
        self.assertEqual([*range(3, 11)], sorted(counted))
        self.assertEqual(
            ["mine"] * 4, [order[int(a.seconds[0]) - 1] for a, _ in pairs]
        )


class RowsTestCase(unittest.TestCase):
    """What the benchmarks write by hand has all that the table asks for."""

    needed = {column.name for column in TOKENS.c if not column.nullable}

    def test_of_the_floor(self):
        written = {"id", *floor._GIVEN, *floor._ROW}
        self.assertEqual(set(), self.needed - written)

    def test_of_a_table_that_is_filled(self):
        for backend in ("mysql", "postgresql"):
            for rows in (1000, 10_000_000):
                written = {"id", *filling.columns(backend, Content(rows))}
                self.assertEqual(set(), self.needed - written, backend)

    def test_ended_ones_are_due_for_a_purge(self):
        now = time.time() * 1000
        for ended in (True, False):
            row = filling.columns("mysql", Content(1000, ended=ended))
            first = int(row["expires_at"].removesuffix(" + seq"))
            self.assertEqual(ended, first + 1000 < now - KEPT)
            self.assertEqual(not ended, first > now)


class _Timed:
    def step(self, value):
        return value

    def other(self):
        raise ValueError("no")


class StopwatchTestCase(unittest.TestCase):
    def test_it_times_steps_and_does_not_change_them(self):
        timed = _Timed()
        watch = Stopwatch(timed, "step", "other")
        self.assertEqual(5, timed.step(value=5))
        timed.step(6)
        self.assertRaises(ValueError, timed.other)
        counts = {k: len(b.seconds) for k, b in watch.take().items()}
        self.assertEqual({"step": 2, "other": 1}, counts)
        self.assertEqual({}, watch.take())

    def test_each_block_has_the_steps_that_it_took(self):
        timed = _Timed()
        blocks: list[dict[str, Block]] = []
        watch = Stopwatch(timed, "step")
        timed.step(0)

        def side(at):
            for _ in range(at):
                timed.step(at)
            return a_block(1.0)

        watched = stopwatch.watched(side, watch, blocks)
        for at in (2, 3):
            self.assertEqual(a_block(1.0), watched(at))
        self.assertEqual([2, 3], [len(b["step"].seconds) for b in blocks])


class DepthTestCase(unittest.TestCase):
    def test_it_is_so_many_frames_deeper(self):
        def height():
            return len(inspect.stack(0))

        self.assertEqual(7, depth.at(7, height) - depth.at(0, height))

    def test_a_run_covers_a_whole_chunk_evenly(self):
        self.assertEqual([0, 40, 80, 120], depth.spread(4))


class RatioTestCase(unittest.TestCase):
    def test_equal_pairs_leave_no_doubt(self):
        pairs = [(a_block(0.003), a_block(0.002))] * 5
        found = ratio.compared(Measure.P50, pairs)
        for value in (found.ratio, found.low, found.high):
            self.assertAlmostEqual(1.5, value)

    def test_drift_that_both_sides_share_is_no_doubt(self):
        pairs = [
            (a_block(0.002 * slow), a_block(0.001 * slow))
            for slow in (1, 3, 2, 5)
        ]
        found = ratio.compared(Measure.P50, pairs)
        self.assertAlmostEqual(2.0, found.low)
        self.assertAlmostEqual(2.0, found.high)

    def test_pairs_that_differ_widen_the_interval(self):
        pairs = [
            (a_block(mine), a_block(0.001))
            for mine in (0.001, 0.002, 0.003, 0.004, 0.005)
        ]
        found = ratio.compared(Measure.P50, pairs)
        self.assertLess(found.low, found.ratio)
        self.assertLess(found.ratio, found.high)
        self.assertEqual(found, ratio.compared(Measure.P50, pairs))

    def test_one_pair_is_too_few(self):
        pairs = [(a_block(1.0), a_block(1.0))]
        with self.assertRaisesRegex(ValueError, "measure more"):
            ratio.compared(Measure.P50, pairs)

    def test_nothing_is_divided_by_nothing(self):
        pairs = [(a_block(1.0, cpu=1.0), a_block(1.0))] * 2
        with self.assertRaisesRegex(ValueError, "no CPU"):
            ratio.compared(Measure.CPU, pairs)


class MarkTestCase(unittest.TestCase):
    def test_the_interval_decides(self):
        low, around, high = (
            Interval(0, *ends) for ends in ((1, 1.9), (1.9, 2.1), (2.1, 3))
        )
        for mark, interval, verdict in (
            (Mark(2.0), low, Verdict.MET),
            (Mark(2.0), around, Verdict.UNDECIDED),
            (Mark(2.0), high, Verdict.MISSED),
            (Mark(2.0, at_least=True), low, Verdict.MISSED),
            (Mark(2.0, at_least=True), around, Verdict.UNDECIDED),
            (Mark(2.0, at_least=True), high, Verdict.MET),
        ):
            self.assertIs(verdict, mark.verdict(interval))


class ComparisonTestCase(unittest.TestCase):
    def test_what_is_kept_has_every_sample_and_the_verdicts(self):
        pairs = [(a_block(0.003), a_block(0.002))] * 6
        kept = Comparison(
            "a name",
            "this",
            "that",
            (Measure.P50, Measure.RATE),
            pairs,
            {Measure.P50: Mark(1.2)},
        ).document()
        self.assertEqual(
            [("p50 ms", "missed"), ("a second", None)],
            [(one["figure"], one["verdict"]) for one in kept["figures"]],
        )
        self.assertEqual((0.003,), kept["pairs"][1][0]["seconds"])

    def test_a_few_pairs_decide_nothing(self):
        pairs = [(a_block(0.003), a_block(0.002))] * 5
        marks = {Measure.P50: Mark(1.2)}
        few = Comparison("a name", "", "", (Measure.P50,), pairs, marks)
        (figure,) = few.figures
        self.assertIs(Verdict.UNDECIDED, figure.verdict)


class ReadingTestCase(unittest.TestCase):
    def test_a_count_is_judged_as_it_is(self):
        for value, verdict in ((1, Verdict.MET), (2, Verdict.MISSED)):
            marks = {"executions": Mark(1)}
            read = Reading("a name", "what", {"executions": value}, marks)
            (target,) = read.targets()
            self.assertIs(verdict, target.verdict)
            self.assertEqual("a name: executions", target.name)

    def test_what_is_kept_has_the_values_and_the_verdicts(self):
        read = Reading("a name", "what", {"bytes": 5.0, "rows": 2.0},
                       {"bytes": Mark(4)}, {"seen": 1})  # fmt: skip
        kept = read.document()
        self.assertEqual({"bytes": 5.0, "rows": 2.0}, kept["values"])
        self.assertEqual("missed", kept["targets"][0]["verdict"])


class ReportTestCase(unittest.TestCase):
    def test_it_ends_with_a_verdict_for_each_target(self):
        pairs = [(a_block(0.003), a_block(0.002))] * 6
        marks = {Measure.P50: Mark(1.2)}
        compared = Comparison(
            "slow", "a", "b", (Measure.P50, Measure.RATE), pairs, marks
        )
        read = Reading("counted", "what", {"n": 1}, {"n": Mark(1)})
        out = io.StringIO()
        report.show([compared, read], console.Console(file=out, width=120))
        table, _, end = out.getvalue().partition("target ")
        self.assertIn("a second", table)
        lines = end.splitlines()
        self.assertRegex(lines[1], r"slow: p50 ms +1\.50 .* missed")
        self.assertRegex(lines[2], r"counted: n +1 +at most 1 +met")
        self.assertEqual("targets: 1 missed, 1 met", lines[-1])


if __name__ == "__main__":
    unittest.main()
