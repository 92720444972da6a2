"""A small Jupyter client that keeps every message, in order of arrival.

It is a tool of the tests beside it: it starts a kernel, sends requests and
collects what comes back. What is right or wrong is said in the tests. Read
test_protocol.py next for its use, and processes.py for what looks at the
kernel from outside the protocol.
"""

import re
import time
from collections import defaultdict
from pathlib import Path

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

KERNEL = "rust"
# Generous on purpose: a test fails by its assertion, not because a machine is slow.
TIMEOUT = 60
START_TIMEOUT = 180

# Waits inside a cell until the test makes a file: the test decides when a cell
# goes on, so "arrived while the cell was running" needs no clock.
WAIT_FOR = """
fn wait_for(path: &str) {
    for _ in 0..6000 {
        if std::path::Path::new(path).exists() { return; }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the test never made {path}");
}
"""


def plain(text):
    """The text without ANSI colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def block(mime, content, attributes=""):
    """The marked lines by which a program shows content, for use inside a Rust string."""
    return f"EVCXR_BEGIN_CONTENT {mime}{attributes}\\n{content}\\nEVCXR_END_CONTENT"


def show(mime, content, attributes=""):
    """A Rust statement that shows the content."""
    return f'println!("{block(mime, content, attributes)}");'


class Cell:
    """One execute request: its messages so far and, once finished, its reply."""

    def __init__(self, client, code, **options):
        self.client = client
        self.code = code
        self.msg_id = client.kc.execute(code, **options)

    @property
    def messages(self):
        """The iopub messages of this request, in order of arrival."""
        return self.client.iopub[self.msg_id]

    @property
    def reply(self):
        """The content of the reply, or None while there is none."""
        message = self.client.replies.get(self.msg_id)
        return message and message["content"]

    @property
    def idle(self):
        """Whether the kernel said that it is done with this request."""
        return "idle" in self.states()

    def states(self):
        """The states told for this request, in order."""
        return [m["execution_state"] for m in self.contents("status")]

    def contents(self, *types):
        """The contents of the messages of these types, in order."""
        return [m["content"] for m in self.messages if m["msg_type"] in types]

    def outputs(self):
        """(type, content) of everything a notebook would keep as output, in order."""
        own = {"status", "execute_input"}
        return [(m["msg_type"], m["content"]) for m in self.messages if m["msg_type"] not in own]

    def text(self, name="stdout"):
        """All text of one stream, put together."""
        return "".join(s["text"] for s in self.contents("stream") if s["name"] == name)

    def error(self):
        """The one error message of the cell; fails when there is none or more."""
        errors = self.contents("error")
        assert len(errors) == 1, f"one error message expected, got {self.outputs()}"
        return errors[0]

    def traceback(self):
        """The error's traceback as plain text."""
        return plain("\n".join(self.error()["traceback"]))

    def until(self, condition, timeout=TIMEOUT):
        """Reads until condition(cell) is true."""
        self.client.wait(lambda: condition(self), timeout, f"cell {self.code!r}: {self.outputs()!r:.3000}")
        return self

    def until_text(self, text, name="stdout"):
        """Reads until the stream holds the text; the cell must still be running then."""
        self.until(lambda cell: text in cell.text(name))
        assert not self.idle, f"{text!r} came only when the cell was over"
        return self

    def finish(self, timeout=TIMEOUT):
        """Reads until both the reply and the idle state are there."""
        return self.until(lambda cell: cell.reply is not None and cell.idle, timeout)


