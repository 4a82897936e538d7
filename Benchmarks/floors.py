"""The floors: what the kernel and OpenSSL alone cost, without any server (floor.c, openssl speed)."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from fixture import Fixture
from processes import Unavailable

FLOOR_SECONDS = 30

LABELS = {
    "plain_request_us": "1 KiB keep-alive request, recv and send without TLS: server CPU, µs",
    "tls_request_us": "the same through SSL_read and SSL_write: server CPU, µs",
    "full_handshake_us": "full TLS 1.3 handshake in memory: the server's share, µs",
    "resumed_handshake_us": "resumed TLS 1.3 handshake in memory: the server's share, µs",
    "spawn_us": "posix_spawn and waitpid of the CGI program, one after the other: µs",
    "aes_128_gcm_bytes_per_second": "AES-128-GCM, 16 KiB records: bytes/s",
    "ecdsa_p256_signs_per_second": "ECDSA P-256 signatures: 1/s",
    "x25519_derivations_per_second": "X25519 key agreements: 1/s",
}


def measure_floors(tools: Path, fixture: Fixture) -> dict[str, float]:
    pair = [str(fixture.certificate), str(fixture.key)]
    handshakes = _floor(tools, "handshake", *pair)
    gcm = _speed("-evp", "aes-128-gcm", "-bytes", "16384")
    ecdsa = _speed("ecdsap256")
    x25519 = _speed("ecdhx25519")
    return {
        "plain_request_us": _floor(tools, "requests")["request_us"],
        "tls_request_us": _floor(tools, "requests", *pair)["request_us"],
        "full_handshake_us": handshakes["full_us"],
        "resumed_handshake_us": handshakes["resumed_us"],
        "spawn_us": _floor(tools, "spawn", str(tools / "hello"))["spawn_us"],
        "aes_128_gcm_bytes_per_second": float(gcm[3]),
        "ecdsa_p256_signs_per_second": float(ecdsa[3]),
        "x25519_derivations_per_second": float(x25519[3]),
    }


def _floor(tools: Path, *arguments: str) -> dict[str, float]:
    measured: dict[str, float] = json.loads(_output(str(tools / "floor"), *arguments))
    return measured


def _speed(*arguments: str) -> list[str]:
    """The fields of the result line, such as +F4:3:256:43332.3:14575.0 (the speed comes fourth)."""
    lines = _output("openssl", "speed", "-mr", "-seconds", "1", *arguments).splitlines()
    return next(line for line in lines if line.startswith("+F")).split(":")


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=FLOOR_SECONDS)
    except subprocess.SubprocessError as error:
        raise Unavailable(f"{shlex.join(command)}: {error}") from error
    return done.stdout
