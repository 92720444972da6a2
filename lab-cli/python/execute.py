"""Executes one notebook and writes it as .ipynb and .html.

Speaks JSON lines on stdout, one event a line, for `cargo lab` to show. It does
not decide what is executed or what a failure means. A failed notebook is
written too, with what it has reached.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, CellTimeoutError, DeadKernelError

import report


def tell(event, **fields):
    """Writes one event."""
    print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


def first_line(source):
    """The first line of a cell that says something."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("//")), lines[0] if lines else "")


def run_cell(client, cell, index):
    """Runs a cell; returns status, ename, evalue."""
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        return "error", error.ename, error.evalue
    except CellTimeoutError:
        return "timeout", "Timeout", f"ячейка работала дольше {client.timeout} с"
    except DeadKernelError:
        return "dead", "DeadKernel", "ядро завершилось"
    return "ok", "", ""


def run_all(client, cells):
    """Runs the code cells to the first failure; returns whether there was none."""
    for number, (index, cell) in enumerate(cells, start=1):
        tell("begin", cell=number, line=first_line(cell.source))
        started = time.monotonic()
        status, ename, evalue = run_cell(client, cell, index)
        tell(
            "cell",
            cell=number,
            seconds=time.monotonic() - started,
            status=status,
            line=first_line(cell.source),
            ename=ename,
            evalue=evalue,
        )
        if status != "ok":
            return False
    return True


def execute(notebook, options):
    """Runs the notebook in a kernel that starts in the notebook's folder."""
    client = NotebookClient(
        notebook,
        timeout=options.timeout,
        startup_timeout=180,
        kernel_name=options.kernel,
        resources={"metadata": {"path": str(options.source.parent)}},
    )
    cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    tell("start", cells=len(cells))
    with client.setup_kernel():
        ok = run_all(client, cells)
        info = client.wait_for_reply(client.kc.kernel_info()) if ok else None
    if info:
        notebook.metadata["language_info"] = info["content"]["language_info"]
    return ok


def title_of(notebook, fallback):
    """The first heading."""
    for cell in notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
            if line.startswith("# "):
                return line[2:].replace("`", "").strip()
    return fallback


def write(path, text):
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--kernel", default="rust")
    options = parser.parse_args()
    name = options.source.stem
    notebook = jupytext.read(options.source)
    title = title_of(notebook, name)
    options.out.mkdir(parents=True, exist_ok=True)
    ok, fatal = False, None
    try:
        ok = execute(notebook, options)
    except (CellControlSignal, KeyboardInterrupt, asyncio.CancelledError):
        fatal = "прервано"
    except Exception as error:  # The kernel did not start, or broke the protocol.
        fatal = f"{type(error).__name__}: {error}"
    write(options.out / f"{name}.ipynb", nbformat.writes(notebook))
    write(options.out / f"{name}.html", report.to_html(notebook, title))
    tell("end", ok=ok, title=title, fatal=fatal)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
