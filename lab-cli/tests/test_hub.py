"""`cargo lab hub`, started for real: its REST API, what a student cannot reach, and a browser that runs notebook 03."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import browser
from footprint import Room
from hub import Hub
from lab import REPORTS, ROOT
from student import Student

USERS = ["ivanov", "petrova"]


@pytest.fixture(scope="module")
def hub():
    running = Hub(REPORTS.resolve() / "hub", USERS)
    yield running
    running.end()


def inside(hub, name, code):
    """Runs a shell behind a student's walls."""
    settings = json.loads((hub.base / "state/hub.json").read_text("utf-8"))
    environment = {**settings["environment"], "HOME": f"{settings['homes']}/{name}"}
    command = [*settings["commands"][name], "sh", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_server_starts_and_stops_and_leaves_nothing(hub):
    hub.start("petrova")
    assert hub.server("petrova")
    hub.stop("petrova")
    browser.wait(lambda: not hub.server("petrova"), 20, "no process is left")


def test_nobody_reads_or_changes_what_is_not_theirs(hub):
    secret = hub.base / "homes/petrova/work.txt"
    secret.write_text("моё")
    for name in USERS:
        assert (hub.base / "homes" / name).stat().st_mode & 0o777 == 0o700
        assert (hub.base / "homes" / name / "03-linear-regression.ipynb").exists()
    assert inside(hub, "ivanov", "echo да > mine && cat mine").stdout == "да\n"
    template = next((ROOT / "target/lab/kernel").glob("template-*"))
    for code in (
        f"cat {secret}",
        f"cat {hub.base}/state/hub.json",
        f"cat {ROOT}/notebooks/03-linear-regression.md",
        f"touch {template}/x",
        f"touch {ROOT}/lab-crate/x",
        "echo x > /proc/sys/kernel/domainname",
        f"unshare --user --map-root-user --mount umount {hub.base}",
        f"unshare --user --map-root-user --mount cat {secret}",
        f"kill -0 {os.getpid()}",
    ):
        result = inside(hub, "ivanov", code)
        assert result.returncode != 0, (code, result.stdout)
    # That the commands fail because of the walls alone: outside they work.
    assert subprocess.run(["cat", secret], capture_output=True, check=True).stdout.decode() == "моё"


def test_a_process_of_a_student_gets_only_so_much_memory(hub):
    def taken(size):
        return inside(hub, "ivanov", f"python3 -c 'import mmap; mmap.mmap(-1, {size})'")

    assert taken(2 << 30).returncode == 0
    assert "Cannot allocate memory" in taken(9 << 30).stderr


def test_a_kernel_has_sockets_that_no_other_student_reaches(hub):
    hub.start("ivanov")
    student = Student(hub, "ivanov")
    try:
        student.open("01-tensors.ipynb")  # returns when the kernel answers
        room = Room(hub, "ivanov")
        assert len(room.ports()) == 1, "only the server itself, which asks for a token"
        sockets = [place for place in room.connections() if place.is_socket()]
        assert len(sockets) == 5, sockets
        assert {place.parent.stat().st_mode & 0o777 for place in sockets} == {0o700}
        assert inside(hub, "petrova", "ls /tmp/jupyter/*-ipc-*").returncode != 0
        student.close()
    finally:
        student.disconnect()
        hub.stop("ivanov")


@pytest.mark.skipif(os.geteuid() != 0, reason="nbgrader's exchange needs a user number for each, which root gives")
def test_nbgrader_hands_out_and_takes_in(hub, tmp_path):
    course, name = tmp_path / "course", "01-tensors"
    subprocess.run([os.environ["LAB_PROGRAM"], "release", "--nbgrader", str(course)], cwd=ROOT, check=True)
    programs = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "JUPYTER_CONFIG_PATH": str(hub.base / "config")}

    def teacher(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments, name]
        subprocess.run(command, cwd=course, env=environment, check=True, timeout=300)

    teacher("generate_assignment")
    teacher("release_assignment")
    sent = inside(hub, "ivanov", f"python -m nbgrader fetch_assignment {name} && python -m nbgrader submit {name}")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    looked = inside(hub, "petrova", f"ls {hub.base}/exchange/deep-learning-lab/inbound")
    assert looked.returncode != 0 and "ivanov" not in looked.stdout
    teacher("collect")
    assert (course / "submitted/ivanov" / name / f"{name}.ipynb").exists()


@pytest.mark.skipif(browser.program() is None, reason="there is no Chromium here (Debian: apt-get install chromium)")
def test_a_student_logs_in_and_sees_the_chart_of_notebook_03(hub, tmp_path):
    page = browser.Browser(tmp_path)
    try:
        page.go(f"{hub.address}/hub/login")
        page.until("!!document.querySelector('#username_input, input[name=username]')", 60)
        page.run(
            "document.querySelector('input[name=username]').value = 'ivanov';"
            f"document.querySelector('input[name=password]').value = '{hub.password('ivanov')}';"
            "document.querySelector('input[name=password]').form.requestSubmit()"
        )
        page.until("location.pathname.startsWith('/user/ivanov/lab')", 180)
        page.go(f"{hub.address}/user/ivanov/lab/tree/03-linear-regression.ipynb?reset")
        page.until("document.querySelectorAll('.jp-Notebook .jp-Cell').length > 5", 90)
        page.until("!!document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')", 90)
        page.click('.jp-NotebookPanel-toolbar [data-command="notebook:restart-run-all"]')
        page.until("!!document.querySelector('.jp-Dialog .jp-mod-accept')", 30)
        page.click(".jp-Dialog .jp-mod-accept")
        chart = "document.querySelector('.jp-OutputArea-output svg, .jp-OutputArea-output img')"
        page.until(f"!!{chart}", 240)
        page.run(f"{chart}.scrollIntoView({{block: 'center'}})")
        page.until(f"{chart}.getBoundingClientRect().height > 100", 30)
        page.picture(REPORTS / "hub-03.png")
    except AssertionError:
        page.picture(REPORTS / "hub-failed.png")
        raise
    finally:
        page.close()
