"""A kernel seen from outside: its processes, ports and session folder.

Asserts nothing; the checks are in test_lifecycle.py, read that next.
"""

import socket
import time

import psutil

from client import sessions


def alive(process):
    """Whether the process runs; one that ended but was not waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def environment(process):
    """The process's environment; empty when it has just ended."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


def listening(process):
    """The ports on which the process listens; none when it has just ended."""
    try:
        connections = process.net_connections()
    except psutil.Error:
        return []
    return [c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN]


def eventually(condition, seconds=30):
    """Whether the condition comes true within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


class Outside:
    """Everything that must be gone when the kernel is: taken while it runs."""

    def __init__(self, client):
        self.kernel = psutil.Process(client.km.provisioner.pid)
        self.processes = [self.kernel, *self.kernel.children(recursive=True)]
        self.runtimes = [p for p in self.processes[1:] if "EVCXR_IS_RUNTIME" in environment(p)]
        self.ports = sorted(port for p in self.processes for port in listening(p))
        self.sessions = self._sessions()

    def _sessions(self):
        """The session folders that the environment of these processes names."""
        values = [v + "/" for p in self.processes for v in environment(p).values()]
        return [s for s in sessions() if any(v.startswith(f"{s}/") for v in values)]

    def process(self, role):
        """The process with this role: kernel, shim or runtime."""
        return {"kernel": self.kernel, "shim": self.runtimes[0], "runtime": self.runtimes[-1]}[role]

    def builders(self):
        """The processes that build a cell or its dependencies."""
        return [p for p in self.processes[1:] if p not in self.runtimes]

    def left_processes(self):
        """Those still running."""
        return [p for p in self.processes if alive(p)]

    def left_ports(self):
        """Those on which something still listens."""

        def open_(port):
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", port)) == 0

        return [p for p in self.ports if open_(p)]

    def left_sessions(self):
        """The folders still there."""
        return [s for s in self.sessions if s.exists()]

    def left(self):
        """All of it."""
        return self.left_processes() + self.left_ports() + self.left_sessions()
