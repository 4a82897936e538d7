"""What the tests' own clients share. The arguments are the server's port and the file of its authority."""

import resource
import socket
import ssl
import sys

port, authority = int(sys.argv[1]), sys.argv[2]
patience = 30


def say(text):
    """A line for the test to read."""
    print(text, flush=True)


def hear():
    """The next line from the test; empty when it has ended our input."""
    return sys.stdin.readline().strip()


def raise_limit():
    """Allows this process as many descriptors as the system lets it have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def plain():
    """A TCP connection."""
    return socket.create_connection(("127.0.0.1", port), patience)


trust = ssl.create_default_context(cafile=authority)


def request(path="/", *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


class Client:
    """A TLS connection that speaks HTTP/1.1 and notices an end without close_notify (SSLEOFError)."""

    def __init__(self, session=None, name="localhost"):
        self.stream = trust.wrap_socket(plain(), server_hostname=name, suppress_ragged_eofs=False, session=session)
        self.buffer = bytearray()

    def send(self, data):
        self.stream.sendall(data)

    def fill(self):
        data = self.stream.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.buffer += data

    def head(self):
        """The status and the fields, by their names in lower case, of the next response."""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return int(lines[0].split()[1]), fields

    def answer(self, has_content=True):
        """The status, the fields and the content of the next response, whose length it states."""
        status, fields = self.head()
        length = int(fields.get("content-length", 0)) if has_content else 0
        while len(self.buffer) < length:
            self.fill()
        content = bytes(self.buffer[:length])
        del self.buffer[:length]
        return status, fields, content

    def get(self, path="/", *fields, method="GET"):
        self.send(request(path, *fields, method=method))
        return self.answer(has_content=method != "HEAD")

    def is_over(self):
        """Whether the server's next word is close_notify. Waits for it."""
        return self.stream.recv(1) == b""


class ByHand:
    """A TLS connection whose records are made by `seal` and sent by `socket`, whole or not."""

    def __init__(self, version=None):
        if version:
            trust.minimum_version = trust.maximum_version = version
        self.incoming, self.outgoing, self.socket = ssl.MemoryBIO(), ssl.MemoryBIO(), plain()
        self.stream = trust.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.shake()

    def shake(self):
        while True:
            try:
                self.stream.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.receive()
        self.socket.sendall(self.outgoing.read())

    def receive(self):
        """Waits for the server's next bytes; an end is none that the stream hears of (EOFError)."""
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.incoming.write(data)
        return data

    def seal(self, data):
        """The record with these bytes in it."""
        self.stream.write(data)
        return self.outgoing.read()

    def seal_end(self):
        """The record that says that no more will come (close_notify)."""
        try:
            self.stream.unwrap()
        except ssl.SSLWantReadError:
            pass  # it is written, the server's is not waited for
        return self.outgoing.read()

    def read(self):
        """The bytes that come next."""
        while True:
            try:
                return self.stream.read(65536)
            except ssl.SSLWantReadError:
                self.receive()

    def read_all(self):
        """What comes until the server's close_notify."""
        data = b""
        try:
            while piece := self.read():
                data += piece
        except ssl.SSLZeroReturnError:
            pass  # so it is said where our close_notify has been sent
        return data

    def alert(self):
        """The name of the fatal alert that ends the connection: SSLV3_ALERT_BAD_RECORD_MAC. None for close_notify."""
        try:
            while self.read():
                pass
        except ssl.SSLError as error:
            assert self.socket.recv(65536) == b"", "something behind the alert"
            return error.reason
