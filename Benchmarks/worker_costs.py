"""Counts what a whole request costs in the worker of a real server: callgrind over `martinet serve --workers 1`.

The supervisor runs as ever; counted.c has it start its worker under callgrind, with a clock that the machine's speed
does not move. One client asks the same again and again over one connection. The difference between two numbers of
requests leaves out what is done once.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

COUNTS = (400, 1600)
# Under callgrind, and on a busy machine.
START_SECONDS = 60
STOP_SECONDS = 60
# Long before the server is started: what changed just now is looked at again and again.
LONG_AGO = 1_700_000_000
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "__libc_malloc",
              "__libc_calloc", "__libc_realloc"}
# bcrypt at its lowest cost: it is computed for the first request only.
PASSWORDS = "user:$2y$04$abcdefghijklmnopqrstuuFmEfrkTQnczNzw475xE2VhDrK1uwJiC\n"
RIGHT = {"Authorization": "Basic dXNlcjpyaWdodA=="}


class Failure(Exception):
    """A count that could not be made, with the reason as its text."""


@dataclass(frozen=True)
class Row:
    name: str
    summary: str
    target: str = "/1k.bin"
    status: int = 200
    fields: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    conditional: bool = False


ROWS = [
    Row("file", "1 KiB, kept alive"),
    Row("not-modified", "304 for 1 KiB", status=304, conditional=True),
    Row("missing", "404", target="/missing", status=404),
    Row("listing", "a folder of 10 files", target="/folder/"),
    Row("password", "1 KiB behind a password that was right before", fields=RIGHT,
        options=("--auth-file", "{folder}/passwords")),
    Row("access-log", "1 KiB, with an access log", options=("--access-log", "{folder}/access.log")),
]


def measure(binary: Path, rows: list[Row], preloaded: Path) -> dict[str, dict[str, float]]:
    """Instructions and allocations of a request, by the names of the rows."""
    with (tempfile.TemporaryDirectory(prefix="martinet-costs-") as folder,
          ThreadPoolExecutor(max_workers=os.cpu_count()) as pool):
        counting = Counting(binary, preloaded, make_site(Path(folder)))
        # What else the machine does is not counted, so that several can be counted at one time.
        runs = {row.name: [pool.submit(counting.count, row, requests) for requests in COUNTS] for row in rows}
        return {name: per_request(*(run.result() for run in pair)) for name, pair in runs.items()}


def per_request(few: tuple[int, int], many: tuple[int, int]) -> dict[str, float]:
    instructions, allocations = ((more - less) / (COUNTS[1] - COUNTS[0]) for less, more in zip(few, many))
    return {"instructions": round(instructions), "allocations": round(allocations, 2)}


def make_site(folder: Path) -> Path:
    """A certificate, passwords, and `site` with a file and a folder of files."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True)
    (folder / "passwords").write_text(PASSWORDS)
    site = folder / "site"
    (site / "folder").mkdir(parents=True)
    (site / "1k.bin").write_bytes(bytes(range(256)) * 4)
    for number in range(10):
        (site / "folder" / f"entry-{number}.txt").write_text("entry\n")
    for path in [*site.rglob("*"), site]:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


@dataclass(frozen=True)
class Counting:
    binary: Path
    preloaded: Path
    folder: Path

    def count(self, row: Row, requests: int) -> tuple[int, int]:
        """Instructions and allocations of a worker that answers so many requests, and of its start and end."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            report = Path(name) / "callgrind"
            port = free_port()
            with (Path(name) / "messages").open("w+") as messages:
                server = subprocess.Popen(self._command(row, port, name), env=self._environment(report),
                                          stdin=subprocess.DEVNULL, stdout=messages, stderr=messages,
                                          start_new_session=True)
                try:
                    ask(port, row, requests)
                    server.terminate()
                    server.wait(STOP_SECONDS)
                    return read_report(report)
                except (OSError, http.client.HTTPException, subprocess.TimeoutExpired, Failure) as problem:
                    messages.seek(0)
                    raise Failure(f"{row.name}: {problem}\n{messages.read()}") from problem
                finally:
                    if server.poll() is None:
                        os.killpg(server.pid, signal.SIGKILL)
                        server.wait()

    def _command(self, row: Row, port: int, own: str) -> list[str]:
        options = [option.replace("{folder}", own if "log" in option else str(self.folder)) for option in row.options]
        if "--access-log" not in options:
            options += ["--access-log", "none"]
        return [str(self.binary), "serve", str(self.folder / "site"), "--listen", f"127.0.0.1:{port}",
                "--tls-cert", str(self.folder / "certificate.pem"), "--tls-key", str(self.folder / "key.pem"),
                "--workers", "1", "-q", *options]

    def _environment(self, report: Path) -> dict[str, str]:
        # Swift's hashes have a seed for each process, unless told otherwise.
        return os.environ | {"LD_PRELOAD": str(self.preloaded), "COSTS_BINARY": str(self.binary),
                             "COSTS_REPORT": str(report), "SWIFT_DETERMINISTIC_HASHING": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, row: Row, requests: int) -> None:
    """Asks so many times over one connection, one request after the other, and looks at each answer."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", port, context=context)
    connection.sock = context.wrap_socket(connect(port), server_hostname="localhost")
    fields = dict(row.fields)
    try:
        if row.conditional:
            # Asked for in both runs, so it drops out too.
            connection.request("GET", row.target)
            response = connection.getresponse()
            response.read()
            fields["If-None-Match"] = response.getheader("ETag") or ""
        for _ in range(requests):
            connection.request("GET", row.target, headers=fields)
            response = connection.getresponse()
            response.read()
            if response.status != row.status or response.will_close:
                raise Failure(f"status {response.status}, not {row.status}, or the connection was to be closed")
    finally:
        connection.close()


def connect(port: int) -> socket.socket:
    """The server listens some milliseconds after it was started, and its worker handshakes seconds later."""
    for _ in range(START_SECONDS * 20):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise Failure("the server does not listen")


def read_report(path: Path) -> tuple[int, int]:
    """The sum of instructions, and the number of calls of what allocates memory."""
    if not path.exists():
        raise Failure("callgrind wrote no report")
    instructions = allocations = 0
    allocating: set[str] = set()
    called = ""
    # A name stands behind its number where it occurs for the first time only.
    name = re.compile(r"c?fn=(\(\d+\))(?: (\S+))?")
    for line in path.read_text().splitlines():
        if found := name.match(line):
            if found.group(2) in ALLOCATORS:
                allocating.add(found.group(1))
            if line.startswith("cfn="):
                called = found.group(1)
        elif line.startswith("calls=") and called in allocating:
            allocations += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    if not instructions:
        raise Failure("callgrind's report has no totals")
    return instructions, allocations
