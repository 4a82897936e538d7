"""Measures what one stranger may cost others: what a well-behaved client waits while hostile ones are served, what those
take of memory, and whether text is still compressed where nobody is hostile. `scripts/strangers --help` tells more.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hostile_site as site
from client import trusting_context
from environment import busy_share
from hostile import Attack, Hostile, Watcher
from processes import DESCRIPTORS, Server, Unavailable, free_port, run
from report import table

# After hostile clients have been served or have left, what they asked for may still be at work.
AFTERWARDS_SECONDS = 1.5
# A server that uses less of a processor than this, for that long, has done what there was to do.
QUIET_SHARE, QUIET_SECONDS = 0.03, 1.0
# More than this and waits are partly the machine's.
QUIET_MACHINE_SHARE = 0.05
CROWD = 64
NONREADERS = 200
DIRECTORY_NONREADERS = 20

RIGHT = site.credentials("w", "right")
WRONG = site.credentials("u", "wrong")


@dataclass(frozen=True)
class Figure:
    quantity: str
    value: float
    unit: str


@dataclass(frozen=True)
class Bench:
    binary: Path
    folder: Path
    served_site: site.HostileSite
    seconds: float    # the longest that hostile clients are waited for

    @contextmanager
    def served(self, options: Sequence[str] = ()) -> Iterator[Server]:
        """One worker, which has started."""
        port = free_port()
        command = [str(self.binary), "serve", *self.served_site.options, "--listen", f"127.0.0.1:{port}",
                   "--workers", "1", "--access-log", "none", "-q", *options]
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            with Server(self.binary.name, command, {}, port, Path(name), None) as server:
                server.connect_when_listening().close()
                yield server

    def waits(self, attacks: list[Attack], options: Sequence[str] = ()) -> list[Figure]:
        """What another client waits from the moment at which the attacks begin until they are over."""
        with (self.served(options) as server,
              Watcher(server.port, site.request("GET", site.SMALL, RIGHT)) as watcher,
              Hostile(server.port, attacks) as clients):
            time.sleep(0.3)
            begin = time.monotonic()
            clients.begin()
            clients.wait(self.seconds)
            time.sleep(AFTERWARDS_SECONDS if any(attack.leaves for attack in attacks) else 0.2)
            waits = watcher.waits(begin)
        return [Figure("longest wait", waits.most * 1e3, "ms"), Figure("median wait", waits.median * 1e3, "ms")]

    def nonreaders(self, attack: Attack, seconds: float) -> list[Figure]:
        """What clients that do not read cost until the server has done for them what it does. Where that takes long the
        first of them may be cut while others still wait: their memory together is the most at any time."""
        with self.served() as server:
            fetch(server.port, [site.SMALL])
            memory = server.private_bytes()
            with Hostile(server.port, [attack]) as clients:
                used = server.processor_seconds()
                clients.begin()
                is_quiet, most_memory, longest_queue = watch_until_quiet(server, seconds)
                used = server.processor_seconds() - used
        unsure = "" if is_quiet else f" in {seconds:.0f} s, not done"
        each = f"each of {attack.clients}" if attack.clients > 1 else "of one"
        return [Figure(f"processor time, {each}{unsure}", used * 1e3 / attack.clients, "ms"),
                Figure(f"private memory, {each}", (most_memory - memory) / attack.clients / 1024, "KiB"),
                Figure("longest send queue", longest_queue / 1024, "KiB")]

    def end(self, attack: Attack, options: Sequence[str]) -> list[Figure]:
        """How long the server takes to end when it is told to right after the attack."""
        with self.served(options) as server:
            fetch(server.port, [site.SMALL], RIGHT)
            with Hostile(server.port, [attack]) as clients:
                clients.begin()
                clients.wait(self.seconds)
                return [Figure("until it has ended on SIGTERM", server.end(60) * 1e3, "ms")]

    def compressed(self) -> list[Figure]:
        with self.served() as server:
            answers = fetch(server.port, site.TEXTS * 3, "Accept-Encoding: gzip, deflate, br, zstd")
        share = sum(coding is not None for coding in answers) / len(answers)
        return [Figure(f"compressed of {len(answers)} answers", share * 100, "%")]


def watch_until_quiet(server: Server, most: float) -> tuple[bool, int, int]:
    """Waits until the server has used next to nothing for a while; false where it did not come to that. Also the most
    private memory that it had meanwhile, and the longest send queue."""
    memory = queue = 0
    end = time.monotonic() + most
    used, since = server.processor_seconds(), time.monotonic()
    while time.monotonic() < end:
        time.sleep(QUIET_SECONDS)
        memory = max(memory, server.private_bytes())
        queue = max([queue, *send_queues(server.port)])
        now_used, now = server.processor_seconds(), time.monotonic()
        if (now_used - used) / (now - since) < QUIET_SHARE:
            return True, memory, queue
        used, since = now_used, now
    return False, memory, queue


def send_queues(port: int) -> list[int]:
    """How many bytes the kernel keeps for each client of the port: sent and not acknowledged, or not yet sent."""
    queues = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        # Established, or shut down by one side; a listening socket's figures are others.
        if int(fields[1].partition(":")[2], 16) == port and fields[3] != "0A":
            queues.append(int(fields[4].partition(":")[0], 16))
    return queues


def fetch(port: int, targets: Sequence[str], field: str = "Accept: */*") -> list[str | None]:
    """Asks for each in turn over one connection; the codings of the answers."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=trusting_context())
    name, _, value = field.partition(": ")
    codings = []
    for target in targets:
        connection.request("GET", target, headers={name: value})
        response = connection.getresponse()
        if not response.read() or response.status != 200:
            raise Unavailable(f"{target} was answered with status {response.status}")
        codings.append(response.getheader("Content-Encoding"))
    connection.close()
    return codings


