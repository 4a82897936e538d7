"""Writes results down: as Markdown tables for people, as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from environment import Environment
from floors import LABELS
from results import Metric, Pair, Results, Single, Spread, cpu_us, rate


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
    if results.skipped:
        rows = [[f"`{skipped.load}`", skipped.peer, skipped.reason] for skipped in results.skipped]
        parts += ["### Not measured", _table(["load", "peer", "reason"], rows)]
    rows = [[LABELS[name], _number(value)] for name, value in results.floors.items()]
    parts += ["### Floors", _table(["what the kernel and OpenSSL alone cost", "measured"], rows)]
    return "\n\n".join(parts) + "\n"


def as_json(results: Results, environment: Environment) -> str:
    document: dict[str, Any] = {"environment": dataclasses.asdict(environment)} | dataclasses.asdict(results)
    for pair, entry in zip(results.pairs, document["pairs"], strict=True):
        entry["rate_ratio"] = dataclasses.asdict(pair.ratio(rate))
        entry["cpu_ratio"] = dataclasses.asdict(pair.ratio(cpu_us))
        entry["remarks"] = pair.remarks
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
    return _table(header, rows)


def _compared(pair: Pair, metric: Metric) -> list[str]:
    ours, theirs = pair.medians(metric)
    return [_number(ours), _number(theirs), _spread(pair.ratio(metric))]


def _single_table(singles: Sequence[Single]) -> str:
    header = ["load", "quantity", singles[0].subject, singles[0].peer, "ratio"]
    rows = [[f"`{single.load}`", f"{single.quantity}, {single.unit}", _number(single.subject_value),
             _number(single.peer_value), f"**{single.ratio:.2f}**"] for single in singles]
    return _table(header, rows)


def _spread(spread: Spread) -> str:
    return f"**{spread.median:.2f}** ({spread.least:.2f}–{spread.most:.2f})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
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
