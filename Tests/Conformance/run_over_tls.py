#!/usr/bin/env python3
"""Runs the conformance table over TLS against the real binary: each case whole, and in records of one byte each.

usage: run_over_tls.py MARTINET [--only WORD] [--threads N] [-- OPTION ...]

MARTINET is the binary, such as .build/debug/martinet; the options behind -- are given to `martinet serve`. With --only,
cases whose line holds the word are run. Ends with status 1 if a case fails. README.md describes the table.
"""
import argparse, concurrent.futures, os, re, shutil, socket, ssl, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
PROBE = b"GET /probe HTTP/1.1\r\nHost: probe.test\r\n\r\n"
NOBODY = 65534
PATIENCE = 20  # seconds that an answer may take on a busy machine

# ---------------------------------------------------------------- the table

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "s": b" ", "\\": b"\\", '"': b'"', "{": b"{", "}": b"}"}


def text_bytes(text, names):
    """The bytes that a request or quoted value stands for."""
    result, i = bytearray(), 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            if text[i + 1] == "x":
                result.append(int(text[i + 2 : i + 4], 16))
                i += 4
            else:
                result += ESCAPES[text[i + 1]]
                i += 2
        elif c == "{":
            depth, end = 1, i + 1
            while True:
                if text[end] == "\\":
                    end += 1
                elif text[end] in "{}":
                    depth += 1 if text[end] == "{" else -1
                    if depth == 0:
                        break
                end += 1
            inner = text[i + 1 : end]
            once, star, count = inner.rpartition("*")
            result += text_bytes(once, names) * int(count) if star and count.isdigit() else names[inner]
            i = end + 1
        else:
            result += c.encode()
            i += 1
    return bytes(result)


def lines(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            if line and not line.startswith("#"):
                yield number, line


def define(line, names):
    match = re.fullmatch(r"let (\S+) = (.*)", line)
    if match:
        names[match[1]] = text_bytes(match[2], names)
    return bool(match)


def columns(line):
    return [column.strip(" ") for column in (line + " ").split(" | ")]


class Case:
    def __init__(self, place, line, names):
        self.place = place
        self.sentence, self.section, request, expectation = columns(line)
        self.request = text_bytes(request, names)
        words = re.findall(r'(?:[^\s"]|"(?:\\.|[^"\\])*")+', expectation)
        statuses, self.connection = words[0], words[1]
        self.answers = [] if statuses == "-" else [(int(s[:3]), s.endswith("h")) for s in statuses.split(",")]
        self.words = [self.word(word, names) for word in words[2:]]

    def word(self, word, names):
        match = re.match(r"(\d+):", word)
        number = int(match[1]) if match else len(self.answers)
        word = word[match.end() :] if match else word
        if word.startswith("!"):
            return number, word[1:], "absent", None
        subject, mark, value = re.fullmatch(r"(?s)([^=~]+)([=~])(.*)", word).groups()
        if subject == "length":
            return number, "body", "length", int(value)
        if value.startswith("@"):
            return number, subject, "file", value[1:]
        if value.startswith('"'):
            value = value[1:-1]
        if mark == "~":
            return number, subject, "matches", value.replace('\\"', '"')
        return number, subject, "equals", text_bytes(value, names)


def read_cases():
    names = {}
    for _, line in lines("definitions.txt"):
        define(line, names)
    for name in sorted(os.listdir(HERE)):
        if name.endswith(".cases"):
            own = dict(names)
            for number, line in lines(name):
                if not define(line, own):
                    yield Case(f"{name}:{number}", line, own)


# ---------------------------------------------------------------- what is served


def make_fixture(root):
    os.makedirs(root)
    names = {"root": root.encode()}
    for _, line in lines("fixture.txt"):
        kind, path, seconds, content, *_ = columns(line) + ["", "", ""]
        path = os.path.join(root.encode(), text_bytes(path, names))
        content = text_bytes(content, names)
        if kind in ("dir", "closed"):
            os.mkdir(path)
            os.chmod(path, 0o755 if kind == "dir" else 0)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "link":
            os.symlink(content, path)
        else:
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o644 if kind == "file" else 0)
            os.utime(path, (int(seconds), int(seconds)))


# ---------------------------------------------------------------- a client


class Client:
    """TLS in memory, so that one byte can be one record without being one packet."""

    def __init__(self, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
        self.flush()

    def flush(self):
        try:
            self.socket.sendall(self.outgoing.read())
        except (BrokenPipeError, ConnectionResetError):
            pass  # It has answered and closed; what it said is still to be read.

    def fill(self):
        try:
            data = self.socket.recv(262144)
        except ConnectionResetError:
            data = b""
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()
        return bool(data)

    def send(self, data, is_single):
        if is_single:
            for i in range(len(data)):
                self.tls.write(data[i : i + 1])
        elif data:
            self.tls.write(data)
        self.flush()

    def end(self):
        try:
            self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLError):
            pass
        self.flush()

    def read(self):
        """More bytes; None at an orderly end."""
        while True:
            try:
                data = self.tls.read(262144)
                return data or None
            except ssl.SSLWantReadError:
                self.fill()
            except ssl.SSLZeroReturnError:
                return None


# ---------------------------------------------------------------- running


class Failure(Exception):
    pass


