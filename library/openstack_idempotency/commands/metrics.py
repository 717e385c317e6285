# SPDX-License-Identifier: Apache-2.0
"""What is counted, and its text for Prometheus."""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

import prometheus_client
from prometheus_client import metrics_core
from prometheus_client import registry

from openstack_idempotency.engine import counters
from openstack_idempotency.sql.counters import Count
from openstack_idempotency.sql.store import SqlTokenStore


@dataclasses.dataclass(frozen=True)
class Numbers:
    """All that is known of a table of tokens by numbers alone.

    :param tokens: how many there are, by state and whether they have ended
    :param outcomes: what came of requests
    :param recent: tokens of the last two minutes, by their secrets' ids
    :param known: the ids of the secrets that are listed here
    :param oldest_ended: milliseconds since the oldest token ended
    """

    tokens: ty.Mapping[tuple[str, bool], int]
    outcomes: ty.Sequence[Count]
    recent: ty.Mapping[str, int]
    known: ty.Collection[str]
    oldest_ended: int

    @classmethod
    def of(cls, tokens: SqlTokenStore) -> Numbers:
        """Read them.

        :param tokens: the table of tokens
        :raises errors.Unavailable: it cannot be reached
        """
        return cls(
            tokens=tokens.counts(),
            outcomes=tokens.outcomes(),
            recent=tokens.recent_by_key(),
            known=tokens.key_ids,
            oldest_ended=tokens.oldest_ended(),
        )

    @property
    def tally(self) -> dict[str, int]:
        """What came of the requests of all hosts, by state."""
        return _by_state(self.outcomes)

    @property
    def prevented(self) -> dict[tuple[str, str], int]:
        """How many duplicates were prevented, by host and operation."""
        of: dict[tuple[str, str], list[Count]] = collections.defaultdict(list)
        for one in self.outcomes:
            of[one.host, one.operation].append(one)
        return {
            where: counters.prevented(_by_state(found))
            for where, found in of.items()
        }


def life(ended: bool) -> str:
    """Return the word for whether tokens have ended.

    :param ended: whether they have
    """
    return "ended" if ended else "lives"


def text(service: str, numbers: Numbers) -> str:
    """Return numbers in Prometheus' text format.

    The names follow those of openstack-exporter.

    :param service: the service's name
    :param numbers: the numbers
    """
    families = [*_families(f"openstack_{service}_client_tokens", numbers)]
    found = registry.CollectorRegistry()
    found.register(_Collected(families))
    return prometheus_client.generate_latest(found).decode()


class _Collected(registry.Collector):
    def __init__(self, families: ty.Sequence[metrics_core.Metric]) -> None:
        self._families = families

    def collect(self) -> ty.Iterable[metrics_core.Metric]:
        return self._families


def _families(name: str, numbers: Numbers) -> ty.Iterator[metrics_core.Metric]:
    tokens = metrics_core.GaugeMetricFamily(
        name, "Client tokens in the table.", labels=("state", "life")
    )
    for (state, ended), number in sorted(numbers.tokens.items()):
        tokens.add_metric((state, life(ended)), number)
    yield tokens
    yield from _outcomes(name, numbers)
    recent = metrics_core.GaugeMetricFamily(
        f"{name}_young",
        "Client tokens of the last two minutes, by their secrets.",
        labels=("key_id", "known"),
    )
    for key_id, number in sorted(numbers.recent.items()):
        known = str(key_id in numbers.known).lower()
        recent.add_metric((key_id, known), number)
    yield recent
    yield metrics_core.GaugeMetricFamily(
        f"{name}_oldest_expired_seconds",
        "Seconds since the oldest token in the table ended.",
        value=numbers.oldest_ended / 1000,
    )


def _outcomes(name: str, numbers: Numbers) -> ty.Iterator[metrics_core.Metric]:
    outcomes = metrics_core.CounterMetricFamily(
        f"{name}_outcomes_total",
        "What came of requests with client tokens.",
        labels=("host", "operation", "state"),
    )
    for one in numbers.outcomes:
        outcomes.add_metric((one.host, one.operation, one.state), one.count)
    yield outcomes
    prevented = metrics_core.CounterMetricFamily(
        f"{name}_duplicates_prevented_total",
        "Retries that got an answer, and ran nothing.",
        labels=("host", "operation"),
    )
    for where, number in numbers.prevented.items():
        prevented.add_metric(where, number)
    yield prevented


def _by_state(outcomes: ty.Iterable[Count]) -> dict[str, int]:
    tally: dict[str, int] = collections.Counter()
    for one in outcomes:
        tally[one.state] += one.count
    return tally
