"""The running load generator (load.c): it is told when to ask, and answers with its counts."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from fixture import HOST_NAME
from loads import Load
from processes import PROCESSORS, Server, Unavailable, running_on

SLOWEST_HANDSHAKES_PER_SECOND = 100
PATIENCE_SECONDS = 30.0


class Generator:
    def __init__(self, tools: Path, load: Load, server: Server, headers: Mapping[str, str]) -> None:
        self._server = server
        header_file = server.folder / "headers.txt"
        header_file.write_bytes("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode())
        command = [str(tools / "load"), "--port", str(server.port), "--sni", HOST_NAME, "--path", load.path,
                   "--connections", str(load.connections), "--idle", str(load.idle),
                   "--pipeline", str(load.pipelined), "--mode", load.mode,
                   "--headers", str(header_file), "--status", str(load.status), "--ask", load.asks,
                   *(["--offer-all"] if load.offers_all else [])]
        with running_on(PROCESSORS[-1] if load.workers == 1 else None):
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=subprocess.PIPE, text=True)
        self._opening_seconds = PATIENCE_SECONDS + load.idle / SLOWEST_HANDSHAKES_PER_SECOND

    def __enter__(self) -> Self:
        """Waits until the connections are open and each has made a request."""
        try:
            counts = self._answer(self._opening_seconds)
            if counts["errors"]:
                raise Unavailable(f"{self._server.name} failed {counts['errors']} first requests: "
                                  f"{counts['problem']}")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def go(self, seconds: float) -> dict[str, Any]:
        self._tell(f"go {seconds}\n")
        return self._answer(seconds + PATIENCE_SECONDS)

    def touch(self) -> dict[str, Any]:
        """Makes a request on every idle connection, so that none is idle for long."""
        self._tell("touch\n")
        return self._answer(self._opening_seconds)

    def _stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass    # its answer will be missing, and tells why

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout and self._process.stderr
        readable, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not readable:
            raise Unavailable(f"{self._server.name} kept the load generator waiting for {seconds:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable(f"{self._server.name}: {self._process.stderr.read().strip()}")
        counts: dict[str, Any] = json.loads(line)
        return counts
