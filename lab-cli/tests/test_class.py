"""`cargo lab bench class` from end to end, with few kernels: nothing fails, and every figure is there and is sane."""

import json
import os
import subprocess
import sys

import pytest

from lab import REPORTS, ROOT

if not sys.platform.startswith("linux"):
    pytest.skip("a class is measured by /proc", allow_module_level=True)


def test_a_small_class_is_measured_and_kept_apart():
    REPORTS.mkdir(parents=True, exist_ok=True)
    file = REPORTS / "class.json"
    command = [os.environ["LAB_PROGRAM"], "bench", "class", "--kernels", "2", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if "отделить студентов" in done.stderr:
        pytest.skip("no namespaces here:\n" + done.stderr[-600:])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "2 сразу: первый тензор, последний" in done.stdout
    figures = json.loads(file.read_text("utf-8"))
    ours = figures["kernels"]["rust"]
    group = ours["groups"][0]
    assert figures["errors"] == []
    assert len(group["first_tensor_s"]) == len(group["idle_bytes"]) == len(group["session_bytes"]) == 2
    # A kernel holds tens of megabytes at least; its session holds sources and cells, not the dependencies.
    assert all(20 << 20 < size < 2 << 30 for size in group["idle_bytes"])
    assert ours["training"]["peak_bytes"] > max(group["idle_bytes"])
    assert ours["dependency"]["session_bytes"] < figures["template_bytes"] / 10
    assert ours["apart"] == {"sessions": 2, "files": True}
    assert not (ROOT / "target/lab/bench-class").exists()
