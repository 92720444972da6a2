"""A command that is killed in the middle: what is half done is never taken for whole, and the next one goes on."""

import hashlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

from lab import ROOT
import disaster

FILE = "cal_housing.data"
SHA256 = "d3d8a1a722ae78f91134862727d27a70b1415e7d512a89140406248687f4b902"


def real():
    """The real data file, where one is at hand."""
    mirror = os.environ.get("LAB_DATA_MIRROR", "")
    folders = [os.environ.get("LAB_DATA", ""), ROOT / "data/cache", mirror, ROOT / "../shared/data"]
    paths = [pathlib.Path(folder) / name for folder in folders if folder for name in (f"california/{FILE}", FILE)]
    return next((path.read_bytes() for path in paths if path.is_file()), None)


class Server(http.server.ThreadingHTTPServer):
    """Gives the file, and waits in its middle for as long as it is told to."""

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.go_on, self.half = content, threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        """What `LAB_DATA_MIRROR` is to be."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    """One answer."""

    def do_GET(self):  # noqa: N802 - the name that http.server asks for
        content = self.server.content
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        middle = len(content) // 2
        try:
            self.wfile.write(content[:middle])
            self.wfile.flush()
            self.server.half.set()
            self.server.go_on.wait(disaster.PATIENCE)
            self.wfile.write(content[middle:])
        except OSError:  # The other side was killed.
            pass

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(name="lab")
def fixture_lab(tmp_path):
    """A lab for one test."""
    return disaster.make(tmp_path)


def start(lab, *arguments, **more):
    """Starts `cargo lab` as the head of a group of its own."""
    return subprocess.Popen(
        [disaster.PROGRAM, *arguments],
        cwd=lab,
        env=disaster.variables(**more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process):
    """Kills a group at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_download_is_not_taken_for_whole_and_starts_again(lab):
    content = real()
    if content is None:
        pytest.skip("the real file is not here: set LAB_DATA_MIRROR, or run cargo lab data california")
    assert hashlib.sha256(content).hexdigest() == SHA256
    with Server(content) as server:
        process = start(lab, "data", "california", LAB_DATA_MIRROR=server.address)
        assert server.half.wait(disaster.PATIENCE)
        folder = lab / "data/cache/california"
        deadline = time.monotonic() + disaster.PATIENCE
        while not (folder.is_dir() and sum(path.stat().st_size for path in folder.iterdir())):
            assert time.monotonic() < deadline, "nothing was written"
            time.sleep(0.05)
        kill(process)
        left = {path.name: path.stat().st_size for path in folder.iterdir()}
        assert FILE not in left and 0 < sum(left.values()) < len(content), left
        ended = disaster.run(lab, "doctor")
        assert f"нет файла data/cache/california/{FILE}" in ended.stdout
        server.go_on.set()
        ended = disaster.run(lab, "data", "california", LAB_DATA_MIRROR=server.address)
        assert ended.returncode == 0 and "SHA-256 верна" in ended.stdout, ended.stdout
        assert [path.name for path in folder.iterdir()] == [FILE]
        assert (folder / FILE).read_bytes() == content
        server.shutdown()


def test_a_killed_reset_leaves_the_answer_in_the_notebook_or_beside_it(lab):
    copy = lab / "notebooks/01-mini.ipynb"
    before = copy.read_text("utf-8")
    # Python alone takes some tenths of a second: before, in and after the work.
    for delay in (0.2, 0.7, 1.2, 1.7):
        process = start(lab, "reset", "1.1")
        time.sleep(delay)
        kill(process)
        now = copy.read_text("utf-8")
        assert json.loads(now)["cells"]
        kept = [path.read_text("utf-8") for path in lab.glob("notebooks/.lab-answers/*.rs")]
        assert "mine()" in now or any("mine()" in text for text in kept), kept
        copy.write_text(before, "utf-8")
    ended = disaster.run(lab, "reset", "1.1")
    assert ended.returncode == 0 and "начато заново" in ended.stdout, ended.stderr


def test_a_killed_run_is_run_again(lab):
    process = start(lab, "run")
    time.sleep(1.5)
    kill(process)
    # The cells are Rust, the kernel is not: the second one fails, but everything around it is done.
    ended = disaster.run(lab, "run")
    assert "ячейка 2: fn step() {}" in ended.stdout, ended.stdout + ended.stderr
    assert json.loads((lab / "target/lab/01-mini.json").read_text("utf-8"))["done"] == 1
    assert (lab / "target/lab/index.html").read_text("utf-8").endswith("</html>\n")
