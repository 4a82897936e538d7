"""Runs a table of cases of Scripts/ against the server. Scripts/README.md describes them."""

import concurrent.futures
import json
import os
import re
import urllib.parse

from peer import *

here = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(here, "..", "Conformance"))
from run_over_tls import columns, text_bytes

PAUSE = b"<pause>"


class Failure(Exception):
    pass


class Ended(Exception):
    """The connection has ended: in order ("close"), or with a fatal alert ("cut")."""


# ---------------------------------------------------------------- the table


class Names(dict):
    """What `let` has defined, and {encoded TEXT} for a text that is percent-encoded."""

    def __missing__(self, inner):
        kind, _, text = inner.partition(" ")
        if kind != "encoded":
            raise Failure(f"{{{inner}}} is not defined")
        return urllib.parse.quote_from_bytes(text_bytes(text, self), safe="").encode()


class Case:
    def __init__(self, place, line, names):
        self.place = place
        self.sentence, self.section, request, expectation = columns(line)
        self.request = text_bytes(request, names)
        self.logs, self.words, self.is_unlogged = [], [], False
        words = re.findall(r'(?:[^\s"]|"(?:\\.|[^"\\])*")+', expectation)
        self.answers = [(int(word[:3]), word.endswith("h")) for word in words[0].split(",")]
        self.connection = words[1]
        for word in words[2:]:
            self.read(word, names)

    def read(self, word, names):
        if word == "!log":
            self.is_unlogged = True
        elif word.startswith("!"):
            self.words.append((word[1:], "absent", None))
        else:
            subject, mark, value = re.fullmatch(r"(?s)([^=~]+)([=~])(.*)", word).groups()
            if value.startswith('"'):
                value = value[1:-1]
            if subject == "log":
                self.logs.append(text_bytes(value, names).decode())
            elif mark == "~":
                self.words.append((subject, "matches", value.replace('\\"', '"')))
            else:
                self.words.append((subject, "equals", text_bytes(value, names)))

    @property
    def target(self):
        return self.request.split(b" ")[1].decode("latin-1")


def entries(name):
    """The file's lines that are no comments, each with its number; a line that begins with a space goes on with the last."""
    entries = []
    with open(os.path.join(here, "Scripts", name), encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            if line.startswith(" "):
                entries[-1][1] += " " + line.strip()
            elif line and not line.startswith("#"):
                entries.append([number, line])
    return entries


def read_cases(name, values):
    names, cases = Names({key: value.encode() for key, value in values.items()}), []
    for file in "definitions.txt", name + ".cases":
        for number, line in entries(file):
            if match := re.fullmatch(r"let (\S+) = (.*)", line):
                names[match[1]] = text_bytes(match[2], names)
            else:
                cases.append(Case(f"{file}:{number}", line, names))
    return cases


# ---------------------------------------------------------------- answers


class Answer:
    """A response as a strict client reads it, as far as it comes."""

    def __init__(self, client, is_to_head):
        self.client, self.content, self.end = client, b"", None
        self.read_head()
        length, coding = self.value("Content-Length"), self.value("Transfer-Encoding")
        self.has_length = length is not None or coding is not None
        try:
            if self.status < 200 or self.status == 204:
                if self.has_length:
                    raise Failure("framing of content that cannot be there")
            elif is_to_head or self.status == 304:
                pass
            elif coding is not None:
                self.read_chunks()
            elif length is not None:
                self.read(int(length))
            else:
                while True:
                    self.read(max(1, len(client.buffer)))
        except Ended as ended:
            self.content += client.buffer
            client.buffer.clear()
            self.end = str(ended)
            if self.end == "close" and self.has_length:
                raise Failure(f"an orderly end behind {self.content[-100:]!r}, and more was announced")

    def value(self, name):
        """A field's values joined; with $NAME a line of what the script `show` wrote."""
        if name == "body":
            return self.content
        if name.startswith("$"):
            mark = name[1:].encode() + b"="
            lines = [line[len(mark) :] for line in self.content.split(b"\n") if line.startswith(mark)]
            if len(lines) > 1:
                raise Failure(f"{name} is there {len(lines)} times")
            return lines[0] if lines else None
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return b", ".join(values) if values else None

    def fill(self):
        try:
            self.client.fill()
        except EOFError:
            raise Ended("close")
        except ssl.SSLError as error:
            if error.reason != "TLSV1_ALERT_INTERNAL_ERROR":
                raise Failure(f"the connection ended with {error.reason}")
            raise Ended("cut")

    def take(self, count):
        while len(self.client.buffer) < count:
            self.fill()
        data = bytes(self.client.buffer[:count])
        del self.client.buffer[:count]
        return data

    def take_to(self, mark):
        while (end := self.client.buffer.find(mark)) < 0:
            self.fill()
        return self.take(end + len(mark))[: -len(mark)]

    def read(self, count):
        self.content += self.take(count)

    def read_head(self):
        first, *lines = self.take_to(b"\r\n\r\n").split(b"\r\n")
        if not re.fullmatch(rb"HTTP/1\.[01] [1-9]\d\d [ -~]*", first):
            raise Failure(f"status line {first!r}")
        self.status, self.fields = int(first[9:12]), []
        for line in lines:
            match = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\x00-\x08\x0a-\x1f\x7f]*)", line)
            if not match:
                raise Failure(f"field line {line!r}")
            self.fields.append((match[1].decode(), match[2]))

    def read_chunks(self):
        while count := int(self.take_to(b"\r\n"), 16):
            self.read(count)
            if self.take(2) != b"\r\n":
                raise Failure("a chunk without its end")
        if self.take(2) != b"\r\n":
            raise Failure("content without its end")

    def check(self, is_verbatim):
        """What holds for every response that the server writes the head of."""
        if self.status >= 200 and not is_verbatim and len([name for name, _ in self.fields if name == "Date"]) != 1:
            raise Failure("not one Date")
        if self.status == 405 and self.value("Allow") is None:
            raise Failure("405 without Allow")
        if self.status == 503 and not (self.value("Retry-After") or b"").isdigit():
            raise Failure("503 without Retry-After")


