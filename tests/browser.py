"""Drives Chromium without a window, through the pipe of its DevTools protocol (chromedevtools.github.io)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60


def find_chromium():
    """The program; where it is missing the test fails in CI, and elsewhere is skipped with the remedy."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        advice = "Chromium was not found, and pages are tested in it; install it, as by 'apt-get install chromium'"
        if os.environ.get("CI"):
            pytest.fail(advice)
        pytest.skip(advice)
    return found


class Browser:
    """One Chromium with one page. A context manager.

    Attributes:
        complaints: What pages wrote to the console, exceptions, and what the browser refused.
    """

    def __init__(self, profile):
        self.complaints = []
        self._number = 0
        self._session = None
        self._waiting = b""
        self._events = []
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        # The protocol is spoken over the file descriptors 3 and 4. They are moved up first, as one may be the other.
        words = 'a=$1; b=$2; shift 2; exec 8<&"$a" 9>&"$b"; exec 3<&8 4>&9; exec "$@"'
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            ["bash", "-c", words, "bash", str(down_read), str(up_write), find_chromium(), *options, "about:blank"],
            pass_fds=(down_read, up_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(down_read)
        os.close(up_write)

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self._session = None
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            self.call("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._down)
        os.close(self._up)

    def call(self, method, **parameters):
        """Calls a method of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _receive(self):
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self._waiting:
            if not select.select([self._up], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self._up, 1 << 20)
            if not part:
                raise EOFError("Chromium has ended")
            self._waiting += part
        message, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        self._events.append(event["method"])
        if event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(json.dumps(event["params"]))

    def open(self, path, *, width=1000, height=800, scheme="light"):
        """Loads a page from a file."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait_for("Page.loadEventFired")

    def wait_for(self, event):
        """Waits until something has happened since the page was opened."""
        while event not in self._events:
            self._note(self._receive())

    def value(self, expression):
        """The value of an expression in the page, awaited if it is a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector):
        """Clicks in the middle of an element, as a person does."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{place}.scrollIntoView({{block: 'center'}})")
        x, y = self.value(
            f"(() => {{ const b = {place}.getBoundingClientRect(); "
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self):
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])
