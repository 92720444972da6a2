"""Building a dependency in a cell: seen while it lasts, stopped and cleared up at any time.

Every test has a crate of its own that nobody has built before. The crate's build
waits for the test's file, so the build lasts as long as the test wants. Other
ends of a kernel are in test_lifecycle.py.
"""

import re
import signal
import subprocess

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager

import client as lab
from processes import Outside, alive, environment, eventually

BUILD = "Compiling|омпил|[Сс]бор|обира"


def tiny_crate(folder, gate, body="42"):
    """A dependency, called like its folder, that is new and whose build waits for the gate."""
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{folder.name}"\nversion = "0.1.0"\nedition = "2024"\n')
    (folder / "src/lib.rs").write_text(f"pub fn answer() -> i32 {{ {body} }}\n")
    (folder / "build.rs").write_text(f"{lab.WAIT_FOR}\nfn main() {{ {gate.wait()} }}\n")
    return f':dep {folder.name} = {{ path = "{folder}" }}\nprintln!("{{}}", {folder.name}::answer());'


def kernel_program():
    """The kernel's program, which also builds templates."""
    return KernelSpecManager().get_kernel_spec(lab.KERNEL).argv[0]


def is_shown(cell):
    """Whether anything shown so far tells of the build."""
    shown = cell.contents("display_data", "update_display_data")
    texts = [c["data"].get("text/plain", "") + c["data"].get("text/html", "") for c in shown]
    return any(re.search(BUILD, t) for t in [*texts, cell.text(), cell.text("stderr")])


def begin(client, code):
    """Runs the cell until its build is shown."""
    cell = client.begin(code).until(is_shown)
    assert not cell.idle
    return cell


def test_a_session_begins_with_cells_that_are_compiled_already(start):
    client = start()
    # Answered when the kernel is warm.
    client.ask("inspect_request", {"code": "println", "cursor_pos": 3, "detail_level": 0})
    [session] = Outside(client).sessions
    assert list(session.glob("target/**/libcode_*")), "cells have run"
    # rustc makes this folder when it first runs.
    assert not list(session.glob("target/**/incremental"))
    assert client.check('let own = 6; println!("{}", own * 7);') == "42\n"
    assert list(session.glob("target/**/incremental"))


def test_the_build_is_one_live_line(client, gate, tmp_path):
    go = gate("go")
    cell = begin(client, tiny_crate(tmp_path / "tiny_shown", go))
    go.open()
    cell.finish()
    assert cell.reply["status"] == "ok", cell.outputs()
    assert "42\n" in cell.text()
    assert len(cell.contents("display_data")) <= 1, "one live line, not many"
    lines = [line for line in (cell.text() + cell.text("stderr")).split("\n") if re.search(BUILD, line)]
    assert len(lines) <= 1, "one live line, not many"


def test_an_interrupt_stops_the_build(client, gate, tmp_path):
    client.check("let kept = 1;")
    cell = begin(client, tiny_crate(tmp_path / "tiny_stopped", gate("go")))
    builders = Outside(client).builders()
    assert builders, "no process that builds"
    client.interrupt()
    lab.assert_interrupted(cell.finish())
    assert eventually(lambda: not any(map(alive, builders)))
    assert client.check('println!("{kept}");') == "1\n"


def test_a_dependency_that_does_not_compile(client, gate, tmp_path):
    go = gate("go")
    go.open()
    cell = client.run(tiny_crate(tmp_path / "tiny_broken", go, body="true"))
    assert cell.reply["status"] == "error"
    assert "mismatched types" in cell.traceback()
    assert client.check('println!("next");') == "next\n"


@pytest.mark.parametrize("end", ["shutdown", "kill"])
def test_the_kernel_ends_during_the_build(start, gate, tmp_path, end):
    client = start()
    begin(client, tiny_crate(tmp_path / "tiny_left", gate("go")))
    outside = Outside(client)
    assert outside.builders(), "no process that builds"
    if end == "shutdown":
        client.km.shutdown_kernel()
    else:
        outside.kernel.send_signal(signal.SIGKILL)
    assert eventually(lambda: not outside.left_processes()), outside.left_processes()
    assert eventually(lambda: not outside.left_ports()), outside.left_ports()
    if not eventually(lambda: not outside.left_sessions(), seconds=10):
        assert end == "kill", outside.left_sessions()
        start()  # the next kernel clears up after one that could not
        assert eventually(lambda: not outside.left_sessions()), outside.left_sessions()


def test_a_template_whose_build_is_killed_goes_on_from_there(gate, tmp_path):
    go, first, library, home = gate("go"), tmp_path / "first", tmp_path / "library", tmp_path / "home"
    tiny_crate(library, go)
    with (library / "Cargo.toml").open("a") as manifest:
        manifest.write(f'[dependencies]\nfirst = {{ path = "{first}" }}\n')
    (first / "src").mkdir(parents=True)
    (first / "Cargo.toml").write_text('[package]\nname = "first"\nversion = "0.1.0"\nedition = "2024"\n')
    (first / "src/lib.rs").write_text("")
    command = [kernel_program(), "template", "--lab-crate", library, "--home", home]
    build = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def built():
        return [file.stat().st_mtime_ns for file in home.glob("template-*/target/**/libfirst-*.rlib")]

    def builders():
        return [p for p in psutil.process_iter() if str(home) in environment(p).get("LAB_KERNEL_HOME", "")]

    assert eventually(lambda: built() and builders(), seconds=120)
    before = built()
    build.kill()
    build.wait()
    assert eventually(lambda: not builders()), builders()
    assert built() == before
    go.open()
    subprocess.run(command, check=True, timeout=300)
    assert built() == before, "built once more"
    assert list(home.glob("template-*/complete"))


def test_a_full_disk_is_named(gate, tmp_path):
    library, home, go = tmp_path / "library", tmp_path / "home", gate("go")
    go.open()
    tiny_crate(library, go)
    (library / "src/lib.rs").write_text("pub static BIG: [u8; 32 << 20] = [1; 32 << 20];\n")
    home.mkdir()
    alone = ["unshare", "--user", "--map-root-user", "--mount", "--"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "tmpfs", home], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no mounts of its own (user namespaces), so no disk can be full")
    for size in ("1m", "16m"):  # the outlines do not fit; the build does not
        script = f'mount -t tmpfs -o size={size} tmpfs "$1" && exec "$0" template --home "$1" --lab-crate "$2"'
        command = [*alone, "sh", "-c", script, kernel_program(), home, library]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 1 and "нет места: зависимостям ячеек нужно" in ended.stderr, ended.stderr[-2000:]
        assert "panicked" not in ended.stderr
