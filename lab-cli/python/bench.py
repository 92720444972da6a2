"""Measures Jupyter kernels from outside, as a front end sees them.

One kernel or two (ours, the stock one), alternating, so that both meet the same
machine. Writes one JSON file with all figures; prints what it is doing. What
the figures mean is said beside each function.
"""

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

import jupytext
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

TIMEOUT = 900
DISPLAYS = 100
LINES = 200_000

DEPENDENCY = ':dep lab-crate = { path = "../lab-crate" }\nuse lab::prelude::*;'
TENSOR = 'println!("готово {}", Tensor::arange(0f32, 4., &candle_core::Device::Cpu)?);'

# Each display holds the moment at which it was printed, in nanoseconds.
DISPLAY = f"""
for i in 0..{DISPLAYS} {{
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    println!("EVCXR_BEGIN_CONTENT text/plain id=bench-{{i}}\\n{{now}}\\nEVCXR_END_CONTENT");
    std::thread::sleep(std::time::Duration::from_millis(30));
}}
"""
PRINT = f'for i in 0..{LINES} {{ println!("строка {{i}}"); }}'


class Kernel:
    """A running kernel and its client."""

    def __init__(self, kind, cwd):
        self.started = time.monotonic()
        self.manager = kind.manager()
        self.manager.start_kernel(cwd=cwd, env={**os.environ, **kind.env})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)

    def run(self, code, each=lambda message: None):
        """Runs a cell; returns seconds from sending to idle, and the reply's status."""
        sent = time.monotonic()
        msg_id = self.client.execute(code, allow_stdin=False)
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            each(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        seconds = time.monotonic() - sent
        while True:
            message = self.client.get_shell_msg(timeout=TIMEOUT)
            # While a kernel starts it is asked more than once who it is, so there may be another answer in front.
            if message["parent_header"].get("msg_id") == msg_id:
                return seconds, message["content"]["status"]

    def close(self):
        """Ends the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Kind:
    """A kernel to measure: its name, its spec, its environment, its figures."""

    def __init__(self, name, specs, env):
        self.name, self.specs, self.env = name, specs, env
        self.raw = {"warm_start_s": [], "cells_s": [], "displays_s": [], "lines_s": []}

    def manager(self):
        """What starts and ends one of these kernels."""
        return KernelManager(kernel_name=self.name, kernel_spec_manager=self.specs)


def stock_kind(program, scratch):
    """The stock kernel with a kernelspec and a build folder of its own, outside the lab's folder."""
    spec = scratch / "kernels" / "stock"
    spec.mkdir(parents=True)
    argv = [str(program), "--control_file", "{connection_file}"]
    text = json.dumps({"argv": argv, "display_name": "stock", "language": "rust", "interrupt_mode": "message"})
    (spec / "kernel.json").write_text(text)
    (spec / "version.txt").write_text("0.22.0")
    specs = KernelSpecManager(kernel_dirs=[str(scratch / "kernels")])
    (scratch / "evcxr").mkdir()
    # It writes its own kernel.json over whatever spec `rust` it finds: let it find none of ours.
    env = {"EVCXR_TMPDIR": str(scratch / "evcxr"), "JUPYTER_PATH": str(scratch), "JUPYTER_DATA_DIR": str(scratch)}
    return Kind("stock", specs, env)


def start_seconds(kind, cwd):
    """From starting the kernel to the text of the first tensor, with the library's `:dep` cell on the way."""
    kernel = Kernel(kind, cwd)
    seen = []

    def look(message):
        if message["msg_type"] == "stream" and "готово" in message["content"]["text"]:
            seen.append(time.monotonic() - kernel.started)

    try:
        kernel.run(DEPENDENCY)
        kernel.run(TENSOR, look)
    finally:
        kernel.close()
    if not seen:
        raise RuntimeError("первый тензор не напечатан")
    return seen[0]


def measure_cells(kind, source, cwd):
    """From sending to idle, for every code cell of a notebook, in order, in a fresh kernel."""
    kernel = Kernel(kind, cwd)
    try:
        for cell in jupytext.read(source).cells:
            if cell.cell_type == "code" and cell.source.strip():
                kind.raw["cells_s"].append(kernel.run(cell.source)[0])
    finally:
        kernel.close()


def measure_displays(kind, kernel):
    """From the moment written into a display to the arrival of its message."""

    def look(message):
        arrived = time.time_ns()
        data = message["content"].get("data", {}) if message["msg_type"] in ("display_data", "execute_result") else {}
        if re.fullmatch(r"\d{19}", data.get("text/plain", "").strip()):
            kind.raw["displays_s"].append((arrived - int(data["text/plain"])) / 1e9)

    kernel.run(DISPLAY, look)


def measure_lines(kind, kernel):
    """Time of many printed lines, sending to idle; all of them must come, in order."""
    parts = []

    def look(message):
        if message["msg_type"] == "stream":
            parts.append(message["content"]["text"])

    seconds, _ = kernel.run(PRINT, look)
    if "".join(parts) != "".join(f"строка {i}\n" for i in range(LINES)):
        raise RuntimeError(f"{LINES} строк пришли не полностью или не по порядку")
    kind.raw["lines_s"].append(seconds)


def measure_output(kind, cwd):
    """Displays and lines in one kernel."""
    kernel = Kernel(kind, cwd)
    try:
        kernel.run("let warm = 1;")
        measure_displays(kind, kernel)
        measure_lines(kind, kernel)
    finally:
        kernel.close()


def summary(kind):
    """The figures of a kernel."""
    raw, cells = kind.raw, sorted(kind.raw["cells_s"])
    median = lambda values: statistics.median(values) if values else None  # noqa: E731
    return {
        "cold_start_s": raw.get("cold_start_s"),
        "warm_start_s": median(raw["warm_start_s"]),
        "cell_median_s": median(cells),
        "cell_p90_s": cells[int(len(cells) * 0.9)] if cells else None,
        "display_median_s": median(raw["displays_s"]),
        "displays_shown": len(raw["displays_s"]),
        "lines_s": median(raw["lines_s"]),
        "raw": raw,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cwd", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", type=Path)
    options = parser.parse_args()
    errors = []

    def attempt(what, kind, work):
        print(f"{kind.name}: {what}", flush=True)
        try:
            return work()
        except Exception as error:  # One kernel's failure must not hide the other figures.
            errors.append(f"{kind.name}: {what}: {type(error).__name__}: {error}")
            return None

    with tempfile.TemporaryDirectory(prefix="lab-bench-") as scratch:
        kinds = [Kind("rust", KernelSpecManager(), {})]
        if options.stock:
            stock = stock_kind(options.stock, Path(scratch))
            kinds.append(stock)
            stock.raw["cold_start_s"] = attempt("холодный запуск", stock, lambda: start_seconds(stock, options.cwd))
        for number in range(options.rounds):
            for kind in kinds:
                seconds = attempt(f"тёплый запуск {number + 1}", kind, lambda: start_seconds(kind, options.cwd))
                kind.raw["warm_start_s"] += [seconds] if seconds else []
        for source in options.notebooks:
            for kind in kinds:
                attempt(source.stem, kind, lambda: measure_cells(kind, source, options.cwd))
        for kind in kinds:
            attempt("показы и строки", kind, lambda: measure_output(kind, options.cwd))
        figures = {"kernels": {kind.name: summary(kind) for kind in kinds}, "errors": errors}
        options.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