# MARK: what hostile clients do

def logins(clients: int = 1, leaves: bool = False) -> Attack:
    return Attack(clients, lambda _: site.requests(40, "GET", "/", WRONG), leaves=leaves)


def directories(clients: int = 1) -> Attack:
    return Attack(clients, lambda _: site.requests(40, "HEAD", site.DIRECTORY, RIGHT))


def great_directory(clients: int = 1, reads: bool = True) -> Attack:
    return Attack(clients, lambda _: site.requests(1, "GET", site.GREAT_DIRECTORY, RIGHT), reads=reads)


def spellings(clients: int = 1) -> Attack:
    def sends(number: int) -> bytes:
        targets = [site.spelled(f"{'/.' * (number % CROWD)}{site.PAGE}", spelling) for spelling in range(200)]
        return b"".join(site.request("HEAD", target, "Accept-Encoding: br", RIGHT) for target in targets) + \
            site.requests(1, "HEAD", site.PAGE, "Accept-Encoding: br", RIGHT)
    return Attack(clients, sends)


def downloads(clients: int, coding: str, reads: bool = True) -> Attack:
    return Attack(clients, lambda _: site.requests(1, "GET", site.TEXT, f"Accept-Encoding: {coding}", RIGHT),
                  reads=reads)


def crowd(clients: int) -> list[Attack]:
    """Some of each kind."""
    kinds: list[Callable[[int], Attack]] = [
        logins, lambda count: logins(count, leaves=True), directories, great_directory,
        lambda count: great_directory(count, reads=False), spellings, lambda count: downloads(count, "br"),
        lambda count: downloads(count, "br", reads=False)]
    return [kind(max(1, clients // len(kinds))) for kind in kinds]


@dataclass(frozen=True)
class Row:
    name: str
    summary: str
    measure: Callable[[Bench], list[Figure]]


ROWS = [
    Row("logins", "40 pipelined wrong logins, bcrypt cost 10",
        lambda bench: bench.waits([logins()], bench.served_site.password_options(10))),
    Row("logins-leave", "40 pipelined wrong logins, cost 12, of a client that leaves at once",
        lambda bench: bench.waits([logins(leaves=True)], bench.served_site.password_options(12))),
    Row("logins-end", "the same, and then SIGTERM",
        lambda bench: bench.end(logins(leaves=True), bench.served_site.password_options(12))),
    Row("directories", f"40 x HEAD of a directory of {site.DIRECTORY_ENTRIES:,} files",
        lambda bench: bench.waits([directories()])),
    Row("great-directory", f"one GET of a directory of {site.GREAT_DIRECTORY_ENTRIES:,} files",
        lambda bench: bench.waits([great_directory()])),
    Row("great-unread", "the same, of clients that do not read",
        lambda bench: bench.nonreaders(great_directory(DIRECTORY_NONREADERS, reads=False), 60)),
    Row("spellings", "200 x HEAD of one text of 126 KiB in other spellings, br",
        lambda bench: bench.waits([spellings()])),
    *(Row(f"downloads-{coding}", f"8 clients download a text of 60 MiB, {coding}",
          lambda bench, coding=coding: bench.waits([downloads(8, coding)]))    # type: ignore[misc]
      for coding in ("br", "gzip", "identity")),
    Row("unread", "one client asks for that text, br, and does not read",
        lambda bench: bench.nonreaders(downloads(1, "br", reads=False), 30)),
    Row("unread-200", "clients ask for that text, br, and do not read",
        lambda bench: bench.nonreaders(downloads(NONREADERS, "br", reads=False), 120)),
    Row("crowd", f"{CROWD} such clients at once, of all kinds, bcrypt cost 10",
        lambda bench: bench.waits(crowd(CROWD), bench.served_site.password_options(10))),
    *(Row(f"crowd-{name}", f"{CROWD} clients do what one does in {name}",
          lambda bench, attack=attack: bench.waits([attack(CROWD)],    # type: ignore[misc]
                                                   bench.served_site.password_options(10)))
      for name, attack in (("logins", logins), ("directories", directories), ("great-directory", great_directory),
                           ("spellings", spellings))),
    Row("compressed", "texts of 2 KiB to 2 MiB on a quiet server", Bench.compressed),
]


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/strangers", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures what hostile clients cost a worker and those who wait beside them.\n\n"
                    "A client asks for a small file, again and again, and is held up as little as the machine allows:\n"
                    "what it waits is to be laid at the server's door. Where the machine is busy, it is not.",
        epilog="rows:\n" + "\n".join(f"  {row.name:18} {row.summary}" for row in ROWS))
    parser.add_argument("binaries", metavar="BINARY", nargs="+", type=Path, help="a martinet, or several to compare")
    parser.add_argument("--row", metavar="NAME", action="append", choices=[row.name for row in ROWS],
                        help="a row to measure (repeatable; all)")
    parser.add_argument("--seconds", metavar="N", type=float, default=8,
                        help="how long hostile clients are waited for (8)")
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"), help="write the figures to a file")
    options = parser.parse_args()
    for binary in options.binaries:
        if not binary.is_file():
            parser.error(f"there is no {binary}")
    return options


def main() -> None:
    options = read_options()
    for deadly in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(deadly, lambda *_: sys.exit("strangers: ended by a signal"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    if (busy := busy_share(1)) > QUIET_MACHINE_SHARE:
        print(f"the machine is {busy:.0%} busy with something else: waits will be longer than they need be", file=sys.stderr)
    rows = [row for row in ROWS if not options.row or row.name in options.row]
    measured: dict[str, dict[str, list[Figure]]] = {}
    with tempfile.TemporaryDirectory(prefix="martinet-strangers-") as name:
        print("making the site", file=sys.stderr)
        served_site = site.make_site(Path(name))
        for row in rows:
            for binary in options.binaries:
                bench = Bench(binary.resolve(), Path(name), served_site, options.seconds)
                print(f"{row.name}: {binary}", end="", file=sys.stderr, flush=True)
                try:
                    figures = row.measure(bench)
                except (Unavailable, OSError, http.client.HTTPException) as problem:
                    print(f": {problem}", end="", file=sys.stderr)
                    figures = []
                print("".join(f"; {number(one)} {one.unit}" for one in figures), file=sys.stderr, flush=True)
                measured.setdefault(row.name, {})[str(binary)] = figures
    print(as_table(rows, options.binaries, measured))
    if options.json:
        json.dump({row: {binary: {one.quantity: [one.value, one.unit] for one in figures}
                         for binary, figures in of_row.items()} for row, of_row in measured.items()},
                  options.json, indent=2)


def number(figure: Figure) -> str:
    return f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.1f}"


def as_table(rows: list[Row], binaries: list[Path], measured: dict[str, dict[str, list[Figure]]]) -> str:
    lines = []
    for row in rows:
        columns = [measured[row.name][str(binary)] for binary in binaries]
        for place, one in enumerate(max(columns, key=len)):
            cells = [number(column[place]) if place < len(column) else "failed" for column in columns]
            lines.append([row.summary if place == 0 else "", f"{one.quantity}, {one.unit}", *cells])
        if not any(columns):
            lines.append([row.summary, "", *("failed" for _ in binaries)])
    return table(["hostile clients", "measured", *map(str, binaries)], lines)


if __name__ == "__main__":
    run("strangers", main)
