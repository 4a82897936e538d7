#!/usr/bin/env python3
"""Writes the conformance table as inputs for the fuzzers: seeds.py FOLDER makes FOLDER/TARGET/CASE.

So the fuzzers begin where the table ends, and a case that is added there is a seed here.
"""
import os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "Conformance"))
sys.dont_write_bytecode = True
from run_over_tls import read_cases

LETTERS = {
    b"if-match": b"M", b"if-none-match": b"N", b"if-modified-since": b"S", b"if-unmodified-since": b"U",
    b"if-range": b"R", b"range": b"B", b"accept": b"T", b"accept-encoding": b"E",
}
# Paths for the ways of answering that RequestTarget.swift knows; cases with content are given to one of them, too.
ANSWERS = [b"/e", b"/p", b"/s", b"/c", b"/f", b"/r"]
# What scripts write first; the table has only requests.
HEADERS = [
    b"Content-Type: text/plain\n\nhello", b"Content-Type: text/plain\r\n\r\nhello", b"Status: 404 Not Found\r\n\r\n",
    b"Location: /path?query#part\n\n", b"Location: https://example.org/\nStatus: 303 See Other\n\n",
    b"Content-Length: 5\nSet-Cookie: a=1\nSet-Cookie: b=2\nContent-Type: a/b; c=\"d\"\n\nhello", b"\n", b"X: y\n\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello", b"HTTP/1.0 404\n", b"Transfer-Encoding: chunked\n\n",
    b"Connection: close\nDate: x\nKeep-Alive: y\nContent-Type: z\n\n", b"Content-Type : a\n\n", b"A: b\n c\n\n",
    b"Content-Type: " + b"x" * 66_000 + b"\n\n", b"Status: 99\n\n", b"Content-Length: 99999999999999999999\n\n",
]
# A cut position that is different from seed to seed, in the input's first two bytes.
counter = 0


def with_cut(wire):
    """The bytes with a cut position before them and their long runs written short, as `expanded` in Fuzz.swift reads."""
    global counter
    counter += 7
    wire = wire.replace(b"\xff", b"\xfe")
    short = re.sub(rb"(?s)(.)\1{127,}", shorten, wire)
    return (counter % 65536).to_bytes(2, "big") + short


def shorten(match):
    count, byte = len(match[0]), match[1]
    written = bytearray()
    while count >= 128:
        times = min(255, count // 128)
        written += bytes([0xFF, times]) + byte
        count -= times * 128
    return bytes(written) + byte * count


def seeds(case):
    """Pairs of a target and an input."""
    request = case.request
    yield "request", with_cut(request)
    line, _, rest = request.partition(b"\r\n")
    head, _, content = rest.partition(b"\r\n\r\n")
    words = line.split(b" ")
    if len(words) == 3:
        yield "path", words[1]
        if content or b"xpect" in head:
            answer = ANSWERS[counter // 7 % len(ANSWERS)]
            yield "request", with_cut(b" ".join([words[0], answer, words[2]]) + b"\r\n" + rest)
    if b"chunked" in head.lower():
        yield "chunked", with_cut(content)
    conditions = [] if words[0] in (b"GET", b"HEAD") else [b"X"]
    for field in head.split(b"\r\n"):
        name, colon, value = field.partition(b":")
        letter = LETTERS.get(name.lower())
        if letter:
            conditions.append(letter + value)
        if letter == b"B":
            yield "ranges", bytes([14]) + value.strip()
    if len(conditions) > (words[0] not in (b"GET", b"HEAD")):
        yield "conditions", b"\n".join(conditions)


def configurations():
    """The files of the table of mistakes, without what is said of them."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "ConfigurationCases", "mistakes.cases")
    with open(path, encoding="utf-8") as file:
        rows = file.read().split("\n## ")
    for row in rows:
        title, _, rest = row.partition("\n")
        text = rest.partition("\n=>")[0]
        if text.startswith("$ "):
            continue
        if title.endswith("(escaped)"):
            text = re.sub(r"\\x(..)", lambda match: chr(int(match[1], 16)), text)
            text = re.sub(r"\\u(....)", lambda match: chr(int(match[1], 16)), text).replace("\\t", "\t").replace("\\r", "\r")
        yield text.encode("utf-8")


def main():
    folder = sys.argv[1]
    os.makedirs(os.path.join(folder, "configuration"), exist_ok=True)
    for number, text in enumerate(configurations()):
        with open(os.path.join(folder, "configuration", f"mistake-{number}"), "wb") as file:
            file.write(text)
    os.makedirs(os.path.join(folder, "script"), exist_ok=True)
    for number, header in enumerate(HEADERS):
        with open(os.path.join(folder, "script", f"header-{number}"), "wb") as file:
            file.write(with_cut(header))
    for case in read_cases():
        for number, (target, data) in enumerate(seeds(case)):
            if len(data) > 4096:
                continue
            os.makedirs(os.path.join(folder, target), exist_ok=True)
            name = f"{case.place.replace('.cases:', '-')}-{number}"
            with open(os.path.join(folder, target, name), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    main()
