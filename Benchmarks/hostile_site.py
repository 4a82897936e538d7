"""The site that scripts/strangers has served: what is dear to send, and a small file for who waits meanwhile."""

from __future__ import annotations

import base64
import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

SMALL = "/small.bin"
DIRECTORY, DIRECTORY_ENTRIES = "/directory/", 6_000
GREAT_DIRECTORY, GREAT_DIRECTORY_ENTRIES = "/great/", 200_000
PAGE, PAGE_BYTES = "/page.txt", 126 * 1024
TEXT, TEXT_BYTES = "/text.txt", 60 * 1024 * 1024
# Texts of many sizes, to see how many are sent compressed.
TEXTS = [f"/texts/{number:03}.txt" for number in range(100)]
LEAST_TEXT_BYTES, MOST_TEXT_BYTES = 2 * 1024, 2 * 1024 * 1024
# Long before the server starts: what changed just now is not kept in memory.
LONG_AGO = 1_700_000_000

# Hashes of "right". The first costs a millisecond: the watching client's.
CHEAP_USER = "w:$2y$04$abcdefghijklmnopqrstuuFmEfrkTQnczNzw475xE2VhDrK1uwJiC"
DEAR_USERS = {10: "u:$2y$10$abcdefghijklmnopqrstuu1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52",
              12: "u:$2y$12$abcdefghijklmnopqrstuu3ZNTWactmkRXVB8K.1w4IlxX.O8lI12"}


@dataclass(frozen=True)
class HostileSite:
    folder: Path

    @property
    def options(self) -> list[str]:
        """Those that name the site and its certificate."""
        return [str(self.folder / "site"), "--tls-cert", str(self.folder / "certificate.pem"),
                "--tls-key", str(self.folder / "key.pem")]

    def password_options(self, cost: int) -> list[str]:
        """A password is asked for, and has a bcrypt hash of this cost."""
        return ["--auth-file", str(self.folder / f"passwords-{cost}")]


def make_site(folder: Path) -> HostileSite:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True)
    for cost, user in DEAR_USERS.items():
        (folder / f"passwords-{cost}").write_text(f"{CHEAP_USER}\n{user}\n")
    site = folder / "site"
    for name in (DIRECTORY, GREAT_DIRECTORY, "texts"):
        (site / name.strip("/")).mkdir(parents=True)
    for name, count in ((DIRECTORY, DIRECTORY_ENTRIES), (GREAT_DIRECTORY, GREAT_DIRECTORY_ENTRIES)):
        fill(site / name.strip("/"), count)
    chance = random.Random(1)
    write(site / SMALL.strip("/"), bytes(range(256)) * 4)
    text = some_text(chance, TEXT_BYTES)
    write(site / TEXT.strip("/"), text)
    write(site / PAGE.strip("/"), text[:PAGE_BYTES])
    ratio = (MOST_TEXT_BYTES / LEAST_TEXT_BYTES) ** (1 / (len(TEXTS) - 1))
    for number, name in enumerate(TEXTS):
        start = chance.randrange(TEXT_BYTES - MOST_TEXT_BYTES)
        write(site / name.strip("/"), text[start:start + round(LEAST_TEXT_BYTES * ratio ** number)])
    return HostileSite(folder)


def fill(directory: Path, count: int) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(count):
        # Names as people give them: the pages of these directories are too long to be kept in memory.
        os.close(os.open(f"minutes of the meeting {number:06}.txt", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))


def some_text(chance: random.Random, byte_count: int) -> bytes:
    """Lines such as logs have: a compressor finds a fifth or so of them worth keeping."""
    lines, length = [], 0
    while length < byte_count:
        number = chance.getrandbits(64)
        line = (f"2026-11-24 20:{number & 63:02}:{number >> 6 & 63:02} worker[{number >> 12 & 4095}] GET "
                f"/images/{number >> 24:08x}.png answered with {number >> 56} in {number >> 40 & 65535} us\n")
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()[:byte_count]


def request(method: str, target: str, *fields: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def requests(count: int, method: str, target: str, *fields: str) -> bytes:
    """The last of them closes the connection."""
    return request(method, target, *fields) * (count - 1) + request(method, target, *fields, "Connection: close")


def credentials(user: str, password: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def spelled(target: str, number: int) -> str:
    """Another spelling of the target for each number up to 255: the bits of the number as `/` and `/.`."""
    return "".join("/." if number >> bit & 1 else "/" for bit in range(8)) + target
