"""What was measured, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

BUSY_SHARE = 0.9


@dataclass(frozen=True)
class Slice:
    """One server under one load for about a second."""

    requests: int
    errors: int
    reopened: int    # connections that the server closed although they were to be kept
    seconds: float
    server_cpu_seconds: float
    client_cpu_seconds: float
    p50_us: float
    p99_us: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.server_cpu_seconds * 1e6 / self.requests

    @property
    def busy(self) -> float:
        """How many processors the server used."""
        return self.server_cpu_seconds / self.seconds


Metric = Callable[[Slice], float]


def rate(measured: Slice) -> float:
    return measured.rate


def cpu_us(measured: Slice) -> float:
    return measured.cpu_us


@dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Pair:
    """The subject and a peer under one load, in alternating slices."""

    load: str
    subject: str
    peer: str
    workers: int
    subject_slices: list[Slice] = field(default_factory=list)
    peer_slices: list[Slice] = field(default_factory=list)

    def ratio(self, metric: Metric) -> Spread:
        """The subject's share of the peer's, from one pair of neighbouring slices at a time."""
        ratios = [metric(ours) / metric(theirs)
                  for ours, theirs in zip(self.subject_slices, self.peer_slices, strict=True)]
        return Spread(median(ratios), min(ratios), max(ratios))

    def medians(self, metric: Metric) -> tuple[float, float]:
        return median(map(metric, self.subject_slices)), median(map(metric, self.peer_slices))

    @property
    def remarks(self) -> list[str]:
        remarks = []
        # A list, since a server can be measured against itself.
        sides = [(self.subject, self.subject_slices), (self.peer, self.peer_slices)]
        unsaturated = [name for name, slices in sides
                       if median(one.busy for one in slices) < BUSY_SHARE * self.workers]
        if unsaturated:
            remarks.append(f"not saturated: {', '.join(unsaturated)}")
        for name, slices in sides:
            errors, reopened = sum(one.errors for one in slices), sum(one.reopened for one in slices)
            if errors:
                remarks.append(f"{name}: {errors:,} errors")
            if reopened:
                remarks.append(f"{name}: closed {reopened:,} kept connections")
        return remarks


@dataclass(frozen=True)
class Run:
    """A pair, and the subject against itself, measured at about the same time."""

    noise: Pair
    pair: Pair


@dataclass(frozen=True)
class Comparison:
    """The subject and a peer under one load, several times, each time beside the noise."""

    load: str
    subject: str
    peer: str
    runs: list[Run] = field(default_factory=list)

    def verdict(self, metric: Metric) -> str:
        """`worse` or `better` where all ratios of each run lie beyond all of its noise, on the same side; else `equal`:
        what difference there is does not show."""
        spreads = [(run.pair.ratio(metric), run.noise.ratio(metric)) for run in self.runs]
        # The noise has no direction: which of the two was called the subject is chance.
        if all(ratio.least > max(noise.most, 1 / noise.least) for ratio, noise in spreads):
            return "better" if metric is rate else "worse"
        if all(ratio.most < min(noise.least, 1 / noise.most) for ratio, noise in spreads):
            return "worse" if metric is rate else "better"
        return "equal"


@dataclass(frozen=True)
class Single:
    """One quantity of the subject and a peer, each measured by itself."""

    load: str
    subject: str
    peer: str
    quantity: str
    unit: str
    subject_value: float
    peer_value: float

    @property
    def ratio(self) -> float:
        return self.subject_value / self.peer_value


@dataclass(frozen=True)
class Skipped:
    load: str
    peer: str
    reason: str


@dataclass
class Results:
    pairs: list[Pair] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    floors: dict[str, float] = field(default_factory=dict)
