"""What a student at a hub does, drawn by lot, and what must come of each thing done.

Read test_long_run.py next: it lets eight of them work.
"""

import json
import random
import time

import nbformat
from footprint import Room
from student import Student

NOTEBOOKS = ["01-tensors.ipynb", "02-autograd.ipynb", "03-linear-regression.ipynb"]
SPIN = 'println!("spinning"); loop { std::hint::black_box(0); }'
POLL = """
let flag = std::env::var("LAB_INTERRUPT")?;
println!("polling");
while !std::path::Path::new(&flag).exists() { std::thread::sleep(std::time::Duration::from_millis(10)); }
"""
# Code that fails and leaves the variables alone: what the error says.
BAD = {
    'let broken: i32 = "text";': "mismatched types",
    'println!("{}", no_such_name);': "no_such_name",
    "let x = ;": "",
    'panic!("broken {}", 6 * 7);': "broken 42",
    'let n: i32 = "a".parse::<i32>()?;': "invalid digit",
    'todo!("later");': "later",
}
# Code that ends the process of the cells.
DEADLY = [
    "std::process::exit(1);",
    "std::process::abort();",
    "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + std::hint::black_box(deep(n + 1)) } }\n"
    'println!("{}", deep(0));',
    "let huge = std::hint::black_box(Vec::<u8>::with_capacity(isize::MAX as usize));",
    'std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status()?; loop {}',
]
# Programs that a cell leaves behind: a child, and one that has left the family.
LEFT_BEHIND = """
std::process::Command::new("sleep").arg("7777").spawn()?;
std::process::Command::new("setsid").args(["sleep", "7777"]).spawn()?;
"""


