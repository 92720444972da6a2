"""Start, end and sudden death: nothing is lost at the start, nothing left at the end.

Every test has kernels of its own. Interrupts are in test_interrupt.py; what the
machine shows of a kernel is gathered by processes.py.
"""

import re
import signal

import psutil
import pytest

import client as lab
from processes import Outside, alive, eventually

SPIN = 'println!("spinning"); loop { std::hint::black_box(0); }'


def look(client):
    """The kernel from outside, checked to show all that must later be gone."""
    outside = Outside(client)
    assert len(outside.ports) >= 5, outside.ports
    assert outside.runtimes, "no process that runs cells"
    assert len(outside.sessions) == 1 and outside.sessions[0].is_dir()
    return outside


def warm(start):
    """A kernel that has run a cell."""
    client = start()
    client.check("let kept = 1;", timeout=lab.START_TIMEOUT)
    return client


def test_the_first_cell_is_not_lost(start):
    client = start()  # answered kernel_info; the engine may still be starting
    cell = client.run('println!("first"); 6 * 7', timeout=lab.START_TIMEOUT)
    assert cell.text() == "first\n"
    assert cell.reply["execution_count"] == 1
    assert cell.contents("execute_input")[0]["execution_count"] == 1
    assert cell.contents("execute_result")[0]["data"]["text/plain"] == "42"


def test_shutdown_of_a_busy_kernel(start):
    client = warm(start)  # test_restart ends an idle one
    outside = look(client)
    client.begin(SPIN).until_text("spinning\n")
    msg_id = client.send("shutdown_request", {"restart": False}, "control")
    client.wait(lambda: msg_id in client.replies, what="the shutdown reply")
    assert client.replies[msg_id]["content"] == {"status": "ok", "restart": False}
    assert eventually(lambda: not outside.left()), outside.left()


def test_shutdown_before_the_first_cell(start):
    others = lab.sessions()
    client = start()  # still warming up: what it makes after this look must go as well
    outside = Outside(client)
    client.km.shutdown_kernel()
    assert eventually(lambda: not outside.left()), outside.left()
    assert eventually(lambda: lab.sessions() <= others), lab.sessions() - others


def test_restart(start):
    client = warm(start)
    outside = look(client)
    client.km.restart_kernel()
    client.wait_ready()
    cell = client.run("kept", timeout=lab.START_TIMEOUT)
    assert "kept" in cell.error()["evalue"]
    assert cell.reply["execution_count"] == 1
    assert client.check('println!("again");') == "again\n"
    # The ports are used again, so only the rest can be gone.
    assert eventually(lambda: not outside.left_processes() + outside.left_sessions()), outside.left()
    again = look(client)
    client.km.shutdown_kernel()
    assert eventually(lambda: not again.left()), again.left()


@pytest.mark.parametrize("number,busy", [(signal.SIGTERM, True), (signal.SIGKILL, False), (signal.SIGKILL, True)])
def test_the_kernel_is_killed(start, number, busy):
    client = warm(start)
    outside = look(client)
    if busy:
        client.begin(SPIN).until_text("spinning\n")
    outside.kernel.send_signal(number)
    assert eventually(lambda: not outside.left_processes()), outside.left_processes()
    assert eventually(lambda: not outside.left_ports()), outside.left_ports()
    if not eventually(lambda: not outside.left_sessions(), seconds=10):
        assert number == signal.SIGKILL, outside.left_sessions()
        start()  # the next kernel clears up after one that could not
        assert eventually(lambda: not outside.left_sessions()), outside.left_sessions()


@pytest.mark.parametrize("role", ["shim", "runtime"])
def test_a_process_under_the_kernel_is_killed(start, role):
    client = warm(start)
    before = look(client)
    cell = client.begin(SPIN).until_text("spinning\n")
    before.process(role).kill()
    cell.finish()
    assert re.search("[а-я]{4}", cell.error()["evalue"]), cell.error()
    assert cell.reply["status"] == "error"
    assert client.check('println!("next");') == "next\n"
    assert eventually(lambda: not any(map(alive, before.runtimes)))

    between = look(client)  # and now while no cell runs
    between.process(role).kill()
    assert eventually(lambda: not any(map(alive, between.runtimes)))
    cell = client.run('println!("next");')
    if cell.reply["status"] == "error":  # allowed once, and then with a word to the student
        assert re.search("[а-я]{4}", cell.error()["evalue"]), cell.error()
    assert client.check('println!("next");') == "next\n"

    after = look(client)
    client.km.shutdown_kernel()
    assert eventually(lambda: not after.left()), after.left()


# A child, one that has left the group and the session, and one whose parent is gone.
LEAVE = """
for words in [&["sleep", "7777"][..], &["setsid", "sleep", "7777"], &["sh", "-c", "sleep 7777 & echo $!"]] {
    let mut child = std::process::Command::new(words[0]).args(&words[1..]).spawn()?;
    if words[0] == "sh" { child.wait()?; } else { println!("{}", child.id()); }
}
"""


@pytest.mark.parametrize("end", ["exit", "shutdown", "kill"])
def test_programs_that_a_cell_leaves_end_with_its_process(start, end):
    client = warm(start)
    left = [psutil.Process(int(number)) for number in client.check(LEAVE).split()]
    assert len(left) == 3 and all(map(alive, left))
    if end == "exit":  # they hold the output of the cells open, and still the end is noticed
        assert "1" in client.run("std::process::exit(1);").error()["evalue"]
        assert client.check('println!("again");') == "again\n"
    elif end == "shutdown":
        client.km.shutdown_kernel()
    else:
        client.km.provisioner.process.kill()
    assert eventually(lambda: not any(map(alive, left))), left


def test_an_ended_program_that_nobody_waits_for_stays_no_zombie(start):
    client = warm(start)
    number = int(client.check(LEAVE).split()[-1])
    psutil.Process(number).kill()
    client.check('println!("next");')
    assert eventually(lambda: not psutil.pid_exists(number))
