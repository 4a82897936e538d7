"""Measures Martinet side by side with other servers. `scripts/bench --help` tells how to use it."""

from __future__ import annotations

import argparse
import resource
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from campaign import Campaign, progress
from environment import busy_share, describe_environment
from fixture import make_fixture
from loads import ALL_LOADS, LOADS, Load
from measure import Bench
from peers import PEERS, Martinet, OtherMartinet, Peer
from processes import DESCRIPTORS, Unavailable, run
from publish import check_page, write_page
from report import as_json, markdown

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".build" / "bench"
QUIET_SHARE = 0.05
MARTINET = ROOT / ".build" / "release" / "martinet"

EXAMPLES = """\
examples:
  scripts/bench --quick                           about two minutes: the main loads against nginx
  scripts/bench --against nginx --load browser    one load against one peer
  scripts/bench --against ../before/martinet --noise    which rows are worse than those of another build
  scripts/bench --subject nginx --against nginx   how much two equal servers seem to differ: the noise
  scripts/bench --json results.json --write-docs  everything (half an hour), published in docs/

Both servers of a pair run at the same time and are measured in turn, for a second or so each, A B A B;
after two such pairs both are started anew.
The ratio of each A to its neighbouring B is taken; the median, least and greatest of them are shown.

With --noise the subject is measured against itself, too, and all of it twice. A row is worse only if all of
its ratios lie beyond all those of the subject to itself, both times.
"""


def without_json_file(arguments: list[str]) -> list[str]:
    """The command as it is published: where its raw figures went is nobody else's concern."""
    if "--json" not in arguments:
        return [argument for argument in arguments if not argument.startswith("--json=")]
    place = arguments.index("--json")
    return arguments[:place] + arguments[place + 2:]


def main() -> None:
    options = read_options()
    if options.list:
        print(inventory())
        return
    if not (TOOLS / "load").is_file():
        raise Unavailable("the C tools are missing: scripts/bench compiles them and then starts this")
    if options.write_docs:
        check_page(ROOT)
    for deadly in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(deadly, lambda *_: sys.exit("bench: ended by a signal"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

    subject = PEERS[options.subject]() if options.subject else Martinet(str(options.martinet.resolve()))
    peers = options.against or [PEERS[name]() for name in (["nginx"] if options.quick else PEERS)]
    loads = chosen_loads(options)
    busy = busy_share(1)
    if busy > QUIET_SHARE:
        progress(f"the machine is {busy:.0%} busy with something else: the numbers will not be worth much")
    environment = describe_environment(shlex.join(["scripts/bench", *without_json_file(sys.argv[1:])]), [subject, *peers])
    with tempfile.TemporaryDirectory(prefix="martinet-bench-") as folder:
        fixture = make_fixture(TOOLS, Path(folder))
        bench = Bench(TOOLS, Path(folder), fixture, options.pairs, options.slice,
                      starts=5 if options.quick else 15)
        campaign = Campaign(bench, subject, options.access_log, options.noise)
        campaign.run(loads, peers)

    print(markdown(campaign.results), end="")
    if options.json:
        options.json.write(as_json(campaign.results, environment))
    if options.write_docs:
        write_page(ROOT, campaign.results, environment)


def chosen_loads(options: argparse.Namespace) -> list[Load]:
    names = options.load or [load.name for load in ALL_LOADS if load.quick or not options.quick]
    loads = [LOADS[name] for name in names]
    if options.ask:
        loads = [replace(load, asks=options.ask) for load in loads]
    if options.access_log and "access-log" not in names:
        loads.append(LOADS["access-log"])
    return loads


def inventory() -> str:
    loads = [f"  {load.name:16} {load.summary}{' (quick)' if load.quick else ''}" for load in ALL_LOADS]
    peers = [f"  {name:16} {peer().executable or 'not installed'}" for name, peer in PEERS.items()]
    return "\n".join(["loads:", *loads, "peers:", *peers])


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures Martinet side by side with other servers.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the main loads, against nginx, in short slices")
    parser.add_argument("--against", metavar="PEER", action="append", type=peer_or_build,
                        help=f"a peer to measure against: {', '.join(PEERS)}, or the path of another martinet "
                             "(repeatable; all but paths)")
    parser.add_argument("--load", metavar="NAME", action="append", choices=LOADS,
                        help="a load to measure, see --list (repeatable; all)")
    parser.add_argument("--pairs", metavar="N", type=positive(int), default=6, help="pairs of slices (6)")
    parser.add_argument("--slice", metavar="SECONDS", type=positive(float),
                        help="length of a slice (1.2, quick 0.6)")
    parser.add_argument("--ask", choices=["singly", "together"],
                        help="when connections ask again: each as its answer comes, or all that were answered at a time "
                             "(as each load has it)")
    parser.add_argument("--noise", action="store_true",
                        help="measure the subject against itself too, all twice, and say which rows are worse")
    parser.add_argument("--access-log", action="store_true",
                        help="let both servers write an access log, and measure what it costs Martinet")
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"),
                        help="write every slice to a file")
    parser.add_argument("--write-docs", action="store_true",
                        help="put the results in docs/performance.md and docs/performance.svg")
    parser.add_argument("--martinet", metavar="PATH", type=Path, default=MARTINET,
                        help="the martinet to measure (.build/release/martinet)")
    parser.add_argument("--subject", metavar="PEER", choices=PEERS,
                        help="measure another server in Martinet's place")
    parser.add_argument("--list", action="store_true", help="show the loads and peers")
    options = parser.parse_args()
    if options.noise and options.write_docs:
        parser.error("--write-docs publishes one run; --noise compares two")
    options.slice = options.slice or (0.6 if options.quick else 1.2)
    return options


def peer_or_build(text: str) -> Peer:
    if text in PEERS:
        return PEERS[text]()
    if Path(text).is_file():
        return OtherMartinet(Path(text))
    raise argparse.ArgumentTypeError(f"{text} is neither a martinet nor one of {', '.join(PEERS)}")


def positive(kind: type[int] | type[float]) -> Callable[[str], int | float]:
    def read(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number above zero")
        return value
    return read


if __name__ == "__main__":
    run("bench", main)
