"""What a student sees in JupyterLab, in the light and in the dark theme: charts, a failed check, an error, progress.

The notebooks of the lab are those that the tests executed (LAB_REPORTS); the mistakes are made and executed here, by
a real kernel. The pictures are left beside the reports, for people to look at.
"""

import json
import os
import shutil
import socket
import subprocess
import sys

import nbformat
import pytest
import requests
from nbclient import NotebookClient

import browser
from lab import REPORTS, ROOT

pytestmark = pytest.mark.skipif(browser.program() is None, reason="there is no Chromium here (Debian: apt-get install chromium)")

DARK, LIGHT = "JupyterLab Dark", "JupyterLab Light"
MISTAKES = [
    ':dep lab-crate = { path = "../lab-crate" }\nuse lab::prelude::*;',
    """/// param ← param − alpha · dL/dparam.
fn step(param: &Var, grads: &candle_core::backprop::GradStore, alpha: f64) -> lab::Result<()> {
    let missing = || lab::Error::Argument("у параметра нет градиента".into());
    let grad = grads.get(param).ok_or_else(missing)?;
    param.set(&(param.detach() + (grad * alpha)?)?)?;
    Ok(())
}""",
    "check::step(step)?;",
    "hint(3.1)?",
    'let names = vec!["муравей", "пчела"];\nlet moved = names;\nprintln!("{}", names.len());',
    "step(5, 0.1);",
    "let half = [1.0, 2.0];\nprintln!(\"{}\", half[half.len()]);",
    "for _ in progress(0..3).comment(\"эпохи\") {}",
    "score()?",
]
# All cells are drawn, also those out of view; nobody asks for news.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# The contrast of a text with what is behind it, as WCAG 2 counts it; all texts of the outputs, with theirs.
CONTRASTS = """(() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = colour => colour.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    if (!e) return [255, 255, 255];
    const [r, g, b, a = 1] = parts(getComputedStyle(e).backgroundColor);
    const under = a < 1 ? behind(e.parentElement) : [0, 0, 0];
    return [r, g, b].map((c, i) => a * c + (1 - a) * under[i]);
  };
  const found = [];
  for (const e of document.querySelectorAll('.jp-OutputArea-output *')) {
    const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent).join('').trim();
    if (!text || e.closest('svg') || !e.getClientRects().length) continue;
    const two = [light(parts(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
    found.push([(two[0] + 0.05) / (two[1] + 0.05), text.slice(0, 60)]);
  }
  return found;
})()"""


def answers(address):
    """Whether a server answers there."""
    try:
        return requests.get(f"{address}/api", timeout=10).ok
    except requests.ConnectionError:
        return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Executed notebooks: two of the lab, and one with a student's mistakes."""
    folder = tmp_path_factory.mktemp("notebooks")
    for name in ("03-linear-regression", "05-mnist"):
        shutil.copy(REPORTS / f"{name}.ipynb", folder)
    cells = [nbformat.v4.new_code_cell(code) for code in MISTAKES]
    kernel = {"name": "rust", "display_name": "Rust"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    client = NotebookClient(notebook, kernel_name="rust", allow_errors=True, timeout=120, startup_timeout=180)
    client.execute(cwd=str(ROOT / "notebooks"), env={**os.environ, "LAB_PROGRESS": "off"})
    nbformat.write(notebook, folder / "mistakes.ipynb")
    return folder


@pytest.fixture(scope="module", params=[DARK, LIGHT])
def page(request, folder, tmp_path_factory):
    """JupyterLab in one theme, open in a browser; its address and the browser."""
    home = tmp_path_factory.mktemp("home")
    wanted = {**SETTINGS, "apputils-extension/themes": {"theme": request.param}}
    for name, values in wanted.items():
        file = home / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    own = {"JUPYTERLAB_SETTINGS_DIR": home / "settings", "JUPYTER_DATA_DIR": home / "data", "JUPYTER_CONFIG_DIR": home}
    environment = {**os.environ, **{name: str(path) for name, path in own.items()}}
    for notebook in folder.glob("*.ipynb"):
        subprocess.run([sys.executable, "-m", "nbformat.sign", notebook], env=environment, check=True, capture_output=True)
    address = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token=", f"--port={address.rsplit(':')[-1]}"]
    command += [f"--ServerApp.root_dir={folder}", f"--LabApp.workspaces_dir={home / 'workspaces'}"]
    log = open(REPORTS / "jupyterlab.log", "w", encoding="utf-8")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    browser.wait(lambda: server.poll() is None and answers(address), 300, "JupyterLab answers, see jupyterlab.log")
    opened = browser.Browser(home)
    opened.address, opened.theme = address, "dark" if request.param == DARK else "light"
    yield opened
    opened.close()
    server.terminate()
    server.wait(30)
    log.close()


def open_notebook(page, name):
    """Opens a notebook of the folder; all its cells are drawn when this returns."""
    page.go(f"{page.address}/lab/tree/{name}.ipynb?reset")
    page.until("document.querySelectorAll('.jp-Notebook .jp-Cell').length > 5", 180)
    page.until(f"document.body.dataset.jpThemeLight === '{str(page.theme == 'light').lower()}'", 60)


def show(page, number):
    """Brings a cell into view and waits until its output is drawn."""
    cell = f"document.querySelectorAll('.jp-Notebook .jp-Cell')[{number}]"
    page.run(f"{cell} && {cell}.scrollIntoView({{block: 'start'}})")
    page.until(f"!!{cell} && !!{cell}.querySelector('.jp-OutputArea-output')", 60)


def contrasts(page):
    """The contrasts of the texts in view, the weakest first."""
    return sorted(map(tuple, page.run(CONTRASTS)))


def test_mistakes_can_be_read(page):
    open_notebook(page, "mistakes")
    show(page, len(MISTAKES) - 1)
    show(page, 2)
    page.picture(REPORTS / f"jupyterlab-{page.theme}-mistakes.png")
    found = contrasts(page)
    # JupyterLab's own red on its own pink has 2.6.
    assert len(found) > 20 and found[0][0] > 2.5, found[:8]


@pytest.mark.parametrize("name, text", [("03-linear-regression", "(mut live, mut previous)"), ("05-mnist", "live_acc.finish()")])
def test_charts_can_be_read(page, name, text):
    notebook = nbformat.read(REPORTS / f"{name}.ipynb", as_version=4)
    number = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and text in cell.source)
    open_notebook(page, name)
    show(page, number)
    chart = ".jp-OutputArea-output svg, .jp-OutputArea-output img"
    page.until(f"document.querySelector('{chart}').getBoundingClientRect().height > 100", 60)
    page.picture(REPORTS / f"jupyterlab-{page.theme}-{name[:2]}.png")
