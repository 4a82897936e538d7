"""Makes the measurements: pairs of slices, memory of idle connections, and the time to start."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from client import checked_request_headers, first_answer_at, trusting_context
from fixture import BODY_BYTES, Fixture
from generator import Generator
from loads import LOADS, Kind, Load
from peers import Peer, Setup
from processes import DESCRIPTORS, PROCESSORS, Server, Unavailable, free_port
from results import Pair, Slice

WARM_UP_SECONDS = 0.3
PAIRS_FOR_EACH_START = 2
FEW_IDLE = 1000
SETTLING_SECONDS = 0.5
SPARE_DESCRIPTORS = 150
TOLERATED_FULL_HANDSHAKES = 0.01    # of a load of resumed ones


@dataclass(frozen=True)
class Contestant:
    """A server as it takes part: itself, and whether it writes an access log."""

    peer: Peer
    logging: bool = False

    @property
    def name(self) -> str:
        return f"{self.peer.name} with log" if self.logging else self.peer.name

    def refusal(self, load: Load) -> str | None:
        """Why it cannot take part in the load, if it cannot."""
        if self.logging and not self.peer.can_log:
            return "its access log is not compared"
        return self.peer.refusal(load)


@dataclass(frozen=True)
class Bench:
    tools: Path
    folder: Path
    fixture: Fixture
    pairs: int
    slice_seconds: float
    starts: int

    def try_out(self, contestant: Contestant) -> None:
        """Makes sure that a server starts and answers, before anything is measured."""
        load = LOADS["keepalive-1"]
        with self._served(load, contestant) as server:
            server.connect_when_listening().close()
            checked_request_headers(load, server)

    def pair(self, load: Load, subject: Contestant, peer: Contestant) -> Pair:
        """Both servers run at the same time and take turns, A B A B.

        They are started anew after a few pairs: two starts of one and the same server can differ by 3 %,
        which is more than its slices do. Thousands of idle connections take too long to open again for that.
        """
        check_descriptors(load)
        pair = Pair(load.name, subject.name, peer.name, load.workers)
        pairs, pairs_at_once = self.pairs, PAIRS_FOR_EACH_START
        if load.idle > FEW_IDLE:
            pairs_at_once = pairs
        elif load.kind is Kind.OWN_LOG:
            # What is looked for is smaller than what two starts of one server differ by: many starts even it out.
            pairs, pairs_at_once = pairs * 3, 1
        for first in range(0, pairs, pairs_at_once):
            with (self._under_load(load, subject) as measure_subject,
                  self._under_load(load, peer) as measure_peer):
                for _ in range(first, min(first + pairs_at_once, pairs)):
                    pair.subject_slices.append(measure_subject(self.slice_seconds))
                    pair.peer_slices.append(measure_peer(self.slice_seconds))
        return pair

    def idle_connection_bytes(self, load: Load, contestant: Contestant) -> float:
        """How much the resident memory grows for each idle connection that has made one request."""
        check_descriptors(load)
        with self._served(load, contestant) as server:
            server.connect_when_listening().close()
            headers = checked_request_headers(load, server)
            before = server.resident_bytes()
            with Generator(self.tools, load, server, headers) as generator:
                time.sleep(SETTLING_SECONDS)
                kept = generator.touch()["idle_open"]
                if kept < load.idle:
                    raise Unavailable(f"{server.name} kept {kept:,} of {load.idle:,} idle connections")
                return (server.resident_bytes() - before) / load.idle

    def start_milliseconds(self, load: Load, contestant: Contestant) -> tuple[float, float]:
        """Median times from the start of the process to listening, and to its first answer."""
        context = trusting_context()
        listening, answering = [], []
        for _ in range(self.starts):
            with self._served(load, contestant) as server:
                listened, answered = first_answer_at(server, load.path, context)
                listening.append((listened - server.started_at) * 1e3)
                answering.append((answered - server.started_at) * 1e3)
        return median(listening), median(answering)

    @contextmanager
    def _served(self, load: Load, contestant: Contestant) -> Iterator[Server]:
        peer = contestant.peer
        peer.check_installed()
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            log = folder / "access.log" if contestant.logging else None
            setup = Setup(folder, self.fixture, free_port(), load.workers, log)
            processor = PROCESSORS[0] if load.workers == 1 else None
            with Server(contestant.name, peer.command(setup), peer.environment(setup), setup.port, folder,
                        processor) as server:
                yield server

    @contextmanager
    def _under_load(self, load: Load, contestant: Contestant) -> Iterator[Callable[[float], Slice]]:
        """A warm server with its connections open; yields what measures a slice of so many seconds."""
        with self._served(load, contestant) as server:
            server.connect_when_listening().close()
            headers = checked_request_headers(load, server)
            with Generator(self.tools, load, server, headers) as generator:
                measure_slice(load, server, generator, WARM_UP_SECONDS)
                yield lambda seconds: measure_slice(load, server, generator, seconds)


def measure_slice(load: Load, server: Server, generator: Generator, seconds: float) -> Slice:
    if load.idle:
        generator.touch()
    before = server.processor_seconds()
    counts = generator.go(seconds)
    spent = server.processor_seconds() - before

    requests = counts["requests"]
    if requests == 0:
        raise Unavailable(f"{server.name} failed all {counts['errors']} requests: {counts['problem']}")
    if spent <= 0:
        raise Unavailable(f"a process of {server.name} ended during the measurement")
    if counts["idle_open"] < load.idle:
        raise Unavailable(f"{server.name} kept {counts['idle_open']:,} of {load.idle:,} idle connections")
    if counts["not_resumed"] > TOLERATED_FULL_HANDSHAKES * requests:
        raise Unavailable(f"{server.name} resumed {requests - counts['not_resumed']:,} of {requests:,} sessions")
    if load.path in BODY_BYTES and not load.conditional:
        expected = BODY_BYTES[load.path] * requests
        if counts["body_bytes"] != expected:
            raise Unavailable(f"{server.name} sent {counts['body_bytes']:,} bytes of bodies, not {expected:,}")
    return Slice(requests=requests, errors=counts["errors"], reopened=counts["reopened"],
                 seconds=counts["seconds"], server_cpu_seconds=spent,
                 client_cpu_seconds=counts["client_cpu_seconds"], p50_us=counts["p50_us"],
                 p99_us=counts["p99_us"])


def check_descriptors(load: Load) -> None:
    needed = load.idle + load.connections + SPARE_DESCRIPTORS
    if needed > DESCRIPTORS:
        raise Unavailable(f"{needed:,} descriptors are needed and the limit (ulimit -Hn) is {DESCRIPTORS:,}")