class Habits(Student):
    """A student who does this and that; `told` holds what the notebooks' cells said to whoever came first."""

    def __init__(self, hub, name, seed, told, loyal):
        super().__init__(hub, name)
        self.lot = random.Random(f"{seed} {name}")
        self.told = told
        self.loyal = loyal
        self.done = []
        self.room = None
        self.forget()
        self.files = {path: self.on_disk(path) for path in NOTEBOOKS}

    def play(self, until):
        """Does one thing after another, with a person's pauses; ends with what was being done when it failed."""
        try:
            while time.time() < until:
                self.step()
                time.sleep(self.lot.uniform(1, 6))
        except Exception as error:
            raise AssertionError(f"{self.name} after {self.done[-12:]}: {error!r:.3000}") from error

    def step(self):
        """One thing."""
        if self.kernel is None:
            return self.do(Habits.begin_work)
        chosen = self.lot.choices(list(HABITS), HABITS.values())[0]
        return self.do(chosen) if not (self.loyal and chosen in DRASTIC) else self.do(Habits.recall)

    def do(self, habit):
        """Does it and notes it."""
        self.done.append(habit.__name__)
        habit(self)

    # Files

    def on_disk(self, path):
        """A notebook as it lies in the home, which must be a valid one."""
        text = (self.hub.base / "homes" / self.name / path).read_text("utf-8")
        nbformat.validate(json.loads(text))
        return nbformat.reads(text, as_version=4)

    def intact(self):
        """Every notebook is as it was last saved."""
        for path, saved in self.files.items():
            assert self.on_disk(path) == saved, (self.name, path, "is not as it was saved")

    def save(self):
        """Saves the open notebook with a cell more, or less, and what it said."""
        content = self.read(self.path)
        if self.lot.random() < 0.3 and len(content["cells"]) > 60:
            content["cells"].pop()
        words = f"{self.name} {self.lot.random()} привет ∑ \U0001f600\n" * self.lot.randrange(1, 300)
        output = nbformat.v4.new_output("stream", name="stdout", text=words)
        content["cells"].append(nbformat.v4.new_code_cell(f"// {self.name}", outputs=[output]))
        self.write(self.path, content)
        self.files[self.path] = nbformat.from_dict(content)
        self.intact()

    # The kernel

    def arrive(self):
        """Starts the server."""
        self.hub.start(self.name)
        self.room = Room(self.hub, self.name)

    def leave(self):
        """Stops the server, with whatever runs there, and comes back."""
        self.disconnect()
        there = self.room.processes()
        self.hub.stop(self.name)
        self.gone(there)
        self.intact()
        self.kernel = None
        self.arrive()

    def forget(self):
        """The process of the cells is a new one."""
        self.secret, self.at = None, 0

    def begin_work(self):
        """Opens a notebook."""
        self.path = self.lot.choice(NOTEBOOKS)
        assert nbformat.from_dict(self.read(self.path)) == self.files[self.path]
        self.open(self.path)
        self.cells = [c["source"] for c in self.files[self.path].cells if c["cell_type"] == "code"]
        self.forget()
        self.recall()

    def end_work(self):
        """Closes the notebook; nothing of its kernel stays."""
        if self.kernel is None:
            return
        self.close()
        self.wait(lambda: not self.room.guests(), f"the end of {self.room.guests()}")
        assert not self.room.sessions() and not self.room.connections()
        self.intact()

    def close_busy(self):
        """Closes the notebook while a cell runs."""
        self.until_text(self.begin(SPIN), "spinning")
        self.end_work()

    def gone(self, processes):
        """Waits until these have ended."""
        left = lambda: [p for p in processes if p.is_running()]  # noqa: E731
        self.wait(lambda: not left(), f"{self.name}: the end of {left()}")

    def renewed(self, end):
        """After the kernel is a new one: nothing of the old is left."""
        guests, sessions = self.room.guests(), self.room.sessions()
        end()
        self.forget()
        self.gone(guests)
        self.wait(lambda: not set(sessions) & set(self.room.sessions()), f"the end of {sessions}")
        self.recall()

    def restart_idle(self):
        self.renewed(self.restart)

    def restart_busy(self):
        self.until_text(self.begin(SPIN), "spinning")
        self.renewed(self.restart)

    def kill_kernel(self):
        """The kernel's process is killed; Jupyter starts another by itself."""
        if self.lot.random() < 0.5:
            self.until_text(self.begin(SPIN), "spinning")
        self.renewed(lambda: (self.room.kernel(self.kernel).kill(), time.sleep(4), self.connect()))

    def interrupt_idle(self):
        self.interrupt()
        self.recall()

    def stopped(self, code, word):
        """Interrupts a cell once it has said the word."""
        cell = self.begin(code)
        self.until_text(cell, word)
        self.interrupt()
        assert (self.finish(cell).status, cell.ename) == ("error", "KeyboardInterrupt"), cell

    def interrupt_endless(self):
        """An endless loop must be killed; it takes the variables with it."""
        self.stopped(SPIN, "spinning")
        self.forget()

    def interrupt_polite(self):
        """A loop that looks for the interrupt keeps the variables."""
        self.stopped(POLL, "polling")
        self.recall()

    def reload(self):
        """The page is loaded anew, perhaps while a cell runs."""
        if self.lot.random() < 0.5:
            self.begin("std::thread::sleep(std::time::Duration::from_millis(700));")
        self.connect()
        assert nbformat.from_dict(self.read(self.path)) == self.files[self.path]
        self.recall()

    # Cells

    def recall(self):
        """The variable of this student, which every other one has under the same name."""
        said = self.run('println!("{}", secret);')
        if self.secret is None:
            assert said.status == "error" and "secret" in said.evalue, (self.name, said)
            self.secret = self.lot.getrandbits(60)
            said = self.run(f'let secret = {self.secret}u64; println!("{{}}", secret);')
        assert (said.status, said.text) == ("ok", f"{self.secret}\n"), (self.name, self.secret, said)

    def next_cells(self):
        """The next cells of the notebook: they say what they say to everybody."""
        for _ in range(self.lot.randrange(1, 4)):
            if self.at < len(self.cells):
                said = self.run(self.cells[self.at]).shown()
                place = (self.path, self.at, self.cells[self.at])
                first = self.told.setdefault(place, said)
                assert said == first, (self.name, place, said, "was to another", first)
                self.at += 1

    def bad(self):
        code, word = self.lot.choice(list(BAD.items()))
        said = self.run(code)
        assert said.status == "error" and word in said.evalue, (code, said)
        self.recall()

    def deadly(self):
        code = self.lot.choice(DEADLY)
        said = self.run(code)
        assert said.status == "error" and said.evalue, (code, said)
        self.forget()

    def flood(self):
        """Much output arrives whole and in order."""
        said = self.run(f'for i in 0..50_000 {{ println!("{self.name} {{i}}"); }}')
        assert said.status == "ok"
        assert said.text == "".join(f"{self.name} {i}\n" for i in range(50_000)), len(said.text)

    def burst(self):
        """Several cells at once; what comes after an error is not run."""
        first, broken = self.begin('println!("first");'), self.begin('panic!("broken");')
        rest = [self.begin('println!("never");') for _ in range(3)]
        assert (self.finish(first).text, self.finish(broken).status) == ("first\n", "error")
        assert [(self.finish(cell).status, cell.text) for cell in rest] == [("aborted", "")] * 3
        self.recall()

    def leave_behind(self):
        """A cell starts programs that outlive it; they go with the kernel."""
        assert self.run(LEFT_BEHIND).status == "ok"
        self.recall()


HABITS = {
    Habits.next_cells: 10, Habits.recall: 5, Habits.bad: 7, Habits.burst: 2, Habits.flood: 1, Habits.save: 4,
    Habits.reload: 2, Habits.interrupt_idle: 1, Habits.interrupt_polite: 2, Habits.interrupt_endless: 2,
    Habits.deadly: 2, Habits.restart_idle: 2, Habits.restart_busy: 1, Habits.kill_kernel: 2, Habits.end_work: 2,
    Habits.close_busy: 1, Habits.leave_behind: 1, Habits.leave: 1,
}  # fmt: skip
# What who keeps server and kernel does not do, so that their growth can be seen.
DRASTIC = {
    Habits.restart_idle, Habits.restart_busy, Habits.kill_kernel, Habits.end_work, Habits.close_busy, Habits.leave,
    Habits.leave_behind,
}  # fmt: skip
