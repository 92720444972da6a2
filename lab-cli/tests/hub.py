"""A running `cargo lab hub`, its REST API, and its processes seen from outside.

Asserts little; the checks are in test_hub.py and test_long_run.py, read those next.
"""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest
import requests

import browser
from lab import REPORTS, ROOT

if shutil.which("npm") is None or not sys.platform.startswith("linux"):
    pytest.skip("the hub needs npm and Linux", allow_module_level=True)


def three_ports():
    """The first of three free ports in a row."""
    for port in range(18000, 18900, 3):
        try:
            for one in range(port, port + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
            return port
        except OSError:
            continue
    raise AssertionError("no free ports")


class Hub:
    """A running hub and its REST API."""

    def __init__(self, base, users):
        shutil.rmtree(base, ignore_errors=True)
        REPORTS.mkdir(parents=True, exist_ok=True)
        self.base, self.port = base, three_ports()
        self.address = f"http://127.0.0.1:{self.port}"
        self.told = REPORTS / f"{base.name}.log"
        self.log = open(self.told, "w", encoding="utf-8")
        command = [os.environ["LAB_PROGRAM"], "hub", "--port", str(self.port), "--base", str(base)]
        command += [part for name in users for part in ("--user", name)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)
        browser.wait(self.answers, 300, f"the hub answers, see {self.told}")

    def answers(self):
        if self.process.poll() is not None:
            told = self.told.read_text("utf-8")
            if "отделить студентов" in told:
                pytest.skip("no namespaces here:\n" + told[-600:])
            raise AssertionError(told[-3000:])
        try:
            # The service comes to life a moment after the hub does.
            return self.api("GET", "users").status_code == 200
        except (requests.ConnectionError, FileNotFoundError):
            return False

    def token(self):
        """What opens the hub and every student's server."""
        return f"token {(self.base / 'state/api-token').read_text()}"

    def api(self, method, path):
        headers = {"Authorization": self.token()}
        return requests.request(method, f"{self.address}/hub/api/{path}", headers=headers, timeout=60)

    def ready(self, name):
        return self.api("GET", f"users/{name}").json()["servers"].get("", {}).get("ready")

    def start(self, name):
        assert self.api("POST", f"users/{name}/server").status_code in (201, 202)
        browser.wait(lambda: self.ready(name), 300, f"the server of {name}")

    def stop(self, name):
        assert self.api("DELETE", f"users/{name}/server").status_code in (202, 204)
        browser.wait(lambda: not self.api("GET", f"users/{name}").json()["servers"], 180, f"the end of {name}")

    def password(self, name):
        with open(self.base / "state/passwords.csv", encoding="utf-8") as file:
            return dict(csv.reader(file))[name]

    def end(self):
        """Ends the hub and checks that none of its processes is left."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)
        self.log.close()
        line = lambda process: " ".join(process.info["cmdline"] or [])  # noqa: E731
        assert not [line(p) for p in psutil.process_iter(["cmdline"]) if f"{self.base}/" in line(p)]

    def server(self, name):
        """The processes of a student's server, found by its environment; other hubs may have a student of that name."""
        own = {"JUPYTERHUB_USER": name, "HOME": f"{self.base}/homes/{name}"}
        found = []
        for process in psutil.process_iter():
            try:
                if own.items() <= process.environ().items():
                    found.append(process)
            except psutil.Error:
                pass
        return found
