"""Takes the subject through the loads against its peers, one after the other, and records what comes out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from floors import measure_floors
from loads import Kind, Load
from measure import Bench, Contestant
from peers import Peer
from processes import Unavailable
from report import summary
from results import Comparison, Pair, Results, Run, Single, Skipped, cpu_us, rate


NOISE_RUNS = 2


@dataclass
class Campaign:
    bench: Bench
    subject: Peer
    logging: bool    # whether both sides write access logs
    noise: bool = False    # whether the subject is measured against itself, too, and all of it twice
    results: Results = field(default_factory=Results)

    def run(self, loads: Sequence[Load], peers: Sequence[Peer]) -> None:
        self.bench.try_out(Contestant(self.subject))
        peers = [peer for peer in peers if self._starts(peer)]
        contests = [(load, Contestant(self.subject, self.logging), Contestant(peer, self.logging))
                    for load in loads if load.kind is not Kind.OWN_LOG for peer in peers]
        contests += [(load, Contestant(self.subject, logging=True), Contestant(self.subject))
                     for load in loads if load.kind is Kind.OWN_LOG]
        for number, (load, ours, theirs) in enumerate(contests, start=1):
            progress(f"[{number}/{len(contests)}] {load.name}: {ours.name} against {theirs.name}", end="")
            try:
                if self.noise and load.kind is Kind.SLICES:
                    progress(f": {self._compare(load, ours, theirs)}")
                else:
                    progress(f": {self._measure(load, ours, theirs)}")
            except Unavailable as reason:
                self._skip(load.name, theirs.name, reason)
        progress("floors: the kernel and OpenSSL alone")
        try:
            self.results.floors = measure_floors(self.bench.tools, self.bench.fixture)
        except Unavailable as reason:
            self._skip("floors", "none", reason)

    def _starts(self, peer: Peer) -> bool:
        try:
            self.bench.try_out(Contestant(peer))
        except Unavailable as reason:
            progress(f"{peer.name} is left out", end="")
            self._skip("all", peer.name, reason)
            return False
        return True

    def _measure(self, load: Load, ours: Contestant, theirs: Contestant) -> str:
        """Measures one load, records the results and returns a few words about them."""
        check_refusals(load, ours, theirs)
        if load.kind in (Kind.SLICES, Kind.OWN_LOG):
            pair = self.bench.pair(load, ours, theirs)
            self.results.pairs.append(pair)
            return summary(pair)
        singles = [Single(load.name, ours.name, theirs.name, quantity, unit, our_value, their_value)
                   for (quantity, unit, our_value), (_, _, their_value)
                   in zip(self._quantities(load, ours), self._quantities(load, theirs), strict=True)]
        self.results.singles += singles
        return "; ".join(map(summary, singles))

    def _compare(self, load: Load, ours: Contestant, theirs: Contestant) -> str:
        """Measures one load beside the noise; a few words about it."""
        check_refusals(load, ours, theirs)
        comparison = Comparison(load.name, ours.name, theirs.name)
        for number in range(NOISE_RUNS):
            comparison.runs.append(Run(self._noise(load, ours, number), self.bench.pair(load, ours, theirs)))
        self.results.comparisons.append(comparison)
        return f"CPU {comparison.verdict(cpu_us)}, requests/s {comparison.verdict(rate)}"

    def _noise(self, load: Load, ours: Contestant, number: int) -> Pair:
        """The subject against itself. Once for each run of a load, whatever the number of peers."""
        known = [comparison.runs[number].noise for comparison in self.results.comparisons
                 if (comparison.load, comparison.subject) == (load.name, ours.name)]
        return known[0] if known else self.bench.pair(load, ours, ours)

    def _quantities(self, load: Load, contestant: Contestant) -> list[tuple[str, str, float]]:
        if load.kind is Kind.IDLE_MEMORY:
            return [("memory of a connection", "bytes", self.bench.idle_connection_bytes(load, contestant))]
        listening, answering = self.bench.start_milliseconds(load, contestant)
        return [("until it listens", "ms", listening), ("until its first answer", "ms", answering)]

    def _skip(self, load: str, peer: str, reason: Unavailable) -> None:
        self.results.skipped.append(Skipped(load, peer, str(reason)))
        progress(f" – skipped: {reason}")


def check_refusals(load: Load, *contestants: Contestant) -> None:
    for contestant in contestants:
        if refusal := contestant.refusal(load):
            raise Unavailable(f"{contestant.name}: {refusal}")


def progress(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)