# ---------------------------------------------------------------- running


def run_case(case, probe):
    client = Client()
    head, *rest = case.request.split(PAUSE)
    pieces = [head, *rest]
    # Behind every request stands another.
    pieces[-1] += probe
    answers = []
    try:
        for number, piece in enumerate(pieces):
            try:
                client.send(piece)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                pass  # It has answered and closed; what it said is still to be read.
            if number + 1 < len(pieces):
                answers.append(Answer(client, False))
        for _, is_to_head in case.answers[len(answers) :]:
            answers.append(Answer(client, is_to_head))
    except Ended as ended:
        raise Failure(f"statuses {[answer.status for answer in answers]}, then the end ({ended})")
    found = [answer.status for answer in answers]
    if found != [status for status, _ in case.answers]:
        raise Failure(f"statuses {found}: {answers[-1].content[-300:]!r}")
    last, is_verbatim = answers[-1], "/nph-" in case.target
    for answer in answers:
        answer.check(is_verbatim)
    connection, says = end_of(client, last), [(answer.value("Connection") or b"") == b"close" for answer in answers]
    if connection == "close" and not says[-1] and not is_verbatim:
        raise Failure("an end that was not announced")
    if connection != case.connection:
        raise Failure(f"connection: {connection}")
    for subject, demand, value in case.words:
        found = last.value(subject)
        is_met = {
            "absent": lambda: found is None,
            "equals": lambda: found == value,
            "matches": lambda: found is not None and re.search(value, found.decode("latin-1"), re.M),
        }[demand]()
        if not is_met:
            raise Failure(f"{subject} is {found[:600] if found else found!r}")


def end_of(client, last):
    """What becomes of the connection: "keep" if the request behind is answered, "close", or "cut"."""
    if last.end:
        return last.end
    try:
        probe = Answer(client, False)
    except Ended as ended:
        return str(ended)
    if probe.status != 200 or probe.content != b"probe":
        raise Failure(f"the request behind it is answered {probe.status} {probe.content!r}")
    return "keep"


def attempt(case, probe):
    try:
        run_case(case, probe)
        return None
    except (Failure, OSError, ValueError, IndexError, KeyError, AttributeError) as problem:
        return f"{type(problem).__name__}: {problem}"


def run(name, *fields, **values):
    """Runs the cases of Scripts/NAME.cases; a line of JSON for each says what came of it.

    The fields are those of the request behind each case; the values are names that the cases may use in braces.
    """
    probe = request("/probe", *fields)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        cases = read_cases(name, values)
        for case, problem in zip(cases, pool.map(lambda case: attempt(case, probe), cases)):
            line = {"place": case.place, "sentence": case.sentence, "section": case.section, "target": case.target}
            say(json.dumps({**line, "problem": problem, "logs": case.logs, "isUnlogged": case.is_unlogged}))
