"""A headless Chromium, driven by its own protocol: no package of a driver is needed.

Not here: what is looked at.
"""

import base64
import json
import pathlib
import re
import shutil
import subprocess
import time

import requests
import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")


def program():
    """The installed browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of one browser."""

    def __init__(self, profile):
        profile = pathlib.Path(profile)
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=1300,1600"]
        self.log = open(profile / "browser.log", "w", encoding="utf-8")
        command = [program(), *options, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log)
        port = wait(lambda: listening(profile / "browser.log"), 60)
        pages = wait(lambda: [page for page in listed(port) if page["type"] == "page"], 30)
        self.socket = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=60)
        self.last = 0
        self.call("Page.enable")

    def call(self, method, **parameters):
        """One command and its answer; events between are left out."""
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.last:
                assert "error" not in answer, answer
                return answer["result"]

    def go(self, address):
        self.call("Page.navigate", url=address)

    def run(self, code):
        """The value of an expression of the page's JavaScript."""
        result = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, code, seconds):
        """Waits until an expression is true."""
        return wait(lambda: self.run(code), seconds, code)

    def click(self, selector):
        """Presses the mouse where an element is, as a person does."""
        place = self.run(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def listening(log):
    found = re.search(r"DevTools listening on ws://[^:]+:(\d+)/", log.read_text("utf-8"))
    return found and found[1]


def listed(port):
    return requests.get(f"http://127.0.0.1:{port}/json", timeout=10).json()


def wait(look, seconds, what="the browser"):
    """The first true answer of `look`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = look()
        if value:
            return value
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s: {what}")
