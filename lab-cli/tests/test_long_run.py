"""Eight students work at one hub as they please; at the end the machine is as it was, and so are their notebooks.

`LAB_LONG_RUN` says for how many minutes (1.5 if not given; an hour before a release), `LAB_LONG_RUN_SEED` repeats a
lot. The run is cut into rounds. After each, everybody closes the notebook, and all that lives on is measured.
"""

import collections
import concurrent.futures
import json
import os
import random
import shutil
import time

import psutil

import browser
from footprint import growth, line, listening, ns, size
from habits import Habits
from hub import Hub
from lab import REPORTS, ROOT

USERS = [f"student{number}" for number in range(1, 9)]
# The first keeps the kernel from the first round to the last, four keep their servers.
LOYAL = USERS[:4]
MINUTES = float(os.environ.get("LAB_LONG_RUN", "1.5"))
SEED = os.environ.get("LAB_LONG_RUN_SEED", str(random.randrange(10**6)))
ROUNDS = 3 if MINUTES < 10 else round(MINUTES / 5)
# How much what lives on may grow from the end of the first round to the end of the last: MiB, and numbers.
LIMITS = {"memory": 24, "files": 4, "threads": 4}
# The code of a cell stays loaded as long as its kernel lives, so a kernel may grow by so many MiB a cell.
KERNEL_MIB = 1


def test_eight_students_leave_nothing_behind(capsys, monkeypatch):
    # Not pytest's own temporary folder, which other runs of pytest clear up in the course of an hour.
    temporary = REPORTS.resolve() / "long-tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(temporary))
    built = template()
    hub, students, told = Hub(REPORTS.resolve() / "hub-long", USERS), [], {}
    try:
        students += [Habits(hub, name, SEED, told, name in LOYAL) for name in USERS]
        sizes, cells, left = work(hub, students)
        tell(sizes, cells, capsys)
        assert not left
        close(hub, students)
    finally:
        with capsys.disabled():
            print(f"\nseed {SEED}, {MINUTES} min:", dict(collections.Counter(d for s in students for d in s.done)))
        hub.end()
    for (name, _), seen in sizes.items():
        for what, limit in LIMITS.items():
            more = cells * KERNEL_MIB if name.startswith("kernel") and what == "memory" else 0
            assert growth(seen, what) <= limit + more, (name, what, seen)
    assert template() == built
    assert not list(temporary.iterdir())


def work(hub, students):
    """All rounds; returns the sizes after each, how many cells the first student's kernel ran between them, and the files that
    are there at the end and were not after the first round."""
    together(students, Habits.arrive)
    sizes, counts = collections.defaultdict(list), []
    for number in range(ROUNDS):
        until = time.time() + 60 * MINUTES / ROUNDS
        together(students, lambda student, until=until: student.play(until))
        together(students[1:], Habits.end_work)
        counts.append(students[0].run("1;").count)
        for name, process in lasting(hub, students):
            sizes[name, process.pid].append(size(process, time.time()))
        if number == 0:
            tidy = {student: student.room.files() for student in students}
    together(students, Habits.end_work)
    left = {student.name: student.room.files() - tidy[student] for student in students}
    return sizes, counts[-1] - counts[0], {name: files for name, files in left.items() if files}


def close(hub, students):
    """Everybody goes home; the hub is as it was before the first came."""
    rooms = {student.room.walls for student in students}
    there = [process for student in students for process in student.room.processes()]
    for student in students:
        student.intact()
        assert len(student.room.ports()) == 1, (student.name, student.room.ports())
    together(students, lambda student: hub.stop(student.name))
    browser.wait(lambda: not [p for p in there if p.is_running()], 60, f"the end of {there}")
    assert not [p for p in psutil.process_iter() if ns(p.pid) in rooms]
    for student in students:
        student.intact()
        assert not student.room.sessions() and not student.room.connections()
    ports = sorted(port for _, process in lasting(hub, []) for port in listening(process))
    assert ports == [hub.port, hub.port + 1, hub.port + 2]


def together(students, work):
    """Each does the work on a thread of their own; the first failure is told when all are done."""
    with concurrent.futures.ThreadPoolExecutor(len(students)) as pool:
        for done in [pool.submit(work, student) for student in students]:
            done.result()


def lasting(hub, students):
    """The processes that live as long as the hub, the servers of those who keep theirs, the kernel of the first."""
    roles = {"configurable-http-proxy": "proxy", "jupyterhub_idle_culler": "culler"}
    yield "hub", psutil.Process(hub.process.pid)
    for process in psutil.Process(hub.process.pid).children():
        words = " ".join(line(process))
        yield from ((role, process) for word, role in roles.items() if word in words)
    for student in students[: len(LOYAL)]:
        yield f"server of {student.name}", student.room.server()
    for student in students[:1]:
        yield "kernel", student.room.kernel(student.kernel)


def template():
    """The built dependencies, which all share: every file with its size and time."""
    home = ROOT / "target/lab/kernel"
    files = [file for place in home.glob("template-*") for file in place.rglob("*") if file.is_file()]
    return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def tell(sizes, cells, capsys):
    """Shows the first and the last sizes, and keeps all."""
    kept = {f"{name} {pid}": [vars(one) for one in seen] for (name, pid), seen in sizes.items()}
    kept = {"seed": SEED, "minutes": MINUTES, "cells": cells, "sizes": kept}
    (REPORTS / "long-run.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    with capsys.disabled():
        print(f"{cells} cells in the kernel that lasted")
        for (name, _), seen in sizes.items():
            each = [f"{getattr(seen[0], w):.0f} -> {getattr(seen[-1], w):.0f} {w}" for w in LIMITS]
            print(f"{name:20} {', '.join(each)}, growth of memory {growth(seen, 'memory'):+.1f} MiB")
