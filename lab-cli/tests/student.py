"""A student at a hub, as JupyterLab speaks for them: files, kernels, cells and their answers.

Knows nothing of what the student wants; that is in habits.py, read it next.
"""

import collections
import json
import re
import time
import uuid

import browser
import requests
import websocket

# Generous on purpose: a check fails by what it sees, not because a machine is slow.
PATIENCE = 300


class Said:
    """What a cell answered."""

    def __init__(self):
        self.status = self.count = None
        self.idle = False
        self.ename = self.evalue = ""
        self.error = ""
        self.text = ""
        self.kinds = []

    def take(self, kind, content):
        """Takes a message of the cell in."""
        if kind == "execute_reply":
            self.status, self.count = content["status"], content.get("execution_count")
        elif kind == "status":
            self.idle |= content["execution_state"] == "idle"
        elif kind == "stream" and content["name"] == "stdout":
            self.text += content["text"]
        elif kind == "error":
            self.ename, self.evalue = content["ename"], content["evalue"]
            self.error = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))
        elif kind in ("execute_result", "display_data"):
            self.kinds.append(sorted(content["data"]))

    def shown(self):
        """What must be the same wherever the same cells ran."""
        return self.status, self.text, self.evalue, self.error, self.kinds

    def __repr__(self):
        return f"<{self.status}: {self.text[-300:]!r} {self.error[-900:]}>"


class Student:
    """One student's server, and the kernel of the open notebook."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.address = f"{hub.address}/user/{name}"
        self.http = requests.Session()
        self.http.headers["Authorization"] = hub.token()
        self.session = self.kernel = self.socket = None
        self.said, self.interrupts = {}, 0
        # What came since the page was loaded, by channel and kind: told when a kernel does not answer.
        self.heard = collections.Counter()

    def api(self, method, path, **parameters):
        """One call of the server's REST API."""
        answer = self.http.request(method, f"{self.address}/api/{path}", timeout=PATIENCE, **parameters)
        assert answer.ok, (self.name, method, path, answer.status_code, answer.text[:900])
        return answer.json() if answer.content else None

    def read(self, path):
        """A notebook as the server gives it out."""
        content = self.api("GET", f"contents/{path}?content=1")["content"]
        for cell in content["cells"]:
            cell["metadata"].pop("trusted", None)
        return content

    def write(self, path, content):
        """Saves a notebook, with a checkpoint, as JupyterLab does."""
        self.api("PUT", f"contents/{path}", json={"type": "notebook", "format": "json", "content": content})
        self.api("POST", f"contents/{path}/checkpoints")

    def open(self, path):
        """Starts a kernel for a notebook."""
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "rust"}}
        answer = self.api("POST", "sessions", json=asked)
        self.session, self.kernel = answer["id"], answer["kernel"]["id"]
        self.connect()

    def connect(self):
        """Connects to the kernel as a page that is loaded anew; returns when it answers."""
        self.disconnect()
        address = f"{self.address.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels"
        address += f"?session_id={uuid.uuid4().hex}"
        headers = {"Authorization": self.hub.token()}
        self.socket = websocket.create_connection(address, header=headers, timeout=PATIENCE)
        self.wait_ready()

    def wait_ready(self):
        """Asks the kernel who it is until it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            asked = self.send("kernel_info_request", {})
            if self.pump(lambda: self.said[asked].idle, 5):
                return
        state = self.api("GET", f"kernels/{self.kernel}")
        raise AssertionError(f"{self.name}: the kernel does not answer; heard {dict(self.heard)}, the server says {state}")

    def disconnect(self):
        """Closes the page."""
        if self.socket:
            self.socket.close()
        self.socket, self.said = None, {}
        self.heard.clear()

    def close(self):
        """Closes the notebook and its kernel."""
        self.disconnect()
        self.api("DELETE", f"sessions/{self.session}")
        self.session = self.kernel = None

    def send(self, kind, content, channel="shell"):
        """Sends a request; returns its number, under which the answers are filed."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "username": self.name, "session": number, "version": "5.3"}
        message = {"channel": channel, "header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.said[number] = Said()
        self.socket.settimeout(PATIENCE)
        self.socket.send(json.dumps({**message, "buffers": []}))
        return number

    def pump(self, until, seconds):
        """Takes answers in until the condition is true; whether it became so."""
        end = time.monotonic() + seconds
        while not until():
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            try:
                text = self.socket.recv()
            except websocket.WebSocketTimeoutException:
                return until()
            assert text, f"{self.name}: the server has closed the connection"
            message = json.loads(text)
            self.heard[message["channel"], message["msg_type"]] += 1
            asked = message["parent_header"]
            said = self.said.get(asked.get("msg_id"))
            if asked.get("msg_type") == "interrupt_request":
                self.interrupts += message["content"].get("execution_state") == "idle"
            if said:
                said.take(message["msg_type"], message["content"])
        return True

    def wait(self, look, what):
        """Waits as an open page does: it hears the server all the while, who would close the connection of a deaf one."""
        browser.wait(lambda: self.pump(look, 1) if self.socket else look(), PATIENCE, what)

    def begin(self, code):
        """Sends a cell and returns at once."""
        asked = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        return self.said[self.send("execute_request", asked)]

    def finish(self, said):
        """Waits for the end of a cell."""
        assert self.pump(lambda: said.status and said.idle, PATIENCE), (self.name, "the cell does not end", said)
        return said

    def run(self, code):
        """Runs a cell to its end."""
        return self.finish(self.begin(code))

    def until_text(self, said, text):
        """Waits until a running cell has said this."""
        assert self.pump(lambda: text in said.text or said.idle, PATIENCE), (self.name, text, said)
        assert not said.idle, (self.name, f"{text!r} was expected", said)

    def interrupt(self):
        """Presses the stop button; returns when the kernel has taken it, or a later cell could be what it stops."""
        before = self.interrupts
        self.api("POST", f"kernels/{self.kernel}/interrupt")
        assert self.pump(lambda: self.interrupts > before, PATIENCE), f"{self.name}: the interrupt is not taken"

    def restart(self):
        """Restarts the kernel; the page connects anew."""
        self.api("POST", f"kernels/{self.kernel}/restart")
        self.connect()
