"""Under what circumstances was measured: when, by which command, on what, with which versions."""

from __future__ import annotations

import datetime
import os
import platform
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peers import Peer
from processes import Unavailable


@dataclass(frozen=True)
class Environment:
    date: str
    command: str
    machine: str
    system: str
    versions: dict[str, str]


def describe_environment(command: str, servers: Sequence[Peer]) -> Environment:
    return Environment(
        date=datetime.date.today().isoformat(),
        command=command,
        machine=f"{_processor_model()}, {os.cpu_count()} processors",
        system=f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}, "
               f"{ssl.OPENSSL_VERSION}",
        versions={server.name: _version(server) for server in servers})


def busy_share(seconds: float) -> float:
    """How much of the processors is used while this waits: by others, then."""
    total_before, idle_before = _processor_ticks()
    time.sleep(seconds)
    total, idle = _processor_ticks()
    return 1 - (idle - idle_before) / (total - total_before)


def _processor_ticks() -> tuple[int, int]:
    """All ticks since the system started, and those in which a processor was idle or waited for a disk."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


def _version(server: Peer) -> str:
    try:
        return server.version()
    except Unavailable:
        return "not installed"


def _processor_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
