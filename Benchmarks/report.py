"""Writes results down: as Markdown tables for people, as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from environment import Environment
from floors import LABELS
from loads import ALL_LOADS, LOADS, Kind, Load
from results import Comparison, Metric, Pair, Results, Single, Spread, cpu_us, rate


def markdown(results: Results) -> str:
    """One section for each peer, then what was skipped, then the floors."""
    parts = []
    measured: list[Pair | Single] = [*results.pairs, *results.singles]
    for contest in dict.fromkeys((one.subject, one.peer) for one in measured):
        pairs = [pair for pair in results.pairs if (pair.subject, pair.peer) == contest]
        singles = [single for single in results.singles if (single.subject, single.peer) == contest]
        parts.append(f"### {contest[0]} against {contest[1]}")
        if pairs:
            parts.append(_pair_table(pairs))
        if singles:
            parts.append(_single_table(singles))
    for peer in dict.fromkeys(one.peer for one in results.comparisons):
        comparisons = [one for one in results.comparisons if one.peer == peer]
        parts += [f"### {comparisons[0].subject} against {peer}, beside the noise", _comparison_table(comparisons)]
    if results.skipped:
        rows = [[f"`{skipped.load}`", skipped.peer, skipped.reason] for skipped in results.skipped]
        parts += ["### Not measured", table(["load", "peer", "reason"], rows)]
    rows = [[LABELS[name], _number(value)] for name, value in results.floors.items()]
    parts += ["### Floors", table(["what the kernel and OpenSSL alone cost", "measured"], rows)]
    return "\n\n".join(parts) + "\n"


# What the summary shows of each peer, as far as it was measured: from a small request to a program.
SUMMARISED = ["keepalive-64", "100k", "10m", "handshake", "resumed", "idle-10000", "listing", "cgi"]

# Its daemon runs the programs, and they are in nobody's account.
UNACCOUNTED = "apache2"


def digest(cpu_ratios: dict[str, dict[str, float]], memory_ratios: dict[str, float]) -> str:
    """The summary: for each peer the median ratios of some loads, and of how many of all it has the better.

    - Parameters: `cpu_ratios` by peer and load, `memory_ratios` of an idle connection by peer.
    """
    header = ["CPU a request, of that of", *(f"`{name}`" for name in SUMMARISED), "less CPU in", "idle connection"]
    rows = []
    for peer, ratios in cpu_ratios.items():
        cells = [f"{ratios[name]:.2f}" if name in ratios else "–" for name in SUMMARISED]
        less = sum(ratio < 1 for ratio in ratios.values())
        memory = f"{memory_ratios[peer]:.2f}" if peer in memory_ratios else "–"
        rows.append([peer, *cells, f"{less} of {len(ratios)} loads", memory])
    return table(header, rows)


def digest_of(results: Results) -> str:
    ratios: dict[str, dict[str, float]] = {}
    for pair in results.pairs:
        if LOADS[pair.load].kind is Kind.SLICES and pair.peer != UNACCOUNTED:
            ratios.setdefault(pair.peer, {})[pair.load] = pair.ratio(cpu_us).median
    memory = {one.peer: one.ratio for one in results.singles if LOADS[one.load].kind is Kind.IDLE_MEMORY}
    return digest(ratios, memory)


def load_table() -> str:
    """What each load asks for, and how."""
    rows = [[f"`{load.name}`", load.summary, _manner(load)] for load in ALL_LOADS]
    return table(["load", "what is asked", "how"], rows)


def _manner(load: Load) -> str:
    if load.kind is Kind.START:
        return "a client that tries until it is let in"
    if load.kind is Kind.IDLE_MEMORY:
        return "one request on each connection, then silence"
    if load.mode != "keepalive":
        return "64 at a time; a new one for each that ends"
    kept = "one connection" if load.connections == 1 else f"{load.connections} connections"
    if load.connections == 1:
        return f"{kept}, kept alive"
    asks = "each asks as its answer comes" if load.asks == "singly" else "those answered at one time ask at one time"
    return f"{kept}, kept alive; {asks}"


def as_json(results: Results, environment: Environment) -> str:
    document: dict[str, Any] = {"environment": dataclasses.asdict(environment)} | dataclasses.asdict(results)
    for pair, entry in zip(results.pairs, document["pairs"], strict=True):
        entry["rate_ratio"] = dataclasses.asdict(pair.ratio(rate))
        entry["cpu_ratio"] = dataclasses.asdict(pair.ratio(cpu_us))
        entry["remarks"] = pair.remarks
    for comparison, entry in zip(results.comparisons, document["comparisons"], strict=True):
        entry["cpu_verdict"] = comparison.verdict(cpu_us)
        entry["rate_verdict"] = comparison.verdict(rate)
    return json.dumps(document, indent=2) + "\n"


def summary(measured: Pair | Single) -> str:
    """A few words of progress."""
    if isinstance(measured, Single):
        return f"{measured.quantity} {_number(measured.subject_value)} {measured.unit}, {measured.ratio:.2f}×"
    return f"{measured.ratio(rate).median:.2f}× requests/s, {measured.ratio(cpu_us).median:.2f}× CPU"


def _pair_table(pairs: Sequence[Pair]) -> str:
    subject, peer = pairs[0].subject, pairs[0].peer
    header = ["load", f"requests/s {subject}", peer, "ratio", f"CPU µs/request {subject}", peer, "ratio",
              "remarks"]
    rows = [[f"`{pair.load}`", *_compared(pair, rate), *_compared(pair, cpu_us), "; ".join(pair.remarks)]
            for pair in pairs]
    return table(header, rows)


def _comparison_table(comparisons: Sequence[Comparison]) -> str:
    """A row for each run; the verdict stands in the last of a load."""
    header = ["load", "CPU/request, ratio", "noise", "verdict", "requests/s, ratio", "noise", "verdict"]
    rows = []
    for one in comparisons:
        for run in one.runs:
            cells = [f"`{one.load}`" if run is one.runs[0] else ""]
            for metric in (cpu_us, rate):
                cells += [_spread(run.pair.ratio(metric)), _spread(run.noise.ratio(metric)),
                          one.verdict(metric) if run is one.runs[-1] else ""]
            rows.append(cells)
    return table(header, rows)


def _compared(pair: Pair, metric: Metric) -> list[str]:
    ours, theirs = pair.medians(metric)
    return [_number(ours), _number(theirs), _spread(pair.ratio(metric))]


def _single_table(singles: Sequence[Single]) -> str:
    header = ["load", "quantity", singles[0].subject, singles[0].peer, "ratio"]
    rows = [[f"`{single.load}`", f"{single.quantity}, {single.unit}", _number(single.subject_value),
             _number(single.peer_value), f"**{single.ratio:.2f}**"] for single in singles]
    return table(header, rows)


def _spread(spread: Spread) -> str:
    return f"**{spread.median:.2f}** ({spread.least:.2f}–{spread.most:.2f})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that reads well as plain text too: numbers, not words, stand at the right."""
    columns = list(zip(header, *rows))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(cell.lstrip("*")[:1].isdigit() for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.rjust(width) if right else cell.ljust(width)
                  for cell, width, right in zip(cells, widths, numeric)]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * (width - 1)}:" if right else "-" * width for width, right in zip(widths, numeric)]
    return "\n".join([line(header), line(rule), *map(line, rows)])
