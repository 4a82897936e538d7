"""A small HTTPS client for the questions around the measurements, which need no speed."""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass

from fixture import BODY_BYTES, HOST_NAME, LISTING_ENTRIES
from loads import BROWSER_HEADERS, Load
from processes import Server, Unavailable

ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    status: int
    etag: str | None
    body: bytes


def trusting_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fetch(server: Server, path: str) -> Answer:
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS,
                                             context=trusting_context())
    try:
        connection.request("GET", path, headers={"Host": f"{HOST_NAME}:{server.port}"})
        response = connection.getresponse()
        return Answer(response.status, response.getheader("ETag"), response.read())
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{server.name} gave no answer to {path}: {error}") from error
    finally:
        connection.close()


def checked_request_headers(load: Load, server: Server) -> dict[str, str]:
    """Makes sure that the server answers the load's request rightly; returns the fields it is made with."""
    answer = fetch(server, load.path)
    if answer.status != 200:
        raise Unavailable(f"{server.name} answers {load.path} with status {answer.status}")
    if load.path in BODY_BYTES:
        complete = len(answer.body) == BODY_BYTES[load.path]
    else:
        complete = answer.body.lower().count(b"href=") >= LISTING_ENTRIES
    if not complete:
        raise Unavailable(f"{server.name} answers {load.path} with {len(answer.body)} bytes, not the whole")
    if not load.conditional:
        return BROWSER_HEADERS if load.browser else {}
    if answer.etag is None:
        raise Unavailable(f"{server.name} sends no ETag")
    return {"If-None-Match": answer.etag}


def first_answer_at(server: Server, path: str, context: ssl.SSLContext) -> tuple[float, float]:
    """When a server that is just starting listens, and when its first answer begins to arrive."""
    try:
        with server.connect_when_listening() as plain:
            listening = time.perf_counter()
            with context.wrap_socket(plain, server_hostname=HOST_NAME) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST_NAME}:{server.port}\r\n\r\n".encode())
                answer = connection.recv(16)
                answered = time.perf_counter()
    except OSError as error:
        raise Unavailable(f"{server.name} gave no first answer: {error}") from error
    if not answer.startswith(b"HTTP/1.1 200"):
        raise Unavailable(f"{server.name} first answered {answer!r}")
    return listening, answered
