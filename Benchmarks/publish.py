"""Publishes results in docs/performance.md, between two marks, with docs/performance.svg."""

from __future__ import annotations

from pathlib import Path

from chart import chart
from environment import Environment
from loads import LOADS, Kind
from processes import Unavailable
from report import markdown
from results import Results

PAGE = Path("docs/performance.md")
PICTURE = Path("docs/performance.svg")
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def check_page(root: Path) -> None:
    """Fails early, before anything is measured, when the page has no place for the results."""
    page = root / PAGE
    text = page.read_text() if page.is_file() else ""
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise Unavailable(f"{PAGE} needs the lines {BEGIN} and {END}, between which the results go")


def write_page(root: Path, results: Results, environment: Environment) -> None:
    page = root / PAGE
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    parts = [f"Measured on {environment.date} with `{environment.command}`.", "",
             f"- Machine: {environment.machine}", f"- System: {environment.system}", f"- Versions: {versions}",
             ""]
    against_peers = [pair for pair in results.pairs if LOADS[pair.load].kind is Kind.SLICES]
    if against_peers:
        (root / PICTURE).write_text(chart(against_peers))
        parts += [f"![CPU per request and requests per second against each peer]({PICTURE.name})", ""]
    region = "\n".join([BEGIN, *parts, markdown(results) + END])
    page.write_text(before + region + after)
