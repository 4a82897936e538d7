"""What Chromium with a new profile thinks of a page, by its developer tools, and what it shows.

usage: python3 scripts/interop-chromium.py URL PICTURE [OPTION ...]      the options are Chromium's

Prints one line and ends with status 0 if the page is secure, 1 if it is not, 2 if that could not be found out. PICTURE
becomes a PNG of the window. No option makes Chromium overlook certificates: those that are given are up to the caller.
"""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# Of the whole: a first start on a busy machine takes seconds.
TIME = 60


def pipe():
    """A pipe's ends, beyond the descriptors that Chromium wants to have."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Tools:
    """Chromium's developer tools, over a pair of pipes: JSON texts, each ended by a zero byte."""

    def __init__(self, options, profile):
        from_us, self.to_browser = pipe()
        self.from_browser, from_it = pipe()
        # It reads descriptor 3 and writes descriptor 4; the shell puts the pipes there.
        start = f'exec 3<&{from_us} 4>&{from_it} {from_us}<&- {from_it}>&-; exec chromium "$@"'
        self.browser = subprocess.Popen(
            ["bash", "-c", start, "chromium", "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
             "--window-size=1000,700", f"--user-data-dir={profile}", *options],
            pass_fds=(from_us, from_it), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(profile, "messages"), "wb"), start_new_session=True)
        os.close(from_us)
        os.close(from_it)
        self.unread = b""
        self.events = []
        self.calls = 0

    def message(self):
        while b"\0" not in self.unread:
            piece = os.read(self.from_browser, 1 << 16)
            if not piece:
                raise EOFError("Chromium has ended")
            self.unread += piece
        text, _, self.unread = self.unread.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        """The result of a method; what happens meanwhile is kept in `events`."""
        self.calls += 1
        call = {"id": self.calls, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        os.write(self.to_browser, json.dumps(call).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.calls:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method):
        """The parameters of the next such event."""
        while True:
            for index, event in enumerate(self.events):
                if event.get("method") == method:
                    del self.events[:index + 1]
                    return event["params"]
            self.events = [self.message()]

    def end(self):
        try:
            os.killpg(self.browser.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.browser.wait()


def look(tools, url, picture):
    """Whether the page is secure, and that in words."""
    target = tools.call("Target.createTarget", url="about:blank")["targetId"]
    session = tools.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Security"):
        tools.call(f"{domain}.enable", session)
    failure = tools.call("Page.navigate", session, url=url).get("errorText")
    if failure and "ERR_CERT" not in failure:  # nobody was there
        return False, failure
    # It is told of each change, the blank page's first; what counts is the state once the page has loaded.
    state = "unknown"
    while state in ("unknown", "neutral"):
        state = tools.wait("Security.visibleSecurityStateChanged")["visibleSecurityState"]["securityState"]
    title = ""
    for _ in range(50):
        page = tools.call("Runtime.evaluate", session, expression="[document.readyState, document.title]", returnByValue=True)
        ready, title = page["result"]["value"]
        if ready == "complete" and title:
            break
        time.sleep(0.1)
    for event in tools.events:
        if event.get("method") == "Security.visibleSecurityStateChanged":
            state = event["params"]["visibleSecurityState"]["securityState"]
    image = tools.call("Page.captureScreenshot", session)["data"]
    with open(picture, "wb") as file:
        file.write(base64.b64decode(image))
    return state == "secure" and not failure, f"{state}: {failure or title}"


def main(url, picture, *options):
    profile = tempfile.mkdtemp(prefix="chromium-")
    tools = Tools(options, profile)
    signal.signal(signal.SIGALRM, lambda *_: tools.end())
    signal.alarm(TIME)
    try:
        is_secure, words = look(tools, url, picture)
        print(words)
        return 0 if is_secure else 1
    except (EOFError, OSError, RuntimeError) as problem:
        with open(os.path.join(profile, "messages"), errors="replace") as messages:
            sys.stderr.write(messages.read()[-2000:])
        print(f"Chromium could not be asked: {problem}")
        return 2
    finally:
        signal.alarm(0)
        tools.end()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__.strip())
    sys.exit(main(*sys.argv[1:]))
