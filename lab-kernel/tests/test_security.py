"""Who may talk to a kernel: signed messages, each once, on the loopback interface or on private sockets.

What the messages ask for is in test_protocol.py; how kernels begin and end
otherwise is in test_lifecycle.py.
"""

import json
import os
import signal
import subprocess
import tempfile

import psutil
import pytest
from jupyter_client import KernelManager
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.session import Session

import client as lab
from processes import Outside

CHANNELS = pytest.mark.parametrize("channel", ["shell", "control"])


def socket(client, channel):
    """The client's socket of a channel."""
    return getattr(client.kc, f"{channel}_channel").socket


def writing(trace):
    """A cell that adds a line to the file."""
    return {
        "code": f"""
        use std::io::Write;
        let mut trace = std::fs::OpenOptions::new().create(true).append(true).open("{trace}").unwrap();
        writeln!(trace, "x").unwrap();
        """,
        "silent": False,
    }


def signed(client, kind, content):
    """The frames of a request as the client would send them, and its id."""
    message = client.kc.session.msg(kind, content)
    return client.kc.session.serialize(message), message["header"]["msg_id"]


def answers(client, channel):
    """Checks that the kernel still does what it is asked."""
    assert client.check('println!("alive");') == "alive\n"
    assert client.ask("kernel_info_request", channel=channel)["status"] == "ok"


@CHANNELS
@pytest.mark.parametrize("key", [b"wrong key", b""])
def test_a_message_without_the_right_signature_is_ignored(client, tmp_path, channel, key):
    trace = tmp_path / "trace"
    forger = Session(key=key, signature_scheme=client.kc.session.signature_scheme)
    forger.send(socket(client, channel), "execute_request", writing(trace))
    forger.send(socket(client, channel), "kernel_info_request")
    answers(client, channel)
    assert not trace.exists()
    forged = [m for m in client.replies if m and m.startswith(forger.session)]
    assert forged == []


def test_a_message_sent_again_is_ignored(client, tmp_path):
    trace = tmp_path / "trace"
    frames, msg_id = signed(client, "execute_request", writing(trace))
    recorded = list(frames)
    socket(client, "shell").send_multipart(frames)
    assert client.answer(msg_id)["content"]["status"] == "ok"
    told = len(client.iopub[msg_id])
    # Neither buffers nor the client's identity are part of what is signed.
    for again in (recorded, [*recorded, b"a buffer"], [b"another", *recorded]):
        socket(client, "shell").send_multipart(again)
    answers(client, "shell")
    assert trace.read_text() == "x\n", "the cell ran more than once"
    assert len(client.iopub[msg_id]) == told


@pytest.mark.parametrize("first,second", [("shell", "control"), ("control", "shell")])
def test_no_channel_takes_what_came_on_another(client, first, second):
    frames, msg_id = signed(client, "kernel_info_request", {})
    socket(client, first).send_multipart(frames)
    assert client.answer(msg_id)["content"]["status"] == "ok"
    told = len(client.iopub[msg_id])
    socket(client, second).send_multipart(frames)
    answers(client, second)
    assert len(client.iopub[msg_id]) == told


def test_an_answer_that_was_forged_or_came_before_is_not_read(client):
    code = """
    println!("EVCXR_INPUT_REQUEST:?");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("{}", line.trim());
    """
    forger = Session(key=b"wrong key", signature_scheme=client.kc.session.signature_scheme)
    recorded = None
    for right in ("first", "second"):
        cell = client.begin(code, allow_stdin=True)
        assert client.kc.get_stdin_msg(timeout=lab.TIMEOUT)["msg_type"] == "input_request"
        if recorded:
            socket(client, "stdin").send_multipart(recorded)
        forger.send(socket(client, "stdin"), "input_reply", {"value": "forged"})
        recorded, _ = signed(client, "input_reply", {"value": right})
        socket(client, "stdin").send_multipart(recorded)
        assert cell.finish().text() == f"{right}\n"


def test_nothing_listens_beyond_this_machine(client):
    processes = Outside(client).processes
    listening = [c.laddr.ip for p in processes for c in p.net_connections() if c.status == psutil.CONN_LISTEN]
    assert len(listening) >= 5
    assert set(listening) == {"127.0.0.1"}


def test_sockets_in_a_private_folder_take_the_place_of_ports(tmp_path, monkeypatch):
    # The names of sockets are short: pytest's folder may be too deep for them.
    with tempfile.TemporaryDirectory(prefix="lab-") as runtime:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", runtime)
        manager = KernelManager(kernel_name=lab.KERNEL, transport="ipc", connection_file=f"{runtime}/kernel-1.json")
        manager.start_kernel(cwd=tmp_path)
        try:
            for _ in range(2):  # the second time the sockets of a killed kernel are there
                client = manager.client()
                client.start_channels()
                client.wait_for_ready(timeout=lab.TIMEOUT)
                told = []
                client.execute_interactive('println!("{}", 6 * 7);', timeout=lab.TIMEOUT, output_hook=told.append)
                client.stop_channels()
                assert "42\n" in [message["content"].get("text") for message in told]
                process = psutil.Process(manager.provisioner.pid)
                for one in [process, *process.children(recursive=True)]:
                    assert [c for c in one.net_connections() if c.status == psutil.CONN_LISTEN] == []
                os.kill(process.pid, signal.SIGKILL)
                manager.restart_kernel(now=True)
        finally:
            manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "field,value,advice",
    [
        ("key", "", "Session.key"),
        ("ip", "0.0.0.0", "KernelManager.ip"),
        ("ip", "192.168.0.7", "KernelManager.ip"),
        ("transport", "ipc", "JUPYTER_RUNTIME_DIR"),
        ("signature_scheme", "hmac-sha512", "Session.signature_scheme"),
    ],
)
def test_a_kernel_that_others_could_reach_does_not_start(tmp_path, field, value, advice):
    path, fields = write_connection_file(str(tmp_path / "connection.json"), key=b"key", kernel_name=lab.KERNEL)
    (tmp_path / "connection.json").write_text(json.dumps({**fields, field: value}))
    spec = KernelSpecManager().get_kernel_spec(lab.KERNEL)
    argv = [path if word == "{connection_file}" else word for word in spec.argv]
    others = lab.sessions()
    done = subprocess.run(
        argv, env={**os.environ, **spec.env}, capture_output=True, text=True, timeout=lab.TIMEOUT, check=False
    )
    assert done.returncode == 1
    assert value in done.stderr and advice in done.stderr, done.stderr
    assert path in done.stderr
    assert lab.sessions() <= others, "the session's folder was left behind"
