"""Which sources have outgrown one idea: files of more than 300 lines, and initialisers of more than six parameters.

usage: python3 scripts/sizes.py [FOLDER ...]      (Sources)

A file that has a reason says so in a line of its own, `// Size: REASON`; an initialiser in the comment above it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LINE_LIMIT = 300
PARAMETER_LIMIT = 6
REASON = re.compile(r"^// Size: \S")
# What may hold brackets and commas that are no code's: strings and comments.
TEXT = re.compile(r'"""(?s:.*?)"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?s:.*?)\*/')
INITIALISER = re.compile(r"(?<![.\w])init[?!]?\s*(?:<[^>]*>)?\s*\(")


def count_parameters(code: str, start: int) -> int:
    """How many parameters stand between the parenthesis before `start` and the one that closes it."""
    depth, commas, last = 1, 0, "("
    for character in code[start:]:
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        if depth == 0:
            break
        commas += character == "," and depth == 1
        last = last if character.isspace() else character
    return 0 if last == "(" and commas == 0 else commas + (last != ",")


def has_reason(lines: list[str], number: int) -> bool:
    """Whether the comment and the attributes right above a line give one."""
    for line in reversed(lines[: number - 1]):
        text = line.strip()
        if REASON.match(text):
            return True
        if not text.startswith(("//", "@")):
            return False
    return False


def complaints(path: Path) -> list[str]:
    text = path.read_text()
    lines = text.splitlines()
    found = []
    if len(lines) > LINE_LIMIT and not any(REASON.match(line) for line in lines):
        found.append(f"{path}: {len(lines)} lines")
    code = TEXT.sub(lambda match: "\n" * match[0].count("\n"), text)
    for match in INITIALISER.finditer(code):
        number = code.count("\n", 0, match.start()) + 1
        count = count_parameters(code, match.end())
        if count > PARAMETER_LIMIT and not has_reason(lines, number):
            found.append(f"{path}:{number}: an init of {count} parameters")
    return found


def main() -> None:
    folders = sys.argv[1:] or [Path(__file__).resolve().parent.parent / "Sources"]
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*.swift"))
    found = [complaint for path in paths for complaint in complaints(path)]
    if found:
        sys.exit("\n".join(found))


main()
