"""Two kinds of clients of one server: those that mean no good, and one that measures what it waits meanwhile.

Each kind is a process of its own, so that neither holds up the other. The clients have addresses of their own, too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median
from typing import Any, Self

from client import trusting_context
from processes import Unavailable

PROCESSES = multiprocessing.get_context("fork")
WATCHER_ADDRESS = "127.0.0.3"
# Between two requests of the watcher: what it waits is known that finely.
PAUSE_SECONDS = 0.001
WARM_UP_REQUESTS = 50
# Longer than any wait that is to be measured.
ANSWER_SECONDS = 120.0
OPENING_SECONDS = 60.0


def address(number: int) -> str:
    """The source address of a hostile client: another for each, so that no bound on one address helps."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def connect(port: int, source: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS, source_address=(source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost")


# MARK: the watcher

@dataclass(frozen=True)
class Waits:
    """What the watcher waited for its answers, in seconds."""

    most: float
    median: float
    answers: int


class Watcher:
    """Asks for a small file, request after request, from its entering until `waits` is asked for."""

    def __init__(self, port: int, request: bytes) -> None:
        self._line, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=_watch, args=(port, request, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        if not self._line.poll(OPENING_SECONDS) or (news := self._line.recv()) is not None:
            self._end()
            raise Unavailable(f"the watching client got no answers: {news}")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def waits(self, since: float) -> Waits:
        """Those of the requests that were answered after `since`, a time of the monotonic clock. The last one still waits
        for its answer."""
        self._line.send(None)
        if not self._line.poll(ANSWER_SECONDS):
            raise Unavailable(f"the watching client waited for an answer for more than {ANSWER_SECONDS:.0f} s")
        asked = self._line.recv()
        if isinstance(asked, str):
            raise Unavailable(f"the watching client: {asked}")
        lengths = [length for begin, length in asked if begin + length > since]
        return Waits(max(lengths), median(lengths), len(lengths))

    def _end(self) -> None:
        self._process.kill()
        self._process.join()


def _set_up(niceness: int) -> None:
    for deadly in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(deadly, signal.SIG_DFL)    # cleaning up is the parent's part
    with contextlib.suppress(PermissionError):
        os.nice(niceness)


def _watch(port: int, request: bytes, line: Connection) -> None:
    _set_up(-10)    # where it may: what it waits shall be the server's doing
    try:
        connection = connect(port, WATCHER_ADDRESS, trusting_context())
        for _ in range(WARM_UP_REQUESTS):
            _ask(connection, request)
        line.send(None)
        asked = []
        while not line.poll(PAUSE_SECONDS):
            begin = time.monotonic()
            _ask(connection, request)
            asked.append((begin, time.monotonic() - begin))
        line.send(asked)
    except (OSError, ValueError, Unavailable) as problem:
        line.send(f"{type(problem).__name__}: {problem}")


def _ask(connection: ssl.SSLSocket, request: bytes) -> None:
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _some(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Unavailable(f"it was answered {head[:60]!r}")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += _some(connection)


def _some(connection: ssl.SSLSocket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise Unavailable("the server closed the connection")
    return received


# MARK: hostile clients

@dataclass(frozen=True)
class Attack:
    """What some clients send at the same moment, and how they go on."""

    clients: int
    # The bytes that the client of this number sends; the last request closes the connection.
    sends: Callable[[int], bytes]
    reads: bool = True
    leaves: bool = False


class Hostile:
    """The clients of some attacks, connected on entering."""

    def __init__(self, port: int, attacks: list[Attack]) -> None:
        self._line, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=_attack, args=(port, attacks, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        if (news := self._news(OPENING_SECONDS)) != "open":
            self.end()
            raise Unavailable(f"the hostile clients could not connect: {news}")
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Has all of them send."""
        self._line.send(None)

    def wait(self, seconds: float) -> bool:
        """Waits until all are served or have left; whether they were in that time."""
        return self._news(seconds) == "served"

    def end(self) -> None:
        self._process.kill()
        self._process.join()

    def _news(self, seconds: float) -> Any:
        try:
            return self._line.recv() if self._line.poll(seconds) else None
        except EOFError:
            return "they have ended"


def _attack(port: int, attacks: list[Attack], line: Connection) -> None:
    _set_up(5)    # elsewhere they would not take processors from the server
    context = trusting_context()
    clients = []
    try:
        for attack in attacks:
            for _ in range(attack.clients):
                number = len(clients)
                clients.append((attack, number, connect(port, address(number), context)))
    except OSError as problem:
        line.send(f"{number} connected, then {problem}")
        return
    line.send("open")
    line.recv()
    threads = [threading.Thread(target=_client, args=client, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if all(attack.reads or attack.leaves for attack in attacks):
        line.send("served")
    time.sleep(ANSWER_SECONDS)    # those that do not read stay; the end of the process ends them


def _client(attack: Attack, number: int, connection: ssl.SSLSocket) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(attack.sends(number))
        if attack.leaves:
            connection.close()
        elif attack.reads:
            while connection.recv(1 << 18):
                pass
