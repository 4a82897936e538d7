"""Server processes: started, watched (processor time and memory of the whole tree) and surely ended."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

START_SECONDS = 10.0
STOP_SECONDS = 5.0
MOST_DESCRIPTORS = 20_000    # what the largest load needs
TICKS = os.sysconf("SC_CLK_TCK")
PROCESSORS = sorted(os.sched_getaffinity(0))


def _descriptor_limit() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)


DESCRIPTORS = _descriptor_limit()


class Unavailable(Exception):
    """A measurement that cannot be made, with the reason as its text."""


def run(name: str, main: Callable[[], None]) -> None:
    """Runs a program, which ends with one line where something cannot be measured or somebody has enough."""
    try:
        main()
    except Unavailable as problem:
        sys.exit(f"{name}: {problem}")
    except KeyboardInterrupt:
        sys.exit(f"{name}: interrupted")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_on(processor: int | None) -> Iterator[None]:
    """Processes started inside run on that processor only; None leaves all of them."""
    if processor is not None:
        os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, PROCESSORS)


class Server:
    """A running server. It leads a process group of its own, of which nothing survives its end."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str], port: int,
                 folder: Path, processor: int | None) -> None:
        self.name = name
        self.port = port
        self.folder = folder
        self._messages = folder / "messages.txt"
        with self._messages.open("wb") as messages, running_on(processor):
            self.started_at = time.perf_counter()
            self._process = subprocess.Popen(
                command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=messages,
                stderr=messages, start_new_session=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def connect_when_listening(self) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS)
            except ConnectionRefusedError:
                time.sleep(0.0002)
            if self._process.poll() is not None:
                raise Unavailable(f"{self.name} ended at its start: {self._last_messages()}")
        raise Unavailable(f"{self.name} does not listen after {START_SECONDS:.0f} s: {self._last_messages()}")

    def _last_messages(self) -> str:
        lines = self._messages.read_text(errors="replace").splitlines()
        return " / ".join(line.strip() for line in lines[-4:]) or "(no message)"

    def processor_seconds(self) -> float:
        """What all threads of all its processes have used."""
        total = 0
        for process in self._tree():
            for account in Path(f"/proc/{process}/task").glob("*/schedstat"):
                total += int(_read(account).split()[0] or 0)
            # And the programs it has run and waited for, in clock ticks: the second last fields of this group.
            fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
            if fields:
                total += (int(fields[13]) + int(fields[14])) * 1_000_000_000 // TICKS
        return total / 1e9

    def resident_bytes(self) -> int:
        return self._memory("Rss:")

    def private_bytes(self) -> int:
        """What would be free if it ended: no libraries and no files that others use, too."""
        return self._memory("Private_Clean:", "Private_Dirty:")

    def _memory(self, *kinds: str) -> int:
        total = 0
        for process in self._tree():
            try:
                lines = _read(Path(f"/proc/{process}/smaps_rollup")).splitlines()
            except PermissionError:
                raise Unavailable(f"only root may look at the memory of {self.name}, which is not dumpable") from None
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(kinds))
        return total

    def end(self, most: float) -> float:
        """Asks it to end; how many seconds that takes."""
        begin = time.monotonic()
        self._process.terminate()
        try:
            self._process.wait(most)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{self.name} had not ended {most:.0f} s after SIGTERM") from None
        return time.monotonic() - begin

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _tree(self) -> list[int]:
        found = [self._process.pid]
        for process in found:
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                found.extend(int(child) for child in _read(children).split())
        return found


def _read(path: Path) -> str:
    """The text of a /proc file; empty when its process or thread has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
