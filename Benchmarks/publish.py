"""Publishes results in docs/performance.md, between marks, with docs/performance.svg."""

from __future__ import annotations

from pathlib import Path

from chart import chart
from environment import Environment
from loads import LOADS, Kind
from processes import Unavailable
from report import digest_of, load_table, markdown
from results import Results

PAGE = Path("docs/performance.md")
PICTURE = Path("docs/performance.svg")
REGIONS = ("summary", "loads", "bench")    # in this order, each between two marks


def check_page(root: Path) -> None:
    """Fails early, before anything is measured, when the page has no place for the results."""
    page = root / PAGE
    text = page.read_text() if page.is_file() else ""
    for region in REGIONS:
        begin, end = marks(region)
        if not 0 <= text.find(begin) < text.find(end):
            raise Unavailable(f"{PAGE} needs the lines {begin} and {end}, between which what was measured goes")


def marks(region: str) -> tuple[str, str]:
    return f"<!-- {region}:begin -->", f"<!-- {region}:end -->"


def filled(page: str, region: str, text: str) -> str:
    begin, end = marks(region)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def write_page(root: Path, results: Results, environment: Environment) -> None:
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    parts = [f"Measured on {environment.date} with `{environment.command}`.", "",
             f"- Machine: {environment.machine}", f"- System: {environment.system}", f"- Versions: {versions}",
             ""]
    against_peers = [pair for pair in results.pairs if LOADS[pair.load].kind is Kind.SLICES]
    if against_peers:
        (root / PICTURE).write_text(chart(against_peers))
        parts += [f"![CPU per request and requests per second against each peer]({PICTURE.name})", ""]
    page = (root / PAGE).read_text()
    page = filled(page, "summary", digest_of(results))
    page = filled(page, "loads", load_table())
    page = filled(page, "bench", "\n".join([*parts, markdown(results).rstrip("\n")]))
    (root / PAGE).write_text(page)
