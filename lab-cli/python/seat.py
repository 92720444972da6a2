"""A student's place in a class: the kernel that runs there, and what it takes of memory and disk.

Asks nothing and compares nothing; that is classroom.py, read it next.
"""

import contextlib
import os
import threading
import time
from pathlib import Path

import psutil
from jupyter_client.manager import KernelManager

from bench import Kernel, Kind

# Reading the memory of a process stops it for a moment.
SAMPLE_S = 0.2


class Manager(KernelManager):
    """Starts a kernel of another user's: its connection file is given to that user."""

    owner = None

    def write_connection_file(self, **options):
        super().write_connection_file(**options)
        if self.owner is not None:
            os.chown(self.connection_file, self.owner, self.owner)


class Seat(Kind):
    """A student's place: where the kernel runs and what belongs to it. `cells` lead to the first tensor."""

    def __init__(self, name, specs, env, person, cells):
        super().__init__(name, specs, env)
        self.person, self.home, self.cells = person, Path(person["home"]), cells
        self.kernel = None

    def manager(self):
        file = self.home / f"connection-{self.name}.json"
        file.unlink(missing_ok=True)
        # Sockets, as in the hub: of many kernels started at once two may be given the same free port.
        manager = Manager(
            kernel_name=self.name, kernel_spec_manager=self.specs, connection_file=str(file), transport="ipc"
        )
        manager.owner = self.person["id"] if os.getuid() == 0 else None
        return manager

    def start(self):
        """Starts the kernel and runs the cells up to the first tensor; the moment at which its text came."""
        seen = []

        def look(message):
            if message["msg_type"] == "stream" and "готово" in message["content"]["text"]:
                seen.append(time.monotonic())

        self.kernel = Kernel(self, str(self.home))
        for code in self.cells:
            self.said(code, look)
        if not seen:
            raise RuntimeError("первый тензор не напечатан")
        return seen[0]

    def said(self, code, each=lambda message: None):
        """The text that a cell prints; a failed cell is an error."""
        text, errors = [], []

        def look(message):
            each(message)
            if message["msg_type"] == "stream":
                text.append(message["content"]["text"])
            if message["msg_type"] == "error":
                errors.append(f"{message['content']['ename']}: {message['content']['evalue']}")

        _, status = self.kernel.run(code, look)
        if status != "ok" or errors:
            raise RuntimeError(f"ячейка не выполнилась: {' '.join(errors)[:400]}")
        return "".join(text)

    def tree(self):
        """The processes of the kernel."""
        first = psutil.Process(self.kernel.manager.provisioner.pid)
        return [first, *first.children(recursive=True)]

    def session(self):
        """The folder of the kernel's session; None where it has none."""
        for process in self.tree():
            try:
                path = process.environ().get("LAB_KERNEL_SESSION")
            except psutil.NoSuchProcess:
                continue
            if path:
                return Path(self.person["sessions"], Path(path).name) if self.person["command"] else Path(path)
        return None

    def close(self):
        """Ends the kernel; nothing of it may be left."""
        if self.kernel is None:
            return
        tree = self.tree()
        self.kernel.close()
        self.kernel = None
        _, alive = psutil.wait_procs(tree, timeout=30)
        if alive:
            raise RuntimeError(f"после остановки остались процессы {[process.pid for process in alive]}")


def memory(processes):
    """The proportional set size of the processes together, in bytes: what they share counts once."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            total += process.memory_full_info().pss
    if not total:
        raise RuntimeError("память процессов не прочитана")
    return total


def disk(folder):
    """Bytes that a folder takes on the disk; a file that also has a name outside takes none."""
    seen = {}
    for path in [folder, *folder.rglob("*")]:
        try:
            stat = path.lstat()
        except FileNotFoundError:
            continue
        names = seen.setdefault(stat.st_ino, [0, stat, path.is_dir() and not path.is_symlink()])
        names[0] += 1
    return sum(512 * stat.st_blocks for count, stat, is_dir in seen.values() if is_dir or count >= stat.st_nlink)


class Watch:
    """The highest memory of a seat's processes while a block runs."""

    def __init__(self, seat):
        self.seat, self.peak, self.over = seat, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.is_set():
            self.peak = max(self.peak, memory(self.seat.tree()))
            self.over.wait(SAMPLE_S)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
