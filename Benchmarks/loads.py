"""The loads: what is asked of a server, over how many connections, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fixture import LISTING_PATH, SCRIPT_PATH

SMALL_FILE = "/1k.bin"

# What Chrome sends when an address is typed, besides Host.
BROWSER_HEADERS = {
    "Connection": "keep-alive",
    "sec-ch-ua": '"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                  "Chrome/131.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
              "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
    "Sec-Fetch-Dest": "document",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9",
}


class Kind(Enum):
    SLICES = "slices"            # requests, in alternating slices of time
    OWN_LOG = "own log"          # slices of the subject with an access log against itself without
    IDLE_MEMORY = "idle memory"  # resident memory that idle connections take
    START = "start"              # time from the start of the process to its first answer


@dataclass(frozen=True)
class Load:
    name: str
    summary: str
    kind: Kind = Kind.SLICES
    path: str = SMALL_FILE
    connections: int = 64
    idle: int = 0
    pipelined: int = 1
    mode: str = "keepalive"      # or a handshake for each request: "full" or "resumed"
    offers_all: bool = False     # the client offers all that OpenSSL does, in its order, and the server chooses
    asks: str = "singly"         # each connection as its answer comes, or all that were answered "together"
    workers: int = 1
    browser: bool = False        # sends a browser's header fields
    conditional: bool = False    # asks whether the file has changed: it has not
    quick: bool = False          # belongs to the quick run

    @property
    def is_cgi(self) -> bool:
        return self.path == SCRIPT_PATH

    @property
    def status(self) -> int:
        return 304 if self.conditional else 200


def _idle(count: int, quick: bool = False) -> Load:
    return Load(f"idle-{count}", f"1 KiB, 64 connections beside {count:,} idle ones", idle=count, quick=quick)


ALL_LOADS = [
    Load("keepalive-1", "1 KiB, 1 connection", connections=1, quick=True),
    Load("keepalive-64", "1 KiB, 64 connections", quick=True),
    Load("together-64", "1 KiB, 64 connections that ask together, not each as its answer comes", asks="together"),
    Load("keepalive-256", "1 KiB, 256 connections", connections=256),
    Load("browser", "1 KiB, 64 connections, a browser's header fields", browser=True, quick=True),
    Load("16k", "16 KiB, 64 connections", path="/16k.bin"),
    Load("100k", "100 KiB, 64 connections", path="/100k.bin", quick=True),
    Load("10m", "10 MiB, 8 connections", path="/10m.bin", connections=8, quick=True),
    Load("pipelined", "1 KiB, 64 connections, 16 requests at a time", pipelined=16, quick=True),
    Load("handshake", "1 KiB, a connection and full handshake for each request", mode="full", quick=True),
    Load("resumed", "1 KiB, a connection and resumed session for each request", mode="resumed", quick=True),
    Load("handshake-choice", "full handshakes with a client that offers what OpenSSL does", mode="full",
         offers_all=True, quick=True),
    Load("resumed-choice", "resumed sessions of a client that offers what OpenSSL does", mode="resumed",
         offers_all=True, quick=True),
    _idle(0),
    _idle(1000, quick=True),
    _idle(10000),
    _idle(18000),
    Load("idle-memory", "resident memory for each of 5,000 idle connections", kind=Kind.IDLE_MEMORY,
         connections=0, idle=5000, quick=True),
    Load("two-workers", "1 KiB, 64 connections, 2 workers", workers=2),
    Load("listing", "a folder of 1,000 entries, 64 connections", path=LISTING_PATH),
    Load("cgi", "a compiled CGI program, 16 connections", path=SCRIPT_PATH, connections=16, quick=True),
    Load("cgi-two-workers", "a compiled CGI program, 16 connections, 2 workers", path=SCRIPT_PATH,
         connections=16, workers=2),
    Load("not-modified", "304 for 1 KiB, 64 connections", conditional=True),
    Load("start", "from the start of the process to listening and to the first answer", kind=Kind.START,
         quick=True),
    Load("access-log", "1 KiB, 64 connections, with an access log against without", kind=Kind.OWN_LOG),
]
LOADS = {load.name: load for load in ALL_LOADS}