class Reply:
    """A response as a strict client reads it; None while it is incomplete."""

    def __init__(self, status, fields, content):
        self.status, self.fields, self.content = status, fields, content

    def value(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return b", ".join(values) if values else None

    @staticmethod
    def parse(data, is_to_head):
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator:
            return None, data
        first, *field_lines = head.split(b"\r\n")
        if not re.fullmatch(rb"HTTP/1\.1 [1-9]\d\d [ -~]*", first):
            raise Failure(f"status line {first!r}")
        status, fields = int(first[9:12]), []
        for line in field_lines:
            match = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\x00-\x08\x0a-\x1f\x7f]*)", line)
            if not match:
                raise Failure(f"field line {line!r}")
            fields.append((match[1].decode(), match[2]))
        reply = Reply(status, fields, b"")
        length, coding = reply.value("Content-Length"), reply.value("Transfer-Encoding")
        if status >= 200 and reply.value("Date") is None:
            raise Failure("no Date")
        if is_to_head or status < 200 or status in (204, 304):
            return reply, rest
        if coding is not None:
            content = b""
            while True:
                size, separator, rest = rest.partition(b"\r\n")
                if not separator:
                    return None, data
                count = int(size, 16)
                if len(rest) < count + 2:
                    return None, data
                if rest[count : count + 2] != b"\r\n":
                    raise Failure("a chunk without its end")
                content, rest = content + rest[:count], rest[count + 2 :]
                if count == 0:
                    reply.content = content
                    return reply, rest
        if length is None:
            raise Failure(f"{status} without framing")
        if len(rest) < int(length):
            return None, data
        reply.content = rest[: int(length)]
        return reply, rest[int(length) :]


def run(case, port, root, is_single):
    client = Client(port)
    keeps, ends = case.connection == "keep", case.connection == "eof"
    client.send(case.request + (b"" if ends else PROBE), is_single)
    if ends:
        client.end()
    data, replies = b"", []
    expected = case.answers + ([(200, False)] if keeps else [])
    while True:
        while data and len(replies) < len(expected):
            reply, data = Reply.parse(data, expected[len(replies)][1])
            if reply is None:
                break
            replies.append(reply)
        if keeps and len(replies) == len(expected):
            break
        more = client.read()
        if more is None:
            break
        data += more
    client.socket.close()
    found = [reply.status for reply in replies]
    if found != [status for status, _ in expected] or data:
        raise Failure(f"statuses {found}, then {data[:200]!r}")
    if keeps and replies.pop().content != b"probe":
        raise Failure("the probe was not answered")
    says = [(reply.value("Connection") or b"").lower() == b"close" for reply in replies]
    if keeps and any(says) or case.connection == "close" and says != [False] * (len(says) - 1) + [True]:
        raise Failure(f"Connection: close is said by {says}")
    for number, subject, demand, value in case.words:
        reply = replies[number - 1]
        found = reply.content if subject == "body" else reply.value(subject)
        if demand == "file":
            with open(os.path.join(root, value), "rb") as file:
                demand, value = "equals", file.read()
        ok = {
            "absent": lambda: not found,
            "equals": lambda: found == value,
            "matches": lambda: found is not None and re.search(value, found[:4000].decode(errors="replace")),
            "length": lambda: len(found) == value,
        }[demand]()
        if not ok:
            raise Failure(f"{subject} is {found[:200] if found else found!r}")


def attempt(case, port, root, is_single):
    try:
        run(case, port, root, is_single)
        return None
    except (Failure, OSError, ValueError, IndexError) as problem:
        how = "in records of one byte" if is_single else "whole"
        return f"{case.place}: {case.sentence} (RFC {case.section}), {how}: {type(problem).__name__}: {problem}"


def main():
    arguments = sys.argv[1:]
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("martinet")
    parser.add_argument("--only", default="")
    parser.add_argument("--threads", type=int, default=16)
    chosen = parser.parse_args(arguments[: arguments.index("--")] if "--" in arguments else arguments)

    folder = tempfile.mkdtemp(prefix="martinet-conformance-")
    root = os.path.join(folder, "files")
    make_fixture(root)
    os.makedirs(os.path.join(folder, "home"))
    is_root = os.geteuid() == 0
    if is_root:
        # Root may read everything, so the server must be somebody else.
        os.chmod(folder, 0o755)
        os.chown(os.path.join(folder, "home"), NOBODY, NOBODY)
    home = os.path.join(folder, "home")
    command = [os.path.abspath(chosen.martinet), "serve", os.path.join(root, "site"), "--port", "0", "--access-log",
        "none", *options]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd="/", env={**os.environ, "HOME": home, "XDG_DATA_HOME": home},
        **({"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root else {}))
    try:
        port = None
        for line in server.stdout:
            match = re.search(r"https://\S+?:(\d+)/", line)
            if match:
                port = int(match[1])
                break
        if port is None:
            sys.exit("the server did not start")
        cases = [case for case in read_cases() if chosen.only in f"{case.place} {case.sentence} {case.section}"]
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(chosen.threads) as pool:
            futures = [pool.submit(attempt, c, port, root, single) for single in (False, True) for c in cases]
            problems = [problem for problem in (future.result() for future in futures) if problem]
        if server.poll() is not None:
            problems.append(f"the server ended with status {server.returncode}")
        for problem in problems:
            print(problem)
        print(f"{len(cases)} cases twice, {len(problems)} failures, {time.monotonic() - start:.1f} s")
        sys.exit(1 if problems or not cases else 0)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
