"""Draws the ratios of every load against every peer as a bar chart in SVG.

A bar starts at 1, where both servers are equal, on a logarithmic scale: half as much and twice as much
are equally long. The chart follows the reader's light or dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from results import Metric, Pair, cpu_us, rate

COLOURS = ("#3b82f6", "#f97316", "#10b981", "#a855f7", "#e11d48", "#a3a30f")
WIDTH = 960
NAME_WIDTH = 110
TOP = 92
BAR_HEIGHT, BAR_STEP, GROUP_GAP = 8, 11, 12
MOST = 8.0    # longer bars are cut; their number is not

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .quiet, .value { fill: #59636e; }
  .value { font-size: 9px; }
  .grid { stroke: #d1d9e0; }
  .equal { stroke: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet, .value { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .equal { stroke: #9198a1; }
  }
"""


@dataclass(frozen=True)
class Panel:
    title: str
    left: float
    metric: Metric

    width = (WIDTH - NAME_WIDTH) / 2 - 30

    def x(self, ratio: float) -> float:
        share = math.log(min(max(ratio, 1 / MOST), MOST)) / math.log(MOST)
        return self.left + self.width * (1 + share) / 2


PANELS = (
    Panel("CPU per request: to the left is less", NAME_WIDTH + 20, cpu_us),
    Panel("Requests per second: to the right is more", NAME_WIDTH + 40 + Panel.width, rate),
)


def chart(pairs: Sequence[Pair]) -> str:
    loads = list(dict.fromkeys(pair.load for pair in pairs))
    peers = list(dict.fromkeys(pair.peer for pair in pairs))
    colours = dict(zip(peers, COLOURS * len(peers)))
    body, y = [], TOP
    for load in loads:
        group = [pair for pair in pairs if pair.load == load]
        middle = y + len(group) * BAR_STEP / 2 + 3
        body.append(_text(NAME_WIDTH, middle, load, anchor="end"))
        for pair in group:
            body += [_bar(panel, pair, y, colours[pair.peer]) for panel in PANELS]
            y += BAR_STEP
        y += GROUP_GAP
    height = y + 12
    head = [_text(16, 26, f"{pairs[0].subject}, as a multiple of each peer", "title"), *_legend(colours)]
    grid = [line for panel in PANELS for line in _grid(panel, y - GROUP_GAP)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<style>{STYLE}</style>", *head, *grid, *body, "</svg>\n"])


def _legend(colours: dict[str, str]) -> list[str]:
    parts, x = [], 16
    for peer, colour in colours.items():
        parts.append(f'<rect x="{x}" y="40" width="10" height="10" rx="2" fill="{colour}"/>')
        parts.append(_text(x + 15, 49, peer, "quiet"))
        x += 35 + 7 * len(peer)
    return parts


def _grid(panel: Panel, bottom: float) -> list[str]:
    parts = [_text(panel.x(1), TOP - 24, panel.title, anchor="middle")]
    for ratio, label in ((1 / 4, "¼"), (1 / 2, "½"), (1, "1"), (2, "2"), (4, "4")):
        x, kind = panel.x(ratio), "equal" if ratio == 1 else "grid"
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{bottom}" class="{kind}"/>')
        parts.append(_text(x, TOP - 8, label, "quiet", "middle"))
    return parts


def _bar(panel: Panel, pair: Pair, y: float, colour: str) -> str:
    ratio = pair.ratio(panel.metric).median
    start, end = sorted((panel.x(1), panel.x(ratio)))
    bar = (f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR_HEIGHT}" rx="1.5" '
           f'fill="{colour}"/>')
    rightwards = ratio >= 1
    value = _text(end + 3 if rightwards else start - 3, y + BAR_HEIGHT - 0.5, f"{ratio:.2f}", "value",
                  "start" if rightwards else "end")
    return bar + value


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
