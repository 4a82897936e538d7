#!/usr/bin/env python3
"""Has REDbot look at Martinet: at files of each kind, a listing, a redirect and an error.

usage: redbot_check.py MARTINET [-v] [-- OPTION ...]

Needs the Python package `redbot`; scripts/redbot has it. MARTINET is the binary; the options behind -- are given to
`martinet serve`. REDbot trusts any certificate. Ends with status 1 if REDbot finds something bad; -v prints each note.
"""
import gzip, multiprocessing, os, re, shutil, signal, subprocess, sys, tempfile
from configparser import ConfigParser

import thor
from httplint.note import levels
from redbot.resource import HttpResource

# What is served; a folder where the name ends with a slash. REDbot reads the content, so .gz is really compressed.
FILES = {
    "page.html": b"<!doctype html><title>page</title>" + b"<p>A paragraph.\n" * 300,
    "style.css": b"body { color: black }\n" * 200,
    "style.css.gz": gzip.compress(b"body { color: black }\n" * 200, mtime=0),
    "code.js": b"console.log('hello')\n" * 200,
    "data.json": b'{"key": "value"}\n',
    "picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>' + b"<!-- -->" * 200,
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "large.txt": b"A line of text that compresses well.\n" * 30_000,
    "huge.bin": bytes(range(256)) * 4096 * 16,
    "empty.txt": b"",
    "noextension": b"What may this be?\n",
    "caf\u00e9.txt": b"coffee\n",
    "a b.txt": b"space\n",
    ".hidden": b"hidden\n",
    "folder/one.txt": b"one\n",
    "folder/two.txt": b"two\n",
    "indexed/index.html": b"<!doctype html><title>index</title>\n",
    "nothing/": b"",
}
PATHS = [
    "/page.html", "/style.css", "/code.js", "/data.json", "/picture.svg", "/picture.png", "/large.txt", "/huge.bin",
    "/empty.txt", "/noextension", "/caf%C3%A9.txt", "/a%20b.txt", "/", "/folder/", "/folder/?sort=size", "/nothing/",
    "/indexed/", "/indexed", "/folder", "/nowhere", "/.hidden", "/bad%2Fpath", "/page.html?a=b",
]


def make_site(root):
    for name, content in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not name.endswith("/"):
            with open(path, "wb") as file:
                file.write(content)
    # The neighbour may not be older than what it stands for.
    os.utime(os.path.join(root, "style.css.gz"))


def notes(resource):
    """The notes on a response and on those of the requests that REDbot made to check it, with what is below them."""
    for response in [resource.response] + [request.response for request in resource.subreqs.values()]:
        for note in getattr(response, "notes", []):
            yield note
            yield from note.subnotes


def check(url):
    """The lines of one resource's report, the summary first, and that summary's counts."""
    parser = ConfigParser()
    parser.read_dict({"redbot": {"enable_local_access": "True"}})
    resource = HttpResource(parser["redbot"])
    resource.set_request(url)
    resource.on("check_done", thor.stop)
    resource.check()
    thor.run()
    found = sorted({(note.level.value, note.summary) for note in notes(resource)})
    if resource.fetch_error or not resource.response.complete:
        found.insert(0, ("bad", f"The response is not complete: {resource.fetch_error}"))
    status = getattr(resource.response, "status_code_str", "---")
    counts = ", ".join(f"{sum(f[0] == level.value for f in found)} {level.value}" for level in levels)
    return [f"{status} {url}: {counts}"] + [f"  {level}: {summary}" for level, summary in found], counts


def main():
    arguments = sys.argv[1:]
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    folder = tempfile.mkdtemp(prefix="martinet-redbot-")
    make_site(os.path.join(folder, "site"))
    server = subprocess.Popen(
        [words[0], "serve", os.path.join(folder, "site"), "--listen", "127.0.0.1:0", "--access-log", "none", *options],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_DATA_HOME": folder})
    try:
        port = next((match[1] for line in server.stdout if (match := re.search(r"https://\S+?:(\d+)/", line))), None)
        if port is None:
            sys.exit("the server did not start")
        bad = 0
        # A process for each: REDbot's event loop runs once.
        with multiprocessing.get_context("spawn").Pool(4, maxtasksperchild=1) as pool:
            for lines, counts in pool.imap(check, [f"https://127.0.0.1:{port}{path}" for path in PATHS], chunksize=1):
                print(re.sub(r"https://[^/]*", "", lines[0]))
                for line in lines[1:]:
                    if "-v" in words or not line.startswith(("  good", "  info")):
                        print(line)
                bad += ", 0 bad" not in counts
        print(f"{len(PATHS)} resources, {bad} with something bad")
        sys.exit(1 if bad else 0)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
