"""What a hub leaves on the machine: processes, ports, folders, memory, open files.

Asserts nothing; the checks are in habits.py and test_long_run.py, read those next.
"""

import os
import statistics
from dataclasses import dataclass

import psutil


def ns(pid):
    """The process namespace of a process; None when it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


class Room:
    """All that a student's server starts, whatever it does with its environment, its group or its parents."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.walls = next(filter(lambda there: there not in (None, ns(os.getpid())), (ns(p.pid) for p in hub.server(name))))
        self.own = set(self.processes())
        self.tidy = self.files()

    def processes(self):
        """Everything behind the walls, and the walls."""
        inside = [p for p in psutil.process_iter() if ns(p.pid) == self.walls]
        return list({*inside, *self.hub.server(self.name)})

    def guests(self):
        """What runs beside the server: nothing, when there is no kernel."""
        return [p for p in self.processes() if p not in self.own]

    def server(self):
        """The Jupyter server itself."""
        lines = ((p, line(p)) for p in self.own)
        return next(p for p, words in lines if "jupyterhub.singleuser" in words and words[0].endswith("python"))

    def kernel(self, number):
        """The process of the kernel with this number."""
        has = lambda line: "--connection-file" in line and number in line[-1]  # noqa: E731
        return next(p for p in self.guests() if has(line(p)))

    def ports(self):
        """The ports on which the server listens, or what it has started."""
        return sorted(port for process in self.processes() for port in listening(process))

    def sessions(self):
        """The folders of the kernels' sessions."""
        return sorted((self.hub.base / "rooms" / self.name / "sessions").iterdir())

    def connections(self):
        """The files by which Jupyter finds a kernel, and the sockets over which it talks to it."""
        return sorted((self.hub.base / "rooms" / self.name / "tmp/jupyter").glob("kernel-*"))

    def files(self):
        """All files that are the student's, less the checkpoints of notebooks, the record of tasks that are done and npm's own
        logs, ten at most."""
        places = {part: self.hub.base / part / self.name for part in ("homes", "rooms")}
        places["shm"] = f"/proc/{self.server().pid}/root/dev/shm"
        found = set()
        for part, place in places.items():
            for top, _, files in os.walk(place):
                found |= {f"{part}/{os.path.relpath(top, place)}/{file}" for file in files}
        grown = (".ipynb_checkpoints", "/.lab-progress.toml", "/.npm/_logs/")
        return {file for file in found if not any(part in file for part in grown)}


def line(process):
    """A process's command line; empty when it has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def listening(process):
    """The ports on which a process listens; none when it has just ended."""
    try:
        found = process.net_connections()
    except psutil.Error:
        return []
    return [c.laddr.port for c in found if c.status == psutil.CONN_LISTEN]


@dataclass
class Size:
    """The size of a process at a moment."""

    at: float
    memory: float
    files: int
    threads: int


def size(process, at):
    """The size of a process; memory in MiB, with its share of what is shared."""
    return Size(at, process.memory_full_info().pss / 2**20, process.num_fds(), process.num_threads())


def growth(sizes, what):
    """How much grew from the first to the last: the median slope of all pairs (Theil, Sen) over all the time."""
    points = [(one.at, getattr(one, what)) for one in sizes]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1 :]]
    return statistics.median(slopes) * (points[-1][0] - points[0][0])