class Client:
    """Sends requests to one kernel and files what comes back by the request's id."""

    def __init__(self, manager):
        self.km = manager
        self.kc = manager.client()
        self.kc.start_channels(hb=False)
        self.iopub = defaultdict(list)
        self.replies = {}
        self.poller = zmq.Poller()
        for channel in (self.kc.iopub_channel, self.kc.shell_channel, self.kc.control_channel):
            self.poller.register(channel.socket, zmq.POLLIN)

    def pump(self, seconds):
        """Takes in what has arrived, waiting at most so long for something."""
        for socket, _ in self.poller.poll(seconds * 1000):
            _, message = self.kc.session.recv(socket)
            if message is None:
                continue
            parent = message["parent_header"].get("msg_id")
            if socket is self.kc.iopub_channel.socket:
                self.iopub[parent].append(message)
            else:
                self.replies[parent] = message

    def wait(self, condition, timeout=TIMEOUT, what="a message"):
        """Takes messages in until the condition is true; fails after the timeout."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"waited {timeout} s in vain for {what}"
            self.pump(min(left, 0.5))

    def wait_ready(self, timeout=START_TIMEOUT):
        """Asks for kernel_info until the answer and its idle state both arrive."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            assert self.km.is_alive(), "the kernel ended while starting"
            msg_id = self.send("kernel_info_request")
            try:
                return self.answer(msg_id, timeout=1)
            except AssertionError:
                continue
        raise AssertionError(f"no kernel_info_reply in {timeout} s")

    def send(self, msg_type, content=None, channel="shell"):
        """Sends any request; returns its id."""
        message = self.kc.session.msg(msg_type, content or {})
        getattr(self.kc, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def answer(self, msg_id, timeout=TIMEOUT):
        """The reply to a request, when its idle state is there too."""

        def done():
            return msg_id in self.replies and "idle" in self.states(msg_id)

        self.wait(done, timeout, f"the reply to {msg_id} and its idle state")
        return self.replies[msg_id]

    def ask(self, msg_type, content=None, channel="shell"):
        """Sends a request and returns the content of its reply."""
        return self.answer(self.send(msg_type, content, channel))["content"]

    def states(self, msg_id):
        """The execution states told for a request, in order."""
        return [m["content"]["execution_state"] for m in self.iopub[msg_id] if m["msg_type"] == "status"]

    def begin(self, code, **options):
        """Sends a cell and returns at once."""
        options.setdefault("allow_stdin", False)
        return Cell(self, code, **options)

    def run(self, code, timeout=TIMEOUT, **options):
        """Runs a cell to its end."""
        return self.begin(code, **options).finish(timeout)

    def check(self, code, **options):
        """Runs a cell that must succeed; returns its text."""
        cell = self.run(code, **options)
        assert cell.reply["status"] == "ok", cell.outputs()
        return cell.text()

    def interrupt(self):
        """Sends the interrupt as JupyterLab does; returns the reply's content."""
        return self.ask("interrupt_request", channel="control")

    def close(self):
        """Shuts the kernel down, whatever state it is in."""
        self.kc.stop_channels()
        if self.km.has_kernel:
            self.km.shutdown_kernel(now=not self.km.is_alive())
        self.km.cleanup_resources()


def run(client, code, **options):
    """Runs a cell to its end: an object with `reply` and `messages` in order."""
    return client.run(code, **options)


def assert_interrupted(cell):
    """Checks that the cell ended as an interrupted one, with a word to the student."""
    error = cell.error()
    assert error["ename"] == "KeyboardInterrupt"
    assert re.search("[а-я]{4}", error["evalue"]), error
    assert (cell.reply["status"], cell.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert cell.reply["evalue"] == error["evalue"]


def start(wait=True, cwd=None):
    """Starts a kernel, in the folder `cwd` if given; by default waits until it answers."""
    manager = KernelManager(kernel_name=KERNEL)
    manager.start_kernel(**({"cwd": str(cwd)} if cwd else {}))
    client = Client(manager)
    if wait:
        client.wait_ready()
    return client


def sessions():
    """The folders of all sessions there are now, of whatever kernel."""
    folder = Path(KernelSpecManager().get_kernel_spec(KERNEL).env["LAB_KERNEL_HOME"]) / "sessions"
    return set(folder.iterdir()) if folder.is_dir() else set()
