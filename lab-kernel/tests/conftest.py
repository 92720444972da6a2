"""Fixtures for the kernel's black-box tests.

The kernelspec `rust` must be installed where Jupyter looks (`cargo lab test`
sees to it); nothing here builds the kernel. Read client.py next.
"""

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

pytest.register_assert_rewrite("client")
import client as lab  # noqa: E402 - after the line above, so that its asserts explain themselves


def pytest_sessionstart(session):
    """Stops at once, with the reason, when there is no kernel to test."""
    try:
        KernelSpecManager().get_kernel_spec(lab.KERNEL)
    except NoSuchKernel:
        pytest.exit(f"kernelspec '{lab.KERNEL}' not found: run `cargo lab test`, or set JUPYTER_PATH", 4)


@pytest.fixture(scope="module")
def client():
    """One running kernel for a whole file, with `wait_for` defined in it."""
    client = lab.start()
    client.check(lab.WAIT_FOR, timeout=lab.START_TIMEOUT)
    yield client
    client.close()


@pytest.fixture
def start():
    """Starts kernels for one test and ends them after it."""
    clients = []

    def start_one(**options):
        clients.append(lab.start(**options))
        return clients[-1]

    yield start_one
    for one in clients:
        one.close()


@pytest.fixture
def gate(tmp_path):
    """Files on which a cell waits: `str(gate)` in the cell, `gate.open()` in the test."""

    class Gate:
        """One file, absent until opened."""

        def __init__(self, name):
            self.path = tmp_path / name

        def __str__(self):
            return str(self.path)

        def wait(self):
            """The Rust statement that waits here."""
            return f'wait_for("{self.path}");'

        def open(self):
            """Lets the cell go on."""
            self.path.touch()

    return Gate
